import fc from 'fast-check';
import t from 'tap';
import { plannedAfter, plannedBetween } from '../../../supervisor/core/schedule/next.ts';
import { WEEKDAYS, type When } from '../../../supervisor/core/schedule/when.ts';
import { utc, utcText } from './intl-clock.ts';

const zone = fc.constantFrom('America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kathmandu', 'UTC');
const two = (number: number) => String(number).padStart(2, '0');
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${two(h)}:${two(m)}`);
const when: fc.Arbitrary<When> = fc.oneof(
  clock.map((at): When => ({ kind: 'daily', at })),
  fc
    .tuple(fc.subarray([...WEEKDAYS], { minLength: 1 }), clock)
    .map(([days, at]): When => ({ kind: 'weekly', days, at })),
  fc
    .tuple(fc.constantFrom(1, 15, 29, 31, 'last' as const), clock)
    .map(([day, at]): When => ({ kind: 'monthly', day, at })),
  fc
    .constantFrom('5m', '90m', '6h', '7d')
    .map((every): When => ({ kind: 'interval', every, anchor: '2025-01-01T00:07:00' })),
  fc
    .constantFrom(
      '*/15 * * * *',
      '0,30 1-3 * * *',
      '*/20 2 * * *',
      '30 */2 * * *',
      '0 0 29 2 *',
      '15 10 2 * * 1#2',
      '30 1 13 * 5',
    )
    .map((expression): When => ({ kind: 'cron', expression })),
);
/** Half of them around the changes of New York, Lord Howe and Santiago. */
const moment = fc.oneof(
  fc.integer({ min: utc('2024-01-01T00:00:00'), max: utc('2030-12-01T00:00:00') }),
  fc
    .tuple(
      fc.constantFrom(
        '2026-03-08T07:00:00',
        '2026-11-01T06:00:00',
        '2026-04-04T15:00:00',
        '2026-10-03T15:30:00',
        '2026-09-06T04:00:00',
      ),
      fc.integer({ min: -4 * 3_600_000, max: 4 * 3_600_000 }),
    )
    .map(([text, shift]) => utc(text) + shift),
);

t.test('the next planned time is later than the instant asked, and the first such', async (t) => {
  fc.assert(
    fc.property(when, zone, moment, fc.nat(), (rule, name, after, part) => {
      const next = plannedAfter(rule, name, after)?.at as number;
      // Asked from anywhere before it, it is the same.
      const between = after + (part % (next - after));
      return (
        next > after &&
        plannedAfter(rule, name, between)?.at === next &&
        plannedAfter(rule, name, next - 1)?.at === next
      );
    }),
    { numRuns: 1_500 },
  );
  t.pass();
});

t.test('counting a stretch of time agrees with walking through it, and lists the newest', async (t) => {
  fc.assert(
    fc.property(
      when,
      zone,
      moment,
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 9 }),
      (rule, name, after, steps, limit) => {
        const walked: number[] = [];
        for (let at = after; walked.length < steps; walked.push(at)) at = plannedAfter(rule, name, at)?.at as number;
        const until = walked.at(-1) ?? after;
        const { count, newest } = plannedBetween(rule, name, after, until, limit);
        const listed = limit === 0 ? [] : walked.slice(-limit);
        return count === steps && newest.map(({ at }) => at).join() === listed.join();
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});

t.test('an interval is counted from its anchor and never drifts', async (t) => {
  const rule: When = { kind: 'interval', every: '7h', anchor: '2026-01-01T00:00:00Z' };
  t.equal(plannedAfter(rule, 'UTC', 0)?.at, utc('2026-01-01T00:00:00'), 'nothing before the anchor');
  fc.assert(
    fc.property(moment, (after) => {
      const at = plannedAfter(rule, 'Europe/Berlin', after)?.at as number;
      return (at - utc('2026-01-01T00:00:00')) % (7 * 3_600_000) === 0;
    }),
  );
  const local: When = { kind: 'interval', every: '1d', anchor: '2026-03-01T08:00:00' };
  const shown = [utc('2026-03-01T00:00:00'), utc('2026-03-29T10:00:00')].map((at) =>
    utcText(plannedAfter(local, 'Europe/Berlin', at)?.at as number),
  );
  t.same(shown, ['2026-03-01T07:00', '2026-03-30T07:00'], 'elapsed time, whatever the clocks do');
});

t.test('once is once, by the clocks of its zone or by its own offset', async (t) => {
  const at = (text: string, name: string) => plannedAfter({ kind: 'once', at: text }, name, 0)?.at as number;
  t.equal(utcText(at('2026-12-01T08:00:00', 'Asia/Shanghai')), '2026-12-01T00:00');
  t.equal(utcText(at('2026-12-01T08:00:00Z', 'Asia/Shanghai')), '2026-12-01T08:00');
  t.equal(utcText(at('2026-12-01T08:00:00-03:30', 'Asia/Shanghai')), '2026-12-01T11:30');
  t.equal(utcText(at('2026-12-01T08:00:00.123Z', 'Asia/Shanghai')), '2026-12-01T08:00', 'as programs write it');
  t.equal(utcText(at('2026-03-08T02:30:00', 'America/New_York')), '2026-03-08T07:00', 'after the gap');
  t.equal(utcText(at('2026-11-01T01:30:00', 'America/New_York')), '2026-11-01T05:30', 'the first of two');
  t.equal(plannedAfter({ kind: 'once', at: '2026-12-01T08:00:00Z' }, 'UTC', utc('2026-12-01T08:00:00')), null);
});

t.test('day 29 to 31 comes only in months that have it, "last" in each', async (t) => {
  const days = (day: number | 'last') =>
    plannedBetween(
      { kind: 'monthly', day, at: '04:00' },
      'UTC',
      utc('2026-01-01T00:00:00'),
      utc('2026-12-31T23:00:00'),
      99,
    ).newest.map(({ at }) => utcText(at).slice(5, 10));
  t.same(days(31), ['01-31', '03-31', '05-31', '07-31', '08-31', '10-31', '12-31']);
  t.same(days('last').slice(0, 4), ['01-31', '02-28', '03-31', '04-30']);
  t.equal(days(29).length, 11);
});

t.test('a stop of weeks with an interval of five minutes is counted, not walked', async (t) => {
  const start = utc('2026-03-01T00:00:00');
  const rule: When = { kind: 'interval', every: '5m' };
  const { count, newest } = plannedBetween(rule, 'Europe/Berlin', start, start + 60 * 86_400_000, 3);
  t.equal(count, 60 * 288);
  t.same(
    newest.map(({ at }) => (at - start) / 300_000),
    [17_278, 17_279, 17_280],
  );
  const cron: When = { kind: 'cron', expression: '* * * * * *' };
  t.equal(plannedBetween(cron, 'Europe/Berlin', start, start + 400 * 86_400_000, 3).count, 400 * 86_400);
});

t.test('rare dates are found', async (t) => {
  const next = (expression: string, after: string) =>
    utcText(plannedAfter({ kind: 'cron', expression }, 'UTC', utc(`${after}T00:00:00`))?.at as number).slice(0, 10);
  t.equal(next('0 0 29 2 *', '2096-03-01'), '2104-02-29', '2100 is no leap year');
  t.equal(next('0 0 * 2 1#5', '2026-01-01'), '2044-02-29', 'a fifth Monday of February');
});
