/**
 * All that the supervisor knows, in memory. Only `apply` changes it, except for what is plainly derived from the
 * surroundings of this incarnation (limits, handlers, draining), which `configure` sets and no entry records.
 */
import type { Due } from './due.ts';
import { Heap } from './heap.ts';
import { IdOrder } from './id-order.ts';
import { freshLibrary, type Library } from './library/library.ts';
import { storeBytesMaxDefault } from './limits.ts';
import { OptionsTable } from './options.ts';
import { ParamsTable } from './params.ts';
import { ReadyQueue } from './queue.ts';
import { type Rate, RateWindow } from './rate.ts';
import { freshRuns, type Runs } from './run/runs.ts';
import { freshSchedules, type Schedules } from './schedule/schedules.ts';
import { freshStore, type Store } from './store/store.ts';
import type { Task } from './task.ts';
import { TaskTable } from './task-table.ts';

export interface Pause {
  readonly reason: string;
  readonly by: string;
  readonly since: number;
  readonly seq: number;
}

/** A known idempotency key; `until` is null while its task is live. */
export interface KnownKey {
  readonly taskId: string;
  readonly paramsDigest: string;
  readonly until: number | null;
  readonly seq: number;
}

/** Limits of the machine: they follow the newest settings and handlers, never an entry. */
export interface Limits {
  readonly concurrencyByType: ReadonlyMap<string, number>;
  readonly concurrencyByGroup: ReadonlyMap<string, number>;
  readonly rateByGroup: ReadonlyMap<string, Rate>;
  readonly idempotencyWindowMs: number;
  readonly idempotencyKeysMax: number;
  readonly failedLiveMs: number;
  readonly agingMs: number;
  /** Of all keys and values of the store. */
  readonly storeBytesMax: number;
}

export interface Totals {
  accepted: number;
  succeeded: number;
  failed: number;
  canceled: number;
}

/** A child process started for an attempt: what is needed to end it after a crash. */
export interface Child {
  readonly taskId: string;
  readonly group: number;
  readonly ticks: string;
  readonly boot: string;
}

export interface State {
  /** Sequence number of the last event applied. */
  seq: number;
  readonly tasks: TaskTable;
  readonly order: IdOrder;
  readonly params: ParamsTable;
  readonly options: OptionsTable;
  readonly ready: ReadyQueue;
  /** Scheduled and retrying tasks by due time, see `due.ts`. */
  readonly due: Heap<Due>;
  readonly running: Set<Task>;
  readonly runningByType: Map<string, number>;
  readonly runningByGroup: Map<string, number>;
  readonly rates: Map<string, RateWindow>;
  /** The windows hold every start up to this sequence; replay adds only what is newer. */
  ratesSeq: number;
  /** Tasks that were running when the supervisor crashed: each runs alone until it ends or has proved itself. */
  readonly suspects: Set<Task>;
  /** Failed tasks still live, oldest first. */
  readonly failed: Map<string, Task>;
  readonly counts: Record<Task['state'], number>;
  readonly totals: Totals;
  /** The totals hold everything up to this sequence; replay adds only what is newer. */
  totalsSeq: number;
  readonly liveKeys: Map<string, KnownKey>;
  /** Of finished tasks, in the order they expire. */
  readonly finishedKeys: Map<string, KnownKey>;
  /** Keys that moved from one of these maps to the other while a snapshot walks them; null while none does. */
  touchedKeys: Set<string> | null;
  pausedAll: Pause | null;
  readonly pausedTypes: Map<string, Pause>;
  /** Files taken from the inbox whose move is not yet confirmed, with the sequence that took them. */
  readonly inboxTaken: Map<string, { readonly file: string; readonly seq: number }>;
  readonly children: Map<string, Child>;
  readonly schedules: Schedules;
  readonly runs: Runs;
  readonly store: Store;
  readonly library: Library;
  limits: Limits;
  /** Types that have a handler and the kind of slot it runs in; null before the handlers are known. */
  lanes: ReadonlyMap<string, string> | null;
  /** Types that may not start because their feature flag is off, with its name. */
  switchedOff: ReadonlyMap<string, string>;
  /** Feature flags that are set, by name. */
  flags: ReadonlyMap<string, boolean>;
  /** Of the settings in force; new tasks carry it. */
  settingsRevision: string | null;
  draining: boolean;
  incarnation: string | null;
  /** When the last incarnation was last heard of, and whether it said goodbye. */
  lastStop: { at: number; clean: boolean; boot: string } | null;
}

export const defaultLimits: Limits = {
  concurrencyByType: new Map(),
  concurrencyByGroup: new Map(),
  rateByGroup: new Map(),
  idempotencyWindowMs: 7 * 86_400_000,
  idempotencyKeysMax: 1_000_000,
  failedLiveMs: 86_400_000,
  agingMs: 600_000,
  storeBytesMax: storeBytesMaxDefault,
};

export function freshState(limits: Limits = defaultLimits, paramsHotBytesMax?: number): State {
  return {
    seq: 0,
    tasks: new TaskTable(),
    order: new IdOrder(),
    params: new ParamsTable(paramsHotBytesMax),
    options: new OptionsTable(),
    ready: new ReadyQueue(limits.agingMs),
    due: new Heap(),
    running: new Set(),
    runningByType: new Map(),
    runningByGroup: new Map(),
    rates: new Map([...limits.rateByGroup].map(([group, rate]) => [group, new RateWindow(rate)])),
    ratesSeq: 0,
    suspects: new Set(),
    failed: new Map(),
    counts: { scheduled: 0, queued: 0, running: 0, retrying: 0, interrupted: 0, succeeded: 0, failed: 0, canceled: 0 },
    totals: { accepted: 0, succeeded: 0, failed: 0, canceled: 0 },
    totalsSeq: 0,
    liveKeys: new Map(),
    finishedKeys: new Map(),
    touchedKeys: null,
    pausedAll: null,
    pausedTypes: new Map(),
    inboxTaken: new Map(),
    children: new Map(),
    schedules: freshSchedules(),
    runs: freshRuns(),
    store: freshStore(),
    library: freshLibrary(),
    limits,
    lanes: null,
    switchedOff: new Map(),
    flags: new Map(),
    settingsRevision: null,
    draining: false,
    incarnation: null,
    lastStop: null,
  };
}
