/** Loads one file at a time, as it is asked to, and answers with the shape of its handler. See `describe.ts`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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
    flag: handler.flag ?? null,
    settings: handler.settings ?? [],
    checksParams: handler.params !== undefined,
  };
}

export async function describeFile(url: string): Promise<FileDescribed> {
  try {
    return { shape: shapeOf(handlerOf(await importHandler(url))) };
  } catch (error) {
    return { shape: null, message: await sayFault(error, url) };
  }
}

async function sayFault(error: unknown, url: string): Promise<string> {
  if (!(error instanceof Error)) return `threw ${String(error)} while loading`;
  const line = error instanceof SyntaxError ? await lineOf(url) : null;
  return line === null ? `${error.name}: ${error.message}` : `${error.name} in line ${line}: ${error.message}`;
}

const checkMsMax = 5_000;

/** Where a syntax error is, `import` does not tell; Node does, when asked to check the file. */
function lineOf(url: string): Promise<string | null> {
  const path = fileURLToPath(url);
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', path], { timeout: checkMsMax }, (_error, _stdout, stderr) => {
      resolve(/^(?:file:\/\/)?\/.*:(\d+)$/m.exec(stderr)?.[1] ?? null);
    });
  });
}

parentPort?.on('message', async ({ url }: DescribeFile) => {
  parentPort?.postMessage(await describeFile(url));
});
