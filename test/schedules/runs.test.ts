/** Schedules that start runs: each occurrence one run, written down together, and over when the run is. */
import t from 'tap';
import { cancelRun, pauseRun } from '../../supervisor/core/decide/runs.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { versionOf } from '../../supervisor/core/run/pipeline.ts';
import { checkPipeline } from '../../supervisor/core/run/pipeline-input.ts';
import type { Run } from '../../supervisor/core/run/run.ts';
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import type { Task } from '../../supervisor/core/task.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { refusedBy, SchedulesBed } from '../helpers/schedules-bed.ts';

const hour = 3_600_000;
const day = 24 * hour;
const FULL = {
  name: 'nightly',
  run: { pipeline: 'library', params: { deep: true }, sources: ['podcasts'] },
  when: { kind: 'daily', at: '02:00' },
};

function bedWith(stages: readonly object[] = [{ name: 'collect', type: 'scripted' }]): SchedulesBed {
  const bed = new SchedulesBed();
  const checked = checkPipeline({ name: 'library', stages });
  if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
  bed.pipelines.set('library', { pipeline: checked.value, version: versionOf(checked.value), file: 'library.yaml' });
  return bed;
}

function outcomes(bed: SchedulesBed, { id }: ScheduleRecord): string[] {
  return bed.ledger(id).map(({ outcome }) => outcome);
}

function runsOf(bed: SchedulesBed): Run[] {
  return [...bed.state.runs.byId.values()];
}

function tasksOf(bed: SchedulesBed, run: Run | undefined): Task[] {
  return [...bed.state.tasks.values()].filter(({ options }) => options.run?.id === run?.id);
}

function endRun(bed: SchedulesBed, run: Run | undefined, outcome: 'succeeded' | 'failed'): void {
  for (const task of tasksOf(bed, run)) {
    bed.begin(task);
    bed.finish(task, outcome);
  }
  bed.tick();
}

t.test('a schedule starts its run when it is due, and the occurrence stands in the line that starts it', async (t) => {
  const bed = bedWith();
  const created = await bed.desk.create(FULL, anybody);
  t.match(created, { task: null, run: FULL.run, activeRuns: [] });
  const before = bed.journal.lines.length;
  bed.pass(14 * hour);
  const [run] = runsOf(bed);
  t.match(run, { by: 'schedule:nightly', pipeline: { name: 'library' }, sources: ['podcasts'] });
  const [first] = tasksOf(bed, run);
  t.equal(bed.state.params.text(first?.params as never), '{"deep":true,"sources":["podcasts"]}');
  const [row] = bed.ledger(created.id);
  t.match(row, { plannedAt: Date.parse('2026-11-27T01:00:00Z'), outcome: 'started', runId: run?.id });
  const [line, accepted, ...others] = bed.journal.lines.slice(before);
  t.match(line?.event, { e: 'run.started', occurrence: { schedule: created.id, plannedAt: row?.plannedAt } });
  t.match([accepted?.event.e, ...others], ['task.accepted'], 'and no other line speaks of it');
  t.match(await bed.desk.show('nightly'), { activeRuns: [run?.id], activeTasks: [], last: { runId: run?.id } });
  bed.restart();
  t.equal(runsOf(bed).length, 1, 'a restart doubles nothing');
  t.match(await bed.desk.show('nightly'), { activeRuns: [run?.id], last: { runId: run?.id } });
  endRun(bed, runsOf(bed)[0], 'succeeded');
  t.match(await bed.desk.show('nightly'), { activeRuns: [], failuresInRow: 0 });
});

t.test('the next one is skipped, queued or takes its place until the run is over, as its schedule says', async (t) => {
  for (const [overlap, expected] of [
    ['skip', ['started', 'skipped', 'skipped']],
    ['queue-one', ['started', 'skipped']],
    ['allow', ['started', 'started', 'started']],
    ['replace', ['started', 'canceled']],
  ] as const) {
    const bed = bedWith();
    const created = await bed.desk.create({ ...FULL, overlap }, anybody);
    bed.pass(14 * hour + 2 * day);
    if (overlap !== 'replace') t.same(outcomes(bed, created), expected, overlap);
    const [run] = runsOf(bed);
    if (overlap === 'skip') {
      t.match(bed.ledger(created.id)[1]?.reason, `run ${run?.id} of an earlier one is under way`);
      endRun(bed, run, 'succeeded');
      bed.pass(day);
      t.same(outcomes(bed, created).at(-1), 'started', 'once it has ended');
    }
    if (overlap === 'queue-one') {
      endRun(bed, run, 'succeeded');
      t.equal(runsOf(bed).length, 2, 'what waited has its turn');
      t.same(outcomes(bed, created), [...expected, 'queued']);
    }
    if (overlap === 'replace') {
      t.match(runsOf(bed)[0]?.cancel, { by: 'schedule:nightly' });
      t.ok((runsOf(bed)[0]?.endedAt ?? null) !== null, 'what waited of it is canceled');
      t.same(outcomes(bed, created), ['started', 'queued', 'queued']);
      t.equal(runsOf(bed).length, 3);
    }
  }
});

