/**
 * What a Node program may ask of the queue it has opened, as `nightshift/queue`: the shapes. A promise that resolves, or
 * refuses, rests on what is on disk (in memory: on what has been applied).
 */

/** By type of task, its params: `{ 'mail.send': { to: string } }`. Without one, any type with any params. */
export type AnyTypes = Record<string, unknown>;

export interface QueueOptions {
  /** Where it is kept; made when missing. One process at a time has it open. */
  readonly folder?: string | undefined;
  /** True, in place of a folder: nothing is written, and nothing outlives the process. */
  readonly memory?: boolean | undefined;
  /** When an answer is given: `always` (default) once it is on disk; the others give a power cut some seconds of work. */
  readonly fsync?: 'always' | 'everysec' | 'no' | undefined;
  /** How many run at once, or start in a time: `type:NAME=4,group:NAME=2,rate:GROUP=10/1m`. */
  readonly limits?: string | undefined;
  /** Tasks that are not finished; beyond so many a push is refused (`full`). A million by default. */
  readonly tasksMax?: number | undefined;
  /** Told, in a line, what a person should know: a disk that is full, an end that was cut off. By default a process warning. */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface TaskSettings {
  /** 0 to 9, higher first; 5. */
  readonly priority?: number | undefined;
  /** ISO 8601 with its zone; or `delay`. */
  readonly runAt?: string | undefined;
  /** Such as `10m`. */
  readonly delay?: string | undefined;
  /** 3. What was interrupted by a stop or a crash does not count. */
  readonly maxAttempts?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /** Such as `5m`: an attempt that is not over by then has failed; none by default. */
  readonly timeout?: string | undefined;
  /** By type: while it is known (unfinished, or finished within seven days) the same task is given back. */
  readonly idempotencyKey?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly group?: string | undefined;
  /** What becomes of it when the process dies, or closes the queue, under an attempt: `requeue`. */
  readonly onInterrupt?: 'requeue' | 'hold' | 'fail' | undefined;
}

export interface Backoff {
  readonly kind?: 'exponential' | 'fixed' | undefined;
  /** Such as `10s`, the default; `max` is `1h`. */
  readonly base?: string | undefined;
  readonly max?: string | undefined;
  /** Share that chance may add or take away, 0 to 1; 0.2. */
  readonly jitter?: number | undefined;
}

export type NewTask<Types extends object = AnyTypes> = {
  [Type in keyof Types & string]: TaskSettings & { readonly type: Type } & (undefined extends Types[Type]
      ? { readonly params?: Types[Type] | undefined }
      : { readonly params: Types[Type] });
}[keyof Types & string];

export interface Pushed {
  readonly id: string;
  /** False when its idempotency key was known, and `id` is the task that has it. */
  readonly created: boolean;
}

/** A task that was taken from the queue, for one attempt: to be given to `done` or `fail`. */
export type PoppedTask<Types extends object = AnyTypes> = {
  [Type in keyof Types & string]: Popped & { readonly type: Type; readonly params: Types[Type] };
}[keyof Types & string];

/** An attempt. */
export interface Attempt {
  /** Of the task. */
  readonly id: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

export interface Popped extends Attempt {
  readonly priority: number;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: string;
  /** Raised when the attempt is over, or nobody wants it any more: `reason.code` is `timed_out`, `canceled` or `closed`. */
  readonly signal: AbortSignal;
}

export interface PopOptions {
  /** Milliseconds, or such as `30s`, after which the answer is null; 0 does not wait, none waits for good. */
  readonly timeout?: number | string | undefined;
  /** Raised, the pop is given up and rejects with its reason. A task it had been given already stays in the queue. */
  readonly signal?: AbortSignal | undefined;
}

export interface FailOptions {
  /** An `Error`, or anything that says why. Its `retryable: false` counts. */
  readonly error?: unknown;
  /** False: it is not tried again. */
  readonly retryable?: boolean | undefined;
  /** Milliseconds, or such as `10m`: when it is tried again, in place of its backoff. */
  readonly retryAfter?: number | string | undefined;
}

export interface CloseOptions {
  /** How long attempts under way may take to end, milliseconds or such as `1m`; 20 s. Then they are cut, and run again. */
  readonly timeout?: number | string | undefined;
}

export type QueueTaskState =
  | 'scheduled'
  | 'queued'
  | 'running'
  | 'retrying'
  | 'interrupted'
  | 'succeeded'
  | 'failed'
  | 'canceled';

export interface QueueTask extends Attempt {
  readonly type: string;
  readonly state: QueueTaskState;
  readonly params: unknown;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** While it is scheduled, or waits for another try. */
  readonly runAt: string | null;
  /** What `done` was given. */
  readonly result: unknown;
  readonly error: { readonly code: string; readonly message: string; readonly stack?: string } | null;
}

/** A task has moved: told once that is on disk, in the order in which it happened. */
export interface Transition {
  /** Number of its entry in the journal; a task that falls due together with others shares it with them. */
  readonly seq: number;
  /** ms since 1970 */
  readonly at: number;
  readonly id: string;
  /** From now on. */
  readonly state: QueueTaskState;
  /** What moved it, e.g. `attempt.ended`. */
  readonly by: string;
  /** Of what concerns an attempt: its number, and how it ended. */
  readonly attempt?: number;
  readonly outcome?: 'succeeded' | 'failed' | 'timed_out' | 'canceled' | 'interrupted' | 'worker_crashed';
  readonly error?: { readonly code: string; readonly message: string };
  /** ms since 1970: with `scheduled` and `retrying`. */
  readonly runAt?: number;
}

export interface PublicValue {
  readonly key: string;
  readonly value: unknown;
  /** Another one after each set; never the same twice. */
  readonly version: number;
  /** ISO 8601, as `setAt`; from then on it is not there. Null for never. */
  readonly expiresAt: string | null;
  readonly setAt: string;
}

export interface PublicOptions {
  /** Seconds, or such as `10m`; none keeps it for good. */
  readonly ttl?: number | string | undefined;
  /** What a read has given; 0: the key must not be there. Else refused (`precondition_failed`). */
  readonly ifVersion?: number | undefined;
}

/** Whatever is refused rejects with a `QueueError`. */
export interface Queue<Types extends object = AnyTypes> {
  push(task: NewTask<Types>): Promise<Pushed>;
  /** All of them or none; up to 10,000. */
  pushAll(tasks: readonly NewTask<Types>[]): Promise<readonly Pushed[]>;
  /** Takes the task whose turn it is, waiting for one. Null: none came in time, or the queue is being closed. */
  pop(options?: PopOptions): Promise<PoppedTask<Types> | null>;
  /** The task has succeeded and never runs again. @param result JSON of up to 256 KiB, kept with the task */
  done(task: Attempt, result?: unknown): Promise<void>;
  /** The attempt has failed: the task is tried again after its backoff, while attempts are left. */
  fail(task: Attempt, how?: FailOptions | Error): Promise<void>;
  /** What became of it, also when it has finished; null when there never was one. In memory the newest thousand finished ones are known. */
  task(id: string): Promise<QueueTask | null>;
  /** A waiting one is canceled at once; of one under way the signal is raised, and how its attempt ends decides. */
  cancel(id: string): Promise<void>;
  /** Runs one that has failed again at once, or one that waits for its backoff. @returns under which id */
  retry(id: string): Promise<string>;
  /** How many are in each state; of those that have finished only the failures of the last day are here. */
  counts(): Promise<Readonly<Record<Exclude<QueueTaskState, 'succeeded' | 'canceled'>, number>>>;
  /** Tells of every transition from now on. @returns ends it */
  watch(listener: (transition: Transition) => void): () => void;
  /** Data that is shared by key, perhaps for a time. @returns what the key holds now */
  setPublic(key: string, value: unknown, options?: PublicOptions): Promise<PublicValue>;
  /** Null where there is no such key, or none any more. */
  getPublic(key: string): Promise<PublicValue | null>;
  /** @returns whether it was there */
  deletePublic(key: string, options?: Pick<PublicOptions, 'ifVersion'>): Promise<boolean>;
  /** Lets go of all that has expired at once, which happens by itself within a minute. @returns what was cleared */
  cleanup(): Promise<{ readonly keys: number; readonly bytes: number }>;
  /** Pops end with null, attempts under way may end, then all is on disk and the folder free. */
  close(options?: CloseOptions): Promise<void>;
}
