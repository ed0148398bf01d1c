/** The thread that dropped-in files are loaded in, one after another; made anew when a file costs it. */
import { Worker } from 'node:worker_threads';
import type { DescribeFile, FileDescribed } from './describe-files.ts';
import { describeHeapMbMax, handlerLoadMsLeast } from './limits.ts';

type Answer = FileDescribed & {
  /** What became of the thread. */
  readonly thread: 'kept' | 'ended' | 'late';
};

export class DescribingThread {
  /** What the next file may take. */
  #patienceMs: number;
  #thread: Worker | null;
  /** Whether it has loaded a file. */
  #used = false;

  /** Begins at once, as it takes its time to start. */
  constructor(loadMsMax: number) {
    this.#patienceMs = loadMsMax;
    this.#thread = newThread();
  }

  /** Resolves in every case: with the shape, the mistake, or that the thread was lost over it. */
  async describe(url: string): Promise<FileDescribed> {
    const alone = !this.#used;
    const answer = await this.#ask(url);
    // A file before it may have left something behind that ended the thread: it gets one of its own.
    return answer.thread === 'ended' && !alone ? this.#ask(url) : answer;
  }

  async end(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = null;
    this.#used = false;
  }

  async #ask(url: string): Promise<Answer> {
    const began = performance.now();
    this.#thread ??= newThread();
    this.#used = true;
    const answer = await ask(this.#thread, { url }, this.#patienceMs);
    if (answer.thread !== 'kept') await this.end();
    // Otherwise a folder of files that hang would keep the supervisor from starting.
    if (answer.thread === 'late')
      this.#patienceMs = Math.max(
        this.#patienceMs - (performance.now() - began),
        Math.min(this.#patienceMs, handlerLoadMsLeast),
      );
    return answer;
  }
}

function newThread(): Worker {
  const entry = new URL(
    import.meta.url.endsWith('.ts') ? './describe-files.ts' : './describe-files.js',
    import.meta.url,
  );
  return new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: describeHeapMbMax } });
}

function ask(thread: Worker, request: DescribeFile, patienceMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (answer: Answer) => {
      clearTimeout(timer);
      thread.removeAllListeners();
      // Late errors of a file that has been described are nobody's concern.
      thread.on('error', () => {});
      resolve(answer);
    };
    const lost = (how: 'ended' | 'late', message: string) => end({ shape: null, message, thread: how });
    const late = `did not finish loading within ${Math.round(patienceMs / 1_000)} s`;
    const timer = setTimeout(() => lost('late', late), patienceMs);
    thread.removeAllListeners();
    thread.once('message', (answer: FileDescribed) => end({ ...answer, thread: 'kept' }));
    thread.once('error', (error) => lost('ended', `ended its thread while loading: ${error.message}`));
    thread.once('exit', (code) => lost('ended', `ended its thread while loading, with exit code ${code}`));
    thread.postMessage(request);
  });
}
