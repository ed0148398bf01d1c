/** Runs against a model of a few lines: whatever happens, and wherever it is cut, nothing is lost and nothing comes twice. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { cancelRun, pauseRun, resumeRun, retryRun } from '../../../supervisor/core/decide/runs.ts';
import { cancelTask, retryTask } from '../../../supervisor/core/decide/steer.ts';
import { isFinished, type Task, type TaskState } from '../../../supervisor/core/task.ts';
import { by, pipelineOf, RunLife } from './run-life.ts';

const stage = fc.record({
  start: fc.constantFrom('after', 'flow'),
  onFailure: fc.constantFrom('continue', 'continue', 'stop', 'stop after 2'),
  concurrency: fc.constantFrom(null, null, 1, 2),
});
const pipeline = fc.record({
  stages: fc.array(stage, { minLength: 1, maxLength: 4 }),
  onInterrupt: fc.constantFrom('requeue', 'hold'),
});
const step = fc.record({
  what: fc.oneof(
    { weight: 3, arbitrary: fc.constant('claim' as const) },
    { weight: 5, arbitrary: fc.constantFrom('succeed' as const, 'fail' as const) },
    { weight: 4, arbitrary: fc.constant('next' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...(['start', 'pause', 'resume', 'retry', 'retryOne', 'cancelOne', 'cancel', 'crash', 'crash'] as const),
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom('beginSnapshot' as const, 'goOn' as const) },
  ),
  which: fc.nat(20),
  key: fc.nat(6),
  /** How many stages behind its own the work is for; null for the next. */
  ahead: fc.constantFrom(null, null, null, -1, 0, 0, 1, 2, 9),
  type: fc.constantFrom(null, null, 'work', 'other'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Stage {
  readonly tasks: Map<string, TaskState>;
  readonly types: Map<string, string>;
  strikes: number;
}
interface Model {
  readonly stages: Stage[];
  paused: boolean;
  stopped: boolean;
  canceled: boolean;
}

class World {
  readonly life = new RunLife();
  readonly models = new Map<string, Model>();
  readonly #pipeline: ReturnType<typeof pipelineOf>;

  constructor(given: { readonly stages: readonly object[]; readonly onInterrupt: string }) {
    this.#pipeline = pipelineOf(given.stages, { onInterrupt: given.onInterrupt });
    this.start();
  }

  start(): void {
    const id = this.life.start(this.#pipeline);
    const stages = this.#pipeline.stages.map(() => ({
      ...{ tasks: new Map<string, TaskState>(), types: new Map<string, string>(), strikes: 0 },
    }));
    stages[0]?.tasks.set('first', 'queued');
    this.models.set(id, { stages, paused: false, stopped: false, canceled: false });
  }

  placeOf(task: Task): { model: Model; stage: Stage; index: number; key: string } {
    const model = this.models.get(task.options.run?.id ?? '') as Model;
    const index = this.#pipeline.stages.findIndex(({ name }) => name === task.options.run?.stage);
    return { model, stage: model.stages[index] as Stage, index, key: task.idempotencyKey as string };
  }

  set(task: Task, to: TaskState): void {
    const { model, stage, index, key } = this.placeOf(task);
    stage.tasks.set(key, to);
    if (to === 'interrupted') model.paused = true;
    if (to !== 'failed') return;
    stage.strikes++;
    const onFailure = this.#pipeline.stages[index]?.onFailure;
    if (onFailure?.kind === 'count' && stage.strikes >= onFailure.most) model.stopped = true;
  }

  mayStart(task: Task): boolean {
    const { model, stage, index, key } = this.placeOf(task);
    if (stage.tasks.get(key) !== 'queued' || model.paused || model.stopped || model.canceled) return false;
    const { start, concurrency } = this.#pipeline.stages[index] ?? {};
    const before = model.stages.slice(0, index).flatMap(({ tasks }) => [...tasks.values()]);
    if (start === 'after' && !before.every((state) => isFinished(state))) return false;
    const running = [...stage.tasks.values()].filter((state) => state === 'running').length;
    return concurrency == null || running < concurrency;
  }

  forgive(model: Model): void {
    model.stopped = false;
    for (const one of model.stages) one.strikes = 0;
  }

  tasks(...states: TaskState[]): Task[] {
    return [...this.life.state.tasks.values()]
      .filter(({ state }) => states.includes(state))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  check(): void {
    const { state } = this.life;
    const live = new Map<string, TaskState>();
    for (const task of state.tasks.values()) {
      const { options, idempotencyKey } = task;
      const name = `${options.run?.id}/${options.run?.stage}/${idempotencyKey}`;
      assert.ok(!live.has(name), `${name} is there twice`);
      live.set(name, task.state);
      const { stage, key } = this.placeOf(task);
      assert.equal(options.type, stage.types.get(key) ?? 'work', name);
    }
    for (const [id, model] of this.models) {
      const run = this.life.run(id);
      for (const [index, { tasks, strikes }] of model.stages.entries()) {
        const { accepted, running, succeeded, failed, canceled, ...of } = run.stages[index] as (typeof run.stages)[0];
        const count = (wanted: TaskState) => [...tasks.values()].filter((one) => one === wanted).length;
        assert.deepEqual(
          { accepted, running, succeeded, failed, canceled, strikes: of.strikes },
          {
            ...{ accepted: tasks.size, running: count('running'), succeeded: count('succeeded') },
            ...{ failed: count('failed'), canceled: count('canceled'), strikes },
          },
        );
        assert.deepEqual([...of.keys].sort(), [...tasks.keys()].sort());
        for (const [key, wanted] of tasks) {
          const found = live.get(`${id}/${of.stage.name}/${key}`);
          assert.equal(found, wanted === 'succeeded' || wanted === 'canceled' ? undefined : wanted, key);
        }
      }
      const all = model.stages.flatMap(({ tasks }) => [...tasks.values()]);
      assert.equal(
        run.endedAt !== null,
        all.every((one) => isFinished(one)),
      );
      assert.equal(run.pause !== null, model.paused);
      assert.equal(run.stop !== null, model.stopped);
    }
  }

  take({ what, which, key, ahead, type }: Step): void {
    const { life } = this;
    const pick = (tasks: Task[]): Task | undefined => tasks[which % (tasks.length || 1)];
    const runs = [...this.models];
    const [id, model] = runs[which % runs.length] as [string, Model];
    switch (what) {
      case 'start':
        if (this.models.size < 3) this.start();
        break;
      case 'claim': {
        const able = this.tasks('queued').filter((task) => this.mayStart(task));
        const task = life.claim();
        assert.equal(task !== null, able.length > 0, 'what may run is claimed, and nothing else');
        if (task) assert.ok(able.includes(task));
        if (task) this.set(task, 'running');
        break;
      }
      case 'next': {
        const task = pick(this.tasks('running'));
        if (!task) break;
        const place = this.placeOf(task);
        const to = place.index + (ahead ?? 1);
        const target = place.model.stages[to];
        const more = { ...(ahead !== null && { stage: `s${to}` }), ...(type !== null && { type }) };
        const refused = life.next(task, `k${key}`, more);
        assert.equal(refused === null, to >= place.index && target !== undefined && !place.model.canceled);
        if (refused && !place.model.canceled) assert.equal(refused.code, target ? 'conflict' : 'no_stage');
        if (refused || !target || target.tasks.has(`k${key}`)) break;
        target.tasks.set(`k${key}`, 'queued');
        if (type !== null) target.types.set(`k${key}`, type);
        break;
      }
      case 'succeed':
      case 'fail': {
        const task = pick(this.tasks('running'));
        if (!task) break;
        const wished = task.life?.cancelRequestedAt != null;
        life.end(task, what === 'succeed' ? 'succeeded' : 'failed');
        this.set(task, what === 'succeed' ? 'succeeded' : wished ? 'canceled' : 'failed');
        break;
      }
      case 'pause':
        if (life.carryOut(pauseRun(life.run(id), `p${key}`, by)) === null) model.paused = true;
        break;
      case 'resume': {
        if (life.run(id).endedAt !== null || model.canceled || !(model.paused || model.stopped)) break;
        assert.equal(life.carryOut(resumeRun(life.state, life.run(id), by)), null);
        model.paused = false;
        this.forgive(model);
        for (const { tasks } of model.stages)
          for (const [name, state] of tasks) if (state === 'interrupted') tasks.set(name, 'queued');
        break;
      }
      case 'retry':
        if (model.canceled) break;
        assert.equal(life.carryOut(retryRun(life.state, life.run(id), by)), null);
        if (model.stopped) this.forgive(model);
        for (const task of this.tasks('failed').filter(({ options }) => options.run?.id === id)) this.again(task);
        break;
      case 'retryOne': {
        const task = pick(this.tasks('failed', 'interrupted'));
        if (task) this.again(task);
        break;
      }
      case 'cancelOne': {
        const task = pick(this.tasks('queued', 'interrupted'));
        if (!task) break;
        life.carryOut(cancelTask(task, by));
        this.set(task, 'canceled');
        break;
      }
      case 'cancel':
        if (which > 4 || life.carryOut(cancelRun(life.run(id), by)) !== null) break;
        model.canceled = true;
        for (const task of this.tasks('queued', 'interrupted', 'running')) {
          if (task.options.run?.id !== id) continue;
          const waits = task.state !== 'running';
          life.carryOut(cancelTask(task, by));
          if (waits) this.set(task, 'canceled');
        }
        break;
      case 'crash': {
        const cut = this.tasks('running');
        life.crash();
        for (const task of cut) {
          const wished = task.life?.cancelRequestedAt != null;
          this.set(task, wished ? 'canceled' : task.options.onInterrupt === 'hold' ? 'interrupted' : 'queued');
        }
        break;
      }
      case 'beginSnapshot':
        if (!life.journal.takesSnapshot) life.journal.beginSnapshot();
        break;
      default:
        break;
    }
    life.now += 10;
    if (key % 2 === 0) life.journal.goOnWithSnapshot();
  }

  again(task: Task): void {
    this.life.carryOut(retryTask(task, by));
    this.set(task, 'queued');
  }
}

t.test('whatever happens and wherever it is cut, counts are exact and no key comes twice', async (t) => {
  fc.assert(
    fc.property(pipeline, fc.array(step, { minLength: 20, maxLength: 120 }), (given, steps) => {
      const world = new World(given);
      for (const one of steps) {
        world.take(one);
        world.check();
      }
      world.life.crash();
    }),
    { numRuns: 300 },
  );
  t.pass();
});