t.test('a run that is paused is under way; one that its failures stopped is over', async (t) => {
  const stages = [{ name: 'a', type: 'scripted', onFailure: 'stop' }];
  const bed = bedWith(stages);
  const created = await bed.desk.create({ ...FULL, pauseAfterFailures: 2 }, anybody);
  bed.pass(14 * hour);
  const [run] = runsOf(bed) as [Run];
  for (const event of pauseRun(run, 'loud', { by: 'http' }) as Event[]) bed.record(event);
  bed.pass(day);
  t.same(outcomes(bed, created), ['started', 'skipped']);
  endRun(bed, run, 'failed');
  t.match(await bed.desk.show('nightly'), { activeRuns: [], failuresInRow: 1, state: 'active' });
  bed.pass(day);
  const second = runsOf(bed).at(-1);
  endRun(bed, second, 'failed');
  const paused = await bed.desk.show('nightly');
  t.match(paused, { state: 'paused', failuresInRow: 2 });
  t.equal(paused.paused?.reason, `2 failures in a row, the last of run ${second?.id}`);
});

t.test('a run of which some failed begins the count of failures anew, and a canceled one leaves it', async (t) => {
  const bed = bedWith();
  const created = await bed.desk.create({ ...FULL, pauseAfterFailures: 3 }, anybody);
  bed.pass(14 * hour);
  endRun(bed, runsOf(bed)[0], 'failed');
  bed.pass(day);
  const [, second] = runsOf(bed) as [Run, Run];
  for (const event of cancelRun(second, { by: 'http' }) as Event[]) bed.record(event);
  bed.tick();
  t.match(await bed.desk.show('nightly'), { activeRuns: [], failuresInRow: 1 }, 'a wish that nothing runs against');
  await bed.keeper.cancelRest(second);
  bed.pass(day);
  const third = runsOf(bed).at(-1) as Run;
  const [task] = tasksOf(bed, third) as [Task];
  bed.begin(task);
  const options = { ...task.options };
  const fresh = { key: 'x', runAt: null, relative: false, retryOf: null, params: '{}' };
  bed.record({ e: 'task.accepted', id: `${task.id.slice(0, -4)}ffff`, options, ...fresh });
  bed.finish(task, 'failed');
  const [other] = tasksOf(bed, third).filter(({ state }) => state === 'queued');
  bed.begin(other as Task);
  bed.finish(other as Task, 'succeeded');
  bed.tick();
  t.match(await bed.desk.show('nightly'), { activeRuns: [], failuresInRow: 0 });
  t.same(outcomes(bed, created), ['started', 'started', 'started']);
});

t.test(
  'an end that nobody has seen to is seen to after a restart, and the run stays in memory until then',
  async (t) => {
    const bed = bedWith();
    await bed.desk.create(FULL, anybody);
    bed.pass(14 * hour);
    const [run] = runsOf(bed) as [Run];
    const [task] = tasksOf(bed, run) as [Task];
    bed.begin(task);
    bed.finish(task, 'failed');
    bed.keeper.tick(bed.clock.wall() + 400 * day);
    t.equal(runsOf(bed).length, 1);
    bed.restart();
    t.match(await bed.desk.show('nightly'), { activeRuns: [], failuresInRow: 1 });
    bed.keeper.tick(bed.clock.wall() + 400 * day);
    t.equal(runsOf(bed).length, 0);
  },
);

t.test('run now starts one, and a pipeline that is gone skips the occurrence and says so', async (t) => {
  const bed = bedWith();
  const created = await bed.desk.create(FULL, anybody);
  const ran = await bed.desk.run('nightly', anybody);
  const [run] = runsOf(bed);
  t.match(ran, { task: null, occurrence: { outcome: 'started', runId: run?.id } });
  t.match((await refusedBy(bed.desk.run('nightly', anybody))).message, /run .* of an earlier one is under way/);
  endRun(bed, run, 'succeeded');
  bed.pipelines.clear();
  bed.pass(14 * hour);
  t.match(bed.ledger(created.id).at(-1), { outcome: 'skipped', reason: 'there is no pipeline library' });
});

t.test('after a long stop its work is caught up once', async (t) => {
  const bed = bedWith();
  const created = await bed.desk.create(FULL, anybody);
  bed.clock.standStill(3 * day);
  bed.restart();
  t.same(outcomes(bed, created), ['missed', 'missed', 'caught_up']);
  t.equal(runsOf(bed).length, 1);
});

t.test('a schedule has a task or a run, each checked by its place, and one becomes the other', async (t) => {
  const bed = bedWith();
  const task = { type: 'scripted' };
  for (const [given, path] of [
    [{ run: undefined }, '$.task'],
    [{ task }, '$.run'],
    [{ run: { pipeline: 'library', delay: '5m' } }, '$.run.delay'],
    [{ run: { pipeline: 'lost' } }, '$.run.pipeline'],
    [{ run: 'library' }, '$.run'],
  ] as const)
    t.match((await refusedBy(bed.desk.create({ ...FULL, ...given }, anybody))).mistakes, [{ path }]);
  await bed.desk.create(FULL, anybody);
  t.match(await bed.desk.change('nightly', { note: 'x' }, null, anybody), { run: FULL.run, task: null, note: 'x' });
  t.match(await bed.desk.change('nightly', { task }, null, anybody), { run: null, task });
  bed.pass(14 * hour);
  t.equal(bed.state.tasks.size, 1);
  const { run } = FULL;
  t.match(await bed.desk.change('nightly', { run }, null, anybody), { run, task: null });
  bed.pass(day);
  t.match((await bed.desk.show('nightly')).last, { outcome: 'skipped', reason: /^task .* is under way$/ });
  t.equal((await bed.desk.list({ limit: 5, after: null, q: 'library' })).total, 1, 'it is found by its pipeline');
});
