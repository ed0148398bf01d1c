/** Finds out which handlers there are, in a throwaway process: a broken one must not touch the supervisor. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HandlerCatalog, HandlerDescription } from '../workers/contract.ts';

export function describeHandlers(handlersDir: string): Promise<HandlerCatalog> {
  return new Promise((resolve) => {
    const describe = fileURLToPath(new URL('../workers/describe.js', import.meta.url));
    const child = fork(describe, [handlersDir], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const failed = (message: string) => resolve({ handlers: [], failures: [{ file: handlersDir, message }] });
    child.once('message', (catalog) => resolve(catalog as HandlerCatalog));
    child.once('error', (error) => failed(error.message));
    child.once('exit', (code) => failed(`the process that looks at handlers ended with ${code}`));
  });
}

/** What a handler is given of the settings: its own keys, and those it declared; never the supervisor's own secrets. */
export function settingsFor(
  handler: HandlerDescription,
  texts: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const [key, text] of texts) {
    const declared = handler.settings.includes(key);
    if (key.startsWith('WEB_')) continue;
    if (declared || (key.startsWith('HANDLER_') && key !== 'HANDLER_OVERRIDES')) given[key] = text;
  }
  return given;
}
