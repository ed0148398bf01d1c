import fc from 'fast-check';
import t from 'tap';
import { jitterOffsetMs } from '../../../supervisor/core/schedule/jitter.ts';
import {
  type CatchUpRule,
  settleLate,
  spreadMs,
  spreadMsMax,
  startGraceMs,
} from '../../../supervisor/core/schedule/missed.ts';

const now = Date.UTC(2026, 10, 26);
const hourMs = 3_600_000;
const rule = (given: Partial<CatchUpRule>): CatchUpRule => ({
  catchUp: 'latest',
  catchUpLimit: 3,
  startDeadlineMs: null,
  ...given,
});
/** Hours ago, the oldest first. */
const ago = (...hours: number[]) => hours.map((hour) => now - hour * hourMs);
const outcomes = (planned: readonly number[], given: Partial<CatchUpRule>) =>
  settleLate(planned, rule(given), now).map(({ outcome, reason }) => (reason ? `${outcome} ${reason}` : outcome));

t.test('a planned time that is a little late, because the loop was busy, is started under each rule', async (t) => {
  for (const catchUp of ['latest', 'all', 'none'] as const) {
    t.same(outcomes([now], { catchUp }), ['started']);
    t.same(outcomes([now - startGraceMs], { catchUp }), ['started']);
    t.not(outcomes([now - startGraceMs - 1], { catchUp })[0], 'started');
  }
});

t.test('after a stop, latest catches up one, all its limit, none nothing', async (t) => {
  const planned = ago(5, 4, 3, 2, 1);
  t.same(outcomes(planned, {}), [...Array(4).fill('missed later_one'), 'caught_up']);
  t.same(outcomes(planned, { catchUp: 'all' }), [
    ...Array(2).fill('missed catch_up_limit'),
    ...Array(3).fill('caught_up'),
  ]);
  t.same(outcomes(planned, { catchUp: 'none' }), Array(5).fill('missed no_catch_up'));
  t.same(outcomes([], {}), []);
});

t.test('with latest, one that is started stands for those before it', async (t) => {
  t.same(outcomes(ago(2, 1, 0), {}), ['missed later_one', 'missed later_one', 'started']);
  t.same(outcomes(ago(2, 1, 0), { catchUp: 'all' }), ['caught_up', 'caught_up', 'started']);
});

t.test('what is later than its start deadline is missed, and does not use up the limit', async (t) => {
  const startDeadlineMs = 2 * hourMs;
  t.same(outcomes(ago(3, 2, 1), { catchUp: 'all', startDeadlineMs }), [
    'missed start_deadline',
    'caught_up',
    'caught_up',
  ]);
  t.same(outcomes(ago(3), { startDeadlineMs }), ['missed start_deadline']);
  t.same(outcomes([now - 5_000], { startDeadlineMs: 1_000 }), ['missed start_deadline']);
});

t.test('each planned time has one outcome, and no rule submits more than it may', async (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 3 * hourMs }), { maxLength: 20 }),
      fc.constantFrom('latest' as const, 'all' as const, 'none' as const),
      fc.integer({ min: 1, max: 5 }),
      (lateness, catchUp, catchUpLimit) => {
        const planned = lateness.sort((a, b) => b - a).map((late) => now - late);
        const settled = settleLate(planned, rule({ catchUp, catchUpLimit }), now);
        const count = (outcome: string) => settled.filter((one) => one.outcome === outcome).length;
        const most = { latest: 1 - count('started'), all: catchUpLimit, none: 0 }[catchUp];
        return (
          settled.map(({ at }) => at).join() === planned.join() && count('started') <= 1 && count('caught_up') <= most
        );
      },
    ),
  );
  t.pass();
});

t.test('caught-up tasks are spread over ten minutes at most', async (t) => {
  t.equal(spreadMs(0), 0);
  t.ok(spreadMs(1) > 0);
  t.ok(Array.from({ length: 10_000 }, (_, index) => spreadMs(index)).every((ms) => ms >= 0 && ms < spreadMsMax));
});

t.test('jitter is the same for a schedule for good, never negative, and different between schedules', async (t) => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 86_400_000 }), (id, jitterMs) => {
      const offset = jitterOffsetMs(id, jitterMs);
      return (
        Number.isInteger(offset) &&
        offset >= 0 &&
        offset < Math.max(1, jitterMs) &&
        offset === jitterOffsetMs(id, jitterMs)
      );
    }),
  );
  const offsets = Array.from({ length: 1_000 }, (_, index) => jitterOffsetMs(`schedule-${index}`, 100));
  t.ok(new Set(offsets).size > 90, 'all of the jitter is used');
  t.equal(jitterOffsetMs('nightly-library', 60_000), jitterOffsetMs('nightly-library', 60_000));
});
