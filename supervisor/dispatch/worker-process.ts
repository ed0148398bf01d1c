/**
 * The worker process behind a slot of the lane `process`: what `Thread` is for the other lanes, for handlers that no
 * thread contains. It runs under a launcher, so that it and all it has started end with the supervisor. Orders travel as
 * messages, one at a time; no memory is shared, so the ledger of a flight is kept here and follows what the process says.
 */
import {
  type BatchResult,
  type ControlMessage,
  LEDGER,
  type ProcessMessage,
  type ProcessWord,
  type WorkerMessage,
} from '../../workers/contract.ts';
import type { Ended, Launched } from '../../workers/launcher.ts';
import type { Clock } from '../clock.ts';
import { type ProcessStart, startProcess } from './process-start.ts';
import { ending, RawOutput } from './process-words.ts';
import { Pulse } from './pulse.ts';
import type { Flight, Seat } from './slot.ts';

/** It ends after so long without an order. */
const restMs = 60_000;

export interface ProcessOptions extends ProcessStart {
  readonly clock: Clock;
  readonly heard: (message: WorkerMessage) => void;
  /** Nothing has run for a while. */
  readonly rested: () => void;
  /** It has ended, whoever wanted that; told before its flight is. */
  readonly gone: () => void;
}

interface Current {
  readonly flight: Flight;
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (error: Error) => void;
  sent: boolean;
  begun: boolean;
}

let made = 0;

