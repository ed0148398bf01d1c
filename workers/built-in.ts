/**
 * The handlers that come with the program. What they are is found out when it is built and kept in a file: loading them to
 * ask takes most of what a start does.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { HandlerDescription } from './contract.ts';

/** Where the built-in handlers lie. */
export const builtInFolder = new URL('./handlers/', import.meta.url);
/** Written by `describe-built-in.ts`. */
export const builtInList = new URL('./built-in.json', import.meta.url);

/** Without their places: the program may be moved after it was built. */
export type BuiltIn = Omit<HandlerDescription, 'file' | 'url'> & {
  /** Name of its file. */
  readonly name: string;
};

/** @throws when the program was not built */
export async function builtInHandlers(): Promise<readonly HandlerDescription[]> {
  const list = JSON.parse(await readFile(builtInList, 'utf8')) as readonly BuiltIn[];
  return list.map(({ name, ...handler }) => {
    const url = new URL(name, builtInFolder);
    return { ...handler, file: fileURLToPath(url), url: url.href };
  });
}
