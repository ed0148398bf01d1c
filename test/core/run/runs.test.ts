import t from 'tap';
import { cancelRun, pauseRun, resumeRun, retryRun } from '../../../supervisor/core/decide/runs.ts';
import { cancelTask, retryTask } from '../../../supervisor/core/decide/steer.ts';
import { runRecord } from '../../../supervisor/core/run/record.ts';
import { tasksPerStageMax } from '../../../supervisor/core/run/run-limits.ts';
import { runState } from '../../../supervisor/core/run/run-state.ts';
import type { Task } from '../../../supervisor/core/task.ts';
import { waitingOf } from '../../../supervisor/core/waiting.ts';
import { by, pipelineOf, RunLife } from './run-life.ts';

const plain = pipelineOf([{}, {}, {}]);

const stageStates = (life: RunLife, id: string) => runRecord(life.run(id), life.now).stages.map(({ state }) => state);

t.test('work passes through the stages in order, and a stage waits for the whole of the one before', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  t.equal(runState(life.run(id)), 'queued');
  life.workOff(['a', 'b']);
  t.equal(runState(life.run(id)), 'running');
  const a = life.claim() as Task;
  life.next(a, 'a2');
  life.end(a, 'succeeded');
  const b = life.claim() as Task;
  t.equal(b.idempotencyKey, 'b', 'the third stage waits');
  t.equal(life.claim(), null);
  const waiting = [...life.state.tasks.values()].find(({ idempotencyKey }) => idempotencyKey === 'a2') as Task;
  t.match(waitingOf(life.state, waiting, life.now, { diskFull: false }), { reason: 'stage' });
  life.end(b, 'failed');
  t.equal(life.workOff()?.idempotencyKey, 'a2');
  const record = runRecord(life.run(id), life.now);
  t.match(record, { state: 'partially_failed', counts: { accepted: 4, succeeded: 3, failed: 1, waiting: 0 } });
  t.same(
    record.stages.map(({ state, counts }) => [state, counts.accepted]),
    [
      ['ended', 1],
      ['ended', 2],
      ['ended', 1],
    ],
  );
});

t.test('a stage that flows takes tasks as they arrive', async (t) => {
  const life = new RunLife();
  life.start(pipelineOf([{}, { start: 'flow' }]));
  const first = life.claim() as Task;
  life.next(first, 'a');
  t.equal(life.claim()?.idempotencyKey, 'a', 'while the first stage runs');
});

t.test('a key adds once to a stage, however often the attempt is repeated', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  const long = 'x'.repeat(300);
  for (let attempt = 0; attempt < 3; attempt++) {
    const task = life.claim() as Task;
    for (const key of ['a', 'b', long]) life.next(task, key);
    life.crash();
    if (attempt === 1) life.journal.takeSnapshot();
  }
  life.workOff(['a', long, 'c']);
  t.equal(life.run(id).stages[1]?.accepted, 4);
  life.workOff(['same']);
  life.workOff(['same']);
  t.equal(life.run(id).stages[2]?.accepted, 1, 'also from different tasks');
  t.equal(life.state.liveKeys.size, 0, 'such keys are the own of a run');
});

t.test('only a task of a run can add to its next stage, and the last stage has none', async (t) => {
  const life = new RunLife();
  const id = life.start(pipelineOf([{}]));
  const task = life.claim() as Task;
  t.match(life.next(task, 'a'), { code: 'no_stage', message: /stage s0 is the last/ });
  t.match(life.next(task, 'a', { stage: 's7' }), { code: 'no_stage', message: /no stage "s7"; its stages are s0/ });
  life.carryOut(cancelRun(life.run(id), by));
  t.match(life.next(task, 'a'), { code: 'conflict', message: /is canceled/ });
});

t.test('work goes into the own stage or past the next one, and never back', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  const first = life.claim() as Task;
  t.equal(life.next(first, 'same', { stage: 's0' }), null);
  t.equal(life.next(first, 'same', { stage: 's2' }), null, 'a key is unique within its stage');
  t.equal(life.next(first, 'same', { stage: 's0' }), null);
  life.end(first, 'succeeded');
  t.equal(life.run(id).stagesEnded, 0, 'what it added keeps its stage open');
  const second = life.claim() as Task;
  t.match(second, { idempotencyKey: 'same', options: { run: { stage: 's0' } } });
  life.next(second, 'b');
  life.end(second, 'succeeded');
  const third = life.claim() as Task;
  t.match(third.options.run, { stage: 's1' });
  t.match(life.next(third, 'x', { stage: 's0' }), { code: 'conflict', message: /s0 comes before s1/ });
  life.end(third, 'succeeded');
  t.match(life.workOff()?.options.run, { stage: 's2' });
  t.match(runRecord(life.run(id), life.now), { state: 'succeeded', counts: { accepted: 4, succeeded: 4 } });
});

