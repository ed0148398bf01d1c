/** What a look at the handlers folder changed, file by file, for the log and for whoever watches. */
import { basename } from 'node:path';
import type { HandlerCatalog, HandlerDescription } from '../../workers/contract.ts';
import type { HandlerChanged } from '../core/event.ts';

export function handlerChanges(before: HandlerCatalog, now: HandlerCatalog): readonly HandlerChanged[] {
  const [had, has] = [byFile(before), byFile(now)];
  const refusedBefore = new Map(before.failures.map(({ file, message }) => [file, message]));
  const refused = new Set(now.failures.map(({ file }) => file));
  const changes: HandlerChanged[] = [];
  for (const [file, { type, version, url }] of has) {
    const old = had.get(file);
    if (!old) changes.push({ file: basename(file), what: 'added', type, version });
    else if (old.url !== url || old.type !== type)
      changes.push({ file: basename(file), what: 'changed', type, version });
  }
  for (const [file, { type }] of had)
    if (!has.has(file) && !refused.has(file))
      changes.push({ file: basename(file), what: 'removed', type, version: null });
  for (const { file, message } of now.failures) {
    if (refusedBefore.get(file) === message) continue;
    const { type = null, version = null } = has.get(file) ?? {};
    changes.push({ file: basename(file), what: 'refused', type, version });
  }
  return changes;
}

export function sayChange({ file, what, type, version }: HandlerChanged): string {
  switch (what) {
    case 'added':
      return `handler ${file} serves ${type}, version ${version}`;
    case 'changed':
      return `handler ${file} serves ${type} in version ${version} from now on`;
    case 'removed':
      return `handler ${file} is gone: tasks of type ${type} wait`;
    case 'refused':
      return version === null
        ? `handler ${file} is not used`
        : `handler ${file} is not taken: version ${version} goes on serving ${type}`;
  }
}

/** A file that clashed or was corrected has at most one handler that serves. */
function byFile({ handlers }: HandlerCatalog): ReadonlyMap<string, HandlerDescription> {
  return new Map(handlers.map((handler) => [handler.file, handler]));
}
