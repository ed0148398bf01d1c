import t from 'tap';
import { anybody } from '../helpers/open-supervisor.ts';
import { refusedBy as refused, SchedulesBed } from '../helpers/schedules-bed.ts';

const DAILY = {
  name: 'nightly',
  task: { type: 'scripted', params: { end: 'ok' } },
  when: { kind: 'daily', at: '02:00' },
};
const hour = 3_600_000;

function ledgerOf(bed: SchedulesBed, id: string) {
  return bed.ledger(id).map(({ plannedAt, outcome }) => [new Date(plannedAt).toISOString(), outcome]);
}

t.test('a schedule submits its task when it is due, in its zone, and the ledger says so', async (t) => {
  const bed = new SchedulesBed();
  const created = await bed.desk.create(DAILY, anybody);
  t.equal(created.nextAt, '2026-11-27T01:00:00.000Z');
  t.equal(created.timezone, 'Europe/Berlin');
  bed.clock.advance(13 * hour - 1);
  bed.tick();
  t.equal(bed.state.tasks.size, 0);
  bed.clock.advance(1);
  bed.tick();
  const [task] = bed.state.tasks.values();
  t.equal(task?.options.origin, 'schedule:nightly');
  t.strictSame(ledgerOf(bed, created.id), [['2026-11-27T01:00:00.000Z', 'started']]);
  const after = await bed.desk.show('nightly');
  t.equal(after.nextAt, '2026-11-28T01:00:00.000Z');
  t.strictSame(after.activeTasks, [task?.id]);
});

t.test(
  'what was due while the supervisor was down is caught up once, and a restart right after doubles nothing',
  async (t) => {
    const bed = new SchedulesBed();
    const { id } = await bed.desk.create(DAILY, anybody);
    bed.clock.standStill(3 * 24 * hour);
    bed.restart();
    const rows = [
      ['2026-11-27T01:00:00.000Z', 'missed'],
      ['2026-11-28T01:00:00.000Z', 'missed'],
      ['2026-11-29T01:00:00.000Z', 'caught_up'],
    ];
    t.strictSame(ledgerOf(bed, id), rows);
    bed.restart();
    bed.restart();
    t.strictSame(ledgerOf(bed, id), rows);
    t.equal(bed.state.tasks.size, 1);
  },
);

t.test(
  'an occurrence whose earlier one is under way is skipped, queued or takes its place, as its schedule says',
  async (t) => {
    for (const [overlap, outcomes] of [
      ['skip', ['started', 'skipped', 'skipped']],
      ['queue-one', ['started', 'queued', 'skipped']],
      ['queue-all', ['started', 'queued', 'queued']],
      ['allow', ['started', 'started', 'started']],
      ['replace', ['started', 'queued', 'queued']],
    ] as const) {
      const bed = new SchedulesBed();
      const { id } = await bed.desk.create({ ...DAILY, overlap }, anybody);
      bed.pass(72 * hour);
      const { items } = await bed.desk.occurrences(id, { limit: 10, after: null });
      const sorted = items.toSorted((a, b) => (a.plannedAt < b.plannedAt ? -1 : 1));
      t.strictSame(
        sorted.map(({ outcome }) => outcome),
        outcomes,
        overlap,
      );
    }
  },
);

t.test('paused, nothing starts and the ledger says why; resumed, it goes on from now or catches up', async (t) => {
  for (const catchUp of [false, true]) {
    const bed = new SchedulesBed();
    const { id } = await bed.desk.create(DAILY, anybody);
    await bed.desk.pause(id, { reason: 'holidays', until: null }, anybody);
    bed.clock.advance(48 * hour);
    bed.tick();
    t.strictSame(ledgerOf(bed, id), []);
    await bed.desk.resume(id, catchUp, anybody);
    bed.tick();
    const outcomes = ledgerOf(bed, id).map(([, outcome]) => outcome);
    t.strictSame(outcomes, catchUp ? ['missed', 'caught_up'] : ['skipped', 'skipped']);
    const reasons = bed.ledger(id).map(({ reason }) => reason);
    if (!catchUp) t.strictSame(reasons, ['paused: holidays', 'paused: holidays']);
  }
});

