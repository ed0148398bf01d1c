/**
 * `trash/`: what the manifest no longer names. One old generation stays, so that a person has something to go back to;
 * what somebody else put there is never touched.
 */
import { join } from 'node:path';
import type { Disk } from './disk.ts';
import { parseFileName } from './segment.ts';

const TRASH = 'trash';
const RETIRED = /^(journal|snapshots)-(.+)$/;
const LEFTOVER = /^leftover-(.+)$/;

/** Moves files of a generation that is no longer needed. @returns from and to of each, absolute */
export function retire(disk: Disk, dir: string, files: readonly string[]): [string, string][] {
  const trash = join(dir, TRASH);
  disk.makeFolder(trash);
  if (files.length > 0) empty(disk, trash, RETIRED, 2);
  return files.map((file) => move(disk, join(dir, file), join(trash, file.replace('/', '-'))));
}

/** Moves segments that a broken-off start left behind, and those of which nothing was accepted. */
export function trashLeftovers(disk: Disk, dir: string, files: readonly string[]): void {
  const trash = join(dir, TRASH);
  disk.makeFolder(trash);
  empty(disk, trash, LEFTOVER, 1);
  for (const file of files) move(disk, join(dir, file), join(trash, file.replace('journal/', 'leftover-')));
}

function move(disk: Disk, from: string, to: string): [string, string] {
  disk.rename(from, to);
  return [from, to];
}

function empty(disk: Disk, trash: string, ours: RegExp, namePart: number): void {
  for (const name of disk.list(trash))
    if (parseFileName(ours.exec(name)?.[namePart] ?? '')) disk.remove(join(trash, name));
}
