/**
 * The only vocabulary that supervisor and workers share: what travels between the pool and its threads.
 *
 * Down goes a `Batch` of orders (one for ordinary work, several for small tasks), up come `WorkerItem`s, several to a
 * message. Every item names incarnation, task and attempt, so that a late word of an attempt that has already ended
 * is recognised and dropped.
 */
import type { LibraryRequest } from './library-contract.ts';

export type Lane = 'cpu' | 'io' | 'process';

/** How an attempt ended, as the worker tells it. The supervisor adds `interrupted` and `worker_crashed` for itself. */
export type ReportedOutcome = 'succeeded' | 'failed' | 'timed_out' | 'canceled';

/** Why an attempt is asked to stop. */
export type StopReason = 'canceled' | 'timed_out' | 'drain';

export interface HandlerDescription {
  readonly type: string;
  readonly lane: Lane;
  readonly timeoutMs: number | null;
  readonly maxAttempts: number | null;
  /** At most so many attempts of this type at once, or null for no limit of its own. */
  readonly concurrency: number | null;
  /** Feature flag it depends on. */
  readonly flag: string | null;
  /** Settings it declared; no others reach it. */
  readonly settings: readonly string[];
  /** It brings a schema for its params. */
  readonly checksParams: boolean;
  readonly file: string;
  /** `file:` URL the worker imports: of the copy that was tried. */
  readonly url: string;
  /** First 12 hex digits of the sha256 of the file, and of what it imports of its folder. */
  readonly version: string;
  readonly builtIn: boolean;
}

/** A file in the handlers folder that could not be used, and why. */
export interface HandlerFailure {
  readonly file: string;
  readonly message: string;
  /** What was tried, where it came to that. */
  readonly version?: string;
  /** Version of the file that goes on serving. */
  readonly serving?: string;
  /** It took long, or the process along: not tried again while its version is this. */
  readonly costly?: boolean;
}

export interface HandlerCatalog {
  readonly handlers: readonly HandlerDescription[];
  readonly failures: readonly HandlerFailure[];
}

/** What a look at the handlers folder has found. */
export interface HandlersFound extends HandlerCatalog {
  /** Files in it that its modules import, or would if they were there. */
  readonly imports: readonly string[];
  /** False: not all of the folder could be looked at. */
  readonly whole: boolean;
}

/** What the throwaway `describe` process is asked. */
export interface DescribeOrder {
  /** Absolute. */
  readonly handlersDir: string;
  /** Absolute: where the copies are that are tried, and that serve. */
  readonly servedDir: string;
  /** What the last look found; what has the same version still is not loaded again. */
  readonly before: HandlerCatalog;
  /** What earlier ones of this look found before they died; their files are not loaded again. */
  readonly known: HandlerCatalog;
  /** Loads no further file: too many processes have died of them. */
  readonly onlyKnown: boolean;
  readonly loadMsMax?: number;
}

/** What it says as it goes on: what it has found, the file it is about to load, and at its end all of it. */
export type DescribeWord =
  | ({ readonly kind: 'found' } & HandlerCatalog)
  | { readonly kind: 'loading'; readonly file: string; readonly version: string }
  | { readonly kind: 'done'; readonly found: HandlersFound };

/** What the process that checks params is asked: some tasks of one type. */
export interface CheckOrder {
  readonly handlerUrl: string;
  readonly handlerVersion: string;
  /** As JSON text. */
  readonly params: readonly string[];
}

/** What the schema refuses, by place in the order; null when the handler cannot be asked. */
export type CheckAnswer = readonly WrongParams[] | null;

export interface WrongParams {
  readonly index: number;
  /** Paths begin with `$.params`. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  /** All of it in one line, as a failed attempt would say it. */
  readonly said: string;
}

