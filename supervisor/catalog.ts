/**
 * Finds out which handlers there are: what is dropped in is looked at in a throwaway process, since a broken one must not
 * touch the supervisor. The process says what it finds as it goes on, so that one that dies takes nothing along but the
 * file it was on.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { builtInHandlers } from '../workers/built-in.ts';
import type {
  DescribeOrder,
  DescribeWord,
  HandlerCatalog,
  HandlerDescription,
  HandlerFailure,
  HandlersFound,
} from '../workers/contract.ts';
import { handlerNames } from '../workers/handler-names.ts';

/** After so many processes that died the rest of the files is left out: a start must come to its end. */
const deathsMax = 10;
/** It ends each file's loading itself; one that says nothing for so long has been stopped. */
const silentMsMax = 60_000;

export interface DescribeOptions {
  readonly handlersDir: string;
  readonly servedDir: string;
  /** What the last look found. */
  readonly before?: HandlerCatalog;
  readonly loadMsMax?: number;
  /** Raised, the look breaks off, and what it answers is of no use. */
  readonly signal?: AbortSignal;
}

export async function describeHandlers(options: DescribeOptions): Promise<HandlersFound> {
  const own = await builtInHandlers();
  await mkdir(options.servedDir, { recursive: true, mode: 0o700 });
  const droppedIn = await describeDroppedIn(options);
  return { ...droppedIn, handlers: [...own, ...droppedIn.handlers] };
}

async function describeDroppedIn(options: DescribeOptions): Promise<HandlersFound> {
  // What else is wrong with the folder, the process says.
  const names = await handlerNames(options.handlersDir).catch(() => null);
  if (names?.length === 0) return { handlers: [], failures: [], imports: [], whole: true };
  const { signal, before = { handlers: [], failures: [] }, ...order } = options;
  const handlers: HandlerDescription[] = [];
  const failures: HandlerFailure[] = [];
  for (let deaths = 0; ; deaths++) {
    const known = { handlers, failures };
    const end = await look({ ...order, before, known, onlyKnown: deaths === deathsMax }, signal);
    if (end.found) return end.found;
    handlers.push(...end.handlers);
    failures.push(...end.failures);
    // With files before it, one of those may have left something behind that did it: the next process begins with this one.
    if (end.loading && end.loads === 1) {
      const message = `was loading when the process that looks at handlers ${end.how}`;
      failures.push({ ...end.loading, message, costly: true });
    }
    if (deaths < deathsMax && end.loads + end.handlers.length > 0 && !signal?.aborted) continue;
    failures.push({
      file: options.handlersDir,
      message: `cannot be looked at: the process for it ${end.how}`,
    });
    return { handlers, failures, imports: [], whole: false };
  }
}

interface End {
  /** All of it, or null when the process died before. */
  readonly found: HandlersFound | null;
  readonly handlers: readonly HandlerDescription[];
  readonly failures: readonly HandlerFailure[];
  /** File it was on. */
  readonly loading: { readonly file: string; readonly version: string } | null;
  /** How many it began to load. */
  readonly loads: number;
  readonly how: string;
}

function look(order: DescribeOrder, signal: AbortSignal | undefined): Promise<End> {
  return new Promise((resolve) => {
    const child = startProcess();
    const handlers: HandlerDescription[] = [];
    const failures: HandlerFailure[] = [];
    let loading: End['loading'] = null;
    let loads = 0;
    const end = (found: HandlersFound | null, how = '') => {
      clearTimeout(silence);
      signal?.removeEventListener('abort', breakOff);
      resolve({ found, handlers, failures, loading, loads, how });
    };
    const breakOff = () => child.kill('SIGKILL');
    const silence = setTimeout(breakOff, silentMsMax);
    signal?.addEventListener('abort', breakOff);
    if (signal?.aborted) breakOff();
    child.on('message', (word: DescribeWord) => {
      silence.refresh();
      if (word.kind === 'done') return end(word.found);
      loading = word.kind === 'loading' ? { file: word.file, version: word.version } : null;
      if (word.kind === 'loading') return void loads++;
      handlers.push(...word.handlers);
      failures.push(...word.failures);
    });
    child.once('error', (error) => end(null, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) => end(null, signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
    child.send(order, () => {});
  });
}

function startProcess(): ChildProcess {
  const describe = fileURLToPath(new URL('../workers/describe.js', import.meta.url));
  return fork(describe, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}
