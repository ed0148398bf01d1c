/** Whether the library still has a file that the catalog knows of: people delete some by hand. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Permanent } from '../define.ts';
import type { TrackFile } from '../library-contract.ts';

/**
 * What a person has changed by hand is there and stays as it is; only what is missing is fetched again.
 * @param root of the library, absolute
 */
export async function isOnDisk(root: string, file: TrackFile): Promise<boolean> {
  return (await sizeOf(root, file)) !== null;
}

/** Whether it can stand for another track's file as well. */
export async function isUnchanged(root: string, file: TrackFile): Promise<boolean> {
  return (await sizeOf(root, file)) === file.bytes;
}

/** @throws Permanent `file_missing` */
export async function mustBeOnDisk(path: string): Promise<Stats> {
  const found = await lstat(path).catch(() => null);
  if (found?.isFile()) return found;
  const message = `${path} is gone from the library; the next run of library.download fetches it again`;
  throw new Permanent(message, { code: 'file_missing' });
}

async function sizeOf(root: string, { path }: TrackFile): Promise<number | null> {
  const found = await lstat(join(root, path)).catch(() => null);
  return found?.isFile() ? found.size : null;
}
