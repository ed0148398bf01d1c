/**
 * A task as the supervisor keeps it in memory, and the states it passes through.
 *
 * A box may hold a million waiting tasks, so a task is split: what many tasks have in common is one shared
 * `TaskOptions`, what only a task that has been tried needs is its `TaskLife`, and its params are a reference
 * into `ParamsTable`, where they are text or a place on disk, never an object tree.
 */
import type { Line } from './shelf.ts';

export const TASK_STATES = {
  scheduled: 'waits for its moment: `runAt` or `delay`',
  queued: 'may run now, and does as soon as a slot and its limits allow',
  running: 'an attempt is under way',
  retrying: 'the last attempt failed; waits for its backoff',
  interrupted: 'was running when the supervisor died, and waits for a person because it says `onInterrupt: hold`',
  succeeded: 'ended well; never runs again',
  failed: 'ended badly: no attempts left, or one said that trying again is no use',
  canceled: 'ended because somebody asked',
} as const;
export type TaskState = keyof typeof TASK_STATES;
export const TASK_STATE_NAMES = Object.keys(TASK_STATES) as readonly TaskState[];

export type FinishedState = 'succeeded' | 'failed' | 'canceled';

/** How one attempt ended. Only `failed`, `timed_out` and `worker_crashed` count against `maxAttempts`. */
export type Outcome = 'succeeded' | 'failed' | 'timed_out' | 'canceled' | 'interrupted' | 'worker_crashed';

export type OnInterrupt = 'requeue' | 'hold' | 'fail';

/** Milliseconds throughout; `jitter` is the share of the delay (0..1) that chance may add or take away. */
export interface Backoff {
  readonly kind: 'exponential' | 'fixed';
  readonly baseMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/** What tasks of one kind have in common; equal options are one object (see `options.ts`). */
export interface TaskOptions {
  readonly type: string;
  /** 0..9, higher runs first. */
  readonly priority: number;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeoutMs: number | null;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly onInterrupt: OnInterrupt;
  /** Where it came from: `http`, `cli`, `inbox:NAME`, `handler:TASK_ID`, `schedule:NAME`. */
  readonly origin: string;
  /** Run and stage it belongs to. */
  readonly run: { readonly id: string; readonly stage: string } | null;
  /** Revision of the settings that were in force when it was created: its handler sees those. */
  readonly settingsRevision: string | null;
}

export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
}

export interface AttemptRecord {
  readonly number: number;
  readonly startedAt: number;
  readonly worker: string;
  readonly handlerVersion: string | null;
  outcome: Outcome | null;
  finishedAt: number | null;
  error: TaskError | null;
  /** Where its log stands in `logs/`, see `history/attempt-log.ts`; null when it wrote nothing. */
  log: LogPlace | null;
}

export interface LogPlace {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Progress {
  readonly done: number;
  readonly total: number | null;
  readonly text: string | null;
}

export interface Counts {
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** What a task has only once it has been tried, finished or asked to stop. */
export interface TaskLife {
  attempts: AttemptRecord[];
  /** Attempts that count against `maxAttempts`. */
  spent: number;
  /** Crashes of the supervisor while this task ran alone as a suspect. */
  crashes: number;
  /** Crashes of the supervisor in a row while this task was running, alone or not: each lengthens its probation. */
  suspicions: number;
  /** Was running when the supervisor crashed: runs alone until it ends or has proved itself. */
  suspect: boolean;
  /** The attempt under way runs alone, as a suspect. */
  solo: boolean;
  /** The attempt under way ran alone long enough to be above suspicion. */
  cleared: boolean;
  startedAt: number | null;
  finishedAt: number | null;
  progress: Progress | null;
  counts: Counts | null;
  checkpoint: unknown;
  result: unknown;
  error: TaskError | null;
  /** A wish, not a state: set while the attempt is asked to stop. */
  cancelRequestedAt: number | null;
  retryOf: string | null;
  /**
   * Sequence of the entry that put it into its line, a fraction more where that put several: given back, it stands where
   * it stood. Null while it is `seq`.
   */
  turn: number | null;
}

export interface Task {
  readonly id: string;
  readonly options: TaskOptions;
  /** Reference into `ParamsTable`. */
  readonly params: number;
  readonly idempotencyKey: string | null;
  state: TaskState;
  /** Sequence number of the last entry that changed it; replay applies an entry only if it is newer. */
  seq: number;
  /** Since when (queued, running) or until when (scheduled, retrying) it is in its state; ms since 1970. */
  at: number;
  /** Whether `at` counts from a delay (moves with a jump of the wall clock) or names a moment. */
  relative: boolean;
  /** Asked to the front of the queue. */
  promoted: boolean;
  /** How it is called where it is listed, for a task that another put into a stage; else null. */
  readonly label: string | null;
  life: TaskLife | null;
  /** Its place in the ready queue: an intrusive list, so that leaving from the middle costs nothing. */
  line: Line | null;
  previous: Task | null;
  next: Task | null;
}

/** A task's moment of creation stands in its id: the first 48 bits of a UUIDv7 are ms since 1970 (RFC 9562, 5.7). */
export function createdAt(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Of the attempt that is under way or was the last; 0 before the first. */
export function attemptOf({ life }: Task): number {
  return life?.attempts.at(-1)?.number ?? 0;
}

export function isFinished(state: TaskState): state is FinishedState {
  return state === 'succeeded' || state === 'failed' || state === 'canceled';
}

export function freshLife(): TaskLife {
  return {
    attempts: [],
    spent: 0,
    crashes: 0,
    suspicions: 0,
    suspect: false,
    solo: false,
    cleared: false,
    startedAt: null,
    finishedAt: null,
    progress: null,
    counts: null,
    checkpoint: null,
    result: null,
    error: null,
    cancelRequestedAt: null,
    retryOf: null,
    turn: null,
  };
}
