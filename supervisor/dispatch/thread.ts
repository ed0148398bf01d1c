/**
 * The worker thread behind a slot. Each slot has one of its own, so that it can be replaced without touching the others.
 *
 * Retired, it ends with the last flight on it, however long that takes: Piscina's own `close` loses patience after half a
 * minute and ends its thread under what runs.
 */
import { once } from 'node:events';
import { Piscina } from 'piscina';
import {
  type BatchResult,
  type ControlMessage,
  type ControlPort,
  packBatch,
  type WorkerMessage,
  type WorkerSetup,
} from '../../workers/contract.ts';
import { Pulse } from './pulse.ts';
import type { Flight, Seat } from './slot.ts';

/** Only a disk that hangs keeps a thread from loading its modules for so long. */
const loadingMsMax = 10_000;

export interface ThreadOptions {
  readonly workerFile: string;
  readonly setup: WorkerSetup;
  /** Batches that it takes at the same time. */
  readonly capacity: number;
  /** Wall time. */
  readonly startedAt: number;
  readonly heard: (message: WorkerMessage) => void;
}

export class Thread {
  readonly startedAt: number;
  /** The order that has been given up and because of which it ends. */
  culprit: Seat | null = null;
  readonly #piscina: Piscina;
  readonly #flights = new Set<Flight>();
  /** What it notes of itself, in shared memory; null while it is not up, as its port. */
  #notes: Float64Array | null = null;
  #control: ControlPort | null = null;
  readonly #untold: ControlMessage[] = [];
  readonly #pulse = new Pulse();
  #ended: Promise<void> | null = null;
  #empty: (() => void) | null = null;

  constructor({ workerFile, setup, capacity, startedAt, heard }: ThreadOptions) {
    this.startedAt = startedAt;
    this.#piscina = new Piscina({
      filename: workerFile,
      name: 'perform',
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: capacity,
      atomics: 'disabled',
      recordTiming: false,
      workerData: setup,
    });
    this.#piscina.on('message', (message: WorkerMessage) => {
      if (message.kind === 'hello') this.#cameUp(message);
      heard(message);
    });
    // A late exception of an attempt that has ended kills an idle thread; Piscina replaces it.
    this.#piscina.on('error', () => {});
  }

  get notes(): Float64Array | null {
    return this.#notes;
  }

  /** Takes no new flights; what is on it finishes. */
  get retired(): boolean {
    return this.#empty !== null || this.#ended !== null;
  }

  get flights(): ReadonlySet<Flight> {
    return this.#flights;
  }

  take(flight: Flight): Promise<BatchResult> {
    this.#flights.add(flight);
    return this.#piscina.run(flight.batch);
  }

  /** The flight has landed, was given up, or its thread has ended under it. */
  leave(flight: Flight): void {
    this.#flights.delete(flight);
    if (this.#flights.size === 0) this.#empty?.();
  }

  /** Once it is up: an order may have begun on it before it is known to be. */
  tell(message: ControlMessage): void {
    if (this.#control) this.#control.postMessage(message);
    else this.#untold.push(message);
  }

  /** Resolves once it is up, or has shown that it will not be. */
  async warm(): Promise<void> {
    await this.#piscina.run(packBatch([], new Int32Array(new SharedArrayBuffer(0))));
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

  /** Ends it under whatever runs: at once, or once it has loaded. */
  destroy(): Promise<void> {
    this.#ended ??= this.#loaded().then(() => this.#piscina.destroy());
    return this.#ended;
  }

  #cameUp({ notes, control }: Extract<WorkerMessage, { kind: 'hello' }>): void {
    [this.#notes, this.#control] = [notes, control];
    for (const message of this.#untold.splice(0)) control.postMessage(message);
    control.on('close', () => {
      if (this.#control === control) [this.#notes, this.#control] = [null, null];
    });
  }

  /** Node 20 aborts the whole process when a thread is ended while it loads modules (`v8::Module::IsGraphAsync`). */
  async #loaded(): Promise<void> {
    const [thread] = this.#piscina.threads;
    if (!thread || this.#notes) return;
    const signal = AbortSignal.timeout(loadingMsMax);
    await Promise.race([once(thread, 'message', { signal }), once(thread, 'exit', { signal })]).catch(() => {});
  }
}
