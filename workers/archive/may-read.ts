/**
 * What `backup.paths` may read: what the settings name, the library, and what is inside of them, whatever links lead
 * there. Never the supervisor's own files, of which `backup.create` makes consistent copies, nor the archives themselves.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Permanent } from '../define.ts';
import { isInside, isOwn } from '../download/folder.ts';

export interface Places {
  readonly dataDir: string;
  /** Absolute, or relative to the data folder. */
  readonly libraryDir: string;
  /** `BACKUP_PATHS` as it stands in the settings. */
  readonly named: string;
  /** Where archives are written, without links. */
  readonly archives: string;
}

export interface MayRead {
  /** The given paths without links, each once. */
  readonly roots: readonly string[];
  /** Why what is met on the way is left out; null when it is not. */
  leftOut(path: string): string | null;
}

/** @throws Permanent `path_missing`, `path_refused` or `unreadable` */
export async function mayRead(paths: readonly string[], places: Places): Promise<MayRead> {
  const data = await realpath(places.dataDir);
  const library = await realpath(resolve(data, places.libraryDir)).catch(() => null);
  const named = await Promise.all(pathsOf(places.named).map((path) => realpath(path).catch(() => null)));
  const allowed = [library, ...named].filter((path) => path !== null);
  const own = (path: string) => isOwn(path, library ?? data, data);
  const isArchive = (path: string) => isIn(path, places.archives);
  const roots = new Set<string>();
  for (const path of paths) {
    const real = await realOf(path);
    const told = real === path ? path : `${path} (which is ${real})`;
    if (own(real)) throw refused(`${told} lies among the supervisor's own files: backup.create copies them`);
    if (isArchive(real))
      throw refused(`${told} is where archives are written: name another BACKUP_DIR, or other paths`);
    if (!allowed.some((one) => isIn(real, one)))
      throw refused(`${told} may not be read: name it, or a folder above it, in the setting BACKUP_PATHS`);
    roots.add(real);
  }
  const holdsLibrary = library !== null && isInside(library, data) && !own(library);
  return {
    roots: [...roots],
    leftOut(path) {
      if (isArchive(path)) return `${places.archives} was left out: archives are written there`;
      if (path === data && holdsLibrary) return null;
      if (!own(path)) return null;
      return `${data} was left out${holdsLibrary ? ', but for the library' : ''}: backup.create copies it`;
    },
  };
}

function isIn(path: string, folder: string): boolean {
  return path === folder || isInside(path, folder);
}

function pathsOf(setting: string): string[] {
  return setting
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
}

async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new Permanent(`there is no ${path}: correct "paths", or mount what it is on`, {
        code: 'path_missing',
        cause,
      });
    throw new Permanent(`${path} cannot be read (${code})`, { code: 'unreadable', cause });
  }
}

function refused(message: string): Permanent {
  return new Permanent(message, { code: 'path_refused' });
}
