/**
 * A task as the outside sees it: the shape of the API and of every line in `history/`.
 * Times are ISO 8601 UTC, durations as people write them. `taskRecord` makes it from the task in memory.
 */
import { formatDuration } from './duration.ts';
import type { AttemptRecord, Backoff, Counts, Progress, Task, TaskError, TaskState } from './task.ts';
import { createdAt } from './task.ts';

export interface TaskRecord {
  id: string;
  type: string;
  state: TaskState;
  params: unknown;
  priority: number;
  runAt: string | null;
  maxAttempts: number;
  backoff: { kind: Backoff['kind']; base: string; max: string; jitter: number };
  timeout: string | null;
  idempotencyKey: string | null;
  tags: readonly string[];
  group: string | null;
  onInterrupt: string;
  origin: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  attempt: number;
  attempts: AttemptView[];
  progress: Progress | null;
  counts: Counts | null;
  result: unknown;
  error: TaskError | null;
  run: { id: string; stage: string } | null;
  retryOf: string | null;
  cancelRequestedAt: string | null;
  settingsRevision: string | null;
}

export interface AttemptView {
  number: number;
  outcome: AttemptRecord['outcome'];
  startedAt: string;
  finishedAt: string | null;
  worker: string;
  handlerVersion: string | null;
  error?: TaskError;
  log?: AttemptRecord['log'];
}

/** Why a task that is not running is not running. */
export type WaitingReason =
  | 'paused'
  | 'backoff'
  | 'scheduled'
  | 'concurrency'
  | 'rate-limit'
  | 'stage'
  | 'disk-full'
  | 'no-handler'
  | 'drain'
  | 'interrupted';

export interface Waiting {
  readonly reason: WaitingReason;
  readonly until: string | null;
  readonly detail: string;
}

/** A finished record as `history/` keeps it: `seq` is the finishing sequence number, `(id, seq)` its key, the newest wins. */
export interface HistoryRecord extends TaskRecord {
  seq: number;
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

/** @param params the task's params as JSON text */
export function taskRecord(task: Task, params: string): TaskRecord {
  return recordWith(task, JSON.parse(params));
}

/** The record as JSON, without a round trip of the params; `withParams` makes it whole. */
export function recordText(task: Task): string {
  return JSON.stringify(recordWith(task, undefined));
}

export function withParams(record: string, params: string): string {
  return `${record.slice(0, -1)},"params":${params}}`;
}

function recordWith(task: Task, params: unknown): TaskRecord {
  const { options, life } = task;
  const waits = task.state === 'scheduled' || task.state === 'retrying';
  return {
    id: task.id,
    type: options.type,
    state: task.state,
    params,
    priority: options.priority,
    runAt: waits ? iso(task.at) : null,
    maxAttempts: options.maxAttempts,
    backoff: {
      kind: options.backoff.kind,
      base: formatDuration(options.backoff.baseMs),
      max: formatDuration(options.backoff.maxMs),
      jitter: options.backoff.jitter,
    },
    timeout: options.timeoutMs === null ? null : formatDuration(options.timeoutMs),
    idempotencyKey: task.idempotencyKey,
    tags: options.tags,
    group: options.group,
    onInterrupt: options.onInterrupt,
    origin: options.origin,
    createdAt: iso(createdAt(task.id)),
    startedAt: isoOrNull(life?.startedAt ?? null),
    finishedAt: isoOrNull(life?.finishedAt ?? null),
    attempt: life?.attempts.at(-1)?.number ?? 0,
    attempts: life?.attempts.map(attemptView) ?? [],
    progress: life?.progress ?? null,
    counts: life?.counts ?? null,
    result: life?.result ?? null,
    error: life?.error ?? null,
    run: options.run,
    retryOf: life?.retryOf ?? null,
    cancelRequestedAt: isoOrNull(life?.cancelRequestedAt ?? null),
    settingsRevision: null,
  };
}

function attemptView(attempt: AttemptRecord): AttemptView {
  return {
    number: attempt.number,
    outcome: attempt.outcome,
    startedAt: iso(attempt.startedAt),
    finishedAt: isoOrNull(attempt.finishedAt),
    worker: attempt.worker,
    handlerVersion: attempt.handlerVersion,
    ...(attempt.error && { error: attempt.error }),
    ...(attempt.log && { log: attempt.log }),
  };
}
