/** Loads one file at a time, as it is asked to, and answers with the shape of its handler. See `describe.ts`. */
import { parentPort } from 'node:worker_threads';
import type { HandlerDescription } from './contract.ts';
import { durationMs } from './duration.ts';
import { importHandler } from './load.ts';
import { type AnyHandler, handlerOf } from './shape.ts';

export interface DescribeFile {
  readonly url: string;
}
export type Shape = Omit<HandlerDescription, 'file' | 'url' | 'version' | 'builtIn'>;
export type FileDescribed =
  | { readonly shape: Shape; readonly message?: undefined }
  | { readonly shape: null; readonly message: string };

function shapeOf(handler: AnyHandler): Shape {
  return {
    type: handler.type,
    lane: handler.lane ?? 'cpu',
    timeoutMs: handler.timeout === undefined ? null : durationMs(handler.timeout),
    maxAttempts: handler.maxAttempts ?? null,
    concurrency: handler.concurrency ?? null,
    settings: handler.settings ?? [],
  };
}

async function describeFile(url: string): Promise<FileDescribed> {
  try {
    return { shape: shapeOf(handlerOf(await importHandler(url))) };
  } catch (error) {
    return { shape: null, message: sayFault(error) };
  }
}

/** Node puts the place of a syntax error into the first lines of the stack, and nowhere else. */
function sayFault(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)} while loading`;
  const place = error.name === 'SyntaxError' ? /^file:.*?:(\d+)$|^\/.*?:(\d+)$/m.exec(error.stack ?? '') : null;
  const line = place?.[1] ?? place?.[2];
  return line === undefined ? `${error.name}: ${error.message}` : `${error.name} in line ${line}: ${error.message}`;
}

parentPort?.on('message', async ({ url }: DescribeFile) => {
  parentPort?.postMessage(await describeFile(url));
});
