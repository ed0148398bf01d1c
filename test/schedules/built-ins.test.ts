import t from 'tap';
import { BUILT_IN_PIPELINES, type BuiltInPipeline } from '../../supervisor/core/run/built-in-pipelines.ts';
import { BUILT_INS } from '../../supervisor/core/schedule/built-ins.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { refusedBy as refused, SchedulesBed } from '../helpers/schedules-bed.ts';

const NOT_MOVED = new Map<string, string>();
const AT_HALF_PAST_FOUR = new Map([['backup', '04:30']]);

function opened(times: ReadonlyMap<string, string> = NOT_MOVED): SchedulesBed {
  const bed = new SchedulesBed();
  bed.builtIns.adopt(times);
  return bed;
}

/** As a start does it, with the settings it finds. */
function restarted(bed: SchedulesBed, times: ReadonlyMap<string, string> = NOT_MOVED): void {
  bed.restart();
  bed.builtIns.adopt(times);
}

async function timeOf(bed: SchedulesBed): Promise<unknown> {
  return (await bed.desk.show('backup')).when;
}

t.test('the first start makes the backup at 03:00, and no start makes it twice', async (t) => {
  const bed = opened();
  const backup = await bed.desk.show('backup');
  t.match(backup, { builtIn: true, task: { type: 'backup.create' }, when: { kind: 'daily', at: '03:00' } });
  t.equal(backup.nextAt, '2026-11-27T02:00:00.000Z');
  restarted(bed);
  bed.journal.takeSnapshot();
  restarted(bed);
  t.equal((await bed.desk.show('backup')).id, backup.id);
  t.equal(bed.state.schedules.byId.size, BUILT_INS.length);
});

t.test('a built-in schedule that was deleted does not come again', async (t) => {
  const bed = opened();
  await bed.desk.remove('backup', null, anybody);
  restarted(bed);
  bed.journal.takeSnapshot();
  restarted(bed, AT_HALF_PAST_FOUR);
  t.equal(bed.state.schedules.byId.size, BUILT_INS.length - 1);
});

t.test(
  'somebody’s own schedule of the same name is let be, and the built-in comes once the name is free',
  async (t) => {
    const bed = new SchedulesBed();
    const own = { name: 'backup', task: { type: 'scripted' }, when: { kind: 'daily', at: '12:00' } };
    await bed.desk.create(own, anybody);
    restarted(bed, AT_HALF_PAST_FOUR);
    t.match(await bed.desk.show('backup'), { builtIn: false, when: { at: '12:00' } });
    await bed.desk.change('backup', { name: 'mine' }, null, anybody);
    restarted(bed);
    t.match(await bed.desk.show('backup'), { builtIn: true, when: { at: '03:00' } });
  },
);

t.test(
  'a key of the settings moves it, while running and at a start, and without the key the default is back',
  async (t) => {
    const bed = opened();
    bed.builtIns.adopt(AT_HALF_PAST_FOUR);
    t.match(await timeOf(bed), { at: '04:30' });
    bed.builtIns.adopt(NOT_MOVED);
    t.match(await timeOf(bed), { at: '03:00' });
    const moved = opened(AT_HALF_PAST_FOUR);
    t.match(await timeOf(moved), { at: '04:30' });
    moved.journal.takeSnapshot();
    restarted(moved);
    t.match(await timeOf(moved), { at: '03:00' }, 'also when the key was taken out while it was stopped');
  },
);

t.test('the time that a person gave it stays while no key is set', async (t) => {
  const bed = opened();
  await bed.desk.change('backup', { when: { kind: 'weekly', days: ['sun'], at: '05:00' } }, null, anybody);
  bed.builtIns.adopt(NOT_MOVED);
  restarted(bed);
  t.match(await timeOf(bed), { kind: 'weekly', at: '05:00' });
});

t.test('while a key says its time, only its time is refused to be changed, and the key is named', async (t) => {
  const bed = opened(AT_HALF_PAST_FOUR);
  const change = bed.desk.change('backup', { when: { kind: 'daily', at: '05:00' } }, null, anybody);
  t.match(await refused(change), { code: 'conflict', message: /TASK_BACKUP_TIME/ });
  await bed.desk.change('backup', { note: 'mine' }, null, anybody);
  bed.builtIns.adopt(NOT_MOVED);
  t.match(await bed.desk.show('backup'), { note: 'mine', when: { at: '03:00' } });
});

t.test('what was due by the time before is settled, and the night has one backup', async (t) => {
  const bed = opened();
  bed.pass(14 * 3_600_000 + 60_000);
  bed.builtIns.adopt(AT_HALF_PAST_FOUR);
  const { id, nextAt } = await bed.desk.show('backup');
  t.equal(nextAt, '2026-11-27T03:30:00.000Z');
  t.match(bed.ledger(id), [{ outcome: 'started' }]);
});

t.test('those of the library come with the times they have, and start nothing until their flag is on', async (t) => {
  const bed = opened();
  const expected = [
    ['library-collect', 'daily', '02:00', null, { pipeline: 'library.collect' }],
    ['library-discover', 'weekly', '03:00', 'library.discover', null],
    ['library-metadata', 'monthly', '04:00', 'library.metadata', null],
    ['library-metadata-new', 'weekly', '04:30', 'library.metadata', null],
    ['library-series', 'monthly', '03:00', 'library.complete', null],
    ['library-artists', 'monthly', '03:00', 'library.complete', null],
  ] as const;
  for (const [name, kind, at, type, run] of expected) {
    const schedule = await bed.desk.show(name);
    const flag = name.toUpperCase().replaceAll('-', '_');
    t.match(schedule, { builtIn: true, flag, held: `the feature flag ${flag} is off`, when: { kind, at } }, name);
    t.match(schedule, { task: type === null ? null : { type }, run }, name);
  }
  t.match((await bed.desk.show('library-metadata')).when, { day: 1 });
  t.match((await bed.desk.show('library-series')).when, { day: 2 });
  t.match((await bed.desk.show('library-artists')).when, { day: 3 });
  t.match((await bed.desk.show('library-metadata-new')).when, { days: ['sun'] });
  const pipeline = BUILT_IN_PIPELINES.get('library.collect');
  bed.pipelines.set('library.collect', { ...(pipeline as BuiltInPipeline), file: null });
  bed.pass(40 * 86_400_000);
  const origins = () => new Set([...bed.state.tasks.values()].map(({ options }) => options.origin));
  t.notOk([...origins()].some((origin) => origin.includes('library')));
  for (const [name] of expected) bed.flags.set(name.toUpperCase().replaceAll('-', '_'), true);
  bed.pass(40 * 86_400_000);
  for (const [name] of expected.slice(1)) t.ok(origins().has(`schedule:${name}`), name);
  t.match(
    [...bed.state.runs.byId.values()],
    [{ by: 'schedule:library-collect', pipeline: { name: 'library.collect' } }],
  );
});

t.test('a key moves the time of day of one that is weekly or monthly, and nothing else of it', async (t) => {
  const bed = opened(new Map([['library-series', '05:15']]));
  t.match((await bed.desk.show('library-series')).when, { kind: 'monthly', day: 2, at: '05:15' });
  bed.builtIns.adopt(NOT_MOVED);
  t.match((await bed.desk.show('library-series')).when, { kind: 'monthly', day: 2, at: '03:00' });
});
