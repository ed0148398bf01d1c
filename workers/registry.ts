/**
 * Which files in the handlers folder are handlers: a file is only taken when nobody but the supervisor's user (or root)
 * could have written it, since it will run as that user.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { HandlerDescription, HandlerFailure } from './contract.ts';
import { handlerNames } from './handler-names.ts';
import { handlerFileBytesMax, handlerFilesMax } from './limits.ts';
import { versionOf } from './load.ts';
import { lookAtProgram } from './program-file.ts';
import { refuseUntrusted } from './trust.ts';

export interface HandlerFile {
  readonly file: string;
  readonly version: string;
  /** An executable: told by its file, and never loaded. */
  readonly program?: Pick<HandlerDescription, 'type' | 'settings'>;
}

export interface HandlerFiles {
  readonly files: readonly HandlerFile[];
  readonly failures: readonly HandlerFailure[];
}

export const MODULE = /\.[mc]?[jt]s$/;
const TYPESCRIPT = /\.[mc]?ts$/;
/** Whether this Node loads TypeScript by leaving its types out. */
const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

/** @param folder absolute; a folder that does not exist holds no handlers */
export async function droppedInFiles(folder: string): Promise<HandlerFiles> {
  const files: HandlerFile[] = [];
  const failures: HandlerFailure[] = [];
  const names = await handlerNames(folder);
  for (const name of names.slice(0, handlerFilesMax)) {
    const file = join(folder, name);
    try {
      const stats = await lstat(file);
      if (stats.isDirectory()) continue;
      refuseOtherKinds(name, stats);
      refuseUntrusted(stats);
      if (MODULE.test(name)) files.push({ file, version: versionOf(await readTrusted(file)) });
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
  return [{ file, version, program }];
}

/** Opened without following links and looked at again, so that what was checked is what is read. */
export async function readTrusted(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    refuseUntrusted(stats);
    if (stats.size > handlerFileBytesMax)
      throw new Error(`is ${stats.size} bytes; at most ${handlerFileBytesMax} are loaded`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
