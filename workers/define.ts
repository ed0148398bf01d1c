/**
 * What the author of a handler imports, as `nightshift/handler`: the shape of a handler, and two errors that say when
 * trying again makes sense. The errors carry a mark instead of relying on `instanceof`, because a handler may have
 * been loaded with another copy of this module.
 */
import type { Readable } from 'node:stream';
import type { Lane } from './contract.ts';
import { durationMs } from './duration.ts';
import type { StandardSchema } from './schema.ts';

export interface HandlerDefinition<Params = Record<string, unknown>, Result = unknown> {
  /** Name of the work, e.g. `thumbnail.make`. */
  readonly type: string;
  readonly params?: StandardSchema<unknown, Params>;
  /** Such as `5m`; a task's own timeout wins. */
  readonly timeout?: string;
  readonly maxAttempts?: number;
  /** Attempts of this type that may run at once. */
  readonly concurrency?: number;
  /**
   * `cpu` (default): a thread for each attempt. `io`: a thread for several, for handlers that mostly wait. `process`: a
   * process for each attempt, for what a thread does not contain.
   */
  readonly lane?: Lane;
  /** Name of a feature flag: its tasks wait while `FLAG_<name>` is not `true`. */
  readonly flag?: string;
  /** Settings it reads, e.g. `HANDLER_API_KEY`. No others reach it; those that guard the console (`WEB_*`) never do. */
  readonly settings?: readonly string[];
  run(params: Params, ctx: HandlerContext): Result | Promise<Result>;
}

export interface HandlerContext {
  readonly task: TaskFacts;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /** Raised on cancel, timeout and stop; after a grace period the thread is ended. */
  readonly signal: AbortSignal;
  readonly log: {
    info(...parts: unknown[]): void;
    warn(...parts: unknown[]): void;
    error(...parts: unknown[]): void;
  };
  /** How far it is. */
  progress(done: number, total?: number | null, text?: string | null): void;
  /** Totals so far; `processed` is their sum unless given. */
  count(totals: { readonly succeeded?: number; readonly failed?: number; readonly processed?: number }): void;
  /** Saves JSON of at most 64 KiB, which the next attempt finds in `resume`. */
  checkpoint(data: unknown): void;
  readonly resume: unknown;
  /** Adds a task. Its default idempotency key makes sure that a rerun of this attempt adds nothing twice. */
  submit(task: SubmittedTask): Promise<unknown>;
  /** Those it declared, as they were when the task was created; secrets, and what grants execution or reach, as they are now. */
  readonly settings: Readonly<Record<string, string>>;
  readonly http: HttpClient;
  /** Path of a folder of this attempt's own, removed when it ends. */
  scratch(): Promise<string>;
  /** Data shared with all other handlers, and with people. The attempt does not end before its calls are answered. */
  readonly store: HandlerStore;
  /**
   * Puts work into a stage of its run: the next, or the one it names. Its key is unique there, so a rerun of this attempt adds
   * nothing twice. Where there is no such stage the error has the code `no_stage`.
   */
  next(work: NextWork): Promise<{ readonly added: boolean }>;
}

/**
 * A refusal is an error with a `code`: `precondition_failed` where `ifVersion` does not hold, `validation`, `too_large`,
 * `conflict` where the store is full or a value cannot be counted. An attempt that runs again asks again, and so counts twice.
 */
export interface HandlerStore {
  /** @returns null where there is no such key, or none any more */
  get(key: string): Promise<StoredValue | null>;
  /** Takes the place of all that the key held. Resolves once it is durable. */
  set(key: string, value: unknown, options?: TimeToLive & IfVersion): Promise<StoredValue>;
  /** Adds to a whole number, 0 where there is none. The time to live is that of a key that is made by it. */
  increment(key: string, by?: number, options?: TimeToLive): Promise<StoredValue>;
  /** @returns whether it was there */
  delete(key: string, options?: IfVersion): Promise<boolean>;
  /** In the order of the keys. */
  list(prefix?: string, options?: StorePageOptions): Promise<StorePage>;
}

export interface TimeToLive {
  /** Seconds, or a duration such as `10m`; none keeps it for good. */
  readonly ttl?: number | string | undefined;
}

export interface IfVersion {
  /** What a read has given; 0: the key must not be there. */
  readonly ifVersion?: number | undefined;
}

export interface StorePageOptions {
  /** At most 500; a page ends earlier where its values come to 1 MiB. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | null | undefined;
}

export interface StorePage {
  readonly items: readonly StoredValue[];
  /** Null at the end. */
  readonly next: string | null;
}

export interface StoredValue {
  readonly key: string;
  readonly value: unknown;
  /** Another one after each set; never the same twice. */
  readonly version: number;
  /** ISO 8601, as `setAt`; from then on it is not there. Null for never. */
  readonly expiresAt: string | null;
  readonly setAt: string;
}

