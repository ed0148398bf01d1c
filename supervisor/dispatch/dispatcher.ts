/**
 * From queue to worker and back: claims what may run, has its start written down, hands it to the pool, and turns how it
 * ended into an event. An attempt's start is on disk before its handler runs, so a task that kills the process is counted.
 */
import type {
  CallItem,
  CleanupName,
  HandlerDescription,
  Order,
  OutcomeItem,
  StopReason,
  StoreRequest,
  TaskAccess,
  WorkerItem,
} from '../../workers/contract.ts';
import type { LibraryRequest } from '../../workers/library-contract.ts';
import type { Clock } from '../clock.ts';
import { type Ending, endAttempt } from '../core/decide/attempt.ts';
import { claimTask } from '../core/decide/claim.ts';
import type { Event } from '../core/event.ts';
import type { State } from '../core/state.ts';
import type { LogPlace, Outcome, Task } from '../core/task.ts';
import { attemptOf, createdAt } from '../core/task.ts';
import { batchesAheadMax, batchTasksMax, type Departure, Pace, Plan } from './plan.ts';
import type { Lost, Pool, PoolListener } from './pool.ts';
import { ProgressRelay } from './progress.ts';
import { isShared, roomOf, SLOT_LANES, type Slot, type SlotLane } from './slot.ts';

/** What the dispatcher needs of the rest of the supervisor. */
export interface DispatcherParts {
  readonly state: State;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly chance: () => number;
  /** Applies and journals one event; the answer is its sequence number. */
  record(event: Event, lazy?: boolean): number;
  /** A worker printed a line that belongs to no attempt. */
  printed(worker: string, stream: 'stdout' | 'stderr', text: string): void;
  /** Told of each order whose thread went down under it, before that is recorded. */
  lost(lost: Lost): void;
  durable(seq: number): Promise<void>;
  /** Sees to it that the params of these tasks are in memory as text. */
  warm(tasks: readonly Task[]): Promise<void> | null;
  handlerOf(type: string): HandlerDescription | undefined;
  /** @param revision settings the task was created with */
  settingsFor(handler: HandlerDescription, revision: string | null): Readonly<Record<string, string>>;
  /** False while new work must not begin: disk full, starting. */
  mayClaim(): boolean;
  log(taskId: string, attempt: number, line: { at: number; level: string; text: string }): void;
  endLog(taskId: string, attempt: number): LogPlace | null;
  /** A handler's `ctx.submit`: resolves with the new task's id once it is durable. */
  submitFrom(parent: Task, call: number, task: unknown): Promise<{ id: string }>;
  /** A handler's `ctx.next`: resolves once it is durable. */
  nextFrom(parent: Task, work: unknown): Promise<{ added: boolean }>;
  /** What a `*.cleanup` handler is for. @returns what its task gives as its result */
  cleanUp(what: CleanupName): Promise<unknown>;
  /** A handler's `ctx.store`. */
  storeFrom(task: Task, request: StoreRequest): Promise<unknown>;
  /** Answers a handler's question to the catalog of the library. */
  libraryFrom(task: Task, attempt: number, request: LibraryRequest): Promise<unknown>;
  /** How a program of this attempt reaches the API; null when nothing listens. */
  accessFor(taskId: string, attempt: number): TaskAccess | null;
  readonly bootId: string;
}

const lostCode = {
  crashed: 'worker_crashed',
  timed_out: 'timed_out',
  canceled: 'canceled',
  interrupted: 'interrupted',
} as const satisfies Record<Lost['why'], Outcome>;

