/** The name in the library that a finished part takes: the one of the layout, unless that is somebody else's. */
import { lstat, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Permanent } from '../define.ts';
import { sumsOf } from '../download/digest.ts';
import { shortened } from '../download/file-name.ts';
import { placeFor, syncFolder } from '../download/folder.ts';
import type { Part } from '../download/part.ts';
import { placeNew } from '../download/settle.ts';
import type { Library } from './client.ts';
import type { Places } from './local-files.ts';

/** Digits of a track's id that tell it from others of the same name. */
const MARKS = [6, 16];
const nameBytesMax = 200;

export interface Settling {
  readonly part: Part;
  readonly track: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Path of the file that it takes the place of; null for none. */
  readonly old: string | null;
  /** Where it is to be, below the library. */
  readonly path: string;
}

/** @returns its path below the library; the file is on the disk, and the part may still be there as well */
export async function settleIn(library: Library, places: Places, settling: Settling): Promise<string> {
  for (const path of [
    settling.path,
    ...MARKS.map((digits) => marked(settling.path, settling.track.slice(0, digits))),
  ]) {
    await library.claim(claimOf(path));
    if (await library.isTaken(path, settling.track)) continue;
    if (await takes(places, settling, path)) return path;
  }
  throw new Permanent(`${settling.path} and the names beside it belong to other files`, { code: 'name_taken' });
}

/** What who writes to a path of the library claims; those that one file system or another takes for the same are one. */
export function claimOf(path: string): string {
  return `path:${path.normalize('NFC').toLowerCase()}`;
}

/** The same whenever it is asked for: a track keeps its name. */
export function marked(path: string, mark: string): string {
  const [, stem = path, extension = ''] = /^(.*?)(\.[^./\s]{1,16})?$/s.exec(path) ?? [];
  const folder = stem.includes('/') ? stem.slice(0, stem.lastIndexOf('/') + 1) : '';
  const end = ` (${mark})${extension}`;
  return `${folder}${shortened(stem.slice(folder.length), nameBytesMax - Buffer.byteLength(end))}${end}`;
}

async function takes(places: Places, { part, bytes, sha256, old }: Settling, path: string): Promise<boolean> {
  const name = path.split('/').at(-1) ?? '';
  const { folder } = await placeFor(places.dataDir, places.libraryDir, path.split('/').slice(0, -1).join('/'));
  const target = join(folder, name);
  const found = await lstat(target).catch(() => null);
  if (!found) {
    if (!(await placeNew(part, target))) return false;
  } else if (!found.isFile()) {
    return false;
  } else if (found.size !== bytes || (await sumsOf(target, bytes, null)).get('sha256') !== sha256) {
    // A person's own file keeps its name.
    if (old !== path) return false;
    await rename(part.path, target);
  }
  await syncFolder(dirname(target));
  return true;
}
