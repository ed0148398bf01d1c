/**
 * Gives a finished part its name. A file that is already there is never lost by accident: the same one stays, another
 * one is replaced only when the task says `overwrite`, else the new one takes a number.
 */
import { link, lstat, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sumsOf } from './digest.ts';
import { numbered } from './file-name.ts';
import { syncFolder } from './folder.ts';
import type { Part } from './part.ts';

const numbersMax = 1_000;
/** Said by file systems without hard links (FAT, exFAT, some network shares). */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'];

export interface Settled {
  readonly path: string;
  /** True: exactly this file was there already. */
  readonly identical: boolean;
}

export async function settle(
  part: Part,
  file: { readonly folder: string; readonly name: string; readonly bytes: number; readonly sha256: string },
  overwrite: boolean,
): Promise<Settled> {
  for (let number = 1; number <= numbersMax; ) {
    const path = join(file.folder, numbered(file.name, number));
    const found = await lstat(path).catch(() => null);
    if (!found) {
      if (await placeNew(part, path)) return done(part, file.folder, { path, identical: false });
      // Somebody was faster: look at what is there now.
    } else if (found.isFile() && found.size === file.bytes && (await hasSum(path, file))) {
      return done(part, file.folder, { path, identical: true });
    } else if (overwrite && number === 1 && found.isFile()) {
      await rename(part.path, path);
      return done(part, file.folder, { path, identical: false });
    } else {
      number++;
    }
  }
  throw new Error(`${file.folder} holds more than ${numbersMax} files named like "${file.name}"`);
}

/** Whether the part now has the name; false when something else has it. Where the disk knows no links, it is moved there. */
export async function placeNew(part: Part, path: string): Promise<boolean> {
  try {
    await link(part.path, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
  }
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await rename(part.path, path);
  return true;
}

async function done(part: Part, folder: string, settled: Settled): Promise<Settled> {
  await syncFolder(folder);
  await part.remove();
  return settled;
}

async function hasSum(path: string, file: { readonly bytes: number; readonly sha256: string }): Promise<boolean> {
  return (await sumsOf(path, file.bytes, null)).get('sha256') === file.sha256;
}
