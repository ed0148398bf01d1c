/**
 * The throwaway process that finds out which handlers there are; the memory it needed for that ends with it. The files
 * themselves are loaded in a thread of it, so that a file that hangs, loops or calls `process.exit` costs that thread,
 * and only this file fails.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HandlerCatalog, HandlerDescription, HandlerFailure } from './contract.ts';
import type { DescribeFile, FileDescribed } from './describe-files.ts';
import { handlerLoadMsMax } from './limits.ts';
import { builtInFiles, droppedInFiles, type HandlerFile, withoutClashes } from './registry.ts';

export async function catalog(handlersDir: string, loadMsMax = handlerLoadMsMax): Promise<HandlerCatalog> {
  const [own, dropped] = await Promise.all([builtInFiles(), droppedInFiles(handlersDir)]);
  const described = await describeAll([...own.files, ...dropped.files], loadMsMax);
  const unique = withoutClashes(described.handlers);
  return {
    handlers: unique.handlers,
    failures: [...own.failures, ...dropped.failures, ...described.failures, ...unique.failures],
  };
}

async function describeAll(files: readonly HandlerFile[], loadMsMax: number): Promise<HandlerCatalog> {
  const handlers: HandlerDescription[] = [];
  const failures: HandlerFailure[] = [];
  let thread: Worker | null = null;
  for (const { file, version, builtIn } of files) {
    thread ??= newThread();
    const url = pathToFileURL(file).href;
    const answer = await ask(thread, { url: builtIn ? url : `${url}?v=${version}` }, loadMsMax);
    if (answer.shape) handlers.push({ ...answer.shape, file, url, version, builtIn });
    else failures.push({ file, message: answer.message });
    if (answer.threadLost) {
      await thread.terminate();
      thread = null;
    }
  }
  await thread?.terminate();
  return { handlers, failures };
}

function newThread(): Worker {
  const entry = new URL(
    import.meta.url.endsWith('.ts') ? './describe-files.ts' : './describe-files.js',
    import.meta.url,
  );
  return new Worker(entry);
}

type Answer = FileDescribed & { readonly threadLost: boolean };

/** Resolves in every case: with the shape, the mistake, or that the thread was lost over it. */
function ask(thread: Worker, request: DescribeFile, loadMsMax: number): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (answer: Answer) => {
      clearTimeout(timer);
      thread.removeAllListeners();
      // Late errors of a file that has been described are nobody's concern.
      thread.on('error', () => {});
      resolve(answer);
    };
    const lost = (message: string) => end({ shape: null, message, threadLost: true });
    const timer = setTimeout(() => lost(`did not finish loading within ${loadMsMax / 1_000} s`), loadMsMax);
    thread.removeAllListeners();
    thread.once('message', (answer: FileDescribed) => end({ ...answer, threadLost: false }));
    thread.once('error', (error) => lost(`ended its thread while loading: ${error.message}`));
    thread.once('exit', (code) => lost(`ended its thread while loading, with exit code ${code}`));
    thread.postMessage(request);
  });
}

/** Started as a process, with the handlers folder as its argument, it answers its parent and ends. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const answer: HandlerCatalog = await catalog(process.argv[2] ?? '');
  process.send?.(answer, () => process.exit(0));
}
