/**
 * The worker threads: where orders are performed.
 *
 * A thread is no crash boundary for what it runs, only for itself: when one dies, what it had begun has crashed, what it
 * had not begun is given back. Cancel is asked for by message first; a thread is ended only when grace has run out.
 */
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import {
  type BatchResult,
  type ControlMessage,
  type Order,
  type OutcomeItem,
  packBatch,
  type ReplyMessage,
  type StopReason,
  type WorkerItem,
  type WorkerMessage,
  type WorkerSetup,
} from '../../workers/contract.ts';
import type { Clock } from '../clock.ts';
import { type Flight, freshFlight, freshSlot, hasBegun, isUnderWay, type Seat, type Slot, withdraw } from './slot.ts';

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

export interface PoolOptions {
  readonly workerFile: string;
  readonly setup: WorkerSetup;
  readonly threads: number;
  readonly ioThreads: number;
  readonly ioConcurrency: number;
  readonly clock: Clock;
  readonly listener: PoolListener;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #cpu: readonly Slot[];
  readonly #io: readonly Slot[];
  readonly #generations = new Map<Slot | 'cpu', Piscina>();
  readonly #closing = new Set<Promise<void>>();
  readonly #ports = new Map<number, MessagePort>();
  readonly #seats = new Map<string, Seat>();
  /** How many messages of each thread have arrived. */
  readonly #heardOf = new Map<number, number>();
  /** Results that overtook messages posted before them, on another port. */
  readonly #early: { readonly flight: Flight; readonly result: BatchResult }[] = [];
  readonly #startedAt: number;
  #stopWatch: (() => void) | null = null;
  #stopIdle: (() => void) | null = null;
  #closed = false;
  readonly #whenGone: (() => void)[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#startedAt = options.clock.wall();
    this.#cpu = Array.from({ length: options.threads }, (_, index) => freshSlot(`cpu-${index + 1}`, 'cpu', 1));
    this.#io = Array.from({ length: options.ioThreads }, (_, index) =>
      freshSlot(`io-${index + 1}`, 'io', options.ioConcurrency),
    );
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  get slots(): readonly Slot[] {
    return [...this.#cpu, ...this.#io];
  }

  get busy(): boolean {
    return this.#seats.size > 0;
  }

  /**
   * A slot with room, the least busy one; null when the lane is full.
   * @param ahead flights that may wait behind those under way
   */
  slotFor(lane: Slot['lane'], reserved: ReadonlyMap<Slot, number>, ahead = 0): Slot | null {
    let best: Slot | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const slot of lane === 'cpu' ? this.#cpu : this.#io) {
      const used = slot.flights.size + (reserved.get(slot) ?? 0);
      if (used < slot.capacity + ahead && used < least) [best, least] = [slot, used];
    }
    return best;
  }

  /** Resolves once a thread of these lanes is up, or has shown that it will not be. */
  async warm(lanes: ReadonlySet<Slot['lane']>): Promise<void> {
    const nothing = packBatch([], new Int32Array(new SharedArrayBuffer(0)));
    const slots = [this.#cpu[0], this.#io[0]].filter((slot) => slot !== undefined && lanes.has(slot.lane));
    await Promise.allSettled(slots.map((slot) => this.#piscinaOf(slot as Slot).run(nothing)));
  }

  run(slot: Slot, orders: readonly Order[]): void {
    this.#stopIdle?.();
    const flight = freshFlight(slot, this.#piscinaOf(slot), orders, this.#options.clock.monotonic());
    slot.flights.add(flight);
    slot.attempts += orders.length;
    for (const seat of flight.seats) this.#seats.set(seat.order.taskId, seat);
    flight.threads.run(flight.batch, flight.abort ? { signal: flight.abort.signal } : {}).then(
      (result: BatchResult) => this.#landed(flight, result),
      (error: unknown) => this.#crashed(flight, error),
    );
    this.#watch();
  }

  /** Asks an order to stop; one that has not begun is taken back at once. */
  stop(taskId: string, reason: StopReason): void {
    const seat = this.#seats.get(taskId);
    if (!seat || seat.stop) return;
    if (withdraw(seat)) {
      this.#lose(seat, reason === 'canceled' ? 'canceled' : 'interrupted', 'it had not begun');
      return;
    }
    seat.stop = { since: this.#options.clock.monotonic(), reason };
    this.#tell({ kind: 'stop', taskId, attempt: seat.order.attempt, reason });
  }

  /** Asks everything that runs to stop. */
  stopAll(reason: StopReason): void {
    for (const taskId of [...this.#seats.keys()]) this.stop(taskId, reason);
  }

  reply(message: ReplyMessage): void {
    this.#tell(message);
  }

  /** New threads for the lane of a slot; what runs finishes on the old ones. */
  recycle(slot: Slot): void {
    const key = generationKey(slot);
    const old = this.#generations.get(key);
    this.#generations.delete(key);
    if (old) this.#end(old.close());
  }

  /** Threads that have not ended; after `close` those that hang. */
  get threads(): number {
    return this.#ports.size;
  }

  /** Ends all threads, at once. Orders under way are not reported any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatch?.();
    this.#stopIdle?.();
    this.#seats.clear();
    for (const piscina of this.#generations.values()) this.#end(piscina.destroy());
    this.#generations.clear();
    await Promise.all(this.#closing);
  }

  /** Resolves once no thread is left: one that was ended on the way may outlive the `close` of the others. */
  gone(): Promise<void> {
    if (this.#ports.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenGone.push(resolve));
  }

  #end(ending: Promise<void>): void {
    const done = ending.catch(() => {}).then(() => void this.#closing.delete(done));
    this.#closing.add(done);
  }

  #piscinaOf(slot: Slot): Piscina {
    const key = generationKey(slot);
    const known = this.#generations.get(key);
    if (known) return known;
    const threads = slot.lane === 'cpu' ? this.#cpu.length : 1;
    const piscina = new Piscina({
      filename: this.#options.workerFile,
      name: 'perform',
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: slot.lane === 'cpu' ? 1 : slot.capacity,
      atomics: 'disabled',
      recordTiming: false,
      workerData: this.#options.setup,
    });
    piscina.on('message', (message: WorkerMessage) => this.#heard(message, key === 'cpu' ? 'cpu' : key.id));
    // A late exception of an attempt that has ended kills an idle thread; Piscina replaces it.
    piscina.on('error', () => {});
    this.#generations.set(key, piscina);
    return piscina;
  }

  #heard(message: WorkerMessage, worker: string): void {
    if (message.kind === 'hello') {
      const { threadId, control } = message;
      this.#ports.set(threadId, control);
      control.on('close', () => this.#goneThread(threadId));
      control.unref();
    } else if (message.kind === 'printed') {
      this.#options.listener.printed(`${worker} thread ${message.threadId}`, message.stream, message.text);
    } else if (message.incarnation === this.#options.setup.incarnation) {
      this.#heardOf.set(message.threadId, (this.#heardOf.get(message.threadId) ?? 0) + 1);
      this.#take(message.items);
      if (this.#early.length > 0) this.#landEarly();
    }
  }

  /** What a thread posted before it ended has arrived by now, or never will; its last result may be still on its way. */
  #goneThread(threadId: number): void {
    this.#ports.delete(threadId);
    if (this.#ports.size === 0) for (const resolve of this.#whenGone.splice(0)) resolve();
    this.#heardOf.set(threadId, Number.POSITIVE_INFINITY);
    this.#landEarly();
  }

  #landEarly(): void {
    for (const early of this.#early.splice(0)) this.#landed(early.flight, early.result);
  }

  #take(items: readonly WorkerItem[]): void {
    const { listener } = this.#options;
    for (const item of items) {
      const seat = this.#seats.get(item.taskId);
      if (seat?.order.attempt !== item.attempt) continue;
      if (item.kind !== 'outcome') listener.item(item);
      else if (this.#settle(seat)) listener.outcome(item, seat.stop?.reason ?? null);
    }
  }

  #landed(flight: Flight, result: BatchResult): void {
    if ((this.#heardOf.get(result.threadId) ?? 0) < result.posted) {
      this.#early.push({ flight, result });
      return;
    }
    this.#take(result.items);
    for (const seat of flight.seats) {
      if (!seat.settled) this.#lose(seat, 'crashed', 'its worker ended the batch without a word about it');
    }
    this.#free(flight);
  }

  #crashed(flight: Flight, error: unknown): void {
    if (this.#closed) return;
    const message = error instanceof Error ? error.message : String(error);
    for (const seat of flight.seats) {
      if (seat.settled) continue;
      if (isUnderWay(seat)) this.#lose(seat, endedBy(seat), this.#whyEnded(seat, message));
      else this.#lose(seat, 'interrupted', 'its worker thread ended before it had begun or been heard');
    }
    this.#free(flight);
  }

  /** @param message what the thread's end said of itself, which for one that was ended on purpose tells nothing */
  #whyEnded(seat: Seat, message: string): string {
    const why = endedBy(seat);
    const grace = inSeconds(this.#options.setup.graceMs);
    if (why === 'crashed') return `its worker thread ended: ${message}`;
    if (why === 'interrupted') return 'its worker thread was ended because of something else';
    if (why === 'canceled')
      return `did not end within the grace of ${grace} after it was canceled, so its worker thread was ended`;
    const timeout = inSeconds(seat.order.timeoutMs ?? 0);
    return `did not end within its timeout of ${timeout} and the grace of ${grace}, so its worker thread was ended`;
  }

  #free(flight: Flight): void {
    flight.slot.flights.delete(flight);
    this.#options.listener.room();
    if (!this.busy) this.#endThreadsWhenIdle();
  }

  /** Threads with nothing to do cost memory: after a while they end, and the next order waits the 50 ms for new ones. */
  #endThreadsWhenIdle(): void {
    this.#stopIdle?.();
    this.#stopIdle = this.#options.clock.after(idleMs, () => {
      this.#stopIdle = null;
      if (this.slots.every(({ flights }) => flights.size === 0)) this.#closeGenerations();
    });
  }

  #closeGenerations(): void {
    for (const piscina of this.#generations.values()) this.#end(piscina.close());
    this.#generations.clear();
  }

  #settle(seat: Seat): boolean {
    if (seat.settled) return false;
    seat.settled = true;
    const { taskId } = seat.order;
    if (this.#seats.get(taskId) === seat) this.#seats.delete(taskId);
    return true;
  }

  #lose(seat: Seat, why: Lost['why'], message: string): void {
    if (!this.#settle(seat)) return;
    const { taskId, attempt } = seat.order;
    this.#options.listener.lost({ taskId, attempt, why, message, begun: hasBegun(seat) });
  }

  #tell(message: ControlMessage): void {
    for (const port of this.#ports.values()) port.postMessage(message);
  }

  #watch(): void {
    this.#stopWatch ??= this.#options.clock.after(watchMs, () => {
      this.#stopWatch = null;
      for (const slot of this.slots) for (const flight of slot.flights) this.#look(flight);
      if (this.busy) this.#watch();
    });
  }

  #look(flight: Flight): void {
    const now = this.#options.clock.monotonic();
    const seat = flight.seats.find(isUnderWay);
    if (!seat) flight.current = null;
    else if (flight.current?.seat !== seat) flight.current = { seat, since: now };
    if (!flight.current) {
      // It waits behind another: not for longer than what is in it would take.
      if (flight.behind && now - flight.since > waitingMsMax) this.#giveBack(flight);
      return;
    }
    if (isOverdue(flight.current, now, this.#options.setup.graceMs)) this.#kill(flight.current.seat, now);
    else if (now - flight.current.since > patienceMs) this.#giveBack(flight);
  }

  #giveBack(flight: Flight): void {
    for (const seat of flight.seats) {
      if (!seat.settled && withdraw(seat))
        this.#lose(seat, 'interrupted', 'a task before it took longer than expected');
    }
  }

  /** Ends the thread under an order that has not ended by itself. */
  #kill(seat: Seat, now: number): void {
    seat.stop ??= { since: now, reason: 'timed_out' };
    const { slot, abort, threads } = seat.flight;
    if (abort) {
      abort.abort();
      return;
    }
    if (this.#generations.get(slot) === threads) this.#generations.delete(slot);
    this.#end(threads.destroy());
  }
}

function inSeconds(ms: number): string {
  return `${ms / 1_000} s`;
}

/** The `cpu` slots share one set of threads; each `io` slot is a thread of its own, so that ending it hits no other. */
function generationKey(slot: Slot): Slot | 'cpu' {
  return slot.lane === 'cpu' ? 'cpu' : slot;
}

function isOverdue(
  { seat, since }: { readonly seat: Seat; readonly since: number },
  now: number,
  graceMs: number,
): boolean {
  if (seat.stop) return now - seat.stop.since > graceMs;
  return seat.order.timeoutMs !== null && now - since > seat.order.timeoutMs + graceMs;
}

/** A thread that was ended on purpose takes its order along for the reason it was ended, its neighbors for none. */
function endedBy(seat: Seat): Lost['why'] {
  if (seat.stop) return seat.stop.reason === 'drain' ? 'interrupted' : seat.stop.reason;
  for (const flight of seat.flight.slot.flights) {
    if (
      flight !== seat.flight &&
      flight.threads === seat.flight.threads &&
      flight.seats.some((neighbor) => neighbor.stop !== null)
    )
      return 'interrupted';
  }
  return 'crashed';
}
