import t from 'tap';
import type { PauseRequest } from '../../supervisor/schedules-facade.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';

const DAILY = { name: 'nightly', task: { type: 'scripted', params: {} }, when: { kind: 'daily', at: '02:00' } };
const hour = 3_600_000;
const untilDue = 13 * hour;

function outcomes(bed: SchedulesBed, id: string) {
  return bed.ledger(id).map(({ plannedAt, outcome }) => `${new Date(plannedAt).toISOString().slice(5, 16)} ${outcome}`);
}

async function withSchedule(given: Record<string, unknown> = {}) {
  const bed = new SchedulesBed();
  const { id } = await bed.desk.create({ ...DAILY, ...given }, anybody);
  bed.journal.acknowledge();
  return { bed, id };
}

type Act = (bed: SchedulesBed, id: string) => Promise<unknown>;
const ACTS: Readonly<Record<string, Act>> = {
  edit: (bed, id) => bed.desk.change(id, { when: { kind: 'daily', at: '05:00' } }, null, anybody),
  pause: (bed, id) => bed.desk.pause(id, { reason: 'holidays', until: null }, anybody),
  'pause of all': (bed) => bed.desk.pauseAll({ reason: 'holidays', until: null }, anybody),
  delete: (bed, id) => bed.desk.remove(id, null, anybody),
};

t.test(
  'an edit, a pause and a delete at the moment of a planned time: it starts once, whoever comes first',
  async (t) => {
    for (const [name, act] of Object.entries(ACTS)) {
      for (const first of ['the clock', 'the person'] as const) {
        const { bed, id } = await withSchedule();
        bed.clock.advance(untilDue);
        if (first === 'the clock') bed.tick();
        await act(bed, id);
        bed.tick();
        bed.restart();
        t.strictSame(outcomes(bed, id), ['11-27T01:00 started'], `${name}, first ${first}`);
        t.equal(bed.state.tasks.size, 1);
      }
    }
  },
);

t.test('killed before either was on disk, the planned time still comes, and once', async (t) => {
  for (const [name, act] of Object.entries(ACTS)) {
    const { bed, id } = await withSchedule();
    bed.clock.advance(untilDue);
    bed.tick();
    await act(bed, id);
    bed.journal.loseTail(1);
    bed.restart();
    t.strictSame(outcomes(bed, id), ['11-27T01:00 started'], name);
  }
});

t.test('one whose jitter has not passed is canceled by an edit and a delete, and held by a pause', async (t) => {
  for (const [name, expected] of [
    ['edit', ['11-27T01:00 canceled']],
    ['delete', ['11-27T01:00 canceled']],
    ['pause', ['11-27T01:00 skipped']],
    ['pause of all', ['11-27T01:00 skipped']],
  ] as const) {
    const { bed, id } = await withSchedule({ jitter: '12h' });
    // Its offset is its own, but never so small.
    bed.clock.advance(untilDue + 1_000);
    bed.tick();
    await ACTS[name]?.(bed, id);
    bed.pass(13 * hour);
    if (name === 'pause') await bed.desk.resume(id, false, anybody);
    if (name === 'pause of all') await bed.desk.resumeAll(false, anybody);
    bed.tick();
    const first = outcomes(bed, id).filter((row) => row.startsWith('11-27T01:00'));
    t.strictSame(first, expected, name);
  }
});

t.test('those that wait for their turn have it after an edit, after a resume, and never after a delete', async (t) => {
  for (const name of ['edit', 'pause', 'delete']) {
    const { bed, id } = await withSchedule({ overlap: 'queue-all' });
    bed.pass(untilDue + 24 * hour);
    t.equal(bed.state.schedules.byId.get(id)?.waiting.length, 1);
    await ACTS[name]?.(bed, id);
    bed.end();
    const second = () => outcomes(bed, id).filter((row) => row.startsWith('11-28T01:00'));
    if (name === 'pause') {
      t.strictSame(second(), [], 'nothing starts while it is paused');
      await bed.desk.resume(id, false, anybody);
      bed.tick();
    }
    t.strictSame(second(), [`11-28T01:00 ${name === 'delete' ? 'canceled' : 'queued'}`], name);
  }
});

t.test('an edit of a paused schedule leaves what the pause held as skipped, however much it was', async (t) => {
  const { bed, id } = await withSchedule({ when: { kind: 'interval', every: '10m' } });
  await bed.desk.pause(id, { reason: 'holidays', until: null }, anybody);
  bed.pass(10 * 24 * hour);
  await bed.desk.change(id, { note: 'still away' }, null, anybody);
  t.strictSame(bed.ledger(id), [], 'a note settles nothing');
  await bed.desk.change(id, { when: { kind: 'interval', every: '1h' } }, null, anybody);
  const rows = bed.ledger(id);
  t.equal(
    rows.reduce((sum, { count = 1 }) => sum + count, 0),
    10 * 24 * 6,
  );
  t.ok(rows.every(({ outcome, reason }) => outcome === 'skipped' && reason === 'paused: holidays'));
});

t.test('paused anew, it has been paused all along', async (t) => {
  for (const all of [false, true]) {
    const { bed, id } = await withSchedule();
    const pause = (reason: string) =>
      all ? bed.desk.pauseAll({ reason, until: null }, anybody) : bed.desk.pause(id, { reason, until: null }, anybody);
    await pause('holidays');
    bed.pass(24 * hour);
    await pause('longer holidays');
    if (all) await bed.desk.resumeAll(false, anybody);
    else await bed.desk.resume(id, false, anybody);
    bed.tick();
    t.strictSame(outcomes(bed, id), ['11-27T01:00 skipped']);
  }
});

