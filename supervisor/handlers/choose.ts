/**
 * Which handlers serve after a look at the folder: the new version of each file where it is good, the version before
 * where it is not, and one handler for each type.
 */
import { pathToFileURL } from 'node:url';
import type { HandlerCatalog, HandlerDescription, HandlerFailure, HandlersFound } from '../../workers/contract.ts';

/**
 * @param before those that serve now; after a start, those that served last
 * @param overrides types of built-in handlers that dropped-in ones may take: HANDLER_OVERRIDES
 */
export function chooseHandlers(
  before: readonly HandlerDescription[],
  found: HandlersFound,
  overrides: ReadonlySet<string>,
): HandlerCatalog {
  const dropped = before.filter(hasCopy);
  const failed = new Set(found.failures.map(({ file }) => file));
  const seen = new Set(found.handlers.map(({ file }) => file));
  const kept = (found.whole ? dropped.filter(({ file }) => failed.has(file)) : before).filter(
    ({ file }) => !seen.has(file),
  );
  const first = withoutClashes([...found.handlers, ...kept], before, overrides);
  // What clashes in its new version goes on in the one before, as long as nobody has taken that one's type.
  const losers = new Set(first.failures.map(({ file }) => file));
  const taken = new Set(first.handlers.map(({ type }) => type));
  const back = dropped.filter(
    ({ file, type, version }) => losers.has(file) && !taken.has(type) && !isIn(found, file, version),
  );
  const { handlers } = withoutClashes([...first.handlers, ...back], before, overrides);
  const serving = new Map(handlers.map(({ file, version }) => [file, version]));
  const failures = [...found.failures, ...first.failures].map((failure) => withServing(failure, serving));
  return { handlers, failures };
}

/** Where the file itself is what runs, as with programs, there is no version before. */
function hasCopy({ builtIn, file, url }: HandlerDescription): boolean {
  return !builtIn && url.startsWith('file:') && url !== pathToFileURL(file).href;
}

function isIn({ handlers }: HandlersFound, file: string, version: string): boolean {
  return handlers.some((one) => one.file === file && one.version === version);
}

function withServing(
  { costly: _costly, ...failure }: HandlerFailure,
  serving: ReadonlyMap<string, string>,
): HandlerFailure {
  const version = serving.get(failure.file);
  return version === undefined ? failure : { ...failure, serving: version };
}

/**
 * Two handlers of one type: the built-in one stays, unless its type may be taken. Of dropped-in ones the one that serves
 * already stays; where none does, none is used, because which of them ran would depend on their names.
 */
export function withoutClashes(
  handlers: readonly HandlerDescription[],
  before: readonly HandlerDescription[],
  overrides: ReadonlySet<string>,
): HandlerCatalog {
  const servedFrom = new Map(before.map(({ type, file }) => [type, file]));
  const kept: HandlerDescription[] = [];
  const failures: HandlerFailure[] = [];
  const byType = new Map<string, HandlerDescription[]>();
  for (const handler of handlers) byType.set(handler.type, [...(byType.get(handler.type) ?? []), handler]);
  for (const [type, same] of byType) {
    const builtIn = same.find((handler) => handler.builtIn);
    const dropped = same.filter((handler) => !handler.builtIn);
    const chosen = dropped.length === 1 ? dropped[0] : dropped.find(({ file }) => servedFrom.get(type) === file);
    const keeper = builtIn && !(chosen && overrides.has(type)) ? builtIn : chosen;
    if (keeper) kept.push(keeper);
    for (const handler of dropped) if (handler !== keeper) failures.push(clash(handler, same, builtIn));
  }
  return { handlers: kept, failures };
}

function clash(
  handler: HandlerDescription,
  same: readonly HandlerDescription[],
  builtIn: HandlerDescription | undefined,
): HandlerFailure {
  const { file, type, version } = handler;
  const others = same.filter((other) => other !== handler).map((other) => other.file);
  const allow = builtIn ? `, or list ${type} in HANDLER_OVERRIDES` : '';
  return { file, version, message: `has the type "${type}", as has ${others.join(' and ')}: give it another${allow}` };
}
