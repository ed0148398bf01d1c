/**
 * Reads large task files in a process of its own, one at a time, so that neither their size nor their contents can stop
 * the supervisor: a file that needs too much memory or time ends that process and is wrong. A thread would not do: one
 * that runs out of memory may take the whole process along.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import type { TaskInput } from '../core/task-input.ts';
import type { MistakeCode } from './document.ts';
import { parseHeapMegabytesMax, parseMsMax, parseProcessIdleMs } from './intake-limits.ts';
import type { FromReader, ToReader } from './parse-process.ts';
import { type Format, type TaskFile, wrong } from './task-file.ts';

const STOPPED = 'the inbox has stopped';
/** 128 + SIGABRT: how V8 ends a process that has run out of memory, where a shell stands in between. */
const abortedCode = 134;

/** What the process says about the file it is reading. */
interface Conversation {
  readonly hear: (answer: FromReader) => void;
  readonly give: (code: MistakeCode, message: string) => void;
  readonly cut: () => void;
}

export interface ParseLimits {
  readonly heapMegabytesMax: number;
  readonly parseMsMax: number;
}

export class ParseApart {
  readonly #clock: Clock;
  readonly #limits: ParseLimits;
  #reader: ChildProcess | null = null;
  #closed = false;
  #current: Conversation | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #forgetIdle: () => void = () => {};

  constructor(clock: Clock, limits: ParseLimits = { heapMegabytesMax: parseHeapMegabytesMax, parseMsMax }) {
    this.#clock = clock;
    this.#limits = limits;
  }

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
    const reader = this.#reader ?? this.#begin();
    try {
      return await this.#converse(reader, bytes, format);
    } finally {
      this.#current = null;
      this.#forgetIdle();
      this.#forgetIdle = this.#closed ? () => {} : this.#clock.after(parseProcessIdleMs, () => void this.#end());
    }
  }

  #begin(): ChildProcess {
    const reader = fork(fileURLToPath(new URL('./parse-process.js', import.meta.url)), {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${this.#limits.heapMegabytesMax}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#reader = reader;
    // One that has been given up may still speak while it ends.
    const mine = (): Conversation | null => (this.#reader === reader ? this.#current : null);
    reader.on('message', (answer) => mine()?.hear(answer as FromReader));
    reader.on('error', (error) => mine()?.give('unreadable', `could not be read: ${error.message}`));
    reader.on('exit', (code, signal) => {
      const memory = signal === 'SIGABRT' || signal === 'SIGTRAP' || code === abortedCode;
      if (memory) mine()?.give('too_large', 'needs too much memory to be read: split it');
      else mine()?.give('unreadable', `could not be read: the process that read it ended with ${signal ?? code}`);
    });
    return reader;
  }

  async #end(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    if (!reader || reader.exitCode !== null || reader.signalCode !== null) return;
    const ended = once(reader, 'exit');
    reader.kill('SIGKILL');
    await ended;
  }

  #converse(reader: ChildProcess, bytes: Uint8Array<ArrayBuffer>, format: Format): Promise<TaskFile> {
    const { parseMsMax } = this.#limits;
    return new Promise((resolve, reject) => {
      const tasks: TaskInput[] = [];
      const give = (code: MistakeCode, message: string): void => {
        stopClock();
        void this.#end();
        resolve(wrong(code, message));
      };
      const stopClock = this.#clock.after(parseMsMax, () =>
        give('too_large', `took longer than ${parseMsMax / 1_000} s to read: split it, or use NDJSON`),
      );
      const hear = (answer: FromReader): void => {
        if ('tasks' in answer) {
          for (const task of answer.tasks) tasks.push(task);
          if (answer.last === null) {
            reader.send({ more: true } satisfies ToReader);
            return;
          }
        }
        stopClock();
        resolve(
          'tasks' in answer
            ? { ok: true, tasks, schedules: [], runs: [], ...answer.last }
            : { ok: false, mistakes: answer.wrong, more: answer.more },
        );
      };
      const cut = (): void => {
        stopClock();
        reject(new Error(STOPPED));
      };
      this.#current = { hear, give, cut };
      reader.send({ read: bytes, format } satisfies ToReader);
    });
  }
}
