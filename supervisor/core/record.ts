/**
 * A task as the outside sees it: the shape of the API and of every line in `history/`.
 * Times are ISO 8601 UTC, durations as people write them. `taskRecord` makes it from the task in memory.
 */
import { formatDuration } from './duration.ts';
import type {
  AttemptRecord,
  Backoff,
  Counts,
  Progress,
  Task,
  TaskError,
  TaskLife,
  TaskOptions,
  TaskState,
} from './task.ts';
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
  /** Only of a task that was put into a stage with one. */
  label?: string;
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
  | 'recovery'
  | 'interrupted';

export interface Waiting {
  readonly reason: WaitingReason;
  readonly until: string | null;
  readonly detail: string;
}

/**
 * A finished record as `history/` keeps it: `seq` is the finishing sequence number, `(id, seq)` its key, the newest wins.
 * A task that is run again from here is written once more, with the sequence number of that.
 */
export interface HistoryRecord extends TaskRecord {
  seq: number;
  /** Id of the task that ran it again, the newest where there are several. */
  retriedAs?: string;
}

/** Of a task that is live, or as the history has it. */
export type KnownRecord = TaskRecord | HistoryRecord;

export function isFromHistory(record: KnownRecord): record is HistoryRecord {
  return 'seq' in record;
}

/** Id of the task that ran it again; null when none did. */
export function retriedAs(record: KnownRecord): string | null {
  return (isFromHistory(record) && record.retriedAs) || null;
}

/** As far from 1970 as a moment can be written down (ECMA-262, 21.4.1.1). */
const momentMsMax = 8.64e15;
const isoKept = 256;
const isoAt = new Float64Array(isoKept).fill(Number.NaN);
const isoText: string[] = [];

/**
 * Never throws: one task with a moment that cannot be told must not hide all the others.
 * The last moments are kept as text: many tasks share few of them, and making the text takes 2 µs.
 */
