/** The facade: what the console and the command line may ask, put together from the parts that know the answers. */
import { statfs } from 'node:fs/promises';
import { type HandlerCatalog, NOTES } from '../workers/contract.ts';
import type { Clock } from './clock.ts';
import { nextDue } from './core/due.ts';
import { iso, type KnownRecord } from './core/record.ts';
import { Refusal } from './core/refusal.ts';
import { localText } from './core/schedule/local-time.ts';
import type { Pause, State } from './core/state.ts';
import { TASK_STATE_NAMES } from './core/task.ts';
import type { TaskInput } from './core/task-input.ts';
import { movesFrom } from './core/transitions.ts';
import type { Pool } from './dispatch/pool.ts';
import type { Slot, SlotThread } from './dispatch/slot.ts';
import type { EventStream } from './event-stream.ts';
import type {
  Actor,
  Facade,
  LiveLine,
  PageRequest,
  QueueView,
  RetryHow,
  StatsRequest,
  StatsView,
  StatusView,
  Which,
  WorkerView,
} from './facade.ts';
import type { Health } from './health.ts';
import type { AttemptLog } from './history/attempt-log.ts';
import { durationErrorMax } from './history/durations.ts';
import { statsFrom } from './history/stats.ts';
import type { Journal } from './journal/live-journal.ts';
import { forMany, outcomeOf } from './many.ts';
import { waitingForHandlers } from './no-handler.ts';
import { recovering } from './recovering.ts';
import type { RetryDesk } from './retry-desk.ts';
import { schedulesStill } from './schedules-still.ts';
import type { Supervisor } from './supervisor.ts';
import type { Throughput } from './throughput.ts';

export interface FrontParts {
  readonly supervisor: Supervisor;
  readonly retries: RetryDesk;
  readonly state: State;
  readonly pool: Pool;
  readonly journal: Journal;
  readonly events: EventStream;
  readonly health: Health;
  readonly logs: AttemptLog;
  readonly throughput: Throughput;
  readonly clock: Clock;
  readonly handlers: { readonly catalog: HandlerCatalog };
  readonly identity: {
    readonly version: string;
    readonly incarnation: string;
    readonly startedAt: number;
    readonly dataDir: string;
    /** TIMEZONE as it is now. */
    readonly timezone: () => string;
    readonly recovered: StatusView['recovered'];
  };
}

export class Front implements Facade {
  readonly #parts: FrontParts;

  constructor(parts: FrontParts) {
    this.#parts = parts;
  }

  get events(): EventStream {
    return this.#parts.events;
  }

  submit(tasks: readonly TaskInput[], actor: Actor) {
    return this.#parts.supervisor.submit(tasks, actor);
  }

  task(id: string) {
    return this.#parts.supervisor.task(id);
  }

  tasks(request: PageRequest) {
    return this.#parts.supervisor.tasks(request);
  }

  cancel(id: string, actor: Actor) {
    return this.#parts.supervisor.cancel(id, actor);
  }

  promote(id: string, actor: Actor) {
    return this.#parts.supervisor.promote(id, actor);
  }

  retry(id: string, actor: Actor, params: string | null = null) {
    return this.#parts.retries.retry(id, actor, { params });
  }

  cancelMany(which: Which, dryRun: boolean, actor: Actor) {
    const { supervisor } = this.#parts;
    const parts = {
      page: (request: PageRequest) => supervisor.records(request),
      named: (ids: readonly string[]) => supervisor.recordsOf(ids),
      viewOf: (record: KnownRecord) => supervisor.viewOf(record),
    };
    return forMany(parts, which, dryRun, {
      states: CANCELABLE,
      able: ({ state }) => CANCELABLE.includes(state),
      resolved: () => false,
      carryOut: (tasks) => Promise.all(tasks.map(({ id }) => outcomeOf(this.cancel(id, actor)))),
    });
  }