t.test('all are paused until a day, and go on by themselves', async (t) => {
  const bed = new SchedulesBed();
  const { id } = await bed.desk.create(DAILY, anybody);
  const scheduler = await bed.desk.pauseAll({ reason: 'moving house', until: '2026-11-29' }, anybody);
  t.equal(scheduler.paused?.until, '2026-11-28T23:00:00.000Z');
  t.match((await bed.desk.show(id)).held, /moving house/);
  bed.clock.advance(72 * hour);
  bed.tick();
  bed.tick();
  t.strictSame(ledgerOf(bed, id), [
    ['2026-11-27T01:00:00.000Z', 'skipped'],
    ['2026-11-28T01:00:00.000Z', 'skipped'],
    ['2026-11-29T01:00:00.000Z', 'caught_up'],
  ]);
});

t.test('a clock that goes back brings no planned time again that has been submitted', async (t) => {
  const bed = new SchedulesBed();
  const { id } = await bed.desk.create({ ...DAILY, overlap: 'allow' }, anybody);
  bed.clock.advance(13 * hour);
  bed.tick();
  bed.clock.jump(-2 * hour);
  bed.record({ e: 'clock.jumped', byMs: -2 * hour });
  bed.clock.advance(2 * hour);
  bed.tick();
  t.equal(bed.state.tasks.size, 1);
  bed.clock.advance(24 * hour);
  bed.tick();
  t.strictSame(ledgerOf(bed, id), [
    ['2026-11-27T01:00:00.000Z', 'started'],
    ['2026-11-28T01:00:00.000Z', 'started'],
  ]);
});

t.test('nor those whose work is submitted while many others wait, however many they are', async (t) => {
  const bed = new SchedulesBed();
  const when = { kind: 'interval', every: '5m', anchor: '2026-11-26T12:00:00Z' };
  const { id } = await bed.desk.create({ ...DAILY, when, timezone: null, overlap: 'queue-all' }, anybody);
  const fiveMinutes = 300_000;
  for (let times = 0; times < 100; times++) {
    bed.pass(fiveMinutes);
    bed.end();
  }
  // Nobody works for a while, and its planned times wait.
  bed.pass(40 * fiveMinutes);
  bed.clock.jump(-80 * fiveMinutes);
  bed.record({ e: 'clock.jumped', byMs: -80 * fiveMinutes });
  bed.tick();
  // Their work is submitted before the clock is where it was.
  for (let times = 0; times < 45; times++) bed.end();
  for (let times = 0; times < 100; times++) {
    bed.pass(fiveMinutes);
    bed.end();
  }
  const submitted = bed.ledger(id).flatMap(({ plannedAt, taskId }) => (taskId ? [plannedAt] : []));
  t.equal(new Set(submitted).size, submitted.length, 'none twice');
  t.ok(submitted.length > 150);
});

t.test('a change rests on the version that was seen, keeps its name apart, and counts from then on', async (t) => {
  const bed = new SchedulesBed();
  const schedules = bed.desk;
  const first = await schedules.create(DAILY, anybody);
  await schedules.create({ ...DAILY, name: 'other' }, anybody);
  t.equal((await refused(schedules.create(DAILY, anybody))).code, 'conflict');
  t.equal((await refused(schedules.change(first.id, { name: 'other' }, null, anybody))).code, 'conflict');
  const changed = await schedules.change(
    first.id,
    { when: { kind: 'daily', at: '14:30' }, note: 'earlier' },
    first.version,
    anybody,
  );
  t.equal(changed.nextAt, '2026-11-26T13:30:00.000Z');
  t.equal(
    (await refused(schedules.change(first.id, { note: '' }, first.version, anybody))).code,
    'precondition_failed',
  );
  bed.restart();
  t.strictSame(await bed.desk.show(first.id), changed);
});

