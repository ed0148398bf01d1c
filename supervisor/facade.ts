/**
 * What the console, the inbox and the command line may ask of the supervisor: its public interface.
 * Every answer rests on what is on disk: mutations and reads alike wait until the sequence they saw is durable.
 */
import type { HandlerDescription, HandlerFailure } from '../workers/contract.ts';
import type { TaskRecord, Waiting } from './core/record.ts';
import type { TaskState } from './core/task.ts';
import type { TaskInput } from './core/task-input.ts';

/** A task as answers carry it. */
export type TaskView = TaskRecord & {
  readonly waiting: Waiting | null;
  /** Id of the task that ran it again, once only the history had it; null while nobody asked. */
  readonly retriedAs: string | null;
  /** Only of a task of a run that cannot run again there: why. */
  readonly retryRefused?: string;
};

/** Who asked: `http`, `cli`, `inbox:NAME`, `handler:TASK_ID`, and from where, for the record. */
export interface Actor {
  readonly origin: string;
  readonly from: string | null;
}

export interface SubmitAnswer {
  readonly ids: readonly string[];
  /** Each task as a `TaskView` in JSON: a list of ten thousand is not made into objects to be put into words at once. */
  readonly texts: readonly string[];
  /** One a task: false when its idempotency key was known and the task that has it is given back. */
  readonly created: readonly boolean[];
  readonly durability: 'disk' | 'os';
}

export interface TaskFilter {
  readonly state?: readonly TaskState[];
  readonly type?: readonly string[];
  readonly tag?: readonly string[];
  readonly group?: readonly string[];
  readonly run?: readonly string[];
  /** Names of stages of runs. */
  readonly stage?: readonly string[];
  readonly origin?: readonly string[];
  /** Names of schedules that submitted them. */
  readonly schedule?: readonly string[];
  /** Case-insensitive text in id, type, params, error, tags. */
  readonly q?: string;
  /** Members of the params that must have exactly these values. */
  readonly param?: Readonly<Record<string, string | number | boolean | null>>;
  /** Creation time, ms since 1970: from inclusive, to exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** From the first start to the end, ms, of what has finished: from inclusive, to exclusive. */
  readonly durationFrom?: number;
  readonly durationTo?: number;
}

export interface PageRequest {
  readonly filter: TaskFilter;
  readonly limit: number;
  /** Id after which the page begins. */
  readonly after: string | null;
  readonly order: 'newest' | 'oldest';
  /** Who asked has gone: a search through years of history ends. */
  readonly signal?: AbortSignal;
  /** Whether the first page is to say how many there are, also where that has to be counted. */
  readonly counted?: boolean;
}

export interface TaskPage {
  readonly items: readonly TaskView[];
  readonly next: string | null;
  /** Only when cheap to know. */
  readonly total?: number;
  /** In its place: so many there are, and perhaps more. */
  readonly totalAtLeast?: number;
}

export interface StatsRequest {
  /** Null: all. */
  readonly types: readonly string[] | null;
  /** Local days up to today. */
  readonly days: number;
}