export function iso(at: number): string {
  const place = at & (isoKept - 1);
  if (isoAt[place] !== at) {
    isoText[place] = new Date(Math.max(-momentMsMax, Math.min(at || 0, momentMsMax))).toISOString();
    isoAt[place] = at;
  }
  return isoText[place] as string;
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

/** @param params the task's params as JSON text */
export function taskRecord(task: Task, params: string): TaskRecord {
  return recordWith(task, JSON.parse(params));
}

/** What a task that was never tried says of its life. */
const NO_LIFE =
  '","startedAt":null,"finishedAt":null,"attempt":0,"attempts":[],"progress":null,"counts":null,"result":null,"error":null' +
  ',"retryOf":null,"cancelRequestedAt":null';

/** The record as JSON without its params and its closing brace; `withParams` makes it whole, without a round trip of them. */
export function recordHead(task: Task): string {
  const { options, life, state } = task;
  const { type, rest, queued } = optionsRecord(options);
  const waits = state === 'scheduled' || state === 'retrying';
  const head =
    state === 'queued'
      ? queued
      : `","type":${type},"state":"${state}",${rest},"runAt":${waits ? `"${iso(task.at)}"` : 'null'},"idempotencyKey":`;
  const begun = `{"id":"${task.id}${head}${textOf(task.idempotencyKey)},"createdAt":"${iso(createdAt(task.id))}`;
  const label = task.label === null ? '' : `,"label":${JSON.stringify(task.label)}`;
  return begun + (life ? `"${lifeText(life)}` : NO_LIFE) + label;
}

function lifeText(life: TaskLife): string {
  const { startedAt, finishedAt, attempts, progress, counts, result, error, retryOf, cancelRequestedAt } = life;
  return (
    `,"startedAt":${timeText(startedAt)},"finishedAt":${timeText(finishedAt)}` +
    `,"attempt":${attempts.at(-1)?.number ?? 0},"attempts":${attemptsText(attempts)}` +
    `,"progress":${textOf(progress)},"counts":${textOf(counts)},"result":${textOf(result)}` +
    `,"error":${textOf(error)},"retryOf":${textOf(retryOf)},"cancelRequestedAt":${timeText(cancelRequestedAt)}`
  );
}

function textOf(value: unknown): string {
  return value == null ? 'null' : JSON.stringify(value);
}

function timeText(at: number | null | undefined): string {
  return at == null ? 'null' : `"${iso(at)}"`;
}

function attemptsText(attempts: readonly AttemptRecord[]): string {
  const [only] = attempts;
  if (attempts.length !== 1 || !only || only.error || only.log) return JSON.stringify(attempts.map(attemptView));
  const { number, outcome, startedAt, finishedAt, worker, handlerVersion } = only;
  const ending = `"outcome":${textOf(outcome)},"startedAt":"${iso(startedAt)}","finishedAt":${timeText(finishedAt)}`;
  return `[{"number":${number},${ending},"worker":"${worker}","handlerVersion":${textOf(handlerVersion)}}]`;
}

interface OptionsRecord {
  readonly view: Pick<TaskRecord, (typeof OPTION_MEMBERS)[number]>;
  /** As JSON: the type, and the other members without braces. */
  readonly type: string;
  readonly rest: string;
  /** What a queued task says between its id and its idempotency key. */
  readonly queued: string;
}
const OPTION_MEMBERS = [
  'priority',
  'maxAttempts',
  'backoff',
  'timeout',
  'tags',
  'group',
  'onInterrupt',
  'origin',
  'run',
  'settingsRevision',
] as const;

/** What tasks of one kind have in common is put into words once. */
const optionsRecords = new WeakMap<TaskOptions, OptionsRecord>();

function optionsRecord(options: TaskOptions): OptionsRecord {
  const known = optionsRecords.get(options);
  if (known) return known;
  const { type, priority, maxAttempts, backoff, timeoutMs, tags, group, onInterrupt, origin, run, settingsRevision } =
    options;
  const { kind, baseMs, maxMs, jitter } = backoff;
  const view = {
    priority,
    maxAttempts,
    backoff: { kind, base: formatDuration(baseMs), max: formatDuration(maxMs), jitter },
    timeout: timeoutMs === null ? null : formatDuration(timeoutMs),
    tags,
    group,
    onInterrupt,
    origin,
    run,
    settingsRevision,
  };
  const typeText = JSON.stringify(type);
  const rest = JSON.stringify(view).slice(1, -1);
  const queued = `","type":${typeText},"state":"queued",${rest},"runAt":null,"idempotencyKey":`;
  const made = { view, type: typeText, rest, queued };
  optionsRecords.set(options, made);
  return made;
}

/** @param head as `recordHead` gives it, with or without further members */
export function withParams(head: string, params: string): string {
  return `${head},"params":${params}}`;
}

function recordWith(task: Task, params: unknown): TaskRecord {
  const { options, life } = task;
  const waits = task.state === 'scheduled' || task.state === 'retrying';
  const own = { id: task.id, type: options.type, state: task.state, params };
  // Node 20 takes more than a microsecond for each member that a spread adds.
  return Object.assign(own, optionsRecord(options).view, {
    runAt: waits ? iso(task.at) : null,
    idempotencyKey: task.idempotencyKey,
    createdAt: iso(createdAt(task.id)),
    startedAt: isoOrNull(life?.startedAt ?? null),
    finishedAt: isoOrNull(life?.finishedAt ?? null),
    attempt: life?.attempts.at(-1)?.number ?? 0,
    attempts: life?.attempts.map(attemptView) ?? [],
    progress: life?.progress ?? null,
    counts: life?.counts ?? null,
    result: life?.result ?? null,
    error: life?.error ?? null,
    retryOf: life?.retryOf ?? null,
    cancelRequestedAt: isoOrNull(life?.cancelRequestedAt ?? null),
    ...(task.label !== null && { label: task.label }),
  });
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
