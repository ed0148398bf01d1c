/** What may be asked of runs: start one, add to its stages, pause, resume, cancel, retry; each as events or a refusal. */
import type { AcceptedOccurrence, AskedBy, Event, TaskAccepted } from '../event.ts';
import type { HandlerDefaults } from '../options.ts';
import { Refusal } from '../refusal.ts';
import { firstParams, type NextInput, type RunInput } from '../run/input.ts';
import { type Pipeline, versionOf } from '../run/pipeline.ts';
import { freshRun, keptKey, type Run, type RunStart, type StageLife, stageOf } from '../run/run.ts';
import { runsLiveMax, tasksPerStageMax } from '../run/run-limits.ts';
import type { State } from '../state.ts';
import type { FinishedState, Task, TaskOptions } from '../task.ts';
import { defaultBackoff, defaultMaxAttempts } from '../task-input.ts';

type Decision = readonly Event[] | Refusal;
export type HandlerOf = (type: string) => HandlerDefaults | undefined;

export interface Starting {
  readonly runId: string;
  /** Of the task that it begins with; sorts after the run's. */
  readonly taskId: string;
  readonly handlerOf: HandlerOf;
  /** Runs that start together with it, before it. */
  readonly before?: number;
  /** Its first task waits for that moment, ms since 1970. */
  readonly runAt?: number | null;
  /** The occurrence of a schedule that starts it. */
  readonly occurrence?: AcceptedOccurrence;
}

/** Key of the task that a run begins with. */
const firstKey = 'first';

/** To be written down as one: a run is never there without the task it begins with. */
export function startRun(
  state: State,
  pipeline: Pipeline,
  { params, sources, scope, priority }: RunInput,
  { runId, taskId, handlerOf, before = 0, runAt = null, occurrence }: Starting,
  by: AskedBy,
): Decision {
  const { settingsRevision } = state;
  if (liveRuns(state) + before >= runsLiveMax)
    return new Refusal('conflict', `there are ${runsLiveMax} runs that have not ended: wait for some, or cancel them`);
  const start: RunStart = {
    ...{ id: runId, pipeline, version: versionOf(pipeline), params, sources, scope, priority, settingsRevision },
  };
  const run = freshRun(start, by.by, 0);
  const [first] = run.stages;
  const accepted: TaskAccepted = {
    ...inStage(state, run, first as StageLife, null, taskId, handlerOf, { key: firstKey, params: firstParams(start) }),
    ...{ runAt, relative: runAt !== null },
  };
  return [{ e: 'run.started', ...start, ...by, ...(occurrence && { occurrence }) }, accepted];
}

function liveRuns(state: State): number {
  let live = 0;
  for (const { endedAt } of state.runs.byId.values()) if (endedAt === null) live++;
  return live;
}

/** @param type null for that of the stage */
function inStage(
  state: State,
  run: Run,
  life: StageLife,
  type: string | null,
  id: string,
  handlerOf: HandlerOf,
  { key, params }: { readonly key: string | null; readonly params: string },
): TaskAccepted {
  const options = stageOptions(state, run, life, type ?? life.stage.type, handlerOf);
  return { e: 'task.accepted', id, runAt: null, relative: false, retryOf: null, options, key, params };
}

/** Tasks of a stage share their options as long as they have one type, whose handler asks for the same. */
function stageOptions(state: State, run: Run, life: StageLife, type: string, handlerOf: HandlerOf): TaskOptions {
  const { stage, options: known } = life;
  const handler = handlerOf(type);
  const maxAttempts = stage.maxAttempts ?? handler?.maxAttempts ?? defaultMaxAttempts;
  const timeoutMs = stage.timeoutMs ?? handler?.timeoutMs ?? null;
  if (known?.type === type && known.maxAttempts === maxAttempts && known.timeoutMs === timeoutMs) return known;
  life.options = state.options.of({
    type,
    priority: run.priority,
    maxAttempts,
    backoff: defaultBackoff,
    timeoutMs,
    tags: [],
    group: null,
    onInterrupt: run.pipeline.onInterrupt,
    origin: `run:${run.pipeline.name}`,
    run: life.ref,
    settingsRevision: run.settingsRevision,
  });
  return life.options;
}

export interface TargetStage {
  readonly run: Run;
  readonly life: StageLife;
}

/** @param name of the stage that a task puts work into: its own or one behind it; null for the next */
export function targetStage(state: State, parent: Task, name: string | null): TargetStage | Refusal {
  const { run: ref } = parent.options;
  if (!ref) return new Refusal('conflict', `task ${parent.id} is in no run, and so has no stage`);
  const run = state.runs.byId.get(ref.id);
  const own = run && stageOf(run, ref.stage);
  if (!run || !own) return new Refusal('conflict', `run ${ref.id} is not there any more`);
  if (run.cancel) return new Refusal('conflict', `run ${ref.id} is canceled: nothing is added to it`);
  const life = name === null ? run.stages[run.stages.indexOf(own) + 1] : stageOf(run, name);
  if (!life) return new Refusal('no_stage', noStageText(run, ref.stage, name));
  if (run.stages.indexOf(life) >= run.stages.indexOf(own)) return { run, life };
  return new Refusal(
    'conflict',
    `stage ${name} comes before ${ref.stage}: work goes into the own stage or a later one`,
  );
}

