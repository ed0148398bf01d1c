/** Whether the library still has a file that the catalog knows of: people delete some by hand. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
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

async function sizeOf(root: string, { path }: TrackFile): Promise<number | null> {
  const found = await lstat(join(root, path)).catch(() => null);
  return found?.isFile() ? found.size : null;
}