/** How many tasks ended, and how; and what attempts took in which a task succeeded, in ms. */
export interface Figures {
  readonly finished: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface StatsView {
  /** Of its days: TIMEZONE. */
  readonly timezone: string;
  /** `YYYY-MM-DD`, both within. */
  readonly from: string;
  readonly to: string;
  /** Share by which `p50Ms` and `p95Ms` may be off, e.g. 0.02. */
  readonly durationErrorMax: number;
  readonly types: readonly (Figures & {
    /** Null: all types beyond those that are counted by name. */
    readonly type: string | null;
    /** In order, without those on which none ended. */
    readonly days: readonly (Figures & { readonly day: string })[];
  })[];
}

/**
 * Tasks that one call means: named, or all that match a filter, from `next` of the call before on. `resolved`: failures
 * that have been retried are meant as well.
 */
export type Which =
  | { readonly ids: readonly string[] }
  | { readonly filter: TaskFilter; readonly after?: string | null; readonly resolved?: boolean };

/** A task that was run again. */
export interface Retried {
  readonly task: TaskView;
  readonly originalId: string;
  readonly source: 'live' | 'history' | 'rebuilt';
  /** What had to be assumed, where its record was not whole. */
  readonly warning?: string;
}

/** How many tasks are run again. */
export interface RetryHow {
  /** Spread evenly over so long from now on; at once without it. */
  readonly overMs?: number | null;
  /** The same call again with the same key makes no task twice. */
  readonly idempotencyKey?: string | null;
}

export interface ManyAnswer {
  readonly matched: number;
  readonly changed: number;
  readonly skipped: readonly { readonly id: string; readonly code: string }[];
  /** Id of the last one handled where more match, to be given as `after`. */
  readonly next: string | null;
  /** With `dryRun`: some of what matched. */
  readonly sample?: readonly TaskView[];
}

export interface QueueView {
  readonly paused: { readonly reason: string; readonly since: string; readonly by: string } | null;
  readonly types: readonly {
    readonly type: string;
    readonly queued: number;
    readonly running: number;
    readonly paused: { readonly reason: string; readonly since: string; readonly by: string } | null;
    readonly concurrency: number | null;
  }[];
  readonly counts: Readonly<Record<TaskState, number>>;
}

export interface WorkerView {
  readonly id: string;
  readonly lane: 'cpu' | 'io' | 'process';
  readonly state: 'starting' | 'idle' | 'busy' | 'draining' | 'unresponsive';
  readonly slots: number;
  readonly tasks: readonly {
    readonly id: string;
    readonly type: string;
    readonly attempt: number;
    readonly since: string;
  }[];
  /** When its threads were made; null while it has none. */
  readonly startedAt: string | null;
  /** Of its thread, up to a second old, older while a handler computes without a pause; null while none is up. */
  readonly memory: { readonly heapBytes: number; readonly externalBytes: number } | null;
  readonly attempts: number;
}

export interface HealthItem {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly action: string;
  readonly since: string;
}

export interface StatusView {
  readonly version: string;
  readonly node: string;
  readonly incarnation: string;
  readonly startedAt: string;
  readonly pid: number;
  readonly state: 'running' | 'paused' | 'draining';
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Ever, over live and history. */
  readonly totals: {
    readonly accepted: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly canceled: number;
  };
  /** Finished attempts a minute, over the last one, five and sixty minutes. */
  readonly throughput: { readonly perMinute1: number; readonly perMinute5: number; readonly perMinute60: number };
  readonly nextDueAt: string | null;
  readonly health: readonly HealthItem[];
  readonly recovered: {
    readonly tasks: number;
    readonly stoppedAt: string | null;
    readonly downMs: number;
    readonly clean: boolean;
  } | null;
  readonly journal: {
    readonly epoch: number;
    readonly seq: number;
    readonly durableSeq: number;
    readonly bytes: number;
    readonly segments: number;
    readonly snapshotSeq: number;
    readonly durability: 'disk' | 'os';
  };
  readonly memory: { readonly rssBytes: number };
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  readonly dataDir: string;
  /** IANA name of the zone that times are shown in. */
  readonly timezone: string;
}

/** One durable entry as it is published: `id` is `EPOCH-SEQUENCE`. */
export interface PublishedEvent {
  readonly epoch: number;
  readonly seq: number;
  readonly at: number;
  /** Its name, e.g. `attempt.started`. */
  readonly name: string;
  /** Task it is about, when it is about one. */
  readonly task: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventSource {
  readonly epoch: number;
  /** Highest sequence published. */
  readonly seq: number;
  /** Events after `seq` that are still held, oldest first; null when some of them are no longer held. */
  since(seq: number): readonly PublishedEvent[] | null;
  subscribe(listener: (events: readonly PublishedEvent[]) => void): () => void;
}

/** Passing news of running attempts that is not worth an entry each: progress and log lines, as they come. */
export interface LiveLine {
  readonly at: number;
  readonly level: string;
  readonly text: string;
}

export interface Facade {
  submit(tasks: readonly TaskInput[], actor: Actor): Promise<SubmitAnswer>;
  task(id: string): Promise<TaskView | null>;
  tasks(request: PageRequest): Promise<TaskPage>;
  cancel(id: string, actor: Actor): Promise<TaskView>;
  promote(id: string, actor: Actor): Promise<TaskView>;
  /** @param params JSON text, in place of those it had; the task that is run again keeps its own */
  retry(id: string, actor: Actor, params?: string | null): Promise<Retried>;
  cancelMany(which: Which, dryRun: boolean, actor: Actor): Promise<ManyAnswer>;
  retryMany(which: Which, dryRun: boolean, actor: Actor, how?: RetryHow): Promise<ManyAnswer>;
  queue(): Promise<QueueView>;
  pause(type: string | null, reason: string, actor: Actor): Promise<QueueView>;
  resume(type: string | null, actor: Actor): Promise<QueueView>;
  workers(): Promise<readonly WorkerView[]>;
  recycle(workerId: string, actor: Actor): Promise<readonly WorkerView[]>;
  handlers(): Promise<{ handlers: readonly HandlerDescription[]; failures: readonly HandlerFailure[] }>;
  status(): Promise<StatusView>;
  stats(request: StatsRequest): Promise<StatsView>;
  readonly events: EventSource;
  /** Log of one attempt (the newest when null) as it stands now; null when there is no such attempt. */
  log(id: string, attempt: number | null): Promise<{ lines: readonly LiveLine[]; ended: boolean } | null>;
  /** Lines as they come until the attempt ends; the answer stops it. */
  followLog(id: string, attempt: number | null, line: (line: LiveLine) => void, ended: () => void): () => void;
  /** True while new work is accepted and dispatched: what `/readyz` says. */
  ready(): { ready: boolean; reason: string | null };
  /** Types that have a handler; a type nobody handles is refused over HTTP. */
  knowsType(type: string): boolean;
}