/** One attempt to perform. */
export interface Order {
  readonly taskId: string;
  readonly type: string;
  readonly attempt: number;
  /** Params as JSON text; parsed in the worker, so that the supervisor never builds the object tree. */
  readonly params: string;
  readonly createdAt: number;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly run: { readonly id: string; readonly stage: string } | null;
  readonly timeoutMs: number | null;
  /** What the last attempt saved with `checkpoint`, or null. */
  readonly resume: unknown;
  readonly handlerUrl: string;
  readonly handlerVersion: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** What every order of a thread or process has in common; given once, as Piscina's `workerData` or in `SETUP_VARIABLE`. */
export interface WorkerSetup {
  readonly incarnation: string;
  /** Where `ctx.scratch()` makes its folders; removed by the supervisor at start. */
  readonly scratchDir: string;
  /** The data folder itself, so that no handler writes into the supervisor's own files. */
  readonly dataDir: string;
  /** How long a handler has after `signal` before its thread is ended. */
  readonly graceMs: number;
  /** True: orders share the thread (lane `io`). False or left out: they run one after another, and so do batches. */
  readonly atOnce?: boolean;
}

/**
 * `ledger` has one cell an order, over shared memory. The worker moves a cell from WAITING to BEGUN before it starts an
 * order, the supervisor from WAITING to WITHDRAWN to take one back; both by compare-and-exchange, so exactly one wins. The worker moves it on to DONE
 * when the attempt has ended: if the thread dies before its outcome was posted, nobody takes it for the culprit.
 */
export interface Batch {
  readonly ledger: Int32Array;
  /** What orders have in common: mostly all of them are of one kind. */
  readonly kinds: readonly OrderKind[];
  /** One row an order, in columns: cloning an object for each would cost more than a small task. */
  readonly taskIds: readonly string[];
  readonly params: readonly string[];
  /** Attempt and index of the kind, by turns. */
  readonly numbers: Float64Array;
  /** Null when no order goes on from a checkpoint. */
  readonly resumes: readonly unknown[] | null;
}
export type OrderKind = Omit<Order, 'taskId' | 'attempt' | 'params' | 'createdAt' | 'resume'>;

/** @param ledger one cell an order, all WAITING */
export function packBatch(orders: readonly Order[], ledger: Int32Array): Batch {
  const kinds: Order[] = [];
  const numbers = new Float64Array(orders.length * 2);
  for (const [index, order] of orders.entries()) {
    const known = kinds.findLastIndex((kind) => isSameKind(kind, order));
    numbers[index * 2] = order.attempt;
    numbers[index * 2 + 1] = known === -1 ? kinds.push(order) - 1 : known;
  }
  const resumes = orders.some(({ resume }) => resume !== null) ? orders.map(({ resume }) => resume) : null;
  const [taskIds, params] = [orders.map(({ taskId }) => taskId), orders.map((order) => order.params)];
  return { ledger, kinds: kinds.map(kindOf), taskIds, params, numbers, resumes };
}

export function unpackOrder(batch: Batch, index: number): Order {
  const taskId = batch.taskIds[index] as string;
  const kind = batch.kinds[batch.numbers[index * 2 + 1] as number] as OrderKind;
  const own = {
    taskId,
    attempt: batch.numbers[index * 2] as number,
    params: batch.params[index] as string,
    // A task's id is a UUIDv7: its first 48 bits are ms since 1970.
    createdAt: Number.parseInt(taskId.slice(0, 8) + taskId.slice(9, 13), 16),
    resume: batch.resumes?.[index] ?? null,
  };
  // Node 20 takes more than a microsecond for each member that a spread adds.
  return Object.assign(own, kind);
}

function isSameKind(a: Order, b: Order): boolean {
  return (
    a.type === b.type &&
    a.handlerUrl === b.handlerUrl &&
    a.handlerVersion === b.handlerVersion &&
    a.settings === b.settings &&
    a.tags === b.tags &&
    a.priority === b.priority &&
    a.group === b.group &&
    a.run === b.run &&
    a.timeoutMs === b.timeoutMs
  );
}

function kindOf({
  type,
  priority,
  tags,
  group,
  run,
  timeoutMs,
  handlerUrl,
  handlerVersion,
  settings,
}: Order): OrderKind {
  return { type, priority, tags, group, run, timeoutMs, handlerUrl, handlerVersion, settings };
}

export const LEDGER = { waiting: 0, begun: 1, withdrawn: 2, done: 3 } as const;

/** Places in what a thread notes of itself, in shared memory: its own heap, buffers outside of it, and how often it has. */
export const NOTES = { heapBytes: 0, externalBytes: 1, count: 2 } as const;

interface ItemBase {
  readonly taskId: string;
  readonly attempt: number;
}

export interface OutcomeItem extends ItemBase {
  readonly kind: 'outcome';
  readonly outcome: ReportedOutcome;
  /** JSON text of what the handler returned, or null for none. */
  readonly result: string | null;
  readonly error: ReportedError | null;
  /** False: trying again is no use. */
  readonly retryable: boolean;
  /** Chosen by the handler with `RetryAfter`. */
  readonly retryAfterMs: number | null;
  /** True: the wait is never shorter than the backoff. */
  readonly backoffHolds?: boolean;
  /** On the worker's monotonic clock. */
  readonly durationMs: number;
}
export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
}
export interface LogItem extends ItemBase {
  readonly kind: 'log';
  readonly at: number;
  readonly level: 'info' | 'warn' | 'error' | 'stdout' | 'stderr';
  readonly text: string;
}
export interface ProgressItem extends ItemBase {
  readonly kind: 'progress';
  readonly done: number;
  readonly total: number | null;
  readonly text: string | null;
}
export interface CountItem extends ItemBase {
  readonly kind: 'count';
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
}
export interface CheckpointItem extends ItemBase {
  readonly kind: 'checkpoint';
  /** JSON text. */
  readonly data: string;
}
/** What is tidied up in the supervisor itself, as its files and its memory are its own. */
export type CleanupName = 'history' | 'logs' | 'store';
/** What `history.cleanup` has done, by months such as `2026-08`. */
export interface HistoryTidied {
  readonly archived: readonly (TidiedMonth & { readonly archiveBytes: number })[];
  readonly removed: readonly TidiedMonth[];
}
interface TidiedMonth {
  readonly month: string;
  readonly records: number;
  readonly bytes: number;
}
/** What a handler asks of the store. Members that people write are checked by the supervisor. */
export type StoreRequest =
  | { readonly act: 'get'; readonly key: unknown }
  /** `value` is JSON text. */
  | {
      readonly act: 'set';
      readonly key: unknown;
      readonly value: string;
      readonly ttl?: unknown;
      readonly ifVersion?: unknown;
    }
  | { readonly act: 'increment'; readonly key: unknown; readonly by?: unknown; readonly ttl?: unknown }
  | { readonly act: 'delete'; readonly key: unknown; readonly ifVersion?: unknown }
  | { readonly act: 'list'; readonly prefix: unknown; readonly limit?: unknown; readonly after?: unknown };

