/**
 * The throwaway process that finds out which handlers there are; the memory it needed for that ends with it. Built-in
 * ones are described and told first, before anything foreign runs. Dropped-in files are loaded in a thread, so that a
 * file that hangs, loops or calls `process.exit` costs that thread, and only this file fails; each is named before, so
 * that the supervisor knows which one it was if the whole process dies of it.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DescribeOrder, DescribeWord, HandlerCatalog, HandlerDescription } from './contract.ts';
import { describeFile, type FileDescribed } from './describe-files.ts';
import { DescribingThread } from './describing-thread.ts';
import { handlerLoadMsMax } from './limits.ts';
import { programUrl } from './program-file.ts';
import { builtInFiles, droppedInFiles, type HandlerFile, withoutClashes } from './registry.ts';

/** @param say resolves when what was said has left this process, so that its death does not take it along */
async function describe(order: DescribeOrder, say: (word: DescribeWord) => Promise<void>): Promise<void> {
  const { handlersDir, known, onlyKnown } = order;
  const handlers = [...known.handlers];
  const failures = [...known.failures];
  const add = (found: HandlerCatalog) => {
    handlers.push(...found.handlers);
    failures.push(...found.failures);
    return say({ kind: 'found', ...found });
  };
  if (!handlers.some(({ builtIn }) => builtIn)) await add(await describeOwn());
  const dropped = await droppedInFiles(handlersDir);
  const seen = new Set([...handlers, ...failures].map(({ file }) => file));
  const unseen = dropped.files.filter(({ file }) => !seen.has(file));
  await add({ handlers: unseen.flatMap(programIn), failures: [] });
  const left = unseen.filter(({ program }) => program === undefined);
  if (onlyKnown) failures.push(...left.map(({ file }) => ({ file, message: leftOut })));
  else await describeDropped(left, order.loadMsMax ?? handlerLoadMsMax, add, say);
  const unique = withoutClashes(handlers);
  const all = [...dropped.failures, ...failures, ...unique.failures];
  await say({ kind: 'done', catalog: { handlers: unique.handlers, failures: all } });
}

const leftOut = 'was not looked at: too many other files ended the process that looks at them; correct those first';

async function describeOwn(): Promise<HandlerCatalog> {
  const own = await builtInFiles();
  const answers = await Promise.all(own.map(async (file) => result(file, await describeFile(urlOf(file)))));
  return {
    handlers: answers.flatMap(({ handlers }) => handlers),
    failures: answers.flatMap(({ failures }) => failures),
  };
}

async function describeDropped(
  files: readonly HandlerFile[],
  loadMsMax: number,
  add: (found: HandlerCatalog) => Promise<void>,
  say: (word: DescribeWord) => Promise<void>,
): Promise<void> {
  const thread = new DescribingThread(loadMsMax);
  for (const file of files) {
    await say({ kind: 'loading', file: file.file });
    await add(result(file, await thread.describe(`${urlOf(file)}?v=${file.version}`)));
  }
  await thread.end();
}

/** Nothing of a program runs before its first task. */
function programIn({ program, ...from }: HandlerFile): readonly HandlerDescription[] {
  if (!program) return [];
  const unlimited = { timeoutMs: null, maxAttempts: null, concurrency: null, flag: null };
  return [{ ...program, ...unlimited, ...from, lane: 'process', url: programUrl(from.file) }];
}

function urlOf({ file }: HandlerFile): string {
  return pathToFileURL(file).href;
}

function result(from: HandlerFile, { shape, message }: FileDescribed): HandlerCatalog {
  const { file } = from;
  return shape
    ? { handlers: [{ ...shape, ...from, url: urlOf(from) }], failures: [] }
    : { handlers: [], failures: [{ file, message }] };
}

/** Started as a process it answers the one order of its parent, and never outlives it. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (word: DescribeWord) => new Promise<void>((resolve) => process.send?.(word, () => resolve()));
  process.once('disconnect', () => process.exit(1));
  process.once('message', (order: DescribeOrder) => void describe(order, say).then(() => process.exit(0)));
}