t.test('a clock that goes back during a pause brings nothing to catch up', async (t) => {
  const { bed, id } = await withSchedule({ when: { kind: 'interval', every: '1h' } });
  await bed.desk.pause(id, { reason: 'holidays', until: null }, anybody);
  bed.clock.jump(-5 * hour);
  bed.record({ e: 'clock.jumped', byMs: -5 * hour });
  bed.pass(3.5 * hour);
  await bed.desk.resume(id, false, anybody);
  bed.tick();
  t.equal(bed.state.tasks.size, 0);
  t.ok(bed.ledger(id).every(({ outcome }) => outcome === 'skipped'));
});

t.test('another TIMEZONE found at a start: what was due by the old one is caught up first', async (t) => {
  const { bed, id } = await withSchedule();
  bed.clock.standStill(20 * hour);
  bed.zone = 'America/New_York';
  bed.restart();
  t.strictSame(outcomes(bed, id), ['11-27T01:00 caught_up']);
  t.equal((await bed.desk.show(id)).nextAt, '2026-11-28T07:00:00.000Z');
});

t.test('a planned time that waits comes no second time when the clock goes back', async (t) => {
  const { bed, id } = await withSchedule({ overlap: 'queue-one' });
  bed.pass(untilDue + 24 * hour);
  bed.clock.jump(-2 * hour);
  bed.record({ e: 'clock.jumped', byMs: -2 * hour });
  bed.pass(3 * hour);
  bed.end();
  t.strictSame(outcomes(bed, id), ['11-27T01:00 started', '11-28T01:00 queued']);
});

t.test('one that waits is replaced by an earlier one when the clock goes back, and that is its outcome', async (t) => {
  const { bed, id } = await withSchedule({ overlap: 'replace', when: { kind: 'interval', every: '1h' } });
  await bed.desk.run(id, anybody);
  for (const task of [...bed.state.tasks.values()]) bed.begin(task);
  bed.clock.standStill(5 * hour);
  bed.tick();
  bed.clock.jump(-4 * hour);
  bed.record({ e: 'clock.jumped', byMs: -4 * hour });
  bed.pass(6 * hour);
  const last = bed.ledger(id).filter(({ plannedAt }) => plannedAt === Date.parse('2026-11-26T17:00:00Z'));
  t.match(last, [{ outcome: 'canceled', reason: /14:00/ }]);
});

t.test('one that waits with a task that is not valid any more is skipped, once', async (t) => {
  const { bed, id } = await withSchedule({ overlap: 'queue-all' });
  bed.pass(untilDue + 24 * hour);
  const rule = bed.state.schedules.byId.get(id)?.rule;
  if (rule) bed.record({ e: 'schedule.changed', id, rule: { ...rule, task: '{"type":""}' }, after: null, by: 'http' });
  bed.end();
  t.strictSame(outcomes(bed, id), ['11-27T01:00 started', '11-28T01:00 skipped']);
});

t.test('run by hand at the very moment of a planned time, both have their outcome', async (t) => {
  const { bed, id } = await withSchedule({ overlap: 'allow' });
  bed.clock.advance(untilDue);
  await bed.desk.run(id, anybody);
  bed.tick();
  t.strictSame(outcomes(bed, id), ['11-27T01:00 started', '11-27T01:00 started']);
  t.equal(new Set(bed.ledger(id).map(({ plannedAt }) => plannedAt)).size, 2);
});

t.test('a name that passes on while a snapshot is written belongs to the new one after a restart', async (t) => {
  const { bed, id } = await withSchedule();
  bed.journal.beginSnapshot();
  bed.journal.goOnWithSnapshot();
  bed.journal.goOnWithSnapshot();
  await bed.desk.change(id, { name: 'older' }, null, anybody);
  const second = await bed.desk.create(DAILY, anybody);
  while (bed.journal.takesSnapshot) bed.journal.goOnWithSnapshot();
  bed.restart();
  t.equal((await bed.desk.show('nightly')).id, second.id);
  t.equal((await bed.desk.show('older')).id, id);
});

t.test(
  'after a pause that is caught up, those that a later one stands for say that it was paused, and why',
  async (t) => {
    for (const all of [false, true]) {
      const { bed, id } = await withSchedule({ when: { kind: 'interval', every: '1h' } });
      const given = { reason: 'moving house', until: null };
      if (all) await bed.desk.pauseAll(given, anybody);
      else await bed.desk.pause(id, given, anybody);
      bed.pass(2.5 * hour);
      if (all) await bed.desk.resumeAll(true, anybody);
      else await bed.desk.resume(id, true, anybody);
      bed.restart();
      t.strictSame(
        bed.ledger(id).map(({ outcome, reason }) => [outcome, reason]),
        [
          ['missed', 'it was paused: moving house, and a later one stands for it'],
          ['caught_up', undefined],
        ],
      );
    }
  },
);

t.test('paused again without reason or end, it keeps both; what is given takes their place', async (t) => {
  for (const all of [false, true]) {
    const { bed, id } = await withSchedule();
    const pause = async (asked: PauseRequest) =>
      (all ? await bed.desk.pauseAll(asked, anybody) : await bed.desk.pause(id, asked, anybody)).paused;
    const until = '2026-12-01T00:00:00.000Z';
    const given = '2026-12-01T00:00:00Z';
    await pause({ reason: 'holidays', until: given });
    t.match(await pause({}), { reason: 'holidays', until });
    t.match(await pause({ reason: 'longer holidays' }), { reason: 'longer holidays', until });
    t.match(await pause({ until: null }), { reason: 'longer holidays', until: null });
  }
});
