/**
 * Reads large task files in a thread, one at a time, so that neither their size nor their contents can stop the
 * supervisor: a file that needs too much memory or time ends the thread and is wrong.
 */
import { Worker } from 'node:worker_threads';
import type { TaskInput } from '../core/task-input.ts';
import type { Clock } from '../clock.ts';
import { parseHeapMegabytesMax, parseMsMax, parseThreadIdleMs } from './intake-limits.ts';
import type { FromThread, ToThread } from './parse-thread.ts';
import { type Format, type TaskFile, wrong } from './task-file.ts';

export class ParseApart {
  readonly #clock: Clock;
  #thread: Worker | null = null;
  #closed = false;
  #queue: Promise<unknown> = Promise.resolve();
  #forgetIdle: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
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
    this.#forgetIdle();
    await this.#end();
  }

  async #read(bytes: Uint8Array<ArrayBuffer>, format: Format): Promise<TaskFile> {
    if (this.#closed) throw new Error('the inbox has stopped');
    this.#forgetIdle();
    const thread = this.#thread ?? this.#begin();
    const file = await this.#converse(thread, bytes, format);
    this.#forgetIdle();
    this.#forgetIdle = this.#clock.after(parseThreadIdleMs, () => void this.#end());
    return file;
  }

  #begin(): Worker {
    const thread = new Worker(new URL('./parse-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: parseHeapMegabytesMax },
    });
    this.#thread = thread;
    return thread;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.terminate();
  }

  #converse(thread: Worker, bytes: Uint8Array<ArrayBuffer>, format: Format): Promise<TaskFile> {
    return new Promise((resolve, reject) => {
      const tasks: TaskInput[] = [];
      const done = (file: TaskFile): void => {
        stopClock();
        thread.removeAllListeners();
        // An end that nobody waits for any more must not become an uncaught error.
        thread.on('error', () => {});
        resolve(file);
      };
      const broken = (message: string): void => {
        void this.#end();
        done(wrong(message));
      };
      const stopClock = this.#clock.after(parseMsMax, () => broken(`took longer than ${parseMsMax / 1_000} s to read: split it, or use NDJSON`));
      thread.on('message', (answer: FromThread) => {
        if ('wrong' in answer) return done({ ok: false, mistakes: answer.wrong, more: answer.more });
        for (const task of answer.tasks) tasks.push(task);
        if (answer.last) return done({ ok: true, tasks });
        thread.postMessage({ more: true } satisfies ToThread);
      });
      thread.on('error', (error: NodeJS.ErrnoException) => {
        const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY' || error instanceof RangeError;
        broken(memory ? 'needs too much memory to be read: split it' : `could not be read: ${error.message}`);
      });
      thread.on('exit', () => {
        if (this.#closed) {
          stopClock();
          reject(new Error('the inbox has stopped'));
        } else broken('could not be read: the thread that read it ended');
      });
      thread.postMessage({ read: bytes, format } satisfies ToThread, [bytes.buffer]);
    });
  }
}
