/**
 * The worker threads and processes: where orders are performed.
 *
 * A thread is no crash boundary for what it runs, only for itself: when one dies, what it had begun has crashed, what it
 * had not begun is given back. Cancel is asked for by message first; a thread is ended only when grace has run out.
 */
import type {
  BatchResult,
  Order,
  OutcomeItem,
  Reply,
  StopReason,
  WorkerItem,
  WorkerMessage,
  WorkerSetup,
} from '../../workers/contract.ts';
import type { Clock } from '../clock.ts';
import { Arrivals } from './arrivals.ts';
import { type Blame, blame, endingOf, givenUp, isOverdue } from './blame.ts';
import {
  type Flight,
  freshFlight,
  freshSlot,
  isShared,
  isUnderWay,
  type Seat,
  type Slot,
  type SlotLane,
  type SlotThread,
  withdraw,
} from './slot.ts';
import { Thread } from './thread.ts';
import { WorkerProcess } from './worker-process.ts';

/** How often running orders are looked at for overdue ones; no timer runs while nothing does. */
const watchMs = 100;
/** An order that takes longer than this in a batch has its neighbours taken back. */
const patienceMs = 1_000;
/** A batch that waits in the pool for longer is taken back: what runs before it was not as small as expected. */
const waitingMsMax = 2_000;
/** Threads end after so long without an order. */
const idleMs = 60_000;

/** How an order ended without a word of its own. */
export interface Lost {
  readonly taskId: string;
  readonly attempt: number;
  readonly why: 'crashed' | 'timed_out' | 'canceled' | 'interrupted';
  readonly message: string;
  /** Its handler had begun. */
  readonly begun: boolean;
  readonly worker: 'thread' | 'process';
}

/** What the pool tells; all calls come on the main thread, an outcome at most once an order. */
export interface PoolListener {
  /** @param stopped why it had been asked to stop, if it had */
  outcome(item: OutcomeItem, stopped: StopReason | null): void;
  lost(lost: Lost): void;
  item(item: Exclude<WorkerItem, OutcomeItem>): void;
  /** A line that belongs to no attempt. */
  printed(worker: string, stream: 'stdout' | 'stderr', text: string): void;
  /** A slot has room again. */
  room(): void;
}

export interface Room {
  /** WORKERS */
  readonly threads: number;
  /** IO_WORKERS, once for our own handlers and once for others. */
  readonly ioThreads: number;
  readonly ioConcurrency: number;
  /** PROCESS_WORKERS */
  readonly processes: number;
}

export interface PoolOptions extends Room {
  readonly workerFile: string;
  readonly processFile: string;
  /** PROCESS_MEMORY */
  readonly processMemoryMb: number;
  readonly setup: WorkerSetup;
  readonly clock: Clock;
  readonly listener: PoolListener;
}

