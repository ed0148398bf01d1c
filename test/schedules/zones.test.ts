import t from 'tap';
import { IdMaker } from '../../supervisor/core/id.ts';
import { PutSchedules } from '../../supervisor/put-schedules.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { refusedBy, SchedulesBed } from '../helpers/schedules-bed.ts';

const hour = 3_600_000;
/** It is 13:00 in Berlin now, and 20:00 in Shanghai. */
const EVENING = '2026-11-26T18:00:00';

async function withOnce(given: Record<string, unknown> = {}) {
  const bed = new SchedulesBed();
  const when = { kind: 'once', at: EVENING };
  const { id } = await bed.desk.create({ name: 'once', task: { type: 'scripted' }, when, ...given }, anybody);
  bed.tick();
  const move = (zone: string) => {
    bed.zone = zone;
    bed.scheduler.adopt(true, zone);
    bed.tick();
  };
  const outcomes = () =>
    bed.ledger(id).map(({ plannedAt, outcome }) => `${new Date(plannedAt).toISOString().slice(5, 16)} ${outcome}`);
  return { bed, id, move, outcomes };
}

t.test('a once that another TIMEZONE moves into the past is missed, and the ledger says why', async (t) => {
  const { bed, id, move, outcomes } = await withOnce();
  move('Asia/Shanghai');
  t.strictSame(outcomes(), ['11-26T10:00 missed']);
  t.match(bed.ledger(id)[0]?.reason, /TIMEZONE was changed from Europe\/Berlin to Asia\/Shanghai/);
  t.equal((await bed.desk.show(id)).nextAt, null);
  bed.restart();
  bed.pass(48 * hour);
  t.strictSame(outcomes(), ['11-26T10:00 missed'], 'that stays its only outcome');
});

t.test('found at a start, another TIMEZONE says the same', async (t) => {
  const { bed, outcomes } = await withOnce();
  bed.zone = 'Asia/Shanghai';
  bed.restart();
  t.strictSame(outcomes(), ['11-26T10:00 missed']);
});

t.test('where TIMEZONE is set right again before its time, a once that was missed by that still comes', async (t) => {
  const { bed, move, outcomes } = await withOnce();
  move('Asia/Shanghai');
  move('Europe/Berlin');
  bed.pass(6 * hour);
  t.strictSame(outcomes(), ['11-26T10:00 missed', '11-26T17:00 started']);
});

t.test(
  'a once that another TIMEZONE leaves in the future comes then, and one that names its zone never moves',
  async (t) => {
    for (const [given, expected] of [
      [{}, '11-26T23:00 started'],
      [{ timezone: 'Europe/Berlin' }, '11-26T17:00 started'],
    ] as const) {
      const { bed, move, outcomes } = await withOnce(given);
      move('America/New_York');
      bed.pass(24 * hour);
      t.strictSame(outcomes(), [expected]);
    }
  },
);

t.test('a once that has run does not run again because TIMEZONE moves its time into the future', async (t) => {
  const { bed, move, outcomes } = await withOnce();
  bed.pass(6 * hour);
  move('America/New_York');
  bed.pass(1 * hour);
  move('America/Los_Angeles');
  bed.restart();
  bed.pass(48 * hour);
  t.strictSame(outcomes(), ['11-26T17:00 started']);
});

t.test('a daily rule goes on in another TIMEZONE and has nothing to write down', async (t) => {
  const { bed, id, move, outcomes } = await withOnce({ when: { kind: 'daily', at: '18:00' } });
  move('Asia/Shanghai');
  t.strictSame(outcomes(), []);
  t.equal((await bed.desk.show(id)).nextAt, '2026-11-27T10:00:00.000Z');
});

t.test('a change of its zone that moves a once into the past is refused, and it stays as it was', async (t) => {
  const { bed, id, outcomes } = await withOnce();
  const refused = await refusedBy(bed.desk.change(id, { timezone: 'Asia/Shanghai' }, null, anybody));
  t.equal(refused.code, 'validation');
  t.match(refused.mistakes, [{ path: '$.when.at', message: /^is over/ }]);
  bed.pass(6 * hour);
  t.strictSame(outcomes(), ['11-26T17:00 started']);
});

t.test('one that is over still gets another note, also from a form that says its zone again', async (t) => {
  const { bed, id } = await withOnce({ timezone: 'Europe/Berlin' });
  bed.pass(6 * hour);
  const changed = await bed.desk.change(id, { timezone: 'Europe/Berlin', note: 'done' }, null, anybody);
  t.equal(changed.note, 'done');
});

t.test('a file, too, moves no once into the past', async (t) => {
  const { bed } = await withOnce();
  const { state, scheduler, clock } = bed;
  const put = new PutSchedules({
    state,
    scheduler,
    clock,
    ids: new IdMaker((bytes) => bytes),
    minIntervalMs: () => 300_000,
    timeKeyOf: () => null,
    checkParams: () => null,
    pipelines: { of: () => undefined, all: [] },
  });
  const value = { name: 'once', task: { type: 'scripted' }, when: { kind: 'once', at: EVENING } };
  const given = (more: Record<string, unknown>) => put.check([{ value: { ...value, ...more }, path: '$' }]);
  t.match((await refusedBy(given({ timezone: 'Asia/Shanghai' }))).mistakes, [{ path: '$.when.at' }]);
  bed.pass(6 * hour);
  t.equal((await given({ note: 'again' })).length, 1, 'as it is, it may be over');
});