export class WorkerProcess {
  readonly startedAt: number;
  culprit: Seat | null = null;
  /** Below zero: never the id of a thread. */
  readonly #id = -++made;
  readonly #options: ProcessOptions;
  readonly #flights = new Set<Flight>();
  readonly #raw = new RawOutput();
  /** Null when there could not even be a launcher. */
  readonly #launched: Launched | null;
  readonly #ended: Promise<void>;
  readonly #whenUp: (() => void)[] = [];
  readonly #whenGone: (() => void)[] = [];
  #notes: Float64Array | null = null;
  readonly #pulse = new Pulse();
  #current: Current | null = null;
  #closing = false;
  #empty: (() => void) | null = null;
  #stopRest: (() => void) | null = null;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.startedAt = options.clock.wall();
    try {
      this.#launched = startProcess(options, (stream, text) => this.#printed(stream, text));
      this.#launched.process.on('message', (word) => this.#heard(word as ProcessWord));
      this.#ended = this.#launched.ended.then(
        (how) => this.#launcherEnded(how),
        (error: Error) => this.#gone(`could not be started: ${error.message}`),
      );
    } catch (error) {
      this.#launched = null;
      // Whoever makes it hands over the first flight afterwards.
      this.#ended = Promise.resolve().then(() => this.#gone(`could not be started: ${(error as Error).message}`));
    }
  }

  get notes(): Float64Array | null {
    return this.#notes;
  }

  /** Takes no new flights; what is on it finishes. */
  get retired(): boolean {
    return this.#empty !== null || this.#closing;
  }

  get flights(): ReadonlySet<Flight> {
    return this.#flights;
  }

  take(flight: Flight): Promise<BatchResult> {
    this.#stopRest?.();
    this.#flights.add(flight);
    return new Promise((resolve, reject) => {
      this.#current = { flight, resolve, reject, sent: false, begun: false };
      this.#raw.newOrder();
      if (this.#notes) this.#send(this.#current);
    });
  }

  tell(message: ProcessMessage): void {
    const child = this.#launched?.process;
    if (child?.connected) child.send(message, () => {});
  }

  /** The flight has landed, was given up, or the process has ended under it. */
  leave(flight: Flight): void {
    this.#flights.delete(flight);
    if (this.#flights.size > 0) return;
    this.#empty?.();
    if (!this.retired) this.#stopRest = this.#options.clock.after(restMs, this.#options.rested);
  }

  /** Resolves once it is up, or has shown that it will not be. */
  warm(): Promise<void> {
    if (this.#notes || this.#closing) return Promise.resolve();
    return new Promise((resolve) => this.#whenUp.push(resolve));
  }

  /** Whether something keeps it from its own event loop. Asked every now and then while it runs something. */
  isStuck(now: number): boolean {
    return this.#pulse.isStuck(this.#notes, now);
  }

  /** Resolves when the last flight has left and it has ended. */
  async retire(): Promise<void> {
    if (this.#flights.size > 0) {
      await new Promise<void>((resolve) => {
        this.#empty = resolve;
      });
    }
    await this.destroy();
  }

  /** Ends it and all it has started, under whatever runs. */
  destroy(): Promise<void> {
    this.#closing = true;
    this.#stopRest?.();
    this.#launched?.control.destroy();
    return this.#ended;
  }

  /** Once it is told, it counts as begun: it cannot be taken back any more. */
  #send(current: Current): void {
    const { flight } = current;
    const [seat] = flight.seats;
    const { ledger } = flight.batch;
    if (!seat || Atomics.compareExchange(ledger, 0, LEDGER.waiting, LEDGER.begun) !== LEDGER.waiting) {
      this.#land(current, []);
      return;
    }
    current.sent = true;
    this.tell({ kind: 'order', order: seat.order });
  }

  #heard(word: ProcessWord): void {
    const { heard, setup } = this.#options;
    const threadId = this.#id;
    switch (word.kind) {
      case 'noted':
        this.#notes?.set(word.notes);
        break;
      case 'up':
        this.#cameUp();
        break;
      case 'begun':
        if (this.#current) this.#current.begun = true;
        break;
      case 'items':
        heard({ kind: 'items', threadId, incarnation: setup.incarnation, items: word.items });
        break;
      case 'printed':
        heard({ kind: 'printed', threadId, stream: word.stream, text: word.text });
        break;
      case 'ended':
        if (!word.reusable) this.#options.rested();
        if (this.#current) this.#land(this.#current, word.items);
        break;
    }
  }

  #cameUp(): void {
    this.#notes = new Float64Array(3);
    const control = {
      postMessage: (message: ControlMessage) => this.tell(message),
      on: (_event: 'close', call: () => void) => this.#whenGone.push(call),
      unref() {},
    };
    this.#options.heard({ kind: 'hello', threadId: this.#id, control, notes: this.#notes });
    for (const resolve of this.#whenUp.splice(0)) resolve();
    if (this.#current && !this.#current.sent) this.#send(this.#current);
  }

  #land(current: Current, items: BatchResult['items']): void {
    this.#current = null;
    if (current.sent) Atomics.store(current.flight.batch.ledger, 0, LEDGER.done);
    current.resolve({ threadId: this.#id, posted: 0, items });
  }

  /** Nobody but the attempt under way can have printed it. */
  #printed(stream: 'stdout' | 'stderr', line: string): void {
    const text = this.#raw.take(line);
    if (text === null) return;
    const order = this.#current?.flight.seats[0]?.order;
    const at = this.#options.clock.wall();
    if (!order) this.#heard({ kind: 'printed', stream, text });
    else {
      const { taskId, attempt } = order;
      this.#heard({ kind: 'items', items: [{ kind: 'log', taskId, attempt, at, level: stream, text }] });
    }
  }

  #launcherEnded(how: Ended): void {
    if (!how.told && !this.#closing) this.#killGroup();
    const words = ending(how, this.#raw.lastWord, this.#options.memoryMb);
    this.#gone(this.#notes ? words : `could not be started: it ${words}`);
  }

  #gone(words: string): void {
    const wasUp = this.#notes !== null;
    this.#closing = true;
    this.#notes = null;
    this.#stopRest?.();
    this.#options.gone();
    for (const call of [...this.#whenGone.splice(0), ...this.#whenUp.splice(0)]) call();
    const current = this.#current;
    this.#current = null;
    if (!current) return;
    // One that never came up would be tried for ever, were it nobody's fault; one that died before it heard of its order is.
    const blamed = !wasUp || current.begun;
    Atomics.store(current.flight.batch.ledger, 0, blamed ? LEDGER.begun : LEDGER.waiting);
    current.reject(new Error(words));
  }

  /** Somebody has killed its launcher. It is there still, most likely, and then nobody else gets its group's number. */
  #killGroup(): void {
    const pid = this.#launched?.process.pid;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // All of it is gone.
    }
  }
}