export interface TaskFacts {
  readonly id: string;
  readonly type: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly createdAt: string;
  readonly run: { readonly id: string; readonly stage: string } | null;
}

/** Work for a stage of a run. */
export interface NextWork {
  /** Names the work, the same when the attempt is repeated: unique within the stage and the run. */
  readonly key: string;
  readonly params?: unknown;
  /** How it is called where it is listed. */
  readonly label?: string;
  /** Its own stage or a later one; else the next. */
  readonly stage?: string;
  /** Instead of the type that the stage names. */
  readonly type?: string;
}

export interface SubmittedTask {
  readonly type: string;
  readonly params?: unknown;
  readonly idempotencyKey?: string;
  readonly [member: string]: unknown;
}

export interface HttpClient {
  request(url: string | URL, options?: HttpOptions): Promise<HttpResponse>;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent once: a redirect is then the answer itself. It needs a `content-length` among the headers. */
  readonly body?: string | Uint8Array | Readable | null;
  /** Raised, the request ends; the attempt's own signal always counts as well. */
  readonly signal?: AbortSignal;
  /** 0 gives the redirect itself as the answer. */
  readonly redirectsMax?: number;
  /**
   * For an address that was found in what was fetched: the host it was found on. Private addresses on other hosts are refused then,
   * as they are where a redirect leads; left out, the address counts as written by a person.
   */
  readonly writtenHost?: string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; values of a repeated header joined with `, `. Bytes beyond ASCII come as latin1. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address that answered, after redirects. */
  readonly url: string;
  /** To be read to its end, or given up with `discard`. */
  readonly body: Readable;
  /** @param bytesMax beyond it the answer is refused */
  text(bytesMax?: number): Promise<string>;
  json(bytesMax?: number): Promise<unknown>;
  /** Gives up what has not been read. */
  discard(): Promise<void>;
}

/** Gives the handler back unchanged; it exists so that editors and compilers know the types. */
export function defineHandler<Params = Record<string, unknown>, Result = unknown>(
  handler: HandlerDefinition<Params, Result>,
): HandlerDefinition<Params, Result> {
  return handler;
}

const PERMANENT = Symbol.for('nightshift.permanent');
const RETRY_AFTER = Symbol.for('nightshift.retry-after');
const BACKOFF_HOLDS = Symbol.for('nightshift.backoff-holds');

export interface EndingOptions extends ErrorOptions {
  readonly code?: string;
}

export interface RetryOptions extends EndingOptions {
  /** True: not before the task's backoff is over either; for a moment that somebody else names. */
  readonly backoffHolds?: boolean;
}

/** Trying again is no use. */
export class Permanent extends Error {
  readonly [PERMANENT] = true;
  readonly retryable = false;
  readonly code?: string;

  constructor(message: string, options: EndingOptions = {}) {
    super(message, options);
    this.name = 'Permanent';
    if (options.code !== undefined) this.code = options.code;
  }
}

/** Try again, but not before the moment it names. */
export class RetryAfter extends Error {
  readonly [RETRY_AFTER]: number;
  readonly [BACKOFF_HOLDS]: boolean;
  readonly code?: string;

  /** @param when a duration such as `10m`, a number of milliseconds, or a moment */
  constructor(when: string | number | Date, message?: string, options: RetryOptions = {}) {
    super(message ?? `to be tried again ${when instanceof Date ? `at ${when.toISOString()}` : `in ${when}`}`, options);
    this.name = 'RetryAfter';
    this[RETRY_AFTER] = waitMs(when);
    this[BACKOFF_HOLDS] = options.backoffHolds === true;
    if (options.code !== undefined) this.code = options.code;
  }
}

function waitMs(when: string | number | Date): number {
  const ms = when instanceof Date ? when.getTime() - Date.now() : typeof when === 'number' ? when : durationMs(when);
  if (ms === null || !Number.isFinite(ms)) {
    throw new TypeError(`RetryAfter needs a duration such as "10m", milliseconds or a Date, not ${String(when)}`);
  }
  return Math.max(0, Math.round(ms));
}

export function isPermanent(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    (PERMANENT in error || ('retryable' in error && error.retryable === false))
  );
}

/** @returns milliseconds, or null when the error leaves the moment to the backoff */
export function retryAfterMs(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !(RETRY_AFTER in error)) return null;
  const ms = (error as { [RETRY_AFTER]: unknown })[RETRY_AFTER];
  return typeof ms === 'number' && Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** Whether the backoff still holds where it is longer than what `retryAfterMs` says. */
export function backoffHolds(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && (error as { [BACKOFF_HOLDS]?: unknown })[BACKOFF_HOLDS] === true
  );
}