  retryMany(which: Which, dryRun: boolean, actor: Actor, how?: RetryHow) {
    return this.#parts.retries.retryMany(which, dryRun, actor, how);
  }

  async stats(request: StatsRequest): Promise<StatsView> {
    const { supervisor, clock, identity } = this.#parts;
    const timezone = identity.timezone();
    const dayOf = (at: number) => localText(timezone, at).slice(0, 10);
    const now = clock.wall();
    const from = dayOf(statsFrom({ zone: timezone, now, days: request.days }));
    const types = await supervisor.stats(request, timezone);
    return { timezone, from, to: dayOf(now), durationErrorMax, types };
  }

  async queue(): Promise<QueueView> {
    const { state, supervisor } = this.#parts;
    const queued = new Map<string, number>();
    for (const line of state.ready.lines()) queued.set(line.type, (queued.get(line.type) ?? 0) + line.size);
    const names = new Set([...queued.keys(), ...state.runningByType.keys(), ...state.pausedTypes.keys()]);
    const types = [...names].sort().map((type) => ({
      type,
      queued: queued.get(type) ?? 0,
      running: state.runningByType.get(type) ?? 0,
      paused: pauseView(state.pausedTypes.get(type) ?? null),
      concurrency: state.limits.concurrencyByType.get(type) ?? null,
    }));
    const view = {
      paused: pauseView(state.pausedAll),
      types: types.filter((type) => type.queued + type.running > 0 || type.paused),
      counts: { ...state.counts },
    };
    await supervisor.settled();
    return view;
  }

  async pause(type: string | null, reason: string, actor: Actor): Promise<QueueView> {
    await this.#parts.supervisor.pause(type, reason, actor);
    return this.queue();
  }

  async resume(type: string | null, actor: Actor): Promise<QueueView> {
    await this.#parts.supervisor.resume(type, actor);
    return this.queue();
  }

  async workers(): Promise<readonly WorkerView[]> {
    const { pool, state } = this.#parts;
    return pool.slots.map((slot) => workerView(slot, state));
  }

  async recycle(workerId: string, actor: Actor): Promise<readonly WorkerView[]> {
    const slot = this.#parts.pool.slots.find(({ id }) => id === workerId);
    if (!slot) throw new Refusal('not_found', `there is no worker ${workerId}`);
    const noted = this.#parts.supervisor.recycled(workerId, actor);
    this.#parts.pool.recycle(slot);
    await noted;
    return this.workers();
  }

  async handlers() {
    return this.#parts.handlers.catalog;
  }

  knowsType(type: string): boolean {
    return this.#parts.supervisor.handlerOf(type) !== undefined;
  }

  ready() {
    const { state, journal } = this.#parts;
    if (state.draining) return { ready: false, reason: 'the supervisor is stopping' };
    return journal.full ? { ready: false, reason: 'the disk is full' } : { ready: true, reason: null };
  }

  async log(id: string, attempt: number | null) {
    const found = await this.#attempt(id, attempt);
    if (!found) return null;
    const { number, log, outcome, startedAt, finishedAt } = found;
    // Only an attempt cut by a crash may have a log without a place.
    if (!log && outcome !== null && outcome !== 'interrupted') return { lines: [], ended: true };
    const until = finishedAt === null ? null : Date.parse(finishedAt);
    const lines = await this.#parts.logs.read(id, number, log ?? null, Date.parse(startedAt), until);
    return { lines, ended: finishedAt !== null };
  }

  followLog(id: string, attempt: number | null, line: (line: LiveLine) => void, ended: () => void): () => void {
    const task = this.#parts.state.tasks.get(id);
    const current = task?.state === 'running' ? task.life?.attempts.at(-1)?.number : undefined;
    const number = attempt ?? current;
    if (number !== undefined && number === current) return this.#parts.logs.follow(id, number, line, ended);
    let stopped = false;
    void this.log(id, attempt).then((log) => {
      for (const each of log?.lines ?? []) if (!stopped) line(each);
      if (!stopped) ended();
    }, ended);
    return () => {
      stopped = true;
    };
  }

