/**
 * Finds out which handlers there are, in a throwaway process: a broken one must not touch the supervisor. The process says
 * what it finds as it goes on, so that one that dies takes nothing along but the file it was on.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type {
  DescribeOrder,
  DescribeWord,
  HandlerCatalog,
  HandlerDescription,
  HandlerFailure,
} from '../workers/contract.ts';

/** After so many processes that died the rest of the files is left out: a start must come to its end. */
const deathsMax = 10;
/** It ends each file's loading itself; one that says nothing for so long has been stopped. */
const silentMsMax = 60_000;

export async function describeHandlers(
  handlersDir: string,
  limits: { readonly loadMsMax?: number } = {},
): Promise<HandlerCatalog> {
  const handlers: HandlerDescription[] = [];
  const failures: HandlerFailure[] = [];
  for (let deaths = 0; ; deaths++) {
    const known = { handlers, failures };
    const end = await look({ handlersDir, known, onlyKnown: deaths === deathsMax, ...limits });
    if (end.catalog) return end.catalog;
    handlers.push(...end.handlers);
    failures.push(...end.failures);
    // With files before it, one of those may have left something behind that did it: the next process begins with this one.
    if (end.loading !== null && end.loads === 1)
      failures.push({ file: end.loading, message: `was loading when the process that looks at handlers ${end.how}` });
    if (deaths < deathsMax && end.loads + end.handlers.length > 0) continue;
    return {
      handlers,
      failures: [...failures, { file: handlersDir, message: `cannot be looked at: the process for it ${end.how}` }],
    };
  }
}

interface End {
  /** All of it, or null when the process died before. */
  readonly catalog: HandlerCatalog | null;
  readonly handlers: readonly HandlerDescription[];
  readonly failures: readonly HandlerFailure[];
  /** File it was on. */
  readonly loading: string | null;
  /** How many it began to load. */
  readonly loads: number;
  readonly how: string;
}

function look(order: DescribeOrder): Promise<End> {
  return new Promise((resolve) => {
    const child = startProcess();
    const handlers: HandlerDescription[] = [];
    const failures: HandlerFailure[] = [];
    let loading: string | null = null;
    let loads = 0;
    const end = (catalog: HandlerCatalog | null, how = '') => {
      clearTimeout(silence);
      resolve({ catalog, handlers, failures, loading, loads, how });
    };
    const silence = setTimeout(() => child.kill('SIGKILL'), silentMsMax);
    child.on('message', (word: DescribeWord) => {
      silence.refresh();
      if (word.kind === 'done') return end(word.catalog);
      loading = word.kind === 'loading' ? word.file : null;
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