export class Dispatcher implements PoolListener {
  readonly #parts: DispatcherParts;
  readonly #pace = new Pace();
  readonly #progress: ProgressRelay;
  readonly #reserved = new Map<Slot, number>();
  /** Handlers of claimed tasks that have not left yet: another version may come meanwhile, or the file may go. */
  readonly #claimed = new Map<string, HandlerDescription>();
  /** Departures of this turn. */
  readonly #leaving: Departure[] = [];
  #pool: Pool | null = null;
  #idle: (() => void)[] = [];

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#progress = new ProgressRelay(parts.clock, (event) => {
      if (this.#isUnderWay(event)) parts.record(event, true);
    });
  }

  begin(pool: Pool): void {
    const { suspects, lanes } = this.#parts.state;
    const claim = () => {
      this.#pool = pool;
      this.pump();
    };
    // From its claim on a suspect counts as running alone: were a thread still to be made, a kill in that time would be
    // held against a handler that had not begun.
    const wanted = [...suspects].map(({ options }) => (lanes?.get(options.type) ?? 'cpu') as SlotLane);
    if (wanted.length === 0) claim();
    else void pool.warm(new Set(wanted)).then(claim);
  }

  /** Claims all that may run now. Called whenever something changed that may let more run; costs little when nothing did. */
  pump(): void {
    const { state, clock } = this.#parts;
    if (!this.#pool || !this.#parts.mayClaim()) return;
    if (state.ready.size === 0) return;
    const now = clock.wall();
    const plan = new Plan(this.#pool, this.#pace, this.#reserved);
    this.#releaseLanes(now);
    let seq = 0;
    for (;;) {
      const claim = claimTask(state, now, (type) => plan.hasRoom(type, this.#laneOf(type)));
      if (!claim) break;
      const { task, solo } = claim;
      const slot = plan.add(task, this.#laneOf(task.options.type), solo);
      const handler = this.#parts.handlerOf(task.options.type);
      if (handler) this.#claimed.set(task.id, handler);
      seq = this.#parts.record({
        e: 'attempt.started',
        id: task.id,
        n: attemptOf(task) + 1,
        worker: slot.id,
        handler: handler?.version ?? null,
        solo,
      });
    }
    if (seq > 0) void this.#depart(plan.departures, seq);
  }

  /** Asks a running task to stop: its wish to be canceled is already written down. */
  stop(taskId: string, reason: StopReason): void {
    this.#pool?.stop(taskId, reason);
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    if (this.#parts.state.running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    this.#progress.stop();
  }

  async #depart(departures: readonly Departure[], seq: number): Promise<void> {
    try {
      await this.#parts.durable(seq);
      for (const departure of departures) {
        const cold = this.#parts.warm(departure.tasks);
        if (cold) await cold;
        this.#gather(departure);
      }
    } catch {
      // The journal has failed and the supervisor is ending: nothing may start any more.
    }
  }

  /** What became durable together, and shares a thread, travels together. */
  #gather({ slot, tasks }: Departure): void {
    if (this.#leaving.length === 0) queueMicrotask(() => this.#leaveAll());
    const open = isShared(slot.lane) ? this.#leaving.findLast((other) => other.slot === slot) : undefined;
    if (open && open.tasks.length + tasks.length <= batchTasksMax) open.tasks.push(...tasks);
    else this.#leaving.push({ slot, tasks: [...tasks] });
  }

  #leaveAll(): void {
    for (const departure of this.#leaving.splice(0)) this.#leave(departure);
  }

  #leave({ slot, tasks }: Departure): void {
    this.#reserved.set(slot, (this.#reserved.get(slot) ?? 0) - roomOf(slot.lane, tasks.length));
    const orders: Order[] = [];
    for (const task of tasks) {
      const handler = this.#claimed.get(task.id);
      this.#claimed.delete(task.id);
      if (task.state !== 'running') continue;
      // Whoever waited for the disk looks at the wish again.
      if (task.life?.cancelRequestedAt != null) this.#end(task, lostEnding('canceled', 'canceled before it began'));
      else orders.push(this.#orderFor(task, handler));
    }
    if (orders.length > 0) this.#pool?.run(slot, orders);
    else this.room();
  }

  #orderFor(task: Task, handler: HandlerDescription | undefined): Order {
    const { options, id } = task;
    if (!handler) throw new Error(`task ${id} was claimed without a handler for ${options.type}`);
    return {
      taskId: id,
      type: options.type,
      attempt: attemptOf(task),
      params: this.#parts.state.params.text(task.params) as string,
      createdAt: createdAt(id),
      priority: options.priority,
      tags: options.tags,
      group: options.group,
      run: options.run,
      timeoutMs: options.timeoutMs ?? handler.timeoutMs,
      resume: task.life?.checkpoint ?? null,
      handlerUrl: handler.url,
      handlerVersion: handler.version,
      settings: this.#parts.settingsFor(handler, options.settingsRevision),
    };
  }

  outcome(item: OutcomeItem, stopped: StopReason | null): void {
    const task = this.#attempt(item.taskId, item.attempt);
    if (!task) return;
    this.#pace.note(task.options.type, item.durationMs);
    const cut = item.outcome === 'canceled' && stopped === 'drain';
    this.#end(task, {
      outcome: cut ? 'interrupted' : item.outcome,
      error: item.error,
      result: item.result,
      retryable: item.retryable,
      retryAfterMs: item.retryAfterMs,
      backoffHolds: item.backoffHolds === true,
      log: null,
      begun: true,
    });
  }

  lost(lost: Lost): void {
    const { taskId, attempt, why, message, begun } = lost;
    const task = this.#attempt(taskId, attempt);
    if (!task) return;
    this.#parts.lost(lost);
    this.#end(task, { ...lostEnding(lostCode[why], message), begun });
  }

  item(item: Exclude<WorkerItem, OutcomeItem>): void {
    const task = this.#attempt(item.taskId, item.attempt);
    if (!task) return;
    switch (item.kind) {
      case 'log':
        this.#parts.log(item.taskId, item.attempt, { at: item.at, level: item.level, text: item.text });
        break;
      case 'progress':
      case 'count':
        this.#progress.note(item);
        break;
      case 'checkpoint':
        this.#parts.record({ e: 'attempt.checkpointed', id: item.taskId, n: item.attempt, data: item.data });
        break;
      case 'call':
        void this.#answer(task, item);
        break;
    }
  }

  printed(worker: string, stream: 'stdout' | 'stderr', text: string): void {
    this.#parts.printed(worker, stream, text);
  }

  room(): void {
    this.pump();
  }

  async #answer(task: Task, item: CallItem): Promise<void> {
    const { taskId, attempt, call } = item;
    try {
      const value = await this.#valueFor(task, item);
      this.#pool?.reply({ taskId, attempt, call, value });
    } catch (thrown) {
      const { code, message } = thrown as { code?: string; message?: string };
      this.#pool?.reply({
        taskId,
        attempt,
        call,
        error: { code: code ?? 'fault', message: message ?? String(thrown) },
      });
    }
  }

  async #valueFor(task: Task, { taskId, attempt, call, request }: CallItem): Promise<unknown> {
    const { submitFrom, nextFrom, storeFrom, libraryFrom, accessFor, cleanUp, durable, record, bootId } = this.#parts;
    switch (request.name) {
      case 'submit':
        return submitFrom(task, call, request.task);
      case 'next':
        return nextFrom(task, request.work);
      case 'store':
        return storeFrom(task, request.ask);
      case 'library':
        return libraryFrom(task, attempt, request.ask);
      case 'access':
        return accessFor(taskId, attempt);
      case 'cleanup':
        return cleanUp(request.what);
      case 'child': {
        const { groupId: group, startTicks: ticks } = request;
        await durable(record({ e: 'child.started', id: taskId, n: attempt, group, ticks, boot: bootId }));
        return true;
      }
    }
  }

  #end(task: Task, ending: Ending): void {
    const { clock, chance } = this.#parts;
    const number = attemptOf(task);
    this.#progress.end(task.id);
    const log = this.#parts.endLog(task.id, number);
    this.#parts.record(endAttempt(task, number, { ...ending, log }, clock.wall(), chance()));
    if (this.#parts.state.running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Lines parked because their lane was full come back as far as there is room again. */
  #releaseLanes(now: number): void {
    const { ready } = this.#parts.state;
    for (const lane of SLOT_LANES) {
      if (!ready.isParked(`lane:${lane}`)) continue;
      if (this.#pool?.slotFor(lane, this.#reserved, lane === 'cpu' ? batchesAheadMax : 0))
        ready.release(`lane:${lane}`, batchTasksMax, now);
    }
  }

  #laneOf(type: string): SlotLane {
    return (this.#parts.state.lanes?.get(type) ?? 'cpu') as SlotLane;
  }

  /** The task, if this attempt of it is under way. */
  #attempt(taskId: string, attempt: number): Task | null {
    const task = this.#parts.state.tasks.get(taskId);
    return task?.state === 'running' && attemptOf(task) === attempt ? task : null;
  }

  #isUnderWay(event: Event): boolean {
    return event.e === 'attempt.progressed' && this.#attempt(event.id, event.n) !== null;
  }
}

function lostEnding(outcome: Outcome, message: string): Ending {
  return { outcome, error: { code: outcome, message }, result: null, retryable: true, retryAfterMs: null, log: null };
}