  async #attempt(id: string, attempt: number | null) {
    const task = await this.task(id);
    return task?.attempts.findLast(({ number }) => attempt === null || number === attempt) ?? null;
  }

  async status(): Promise<StatusView> {
    const { state, journal, health, identity, throughput, clock } = this.#parts;
    const { startedAt, timezone, ...same } = identity;
    const { segments, bytes, snapshotSeq } = journal.stats();
    const now = clock.monotonic();
    const due = nextDue(state);
    const view: Omit<StatusView, 'disk'> = {
      ...same,
      timezone: timezone(),
      node: process.version,
      pid: process.pid,
      startedAt: iso(startedAt),
      state: state.draining ? 'draining' : state.pausedAll ? 'paused' : 'running',
      counts: { ...state.counts },
      totals: { ...state.totals },
      throughput: {
        perMinute1: throughput.perMinute(now, 1),
        perMinute5: throughput.perMinute(now, 5),
        perMinute60: throughput.perMinute(now, 60),
      },
      nextDueAt: Number.isFinite(due) ? iso(due) : null,
      health: [
        ...health.items(),
        ...waitingForHandlers(state),
        ...schedulesStill(state.schedules),
        ...recovering(state, clock.wall(), identity.startedAt),
      ],
      journal: {
        epoch: journal.epoch,
        seq: state.seq,
        durableSeq: journal.durableSeq,
        bytes,
        segments,
        snapshotSeq,
        durability: journal.durability,
      },
      memory: { rssBytes: residentBytes() },
    };
    await this.#parts.supervisor.settled();
    const { bavail, blocks, bsize } = await statfs(identity.dataDir);
    return { ...view, disk: { freeBytes: bavail * bsize, totalBytes: blocks * bsize } };
  }
}

const CANCELABLE = TASK_STATE_NAMES.filter((state) => state === 'running' || movesFrom(state, 'task.canceled'));

function pauseView(pause: Pause | null) {
  return pause && { reason: pause.reason, by: pause.by, since: iso(pause.since) };
}

function workerView(slot: Slot, state: State): WorkerView {
  const thread = threadBehind(slot);
  const notes = thread?.notes ?? null;
  const seats = [...slot.flights].flatMap((flight) => flight.seats).filter((seat) => !seat.settled);
  const tasks = seats.flatMap(({ order }) => {
    const task = state.tasks.get(order.taskId);
    return task ? [{ id: task.id, type: order.type, attempt: order.attempt, since: iso(task.at) }] : [];
  });
  const unresponsive = seats.some((seat) => seat.stop?.reason === 'timed_out');
  return {
    id: slot.id,
    lane: slot.lane === 'io-own' ? 'io' : slot.lane,
    state: unresponsive ? 'unresponsive' : workerState(slot, tasks.length > 0, state.draining),
    slots: slot.capacity,
    tasks,
    startedAt: thread && iso(thread.startedAt),
    memory: notes && {
      heapBytes: notes[NOTES.heapBytes] as number,
      externalBytes: notes[NOTES.externalBytes] as number,
    },
    attempts: slot.attempts,
  };
}

/** The thread that has what the slot runs, else the one that would. */
function threadBehind({ flights, thread }: Slot): SlotThread | null {
  for (const flight of flights) return flight.thread;
  return thread;
}

/** Draining is what finishes before its thread ends: that has been replaced, or the supervisor stops. */
function workerState(slot: Slot, busy: boolean, stopping: boolean): WorkerView['state'] {
  const thread = threadBehind(slot);
  if (busy && (stopping || thread?.retired)) return 'draining';
  if (thread && !thread.notes) return 'starting';
  return busy ? 'busy' : 'idle';
}

function residentBytes(): number {
  return process.memoryUsage.rss();
}
