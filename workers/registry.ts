/**
 * Which files are handlers. Built-in ones lie beside this file; a person's lie in the handlers folder, where a file is
 * only taken when nobody but the supervisor's user (or root) could have written it, since it will run as that user.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HandlerDescription, HandlerFailure } from './contract.ts';
import { handlerFileBytesMax, handlerFilesMax } from './limits.ts';
import { versionOf } from './load.ts';
import { lookAtProgram } from './program-file.ts';
import { refuseUntrusted } from './trust.ts';

export interface HandlerFile {
  readonly file: string;
  readonly version: string;
  readonly builtIn: boolean;
  /** An executable: told by its file, and never loaded. */
  readonly program?: Pick<HandlerDescription, 'type' | 'settings'>;
}

export interface HandlerFiles {
  readonly files: readonly HandlerFile[];
  readonly failures: readonly HandlerFailure[];
}

export const MODULE = /\.[mc]?[jt]s$/;
const TYPESCRIPT = /\.[mc]?ts$/;
/** Things people leave beside their handlers. */
const LEFT_ALONE = /^\.|\.(?:md|txt|json|bak|map|d\.[mc]?ts|yaml|yml|tmp|part|orig)$|~$/;
/** Whether this Node loads TypeScript by leaving its types out. */
const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

export async function builtInFiles(): Promise<readonly HandlerFile[]> {
  const folder = fileURLToPath(new URL('./handlers/', import.meta.url));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js')).sort();
  return Promise.all(names.map((name) => readHandler(join(folder, name), true)));
}

/** @param folder absolute; a folder that does not exist holds no handlers */
export async function droppedInFiles(folder: string): Promise<HandlerFiles> {
  const files: HandlerFile[] = [];
  const failures: HandlerFailure[] = [];
  const names = (await namesIn(folder)).filter((name) => !LEFT_ALONE.test(name)).sort();
  for (const name of names.slice(0, handlerFilesMax)) {
    const file = join(folder, name);
    try {
      const stats = await lstat(file);
      if (stats.isDirectory()) continue;
      refuseOtherKinds(name, stats);
      refuseUntrusted(stats);
      if (MODULE.test(name)) files.push(await readHandler(file, false));
      else files.push(...(await programAt(file)));
    } catch (error) {
      failures.push({ file, message: (error as Error).message });
    }
  }
  if (names.length > handlerFilesMax) {
    failures.push({
      file: folder,
      message: `holds ${names.length} files; only the first ${handlerFilesMax} are looked at`,
    });
  }
  return { files, failures };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function refuseOtherKinds(name: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new Error('is a symbolic link; put the file itself into the handlers folder');
  if (!stats.isFile()) throw new Error('is not a regular file');
  if (TYPESCRIPT.test(name) && !stripsTypes) {
    throw new Error(
      `is TypeScript, which Node ${process.version} does not load: run Nightshift with Node 22.18 or later, or compile the file to .mjs, e.g. with esbuild`,
    );
  }
}

async function programAt(file: string): Promise<readonly HandlerFile[]> {
  const found = await lookAtProgram(file);
  if (found === null) return [];
  const { version, ...program } = found;
  return [{ file, version, builtIn: false, program }];
}

/** Opened without following links and looked at again, so that what was checked is what is read. */
export async function readTrusted(file: string, { builtIn = false } = {}): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    if (!builtIn) refuseUntrusted(stats);
    if (stats.size > handlerFileBytesMax)
      throw new Error(`is ${stats.size} bytes; at most ${handlerFileBytesMax} are loaded`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function readHandler(file: string, builtIn: boolean): Promise<HandlerFile> {
  return { file, version: versionOf(await readTrusted(file, { builtIn })), builtIn };
}