export class Pool {
  readonly #options: PoolOptions;
  /** CANCEL_GRACE; a thread is told when it begins. */
  graceMs: number;
  /** PROCESS_MEMORY; a process is told when it begins. */
  processMemoryMb: number;
  slots: readonly Slot[] = [];
  /** Taken out, but for what still runs on them. */
  readonly #leaving = new Set<Slot>();
  /** All threads there are, also those on which something still finishes. */
  readonly #living = new Set<SlotThread>();
  /** Threads that are up. */
  readonly #up = new Set<number>();
  /** Answers that leave at the end of this turn. */
  readonly #replies = new Map<SlotThread, Reply[]>();
  readonly #seats = new Map<string, Seat>();
  /** How many messages of each thread have arrived. */
  readonly #heardOf = new Map<number, number>();
  readonly #arrivals = new Arrivals();
  /** Results that overtook messages posted before them, on another port. */
  readonly #early: { readonly flight: Flight; readonly result: BatchResult }[] = [];
  #stopWatch: (() => void) | null = null;
  #stopIdle: (() => void) | null = null;
  #closed = false;
  readonly #whenGone: (() => void)[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.graceMs = options.setup.graceMs;
    this.processMemoryMb = options.processMemoryMb;
    this.resize(options);
  }

  /** Takes other numbers of threads. What runs on those that are too many finishes there. */
  resize({ threads, ioThreads, ioConcurrency, processes }: Room): void {
    const known = new Map(this.slots.map((slot) => [slot.id, slot]));
    const slotOf = (id: string, lane: SlotLane, capacity: number) => {
      const slot = known.get(id);
      if (slot?.capacity !== capacity) return freshSlot(id, lane, capacity);
      known.delete(id);
      return slot;
    };
    const lane = (name: SlotLane, count: number, capacity: number) =>
      Array.from({ length: count }, (_, index) => slotOf(`${name}-${index + 1}`, name, capacity));
    this.slots = [
      ...lane('cpu', threads, 1),
      ...lane('io', ioThreads, ioConcurrency),
      ...lane('io-own', ioThreads, ioConcurrency),
      ...lane('process', processes, 1),
    ];
    for (const slot of known.values()) {
      this.recycle(slot);
      if (slot.flights.size > 0) this.#leaving.add(slot);
    }
  }

  get busy(): boolean {
    return this.#seats.size > 0;
  }

  /**
   * A slot with room, the least busy one; null when the lane is full.
   * @param ahead batches that may wait behind those under way
   */
  slotFor(lane: SlotLane, reserved: ReadonlyMap<Slot, number>, ahead = 0): Slot | null {
    let best: Slot | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const slot of this.slots) {
      if (slot.lane !== lane) continue;
      const used = slot.taken + (reserved.get(slot) ?? 0);
      if (used < slot.capacity + ahead && used < least) [best, least] = [slot, used];
    }
    return best;
  }

  /** Resolves once a thread of these lanes is up, or has shown that it will not be. */
  async warm(lanes: ReadonlySet<SlotLane>): Promise<void> {
    const slots = [...lanes].flatMap((lane) => this.slots.find((slot) => slot.lane === lane) ?? []);
    await Promise.allSettled(slots.map((slot) => this.#threadOf(slot).warm()));
  }

  run(slot: Slot, orders: readonly Order[]): void {
    this.#stopIdle?.();
    const flight = freshFlight(slot, this.#threadOf(slot), orders, this.#options.clock.monotonic());
    slot.flights.add(flight);
    slot.taken += flight.takes;
    slot.attempts += orders.length;
    for (const seat of flight.seats) this.#seats.set(seat.order.taskId, seat);
    flight.thread.take(flight).then(
      (result) => this.#arrivals.add(result.items.length, () => this.#landed(flight, result)),
      (error: unknown) => this.#arrivals.add(0, () => this.#crashed(flight, error)),
    );
    this.#watch();
  }

  /** Asks an order to stop; one that has not begun is taken back at once. */
  stop(taskId: string, reason: StopReason): void {
    const seat = this.#seats.get(taskId);
    if (!seat || seat.stop) return;
    if (withdraw(seat)) {
      this.#lose(seat, blame(seat, reason === 'canceled' ? 'canceled' : 'interrupted', 'it had not begun'));
      return;
    }
    seat.stop = { since: this.#options.clock.monotonic(), reason };
    seat.flight.thread.tell({ kind: 'stop', taskId, attempt: seat.order.attempt, reason });
  }

  /** Asks everything that runs to stop. */
  stopAll(reason: StopReason): void {
    for (const taskId of [...this.#seats.keys()]) this.stop(taskId, reason);
  }

  /** Those of one turn travel together: what became durable at once is answered at once. */
  reply(reply: Reply): void {
    const thread = this.#seats.get(reply.taskId)?.flight.thread;
    if (!thread) return;
    const waiting = this.#replies.get(thread);
    if (waiting) waiting.push(reply);
    else {
      this.#replies.set(thread, [reply]);
      if (this.#replies.size === 1) process.nextTick(() => this.#sendReplies());
    }
  }

  #sendReplies(): void {
    for (const [thread, replies] of this.#replies) thread.tell({ kind: 'replies', replies });
    this.#replies.clear();
  }

  /** A new thread for a slot; what runs finishes on the old one, however long it takes. */
  recycle(slot: Slot): void {
    const { thread } = slot;
    slot.thread = null;
    if (thread) this.#end(thread, thread.retire());
  }

  /** Threads that have not ended; after `close` those that hang. */
  get threads(): number {
    return this.#up.size;
  }

  /** Ends all threads, at once. Orders under way are not reported any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatch?.();
    this.#stopIdle?.();
    for (const seat of this.#seats.values()) withdraw(seat);
    this.#seats.clear();
    await Promise.all([...this.#living].map((thread) => thread.destroy()));
  }

  /** Resolves once no thread is left: one that was ended on the way may outlive the `close` of the others. */
  gone(): Promise<void> {
    if (this.#up.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenGone.push(resolve));
  }

  #end(thread: SlotThread, ending: Promise<void>): void {
    void ending.catch(() => {}).then(() => this.#living.delete(thread));
  }

  #threadOf(slot: Slot): SlotThread {
    if (slot.thread) return slot.thread;
    const thread = slot.lane === 'process' ? this.#newProcess(slot) : this.#newThread(slot);
    slot.thread = thread;
    this.#living.add(thread);
    return thread;
  }

  #newThread(slot: Slot): Thread {
    const { workerFile, setup, clock } = this.#options;
    return new Thread({
      workerFile,
      setup: { ...setup, graceMs: this.graceMs, atOnce: isShared(slot.lane) },
      capacity: slot.capacity,
      startedAt: clock.wall(),
      heard: (message) => this.#heard(message, slot.id),
    });
  }

  #newProcess(slot: Slot): WorkerProcess {
    const { processFile, setup, clock } = this.#options;
    const made: WorkerProcess = new WorkerProcess({
      processFile,
      setup: { ...setup, graceMs: this.graceMs },
      memoryMb: this.processMemoryMb,
      clock,
      heard: (message) => this.#heard(message, slot.id),
      rested: () => slot.thread === made && this.recycle(slot),
      gone: () => {
        if (slot.thread === made) slot.thread = null;
        this.#living.delete(made);
      },
    });
    return made;
  }

  #heard(message: WorkerMessage, worker: string): void {
    if (message.kind === 'hello') {
      const { threadId, control } = message;
      this.#up.add(threadId);
      control.on('close', () => this.#arrivals.add(0, () => this.#goneThread(threadId)));
      control.unref();
    } else if (message.kind === 'printed') {
      const where = message.threadId < 0 ? worker : `${worker} thread ${message.threadId}`;
      this.#options.listener.printed(where, message.stream, message.text);
    } else if (message.incarnation === this.#options.setup.incarnation) {
      const { threadId, items } = message;
      this.#arrivals.add(items.length, () => {
        this.#heardOf.set(threadId, (this.#heardOf.get(threadId) ?? 0) + 1);
        if (this.#take(items)) this.#options.listener.room();
        if (this.#early.length > 0) this.#landEarly();
      });
    }
  }

  /** What a thread posted before it ended has arrived by now, or never will; its last result may be still on its way. */
  #goneThread(threadId: number): void {
    this.#up.delete(threadId);
    if (this.#up.size === 0) for (const resolve of this.#whenGone.splice(0)) resolve();
    this.#heardOf.set(threadId, Number.POSITIVE_INFINITY);
    this.#landEarly();
  }

  #landEarly(): void {
    for (const early of this.#early.splice(0)) this.#landed(early.flight, early.result);
  }

  /** @returns whether room has come of it */
  #take(items: readonly WorkerItem[]): boolean {
    const { listener } = this.#options;
    let room = false;
    for (const item of items) {
      const seat = this.#seats.get(item.taskId);
      if (seat?.order.attempt !== item.attempt) continue;
      if (item.kind !== 'outcome') listener.item(item);
      else if (this.#settle(seat)) {
        listener.outcome(item, seat.stop?.reason ?? null);
        room = this.#vacate(seat.flight) || room;
        this.#freeGivenUp(seat.flight);
      }
    }
    return room;
  }

  /** An order that has ended makes room where they share a thread; elsewhere its batch does. @returns whether it has */
  #vacate(flight: Flight): boolean {
    if (!isShared(flight.slot.lane)) return false;
    flight.takes--;
    flight.slot.taken--;
    return true;
  }

  #landed(flight: Flight, result: BatchResult): void {
    if (this.#closed) return;
    if ((this.#heardOf.get(result.threadId) ?? 0) < result.posted) {
      this.#early.push({ flight, result });
      return;
    }
    this.#take(result.items);
    for (const seat of flight.seats) {
      if (!seat.settled) this.#lose(seat, blame(seat, 'crashed', 'its worker ended the batch without a word about it'));
    }
    this.#free(flight);
  }

  #crashed(flight: Flight, error: unknown): void {
    if (this.#closed) return;
    const message = error instanceof Error ? error.message : String(error);
    for (const seat of flight.seats) {
      if (seat.settled) continue;
      this.#lose(seat, endingOf(seat, message, this.graceMs));
    }
    this.#free(flight);
  }

  #freeGivenUp(flight: Flight): void {
    if (flight.givenUp && flight.seats.every(({ settled }) => settled)) this.#free(flight);
  }

  #free(flight: Flight): void {
    if (!flight.slot.flights.delete(flight)) return;
    flight.slot.taken -= flight.takes;
    if (flight.slot.flights.size === 0) this.#leaving.delete(flight.slot);
    flight.thread.leave(flight);
    this.#options.listener.room();
    if (!this.busy) this.#endThreadsWhenIdle();
  }

  /** Threads with nothing to do cost memory: after a while they end, and the next order waits the 50 ms for new ones. */
  #endThreadsWhenIdle(): void {
    this.#stopIdle?.();
    this.#stopIdle = this.#options.clock.after(idleMs, () => {
      this.#stopIdle = null;
      if (this.slots.every(({ flights }) => flights.size === 0)) for (const slot of this.slots) this.recycle(slot);
    });
  }

  #settle(seat: Seat): boolean {
    if (seat.settled) return false;
    seat.settled = true;
    const { taskId } = seat.order;
    if (this.#seats.get(taskId) === seat) this.#seats.delete(taskId);
    return true;
  }

  #lose(seat: Seat, { why, told, begun }: Blame): void {
    if (!this.#settle(seat)) return;
    const { taskId, attempt } = seat.order;
    const worker = seat.flight.slot.lane === 'process' ? 'process' : 'thread';
    this.#options.listener.lost({ taskId, attempt, why, message: told, begun, worker });
    this.#freeGivenUp(seat.flight);
  }

  #watch(): void {
    this.#stopWatch ??= this.#options.clock.after(watchMs, () => {
      this.#stopWatch = null;
      for (const slot of [...this.slots, ...this.#leaving]) for (const flight of slot.flights) this.#look(flight);
      for (const thread of this.#living) this.#lookAt(thread);
      if (this.busy) this.#watch();
    });
  }

  #look(flight: Flight): void {
    const now = this.#options.clock.monotonic();
    const running = flight.seats.filter(isUnderWay);
    for (const seat of running) seat.runsSince ??= now;
    if (!flight.thread.notes) flight.since = now;
    // What waits behind another batch, or another order, does so for no longer than expected.
    const waitsLong = running.length === 0 && flight.behind && now - flight.since > waitingMsMax;
    if (waitsLong || running.some(({ runsSince }) => now - (runsSince as number) > patienceMs)) this.#giveBack(flight);
    for (const seat of running) if (!seat.settled && isOverdue(seat, now, this.graceMs)) this.#giveUp(seat, now);
  }

  #giveBack(flight: Flight): void {
    for (const seat of flight.seats) {
      if (!seat.settled && withdraw(seat))
        this.#lose(seat, blame(seat, 'interrupted', 'a task before it took longer than expected'));
    }
  }

  /** Asked each time, also while nothing is wrong: it takes some seconds to tell that a thread is stuck. */
  #lookAt(thread: SlotThread): void {
    const stuck = thread.flights.size > 0 && thread.isStuck(this.#options.clock.monotonic());
    if (stuck && thread.culprit) this.#end(thread, thread.destroy());
  }

  /**
   * An order that has not ended by itself is given up. Neighbors on its thread go on where that still turns: it takes
   * nothing more, and ends with the last of them. One that is stuck ends at once.
   */
  #giveUp(seat: Seat, now: number): void {
    seat.stop ??= { since: now, reason: 'timed_out' };
    const { flight } = seat;
    const { slot, thread } = flight;
    thread.culprit ??= seat;
    if (slot.thread === thread) slot.thread = null;
    const alone = ![...thread.flights].some(({ seats }) => seats.some((other) => other !== seat && isUnderWay(other)));
    if (alone || thread.isStuck(now)) {
      this.#end(thread, thread.destroy());
      return;
    }
    if (!thread.retired) this.#end(thread, thread.retire());
    flight.givenUp = true;
    const room = this.#vacate(flight);
    this.#lose(seat, givenUp(seat, this.graceMs));
    if (room) this.#options.listener.room();
  }
}
