/**
 * One set of threads, made together. The `cpu` slots share one, each `io` slot has a thread of its own.
 *
 * Retired, it ends with the last flight on it, however long that takes: Piscina's own `close` loses patience after half a
 * minute and ends its threads under what runs.
 */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Batch, BatchResult, WorkerMessage, WorkerSetup } from '../../workers/contract.ts';
import type { Flight } from './slot.ts';

/** Only a disk that hangs keeps a thread from loading its modules for so long. */
const loadingMsMax = 10_000;

export interface GenerationOptions {
  readonly workerFile: string;
  readonly setup: WorkerSetup;
  readonly threads: number;
  /** Batches that a thread takes at the same time. */
  readonly perThread: number;
  /** Wall time. */
  readonly startedAt: number;
  readonly heard: (message: WorkerMessage) => void;
}

export class Generation {
  readonly startedAt: number;
  /** The threads that are up, by number, each with what it notes of its memory. */
  readonly threads = new Map<number, Float64Array>();
  readonly #piscina: Piscina;
  readonly #flights = new Set<Flight>();
  #ended: Promise<void> | null = null;
  #retired: (() => void) | null = null;

  constructor({ workerFile, setup, threads, perThread, startedAt, heard }: GenerationOptions) {
    this.startedAt = startedAt;
    this.#piscina = new Piscina({
      filename: workerFile,
      name: 'perform',
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: perThread,
      atomics: 'disabled',
      recordTiming: false,
      workerData: setup,
    });
    this.#piscina.on('message', heard);
    // A late exception of an attempt that has ended kills an idle thread; Piscina replaces it.
    this.#piscina.on('error', () => {});
  }

  /** Takes no new flights; what is on it finishes. */
  get retired(): boolean {
    return this.#retired !== null || this.#ended !== null;
  }

  take(flight: Flight): Promise<BatchResult> {
    this.#flights.add(flight);
    return this.#piscina.run(flight.batch, flight.abort ? { signal: flight.abort.signal } : {});
  }

  /** The flight has landed, or its thread has ended under it. */
  leave(flight: Flight): void {
    this.#flights.delete(flight);
    if (this.#flights.size === 0) this.#retired?.();
  }

  /** Resolves once a thread is up, or has shown that it will not be. */
  async warm(nothing: Batch): Promise<void> {
    await this.#piscina.run(nothing);
  }

  /** Resolves when the last flight has left and the threads have ended. */
  async retire(): Promise<void> {
    if (this.#flights.size > 0) {
      await new Promise<void>((resolve) => {
        this.#retired = resolve;
      });
    }
    await this.destroy();
  }

  /** Ends the threads under whatever runs: at once, or once they have loaded. */
  destroy(): Promise<void> {
    this.#ended ??= this.#loaded().then(() => this.#piscina.destroy());
    return this.#ended;
  }

  /** Node 20 aborts the whole process when a thread is ended while it loads modules (`v8::Module::IsGraphAsync`). */
  async #loaded(): Promise<void> {
    const loading = this.#piscina.threads.filter(({ threadId }) => !this.threads.has(threadId));
    if (loading.length === 0) return;
    const bound = new AbortController();
    const timer = setTimeout(() => bound.abort(), loadingMsMax);
    await Promise.allSettled(loading.map((thread) => firstWord(thread, bound.signal)));
    clearTimeout(timer);
  }
}

async function firstWord(thread: Worker, signal: AbortSignal): Promise<void> {
  await Promise.race([once(thread, 'message', { signal }), once(thread, 'exit', { signal })]);
}