t.test('work of another type keeps to the limits of its stage, and has its own of its handler', async (t) => {
  const life = new RunLife();
  const handlers: Record<string, { timeoutMs: number | null; maxAttempts: number | null }> = {
    other: { timeoutMs: 5_000, maxAttempts: 7 },
    work: { timeoutMs: null, maxAttempts: 2 },
  };
  const id = life.start(pipelineOf([{}, { concurrency: 1, timeout: '9s' }]));
  const first = life.claim() as Task;
  for (const [key, type] of [
    ['a', 'other'],
    ['b', 'work'],
    ['c', 'other'],
  ] as const)
    life.next(first, key, { type }, (name) => handlers[name]);
  life.end(first, 'succeeded');
  const [a, none] = [life.claim() as Task, life.claim()];
  t.match(a.options, { type: 'other', maxAttempts: 7, timeoutMs: 9_000, run: { id, stage: 's1' } });
  t.equal(none, null, 'one at once, of whatever type');
  life.end(a, 'failed');
  life.carryOut(retryTask(a, by));
  t.match(life.workOff()?.options, { type: 'work', maxAttempts: 2, timeoutMs: 9_000 });
  life.crash();
  t.equal(life.workOff()?.options.type, 'other', 'it keeps its type');
  t.equal(life.workOff()?.options.type, 'other');
  t.match(runRecord(life.run(id), life.now), { state: 'succeeded', counts: { accepted: 4 } });
});

t.test('a share of failures waits for what a stage still brings forth itself', async (t) => {
  for (const snapshot of [false, true]) {
    const life = new RunLife();
    const id = life.start(pipelineOf([{ onFailure: 'stop after 50%' }]));
    const first = life.claim() as Task;
    for (const key of ['a', 'b']) life.next(first, key, { stage: 's0' });
    const [a, b] = [life.claim() as Task, life.claim() as Task];
    if (snapshot) life.journal.takeSnapshot();
    life.end(a, 'failed');
    life.end(b, 'failed');
    if (snapshot) {
      life.journal.readBack();
      t.equal(life.run(id).stop, null, 'also read back');
      continue;
    }
    t.equal(life.run(id).stop, null, 'two of three, but more may come');
    life.next(first, 'c', { stage: 's0' });
    life.end(first, 'succeeded');
    t.equal(runState(life.run(id)), 'running');
    life.workOff();
    t.equal(runState(life.run(id)), 'failed', 'half of four, and nothing is left');
  }
});

t.test('a stage takes as many tasks as it may, and no more', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  const task = life.claim() as Task;
  (life.run(id).stages[1] as { accepted: number }).accepted = tasksPerStageMax;
  t.match(life.next(task, 'a'), { code: 'conflict', message: /100000 tasks/ });
});

t.test('paused in the middle, restarted and resumed, a run goes on exactly there', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  life.workOff(['a', 'b', 'c']);
  const a = life.claim() as Task;
  life.carryOut(pauseRun(life.run(id), 'too loud', by));
  t.equal(runState(life.run(id)), 'pausing');
  t.equal(life.claim(), null, 'nothing starts');
  life.next(a, 'a2');
  life.end(a, 'succeeded');
  t.equal(runState(life.run(id)), 'paused');
  t.ok(stageStates(life, id).includes('paused'), 'and so is the stage with work');
  life.journal.takeSnapshot();
  life.crash();
  t.equal(runState(life.run(id)), 'paused');
  t.equal(life.claim(), null);
  t.match(runRecord(life.run(id), life.now), { paused: { reason: 'too loud' } });
  life.now += 60_000;
  t.equal(life.carryOut(resumeRun(life.state, life.run(id), by)), null);
  t.equal(life.run(id).pausedMs, 60_000);
  t.equal(life.workOff()?.idempotencyKey, 'b');
  t.equal(life.workOff()?.idempotencyKey, 'c');
  t.equal(life.workOff()?.idempotencyKey, 'a2');
  t.equal(runState(life.run(id)), 'succeeded');
  t.match(life.carryOut(pauseRun(life.run(id), '', by)), { code: 'conflict' });
  t.match(life.carryOut(resumeRun(life.state, life.run(id), by)), { code: 'conflict' });
});

t.test('with onInterrupt hold a crash pauses the run, and what was cut waits for a person', async (t) => {
  const life = new RunLife();
  const id = life.start(pipelineOf([{}, {}], { onInterrupt: 'hold' }));
  const other = life.start(plain);
  const cut = life.claim() as Task;
  life.claim();
  life.crash();
  t.equal(runState(life.run(id)), 'paused');
  t.equal(runState(life.run(other)), 'running', 'without it a run goes on by itself');
  t.equal(life.state.tasks.get(cut.id)?.state, 'interrupted');
  t.match(runRecord(life.run(id), life.now).paused, { by: 'recovery', reason: /were cut/ });
  t.not(life.claim()?.options.run?.id, id);
  life.carryOut(resumeRun(life.state, life.run(id), by));
  t.equal(life.claim()?.id, cut.id);
});

