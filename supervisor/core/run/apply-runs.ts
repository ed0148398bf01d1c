/**
 * How events change runs, live and at replay alike. The counts of a run follow its tasks; what a snapshot already has of
 * them (`since`) is not counted again.
 */
import type { Event, TaskAccepted } from '../event.ts';
import { takeOccurrence } from '../schedule/apply-schedules.ts';
import type { State } from '../state.ts';
import { isFinished, type Task, type TaskState } from '../task.ts';
import {
  endedStages,
  freshRun,
  isOpen,
  keptKey,
  type Run,
  restoredRun,
  type StageLife,
  type StoredRun,
  stageOf,
} from './run.ts';
import { percentTasksMin } from './run-limits.ts';
import { isOver, runState } from './run-state.ts';
import { keysName } from './runs.ts';

export interface ApplyingRuns {
  readonly seq: number;
  readonly at: number;
  readonly missingUntil: number;
}

export const CUT_REASON = 'tasks of it were cut by a stop or a crash, and its pipeline says onInterrupt: hold';

/** @returns whether the event was about runs */
export function applyRuns(state: State, event: Event, by: ApplyingRuns): boolean {
  switch (event.e) {
    case 'run.started':
      // Only a snapshot can have it already.
      if (!(by.seq <= by.missingUntil && state.runs.byId.has(event.id)))
        state.runs.byId.set(event.id, freshRun(event, event.by, by.seq));
      if (event.occurrence) takeOccurrence(state.schedules, event.occurrence, { runId: event.id }, by);
      return true;
    case 'run.paused':
      change(state, event.id, by, (run) => {
        run.pause = { reason: event.reason, by: event.by, since: run.pause?.since ?? by.at };
      });
      return true;
    case 'run.resumed':
      change(state, event.id, by, (run) => {
        endPause(run, by.at);
        forgive(run);
        release(state, run, by.at);
      });
      return true;
    case 'run.retried':
      change(state, event.id, by, (run) => {
        forgive(run);
        if (run.pause === null) release(state, run, by.at);
      });
      return true;
    case 'run.canceled':
      change(state, event.id, by, (run) => {
        run.cancel = { by: event.by, at: by.at };
        tellSchedule(state, run);
      });
      return true;
    case 'run.archived':
      for (const id of event.ids)
        change(state, id, by, (run) => {
          state.runs.byId.delete(run.id);
        });
      return true;
    default:
      return false;
  }
}

function change(state: State, id: string, by: ApplyingRuns, make: (run: Run) => void): void {
  const run = state.runs.byId.get(id);
  if (!run) {
    if (by.seq > by.missingUntil) throw new Error(`entry ${by.seq} is about run ${id}, which is not there`);
    return;
  }
  if (by.seq <= run.since) return;
  run.seq = by.seq;
  make(run);
}

/** Asked of every event there is. */
const NONE: readonly Run[] = [];

/** Runs that this event puts aside: to be asked before it is applied. */
export function runsPutAside(state: State, event: Event): readonly Run[] {
  return event.e === 'run.archived' ? event.ids.flatMap((id) => state.runs.byId.get(id) ?? []) : NONE;
}

function endPause(run: Run, at: number): void {
  if (run.pause) run.pausedMs += Math.max(0, at - run.pause.since);
  run.pause = null;
}

function forgive(run: Run): void {
  run.stop = null;
  for (const stage of run.stages) stage.strikes = 0;
}

function release(state: State, { id }: Run, at: number): void {
  state.ready.release(`run:${id}`, Number.POSITIVE_INFINITY, at);
}

