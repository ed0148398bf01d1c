/** Handlers as this thread has loaded them, by address and version. */
import { createHash } from 'node:crypto';
import type { CheckOrder, Order } from './contract.ts';
import { handlerLoadMsMax } from './limits.ts';
import { programPath } from './program-file.ts';
import { resolveOwnNames } from './resolve.ts';
import { type AnyHandler, handlerOf } from './shape.ts';

export interface Loaded {
  readonly handler: AnyHandler;
  /** Whether its last attempt kept the thread for a while; see `blockingMsMax`. */
  blocking: boolean;
}

const ownFolder = new URL('./', import.meta.url).href;
const loaded = new Map<string, Loaded>();
const loading = new Map<string, Promise<Loaded>>();

/** @returns at once when the thread has it, so that small tasks do not wait */
export function handlerFor(order: Order | CheckOrder): Loaded | Promise<Loaded> {
  const key = `${order.handlerUrl}?v=${order.handlerVersion}`;
  return loaded.get(key) ?? loading.get(key) ?? begin(key, order);
}

function begin(key: string, order: Order | CheckOrder): Promise<Loaded> {
  const work = load(key, order)
    .then((fresh) => {
      loaded.set(key, fresh);
      return fresh;
    })
    .finally(() => loading.delete(key));
  loading.set(key, work);
  return work;
}

async function load(key: string, { handlerUrl: url, handlerVersion }: Order | CheckOrder): Promise<Loaded> {
  const program = programPath(url);
  if (program !== null) {
    const { programHandler } = await import('./program.ts');
    return { handler: programHandler(program, handlerVersion), blocking: true };
  }
  const handler = handlerOf(await withinTime(importHandler(url.startsWith(ownFolder) ? url : key)));
  return { handler, blocking: true };
}

/** First 12 hex digits of the sha256. */
export function versionOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

export function importHandler(url: string): Promise<Record<string, unknown>> {
  if (!url.startsWith(ownFolder)) resolveOwnNames();
  return import(url);
}

async function withinTime<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not load within ${handlerLoadMsMax / 1_000} s`)), handlerLoadMsMax);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
