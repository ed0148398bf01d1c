/**
 * A run as the supervisor keeps it in memory: what it was started with, what people asked of it, and how many tasks of each
 * stage are how far. Its state is derived from these (`run-state.ts`), never kept.
 */
import { createHash } from 'node:crypto';
import { type Rate, RateWindow } from '../rate.ts';
import type { TaskOptions } from '../task.ts';
import type { Pipeline, Stage } from './pipeline.ts';

export interface RunPause {
  readonly reason: string;
  readonly by: string;
  readonly since: number;
}

/** What a run is started with; it never changes. */
export interface RunStart {
  readonly id: string;
  readonly pipeline: Pipeline;
  /** Of the pipeline. */
  readonly version: string;
  /** JSON text; the first stage begins with one task that has them. */
  readonly params: string;
  /** Names of what it is to work on; null where that was left open. */
  readonly sources: readonly string[] | null;
  /** What it is to be narrowed down to, as its handlers understand it. */
  readonly scope: unknown;
  readonly priority: number;
  /** Of the settings that its tasks see. */
  readonly settingsRevision: string | null;
}

/** How many tasks of a stage are how far. What is none of these waits. */
export interface StageCounts {
  accepted: number;
  running: number;
  succeeded: number;
  failed: number;
  canceled: number;
}

export interface StageLife extends StageCounts {
  readonly stage: Stage;
  /** One object for all tasks of the stage, so that their options are one as well. */
  readonly ref: { readonly id: string; readonly stage: string };
  /** Failures since the run was started, resumed or retried: what `onFailure` looks at. */
  strikes: number;
  startedAt: number | null;
  /** Tasks of it have put work into it when no stage before could: so long as it has not ended, more may come. */
  growing: boolean;
  /** Starts that count against its rate. */
  window: RateWindow | null;
  /** Keys of all tasks that were ever put into it. */
  keys: Set<string>;
  /** Options of its tasks, as they were made last. */
  options: TaskOptions | null;
}

export interface Run extends RunStart {
  /** Who started it. */
  readonly by: string;
  /** Sequence number of the last entry that changed it. */
  seq: number;
  /** What it says of tasks holds everything up to this sequence; replay adds only what is newer. */
  since: number;
  pause: RunPause | null;
  /** A wish: what waits is canceled, what runs is asked to stop. */
  cancel: { readonly by: string; readonly at: number } | null;
  /** The stage whose failures stopped it. */
  stop: { readonly stage: string; readonly at: number } | null;
  /** How long it has been paused, of pauses that are over. */
  pausedMs: number;
  /** When nothing of it was left to do; null while something is. */
  endedAt: number | null;
  readonly stages: readonly StageLife[];
  /** So many stages from the first on have ended. */
  stagesEnded: number;
}

export interface StoredStage extends StageCounts {
  readonly strikes: number;
  readonly startedAt: number | null;
  readonly growing?: true;
  /** ms since 1970 */
  readonly starts?: readonly number[];
}

/** As a snapshot holds it; the keys stand in lines of their own. */
export type StoredRun = RunStart &
  Pick<Run, 'by' | 'pause' | 'cancel' | 'stop' | 'pausedMs' | 'endedAt'> & {
    readonly stages: readonly StoredStage[];
  };

const keyCharsKept = 40;

/** What is kept of a key: a long one is shortened to a digest, which is longer than any that is kept whole. */
export function keptKey(key: string): string {
  return key.length <= keyCharsKept ? key : createHash('sha256').update(key).digest('base64url');
}

export function freshRun(start: RunStart, by: string, seq: number): Run {
  const { id, pipeline, version, params, sources, scope, priority, settingsRevision } = start;
  return {
    ...{ id, pipeline, version, params, sources, scope, priority, settingsRevision, by },
    seq,
    since: seq,
    pause: null,
    cancel: null,
    stop: null,
    pausedMs: 0,
    endedAt: null,
    stages: pipeline.stages.map((stage) => freshStage(id, stage)),
    stagesEnded: 0,
  };
}

function freshStage(id: string, stage: Stage): StageLife {
  return {
    stage,
    ref: Object.freeze({ id, stage: stage.name }),
    ...{ accepted: 0, running: 0, succeeded: 0, failed: 0, canceled: 0 },
    strikes: 0,
    startedAt: null,
    growing: false,
    window: stage.rate && windowOf(stage.rate),
    keys: new Set(),
    options: null,
  };
}

function windowOf(rate: Rate, starts: readonly number[] = []): RateWindow {
  const window = new RateWindow(rate);
  for (const start of starts) window.take(start);
  return window;
}

export function storedRun(run: Run, now: number): StoredRun {
  const { seq: _, since: __, stages, stagesEnded: ___, ...same } = run;
  return {
    ...same,
    stages: stages.map(({ accepted, running, succeeded, failed, canceled, strikes, startedAt, growing, window }) => ({
      ...{ accepted, running, succeeded, failed, canceled, strikes, startedAt },
      ...(growing && { growing }),
      ...(window && { starts: window.startsSince(now - window.rate.perMs) }),
    })),
  };
}

export function restoredRun({ stages, by, ...stored }: StoredRun, seq: number): Run {
  const run = freshRun(stored, by, seq);
  const { pause, cancel, stop, pausedMs, endedAt } = stored;
  Object.assign(run, { pause, cancel, stop, pausedMs, endedAt });
  for (const [index, { starts, ...counts }] of stages.entries()) {
    const life = run.stages[index] as StageLife;
    Object.assign(life, counts);
    if (life.stage.rate) life.window = windowOf(life.stage.rate, starts);
  }
  run.stagesEnded = endedStages(run);
  return run;
}

/** Tasks of it that have not ended. */
export function unfinished({ accepted, succeeded, failed, canceled }: StageCounts): number {
  return accepted - succeeded - failed - canceled;
}

/** A stage has ended when those before it have and nothing of it is left: nobody can add to it any more. */
export function endedStages({ stages }: Pick<Run, 'stages'>): number {
  const open = stages.findIndex((stage) => unfinished(stage) > 0);
  return open < 0 ? stages.length : open;
}

export function stageOf(run: Run, name: string): StageLife | undefined {
  return run.stages.find(({ stage }) => stage.name === name);
}

/** Whether tasks of a stage may start, as far as the stages before it say. */
export function isOpen(run: Run, life: StageLife): boolean {
  return life.stage.start === 'flow' || run.stages.indexOf(life) <= run.stagesEnded;
}

/** Nothing of it starts. */
export function isHeld(run: Run): boolean {
  return run.pause !== null || run.cancel !== null || run.stop !== null;
}