for (const [onFailure, failures] of [
  ['stop', 1],
  ['stop after 3', 3],
  ['stop after 50%', 5],
] as const) {
  t.test(`with "${onFailure}" ${failures} of ten failures stop a run; a retry goes on with what waits`, async (t) => {
    const life = new RunLife();
    const id = life.start(pipelineOf([{}, { onFailure }, {}]));
    life.workOff(Array.from({ length: 10 }, (_, index) => `k${index}`));
    const failed: Task[] = [];
    for (let task = life.claim(); task; task = life.claim()) {
      failed.push(task);
      life.end(task, 'failed');
    }
    t.equal(failed.length, failures);
    t.equal(runState(life.run(id)), 'failed');
    t.match(runRecord(life.run(id), life.now), { stopped: { stage: 's1' }, finishedAt: String });
    t.same(stageStates(life, id), ['ended', 'stopped', 'waiting'], 'the stage whose tasks wait is stopped');
    life.crash();
    t.equal(life.claim(), null, 'also after a restart');
    life.carryOut(retryRun(life.state, life.run(id), by));
    for (const { id: task } of failed) life.carryOut(retryTask(life.state.tasks.get(task) as Task, by));
    for (let left = 0; left < 10; left++) t.ok(life.workOff());
    t.match(runRecord(life.run(id), life.now), {
      state: 'succeeded',
      counts: { accepted: 11, succeeded: 11, failed: 0 },
    });
  });
}

t.test('a share of failures is not judged by the first few while tasks still arrive', async (t) => {
  const life = new RunLife();
  const id = life.start(pipelineOf([{}, { start: 'flow', onFailure: 'stop after 50%' }]));
  const first = life.claim() as Task;
  for (const key of ['a', 'b', 'c']) life.next(first, key);
  life.end(life.claim() as Task, 'failed');
  life.end(life.claim() as Task, 'failed');
  t.equal(runState(life.run(id)), 'running');
  life.end(first, 'succeeded');
  t.equal(runState(life.run(id)), 'failed', 'now no more can come');
});

t.test('a failed task that runs again opens the later stages anew', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  life.workOff(['a', 'b']);
  const failed = life.claim() as Task;
  life.end(failed, 'failed');
  life.workOff(['b2']);
  life.workOff();
  t.equal(runState(life.run(id)), 'partially_failed');
  life.carryOut(retryTask(failed, by));
  t.equal(runState(life.run(id)), 'running');
  life.workOff(['a2']);
  t.equal(life.workOff()?.idempotencyKey, 'a2');
  t.match(runRecord(life.run(id), life.now), { state: 'succeeded', counts: { accepted: 5, succeeded: 5 } });
});

t.test('canceled, nothing of a run starts, and what is done is kept', async (t) => {
  const life = new RunLife();
  const id = life.start(plain);
  life.workOff(['a', 'b']);
  const running = life.claim() as Task;
  life.carryOut(cancelRun(life.run(id), by));
  t.equal(life.claim(), null);
  for (const task of [...life.state.tasks.values()]) life.carryOut(cancelTask(task, by));
  life.end(running, 'canceled');
  t.match(runRecord(life.run(id), life.now), { state: 'canceled', counts: { succeeded: 1, canceled: 2 } });
  t.match(life.carryOut(retryRun(life.state, life.run(id), by)), { code: 'conflict' });
});

t.test('a stage keeps to its own limits', async (t) => {
  const life = new RunLife();
  const id = life.start(pipelineOf([{}, { concurrency: 2, rate: '3/1m' }]));
  life.workOff(['a', 'b', 'c', 'd', 'e']);
  const some = [life.claim() as Task, life.claim() as Task];
  t.equal(life.claim(), null, 'two at once');
  life.end(some[0] as Task, 'succeeded');
  t.ok(life.claim());
  life.end(some[1] as Task, 'succeeded');
  t.equal(life.claim(), null, 'three a minute');
  life.journal.takeSnapshot();
  life.crash();
  life.now += 59_000;
  t.equal(life.claim(), null, 'also after a restart');
  t.equal(life.run(id).stages[1]?.accepted, 5);
});

t.test('runs share workers by turns: 50,000 tasks do not starve three', async (t) => {
  const life = new RunLife();
  const large = life.start(pipelineOf([{}, { start: 'flow' }, { start: 'flow' }]));
  const first = life.claim() as Task;
  for (let index = 0; index < 50_000; index++) life.next(first, `k${index}`);
  for (let index = 0; index < 10; index++) life.next(life.claim() as Task, `n${index}`);
  const small = life.start(plain);
  life.workOff();
  const served: (string | undefined)[] = [];
  life.workOff(['a', 'b', 'c']);
  for (let turn = 0; turn < 8; turn++) served.push(life.claim()?.options.run?.id);
  t.ok(served.filter((run) => run === small).length >= 3, JSON.stringify(served.map((run) => run === small)));
  t.ok(served.includes(large));
});
