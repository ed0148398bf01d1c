/** Finds out which handlers there are, in a throwaway thread: a broken one must not touch the supervisor. */
import { Worker } from 'node:worker_threads';
import type { DescribeRequest, HandlerCatalog, HandlerDescription } from '../workers/contract.ts';

export function describeHandlers(handlersDir: string): Promise<HandlerCatalog> {
  const request: DescribeRequest = { handlersDir };
  return new Promise((resolve) => {
    const thread = new Worker(new URL('../workers/describe.js', import.meta.url), { workerData: request });
    const failed = (message: string) => resolve({ handlers: [], failures: [{ file: handlersDir, message }] });
    thread.once('message', (catalog: HandlerCatalog) => {
      resolve(catalog);
      void thread.terminate();
    });
    thread.once('error', (error) => failed(error.message));
    thread.once('exit', (code) => failed(`the thread that looks at handlers ended with ${code}`));
  });
}

/** What a handler is given of the settings: its own keys, and those it declared; never the supervisor's own secrets. */
export function settingsFor(handler: HandlerDescription, texts: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const [key, text] of texts) {
    const declared = handler.settings.includes(key);
    if (key.startsWith('WEB_')) continue;
    if (declared || (key.startsWith('HANDLER_') && key !== 'HANDLER_OVERRIDES')) given[key] = text;
  }
  return given;
}