/** A value of the store as the supervisor answers it. */
export interface StoreItem {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly version: number;
  /** ms since 1970, as `setAt`; null for never. */
  readonly expiresAt: number | null;
  readonly setAt: number;
}

/** Where a program finds the API, and a token that is good for the store as long as its attempt is under way. */
export interface TaskAccess {
  readonly url: string;
  readonly token: string;
}

/**
 * A question the supervisor answers with a `Reply`: `ctx.submit`, `ctx.next`, `ctx.store`, a child process about to
 * start, and the work of the built-in `*.cleanup` handlers.
 */
export interface CallItem extends ItemBase {
  readonly kind: 'call';
  /** Numbered from 1 within the attempt. */
  readonly call: number;
  readonly request:
    | { readonly name: 'submit'; readonly task: unknown }
    /** Work for a stage of its run; its key makes sure that it comes once. */
    | { readonly name: 'next'; readonly work: unknown }
    /** Journaled before the program starts, so that a survivor can be found and ended after a crash. */
    | { readonly name: 'child'; readonly groupId: number; readonly startTicks: string }
    | { readonly name: 'cleanup'; readonly what: CleanupName }
    | { readonly name: 'store'; readonly ask: StoreRequest }
    | { readonly name: 'library'; readonly ask: LibraryRequest }
    /** Answered with a `TaskAccess`, or null. */
    | { readonly name: 'access' };
}
export type WorkerItem = OutcomeItem | LogItem | ProgressItem | CountItem | CheckpointItem | CallItem;

/** What a thread posts to the pool (`parentPort.postMessage`, arriving as the pool's `message`). */
export type WorkerMessage =
  | {
      readonly kind: 'hello';
      readonly threadId: number;
      readonly control: ControlPort;
      /** See `NOTES`. */
      readonly notes: Float64Array;
    }
  | {
      readonly kind: 'items';
      readonly threadId: number;
      readonly incarnation: string;
      readonly items: readonly WorkerItem[];
    }
  /** Something was printed, and it is not known by which attempt. */
  | {
      readonly kind: 'printed';
      readonly threadId: number;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    };

/** A thread's `MessagePort`, or what stands for it where a process is told. */
export interface ControlPort {
  postMessage(message: ControlMessage): void;
  on(event: 'close', call: () => void): unknown;
  unref(): void;
}

/** What the supervisor posts to a thread's control port. */
export type ControlMessage =
  | { readonly kind: 'stop'; readonly taskId: string; readonly attempt: number; readonly reason: StopReason }
  /** What became durable together is answered together. */
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] };

export interface Reply {
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Holds the setup of a worker process as JSON. */
export const SETUP_VARIABLE = 'NIGHTSHIFT_WORKER_SETUP';

/** What the supervisor sends to a worker process, on its one channel: one order at a time. */
export type ProcessMessage = { readonly kind: 'order'; readonly order: Order } | ControlMessage;

/** What a worker process says on that channel, and so in the order in which it happened. */
export type ProcessWord =
  | { readonly kind: 'up' }
  /** The handler is about to be loaded: from now on its end is the attempt's. */
  | { readonly kind: 'begun' }
  /** Its notes, see `NOTES`. */
  | { readonly kind: 'noted'; readonly notes: readonly number[] }
  | { readonly kind: 'items'; readonly items: readonly WorkerItem[] }
  | { readonly kind: 'printed'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** With what was not yet said, the outcome at its end. `reusable` is false when it should not take another order. */
  | { readonly kind: 'ended'; readonly items: readonly WorkerItem[]; readonly reusable: boolean };

/** What Piscina's `run` resolves with: the items not yet posted, the outcomes among them. */
export interface BatchResult {
  readonly threadId: number;
  /**
   * How many `items` messages this thread has posted so far. They travel on another port than this result and may
   * arrive after it: what they hold counts as said before it.
   */
  readonly posted: number;
  readonly items: readonly WorkerItem[];
}
