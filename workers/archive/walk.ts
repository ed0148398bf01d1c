/**
 * Goes through a folder and tells what is to be backed up of it: the files of a folder first, then what is in the folders
 * inside. Of a folder only the names of those that are still to be entered are held, so it may hold a million files.
 * Links are told and never followed.
 */
import type { Dirent, Stats } from 'node:fs';
import { lstat, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Match } from './patterns.ts';
import type { Kind } from './tar-write.ts';
import type { Unreadable } from './unreadable.ts';

export interface Found {
  /** Absolute. */
  readonly path: string;
  readonly kind: Kind;
  readonly stats: Stats;
}

export interface Walking {
  /** Met on the way to another one, each is gone through by itself. */
  readonly roots: readonly string[];
  /** Null takes everything. A folder that it matches is taken with all that is inside. */
  readonly include: Match | null;
  readonly exclude: Match;
  readonly leftOut: (path: string) => string | null;
  /** Told what is not in the archive, as a line. */
  readonly leave: (line: string) => void;
  readonly unreadable: Unreadable;
  readonly signal: AbortSignal;
}

interface Folder {
  readonly path: string;
  /** To its root. */
  readonly relative: string;
  /** A pattern to include has matched it or a folder above. */
  readonly within: boolean;
  readonly above: Folder | null;
  /** Until it is told; with patterns to include that is when something of it is. */
  found: Found | null;
}

/** @param root without links; a file that is a root itself is always taken */
export async function* walk(root: string, walking: Walking): AsyncGenerator<Found> {
  const first = await look(root, walking);
  if (first && first.kind !== 'folder') yield first;
  if (first?.kind !== 'folder') return;
  const waiting: Folder[] = [{ path: root, relative: '', within: walking.include === null, above: null, found: null }];
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    folder.found = await enter(folder.path, walking);
    if (!folder.found) continue;
    if (folder.within) yield* untold(folder);
    const inside: Folder[] = [];
    for await (const entry of entriesOf(folder.path, walking)) {
      const path = join(folder.path, entry.name);
      const relative = folder.relative === '' ? entry.name : `${folder.relative}/${entry.name}`;
      const isFolder = entry.isDirectory();
      if (walking.exclude(relative, isFolder) || walking.roots.includes(path) || isLeftOut(path, walking)) continue;
      const within = folder.within || walking.include?.(relative, isFolder) === true;
      if (isFolder) inside.push({ path, relative, within, above: folder, found: null });
      if (isFolder || !within) continue;
      const found = await look(path, walking);
      if (!found) continue;
      yield* untold(folder);
      yield found;
    }
    inside.sort((a, b) => (a.path < b.path ? 1 : -1));
    for (const next of inside) waiting.push(next);
  }
}

/** A folder and those above it, unless they were told already. */
function* untold(folder: Folder | null): Generator<Found> {
  if (!folder?.found) return;
  yield* untold(folder.above);
  const { found } = folder;
  folder.found = null;
  yield found;
}

function isLeftOut(path: string, { leftOut, leave }: Walking): boolean {
  const line = leftOut(path);
  if (line !== null) leave(line);
  return line !== null;
}

/** @returns null for what has gone, cannot be read or is of another kind */
async function look(path: string, { unreadable, leave, signal }: Walking): Promise<Found | null> {
  signal.throwIfAborted();
  try {
    const stats = await lstat(path);
    const kind = kindOf(stats);
    if (kind) return { path, kind, stats };
    leave(`${path} was left out: it is a ${stats.isSocket() ? 'socket' : stats.isFIFO() ? 'pipe' : 'device'}`);
  } catch (error) {
    if (unreadable.isGone(path, error)) leave(`${path} is gone and was left out`);
  }
  return null;
}

function kindOf(stats: Stats): Kind | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : null;
}

/** @returns null also for what has become a link: it may lead to what must not be read */
async function enter(path: string, walking: Walking): Promise<Found | null> {
  const found = await look(path, walking);
  if (found === null) return null;
  const real = await realpath(path).catch(() => null);
  if (found.kind === 'folder' && real === path) return found;
  walking.leave(`${path} is gone and was left out`);
  return null;
}

async function* entriesOf(path: string, { unreadable, leave, signal }: Walking): AsyncGenerator<Dirent> {
  try {
    for await (const entry of await opendir(path, { bufferSize: 256 })) {
      signal.throwIfAborted();
      yield entry;
    }
  } catch (error) {
    if (unreadable.isGone(path, error)) leave(`${path} is gone and was left out`);
  }
}
