/** Runs and pipelines as the outside sees them: times in ISO 8601 UTC, durations and limits as people write them. */
import { formatDuration } from '../duration.ts';
import { iso } from '../record.ts';
import { createdAt } from '../task.ts';
import { BUILT_IN_PIPELINES } from './built-in-pipelines.ts';
import { onFailureText, type Pipeline, type Stage } from './pipeline.ts';
import { type Run, type StageLife, unfinished } from './run.ts';
import { estimatedEnd, firstStart, type RunState, runState, type StageState, stageState } from './run-state.ts';

export interface StageRecord {
  readonly name: string;
  readonly type: string;
  readonly concurrency: number | null;
  readonly rate: string | null;
  readonly maxAttempts: number | null;
  readonly timeout: string | null;
  readonly start: Stage['start'];
  readonly onFailure: string;
}

export interface PipelineRecord {
  readonly name: string;
  readonly note: string;
  readonly version: string;
  readonly onInterrupt: Pipeline['onInterrupt'];
  readonly stages: readonly StageRecord[];
  readonly builtIn: boolean;
  /** Name in the pipelines folder; null for one that is built in. */
  readonly file: string | null;
  /** The file takes the place of a built-in one of its name. */
  readonly replacesBuiltIn: boolean;
}

export interface CountsRecord {
  readonly accepted: number;
  readonly waiting: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
}

export interface RunRecord {
  readonly id: string;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly state: RunState;
  readonly params: unknown;
  readonly sources: readonly string[] | null;
  readonly scope: unknown;
  readonly priority: number;
  readonly settingsRevision: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** If it goes on as it has so far. */
  readonly estimatedEndAt: string | null;
  readonly paused: { readonly reason: string; readonly by: string; readonly since: string } | null;
  readonly stopped: { readonly stage: string; readonly since: string } | null;
  readonly cancelRequestedAt: string | null;
  /** False once it ended so long ago that nothing of it can be run again. */
  readonly retryable: boolean;
  readonly counts: CountsRecord;
  readonly stages: readonly (StageRecord & {
    readonly state: StageState;
    readonly startedAt: string | null;
    readonly counts: CountsRecord;
  })[];
}

export function stageRecord({ rate, timeoutMs, onFailure, ...same }: Stage): StageRecord {
  return {
    ...same,
    rate: rate && `${rate.count}/${formatDuration(rate.perMs)}`,
    timeout: timeoutMs === null ? null : formatDuration(timeoutMs),
    onFailure: onFailureText(onFailure),
  };
}

export function pipelineRecord(pipeline: Pipeline, version: string, file: string | null): PipelineRecord {
  const { name, note, onInterrupt, stages } = pipeline;
  const replacesBuiltIn = file !== null && BUILT_IN_PIPELINES.has(name);
  return {
    ...{ name, note, version, onInterrupt, stages: stages.map(stageRecord) },
    ...{ builtIn: file === null, file, replacesBuiltIn },
  };
}

export function runRecord(run: Run, now: number): RunRecord {
  const { id, pipeline, pause, cancel, stop } = run;
  const state = runState(run);
  const startedAt = firstStart(run);
  // Stopped by its failures, it is over although some of its tasks wait.
  const finishedAt = run.endedAt ?? (state === 'failed' && stop ? stop.at : null);
  const estimate = estimatedEnd(run, startedAt, now);
  return {
    id,
    pipeline: pipeline.name,
    pipelineVersion: run.version,
    state,
    params: JSON.parse(run.params),
    sources: run.sources,
    scope: run.scope,
    priority: run.priority,
    settingsRevision: run.settingsRevision,
    createdAt: iso(createdAt(id)),
    createdBy: run.by,
    startedAt: startedAt === null ? null : iso(startedAt),
    finishedAt: finishedAt === null ? null : iso(finishedAt),
    estimatedEndAt: estimate === null ? null : iso(estimate),
    paused: pause && { reason: pause.reason, by: pause.by, since: iso(pause.since) },
    stopped: stop && { stage: stop.stage, since: iso(stop.at) },
    cancelRequestedAt: cancel && iso(cancel.at),
    retryable: cancel === null,
    counts: sumOf(run.stages),
    stages: run.stages.map((life, index) => ({
      ...stageRecord(life.stage),
      state: stageState(run, index),
      startedAt: life.startedAt === null ? null : iso(life.startedAt),
      counts: countsOf(life),
    })),
  };
}

/** As the history keeps it: nothing of it changes any more, and nothing runs again. */
export function pastRunRecord(run: Run, at: number): RunRecord {
  return { ...runRecord(run, at), retryable: false };
}

function countsOf(life: StageLife): CountsRecord {
  const { accepted, running, succeeded, failed, canceled } = life;
  return { accepted, waiting: unfinished(life) - running, running, succeeded, failed, canceled };
}

function sumOf(stages: readonly StageLife[]): CountsRecord {
  const sum = { accepted: 0, waiting: 0, running: 0, succeeded: 0, failed: 0, canceled: 0 };
  for (const counts of stages.map(countsOf))
    for (const name of Object.keys(sum) as (keyof CountsRecord)[]) sum[name] += counts[name];
  return sum;
}