t.test('run now submits at once and leaves the next planned time as it is', async (t) => {
  const bed = new SchedulesBed();
  const schedules = bed.desk;
  const { id, nextAt } = await schedules.create(DAILY, anybody);
  const { task, occurrence } = await schedules.run(id, anybody);
  t.equal(task?.origin, 'schedule:nightly');
  t.match(occurrence, { outcome: 'started', taskId: task?.id });
  t.equal((await schedules.show(id)).nextAt, nextAt);
  t.equal((await refused(schedules.run(id, anybody))).code, 'conflict');
});

t.test('deleted, it never starts again, also after a restart, and its ledger stays', async (t) => {
  const bed = new SchedulesBed();
  const { id } = await bed.desk.create(DAILY, anybody);
  bed.clock.advance(24 * hour);
  bed.tick();
  await bed.desk.remove(id, null, anybody);
  bed.clock.advance(48 * hour);
  bed.restart();
  t.equal(bed.state.schedules.byId.size, 0);
  t.equal(ledgerOf(bed, id).length, 1);
  t.equal((await refused(bed.desk.show(id))).code, 'not_found');
});

t.test('what is wrong is named by its member, with what would be right', async (t) => {
  const bed = new SchedulesBed();
  const schedules = bed.desk;
  for (const [given, path, words] of [
    [{ ...DAILY, when: { kind: 'daily', at: '25:00' } }, '$.when.at', /02:00/],
    [{ ...DAILY, when: { kind: 'interval', every: '1m' } }, '$.when.every', /5m/],
    [{ ...DAILY, when: { kind: 'once', at: '2020-01-01T00:00:00Z' } }, '$.when.at', /over/],
    [{ ...DAILY, timezone: 'Europe/Berlim' }, '$.timezone', /Europe\/Berlin/],
    [{ ...DAILY, task: { type: 'scripted', runAt: '2030-01-01T00:00:00Z' } }, '$.task.runAt', /its own/],
    [{ ...DAILY, task: { type: 'nobody' } }, '$.task.type', /no handler/],
    [{ ...DAILY, overlap: 'maybe' }, '$.overlap', /queue-one/],
    [{ ...DAILY, wen: 1 }, '$.wen', /known are/],
    [{ name: 'x' }, '$.task', /required/],
  ] as const) {
    const { mistakes } = await refused(schedules.create(given, anybody));
    const mistake = mistakes.find((one) => one.path === path);
    t.match(mistake?.message, words, `${path}: ${JSON.stringify(mistakes)}`);
  }
});

t.test('a name that looks like an id is refused, since a schedule is looked up by either', async (t) => {
  const bed = new SchedulesBed();
  const given = { task: { type: 'scripted' }, when: { kind: 'daily', at: '02:00' } };
  const { id } = await bed.desk.create({ ...given, name: 'nightly' }, anybody);
  for (const name of [id, id.toUpperCase()]) {
    const answer = await refused(bed.desk.create({ ...given, name }, anybody));
    t.equal(answer.code, 'validation');
    t.match(answer.mistakes, [{ path: '$.name', message: /must not look like an id/ }]);
  }
});

t.test('while jitter is awaited, the record says when it starts, and it still is the next one', async (t) => {
  const bed = new SchedulesBed();
  const { id, startsAt } = await bed.desk.create({ ...DAILY, jitter: '12h' }, anybody);
  const offsetMs = Date.parse(`${startsAt}`) - Date.parse('2026-11-27T01:00:00Z');
  t.ok(offsetMs > 0 && offsetMs < 12 * hour);
  bed.pass(13 * hour + 1_000);
  t.match(await bed.desk.show(id), { nextAt: '2026-11-27T01:00:00.000Z', startsAt });
  t.match((await bed.desk.next(id, 2)).next, [{ at: '2026-11-27T01:00:00.000Z' }, { at: '2026-11-28T01:00:00.000Z' }]);
  bed.pass(offsetMs);
  t.match(await bed.desk.show(id), { nextAt: '2026-11-28T01:00:00.000Z' });
  t.equal((await bed.desk.next(id, 1)).next[0]?.at, '2026-11-28T01:00:00.000Z');
});
