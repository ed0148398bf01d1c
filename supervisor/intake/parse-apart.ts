/**
 * Reads large task files in a thread, one at a time, so that neither their size nor their contents can stop the
 * supervisor: a file that needs too much memory or time ends the thread and is wrong.
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type { TaskInput } from '../core/task-input.ts';
import { parseHeapMegabytesMax, parseMsMax, parseThreadIdleMs } from './intake-limits.ts';
import type { FromThread, ToThread } from './parse-thread.ts';
import { type Format, type TaskFile, wrong } from './task-file.ts';

const STOPPED = 'the inbox has stopped';

/** What the thread says about the file it is reading. */
interface Conversation {
  readonly hear: (answer: FromThread) => void;
  readonly give: (message: string) => void;
  readonly cut: () => void;
}

export interface ParseLimits {
  readonly heapMegabytesMax: number;
  readonly parseMsMax: number;
}

export class ParseApart {
  readonly #clock: Clock;
  readonly #limits: ParseLimits;
  #thread: Worker | null = null;
  #closed = false;
  #current: Conversation | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #forgetIdle: () => void = () => {};

  constructor(clock: Clock, limits: ParseLimits = { heapMegabytesMax: parseHeapMegabytesMax, parseMsMax }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @param bytes given away: not to be used again */
  read(bytes: Uint8Array<ArrayBuffer>, format: Format): Promise<TaskFile> {
    const reading = this.#queue.then(() => this.#read(bytes, format));
    this.#queue = reading.catch(() => {});
    return reading;
  }

  /** Ends what is being read; its promise is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current?.cut();
    this.#forgetIdle();
    await this.#end();
  }

  async #read(bytes: Uint8Array<ArrayBuffer>, format: Format): Promise<TaskFile> {
    if (this.#closed) throw new Error(STOPPED);
    this.#forgetIdle();
    const thread = this.#thread ?? this.#begin();
    try {
      return await this.#converse(thread, bytes, format);
    } finally {
      this.#current = null;
      this.#forgetIdle();
      this.#forgetIdle = this.#closed ? () => {} : this.#clock.after(parseThreadIdleMs, () => void this.#end());
    }
  }

  #begin(): Worker {
    const thread = new Worker(new URL('./parse-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.heapMegabytesMax },
    });
    this.#thread = thread;
    // One that has been given up may still speak while it ends.
    const mine = (): Conversation | null => (this.#thread === thread ? this.#current : null);
    thread.on('message', (answer: FromThread) => mine()?.hear(answer));
    thread.on('error', (error: NodeJS.ErrnoException) => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY' || error instanceof RangeError;
      mine()?.give(memory ? 'needs too much memory to be read: split it' : `could not be read: ${error.message}`);
    });
    thread.on('exit', () => mine()?.give('could not be read: the thread that read it ended'));
    return thread;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.terminate();
  }

  #converse(thread: Worker, bytes: Uint8Array<ArrayBuffer>, format: Format): Promise<TaskFile> {
    const { parseMsMax } = this.#limits;
    return new Promise((resolve, reject) => {
      const tasks: TaskInput[] = [];
      const give = (message: string): void => {
        stopClock();
        void this.#end();
        resolve(wrong(message));
      };
      const stopClock = this.#clock.after(parseMsMax, () =>
        give(`took longer than ${parseMsMax / 1_000} s to read: split it, or use NDJSON`),
      );
      const hear = (answer: FromThread): void => {
        if ('tasks' in answer) {
          for (const task of answer.tasks) tasks.push(task);
          if (!answer.last) {
            thread.postMessage({ more: true } satisfies ToThread);
            return;
          }
        }
        stopClock();
        resolve('tasks' in answer ? { ok: true, tasks } : { ok: false, mistakes: answer.wrong, more: answer.more });
      };
      const cut = (): void => {
        stopClock();
        reject(new Error(STOPPED));
      };
      this.#current = { hear, give, cut };
      thread.postMessage({ read: bytes, format } satisfies ToThread, [bytes.buffer]);
    });
  }
}
