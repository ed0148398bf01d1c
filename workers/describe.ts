/**
 * The throwaway process that finds out which handlers have been dropped in; the memory it needed for that ends with it.
 * Files are copied and their copies loaded in a thread, so that a file that hangs, loops or calls `process.exit` costs
 * that thread, and only this file fails; each is named before, so that the supervisor knows which one it was if the whole
 * process dies of it.
 */
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DescribeOrder, DescribeWord, HandlerCatalog, HandlerDescription } from './contract.ts';
import type { FileDescribed } from './describe-files.ts';
import { DescribingThread } from './describing-thread.ts';
import { costlyMsMin, handlerLoadMsMax } from './limits.ts';
import { programUrl } from './program-file.ts';
import { droppedInFiles, type HandlerFile } from './registry.ts';
import { type HandlerPlaces, type ServedCopy, serveCopy } from './served-copy.ts';

/** @param say resolves when what was said has left this process, so that its death does not take it along */
async function describe(order: DescribeOrder, say: (word: DescribeWord) => Promise<void>): Promise<void> {
  const { handlersDir, before, known, onlyKnown } = order;
  const thread = new DescribingThread(order.loadMsMax ?? handlerLoadMsMax);
  const handlers = [...known.handlers];
  const failures = [...known.failures];
  const add = (found: HandlerCatalog) => {
    handlers.push(...found.handlers);
    failures.push(...found.failures);
    return say({ kind: 'found', ...found });
  };
  const dropped = await droppedInFiles(handlersDir);
  const seen = new Set([...handlers, ...failures].map(({ file }) => file));
  const imports = new Set<string>();
  for (const file of dropped.files) {
    if (file.program) {
      await add({ handlers: programIn(file), failures: [] });
      continue;
    }
    const copied = await copyOf(file, order, imports);
    if (seen.has(file.file)) continue;
    if ('failures' in copied) await add(copied);
    else if (onlyKnown) failures.push({ file: file.file, message: leftOut });
    else await add(asBefore(file, copied, before) ?? (await tryCopy(file, copied, { thread, say, handlersDir })));
  }
  await thread.end();
  const found = { handlers, failures: [...dropped.failures, ...failures], imports: [...imports], whole: true };
  await say({ kind: 'done', found });
}

const leftOut = 'was not looked at: too many other files ended the process that looks at them; correct those first';

async function copyOf(
  { file }: HandlerFile,
  places: HandlerPlaces,
  imports: Set<string>,
): Promise<ServedCopy | HandlerCatalog> {
  try {
    return await serveCopy(file, places, imports);
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    // It was taken away since the folder was listed.
    if (code === 'ENOENT' && path === file) return { handlers: [], failures: [] };
    return { handlers: [], failures: [{ file, message }] };
  }
}

/** Nothing of a program runs before its first task, and what runs then is the file itself. */
function programIn({ program, ...from }: HandlerFile): readonly HandlerDescription[] {
  if (!program) return [];
  const unlimited = { timeoutMs: null, maxAttempts: null, concurrency: null, flag: null, checksParams: false };
  return [{ ...program, ...unlimited, ...from, builtIn: false, lane: 'process', url: programUrl(from.file) }];
}

function asBefore({ file }: HandlerFile, { version }: ServedCopy, before: HandlerCatalog): HandlerCatalog | null {
  const same = (one: { readonly file: string; readonly version?: string }) =>
    one.file === file && one.version === version;
  const [handlers, failures] = [before.handlers.filter(same), before.failures.filter(same)];
  return handlers.length + failures.length === 0 ? null : { handlers, failures };
}

interface Trying {
  readonly thread: DescribingThread;
  readonly say: (word: DescribeWord) => Promise<void>;
  readonly handlersDir: string;
}

async function tryCopy(
  from: HandlerFile,
  { path, version, outside }: ServedCopy,
  { thread, say, handlersDir }: Trying,
): Promise<HandlerCatalog> {
  await say({ kind: 'loading', file: from.file, version });
  const began = performance.now();
  const described = await thread.describe(`${urlOf(path)}?v=${version}`);
  const found = result({ ...from, version }, urlOf(path), described);
  const costly = performance.now() - began > costlyMsMin;
  const failures = found.failures.map((failure) => {
    // Its author knows the file, not the copy.
    const message = failure.message.replaceAll(dirname(path), handlersDir) + hintOn(outside);
    return { ...failure, message, version, costly };
  });
  return { handlers: found.handlers, failures };
}

function hintOn(outside: readonly string[]): string {
  if (outside.length === 0) return '';
  return ` (it imports ${outside.join(', ')} from outside the handlers folder: that is found in a folder in there, or as an installed package)`;
}

function urlOf(path: string): string {
  return pathToFileURL(path).href;
}

function result(from: HandlerFile, url: string, { shape, message }: FileDescribed): HandlerCatalog {
  const { file } = from;
  return shape
    ? { handlers: [{ ...shape, ...from, builtIn: false, url }], failures: [] }
    : { handlers: [], failures: [{ file, message }] };
}

/** Started as a process it answers the one order of its parent, and never outlives it. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (word: DescribeWord) => new Promise<void>((resolve) => process.send?.(word, () => resolve()));
  process.once('disconnect', () => process.exit(1));
  process.once('message', (order: DescribeOrder) => void describe(order, say).then(() => process.exit(0)));
}
