/** Loads one file at a time, as it is asked to, and answers with the shape of its handler. See `describe.ts`. */
import { parentPort } from 'node:worker_threads';
import type { HandlerDescription } from './contract.ts';
import { durationMs } from './duration.ts';
import { importHandler } from './load.ts';
import { sayLoadFault } from './load-fault.ts';
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
    flag: handler.flag ?? null,
    settings: handler.settings ?? [],
    checksParams: handler.params !== undefined,
  };
}

export async function describeFile(url: string): Promise<FileDescribed> {
  let exported: Record<string, unknown>;
  try {
    exported = await importHandler(url);
  } catch (error) {
    return { shape: null, message: await sayLoadFault(error, url) };
  }
  try {
    return { shape: shapeOf(handlerOf(exported)) };
  } catch (error) {
    return { shape: null, message: (error as Error).message };
  }
}

parentPort?.on('message', async ({ url }: DescribeFile) => {
  parentPort?.postMessage(await describeFile(url));
});