function noStageText({ pipeline }: Run, own: string, name: string | null): string {
  if (name === null) return `stage ${own} is the last of ${pipeline.name}`;
  return `${pipeline.name} has no stage "${name}"; its stages are ${pipeline.stages.map((one) => one.name).join(', ')}`;
}

/** @returns no event when the stage has a task with that key already: a repeated attempt adds nothing twice */
export function addToStage(
  state: State,
  { run, life }: TargetStage,
  { key, params, label, type }: Omit<NextInput, 'stage'>,
  id: string,
  handlerOf: HandlerOf,
): Decision {
  if (life.keys.has(keptKey(key))) return [];
  if (life.accepted >= tasksPerStageMax)
    return new Refusal('conflict', `stage ${life.stage.name} has ${tasksPerStageMax} tasks, and takes no more`);
  const accepted: TaskAccepted = inStage(state, run, life, type, id, handlerOf, { key, params });
  return [label === null ? accepted : { ...accepted, label }];
}

/** @param reason shown with it; `''` for none */
export function pauseRun(run: Run, reason: string, by: AskedBy): Decision {
  const over = overRefusal(run, 'there is nothing left to pause');
  if (over) return over;
  return run.pause?.reason === reason ? [] : [{ e: 'run.paused', id: run.id, reason, ...by }];
}

/** What was cut goes on with it; also a run that its failures had stopped goes on, past them. */
export function resumeRun(state: State, run: Run, by: AskedBy): Decision {
  const over = overRefusal(run, 'there is nothing left to resume');
  if (over) return over;
  if (!run.pause && !run.stop) return [];
  const cut = interruptedOf(state, run).map(({ id }): Event => ({ e: 'task.retried', id, ...by }));
  return [{ e: 'run.resumed', id: run.id, ...by }, ...cut];
}

/** Those that a crash or a stop cut; at most as many as had run at once. */
function interruptedOf({ tasks, counts }: State, { id }: Run): Task[] {
  if (counts.interrupted === 0) return [];
  return [...tasks.values()].filter(({ state, options }) => state === 'interrupted' && options.run?.id === id);
}

/** A wish: its tasks are canceled one after another. */
export function cancelRun(run: Run, by: AskedBy): Decision {
  if (run.cancel && run.endedAt === null) return [];
  return overRefusal(run, 'there is nothing left to cancel') ?? [{ e: 'run.canceled', id: run.id, ...by }];
}

/** Failures so far no longer stop it. */
export function retryRun(state: State, run: Run, by: AskedBy): Decision {
  return retryRefusal(state, run.id) ?? (run.stop ? [{ e: 'run.retried', id: run.id, ...by }] : []);
}

/** Why nothing of a run runs again; null when it may. */
export function retryRefusal({ runs }: State, id: string): Refusal | null {
  const run = runs.byId.get(id);
  if (run?.cancel) return new Refusal('conflict', `run ${id} is canceled: start another`);
  if (run) return null;
  return new Refusal(
    'conflict',
    `run ${id} ended longer ago than FAILED_LIVE, and nothing of it runs again: start another`,
  );
}

/** A task of a run that only the history has runs again in its place, as a new task. */
export function acceptAgain(
  state: State,
  given: {
    readonly id: string;
    readonly retryOf: string;
    readonly ref: NonNullable<TaskOptions['run']>;
    /** Not before then, ms since 1970; null for at once. */
    readonly runAt: number | null;
  },
  was: {
    readonly state: FinishedState;
    readonly type: string;
    readonly key: string | null;
    readonly params: string;
    readonly label: string | null;
  },
  handlerOf: HandlerOf,
): Decision {
  const refusal = retryRefusal(state, given.ref.id);
  if (refusal) return refusal;
  const run = state.runs.byId.get(given.ref.id) as Run;
  const life = stageOf(run, given.ref.stage) as StageLife;
  const { state: replaces, type, key, params, label } = was;
  const { id, retryOf, runAt } = given;
  const accepted = { ...inStage(state, run, life, type, id, handlerOf, { key, params }), replaces };
  return [{ ...accepted, retryOf, runAt, relative: runAt !== null, ...(label !== null && { label }) }];
}

function overRefusal(run: Run, otherwise: string): Refusal | null {
  if (run.endedAt === null && !run.cancel) return null;
  return new Refusal('conflict', `run ${run.id} ${run.cancel ? 'is canceled' : 'has ended'}: ${otherwise}`);
}