/** A task has come into a stage. */
export function enterStage(state: State, { options, key, replaces }: TaskAccepted, by: ApplyingRuns): void {
  const found = find(state, options.run);
  if (!found) return;
  const [run, stage] = found;
  if (key !== null) stage.keys.add(keptKey(key));
  if (by.seq <= run.since) return;
  run.seq = by.seq;
  // One that runs again has been counted as coming already.
  if (replaces !== undefined) stage[replaces]--;
  else {
    if (stage.accepted > 0 && !stage.growing) stage.growing = run.stages.indexOf(stage) <= run.stagesEnded;
    stage.accepted++;
  }
  settle(state, run, by.at);
}

/** A task of a run has moved; `task.seq` is the entry by which. */
export function moveInStage(state: State, task: Task, from: TaskState, at: number): void {
  const { run: ref } = task.options;
  const found = ref && find(state, ref);
  if (!found) return;
  const [run, stage] = found;
  if (from === 'running') state.ready.release(`stage-room:${run.id}/${stage.stage.name}`, 1, at);
  if (task.seq <= run.since) return;
  run.seq = task.seq;
  const to = task.state;
  if (from === 'running' || isFinished(from)) stage[from]--;
  if (to === 'running' || isFinished(to)) stage[to]++;
  if (to === 'running') {
    stage.startedAt ??= at;
    stage.window?.take(at);
  } else if (to === 'interrupted') run.pause ??= { reason: CUT_REASON, by: 'recovery', since: at };
  if (to === 'failed') stage.strikes++;
  if (isFinished(to) || isFinished(from)) settle(state, run, at);
  if (isFinished(to)) tellSchedule(state, run);
}

/** The schedule that started it may have been waiting for its end. */
function tellSchedule({ schedules }: State, run: Run): void {
  const schedule = schedules.ofRun.get(run.id);
  if (schedule && isOver(runState(run))) schedules.stale.add(schedule);
}

function find(state: State, ref: { readonly id: string; readonly stage: string } | null): [Run, StageLife] | null {
  const run = ref ? state.runs.byId.get(ref.id) : undefined;
  const stage = run && ref ? stageOf(run, ref.stage) : undefined;
  return run && stage ? [run, stage] : null;
}

/** Stages may have ended by it, and others may begin. */
function settle(state: State, run: Run, at: number): void {
  const before = run.stagesEnded;
  run.stagesEnded = endedStages(run);
  judge(run, at);
  run.endedAt = run.stagesEnded === run.stages.length ? (run.endedAt ?? at) : null;
  if (run.stagesEnded <= before) return;
  for (const stage of run.stages.slice(before + 1))
    if (isOpen(run, stage)) state.ready.release(`stage:${run.id}/${stage.stage.name}`, Number.POSITIVE_INFINITY, at);
}

/** Failures may be too many now, also because a stage turned out to have few tasks. */
function judge(run: Run, at: number): void {
  if (run.stop !== null) return;
  const life = run.stages.find((stage) => stage.strikes > 0 && isTooMany(run, stage));
  if (life) run.stop = { stage: life.stage.name, at };
}

function isTooMany(run: Run, life: StageLife): boolean {
  const { onFailure } = life.stage;
  if (onFailure.kind === 'continue') return false;
  if (onFailure.kind === 'count') return life.strikes >= onFailure.most;
  const complete = run.stages.indexOf(life) <= run.stagesEnded - Number(life.growing);
  if (!complete && life.succeeded + life.failed < percentTasksMin) return false;
  return life.strikes * 100 >= onFailure.most * life.accepted;
}

/** The wall clock jumped: starts were as long ago as before. */
export function shiftRuns(state: State, byMs: number, seq: number): void {
  for (const run of state.runs.byId.values()) {
    if (seq <= run.since) continue;
    for (const { window } of run.stages) window?.shift(byMs);
  }
}

/** Takes one in from a snapshot. */
export function restoreRun(state: State, stored: StoredRun, seq: number): void {
  const run = restoredRun(stored, seq);
  state.runs.byId.set(run.id, run);
  for (const stage of run.stages) stage.keys = state.runs.keys.get(keysName(run.id, stage.stage.name)) ?? stage.keys;
}
