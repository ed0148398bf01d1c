/** Sources on this machine: what may be read of them, and which files are in them. Links in a folder are not followed. */
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Permanent } from '../define.ts';
import { isInside, isOwn } from '../download/folder.ts';
import type { Source } from '../library-contract.ts';
import {
  type Entry,
  keyed,
  type List,
  listBytesMax,
  listFault,
  playlistsPerSourceMax,
  titleCharsMax,
  tooMany,
  tracksPerListMax,
} from './list.ts';
import { oneLine } from './plain-text.ts';

const folderDepthMax = 16;
const NOT_TAKEN = /^(?:\..*|thumbs\.db|desktop\.ini|.*\.(?:part|crdownload|tmp))$/i;

export interface Places {
  readonly dataDir: string;
  /** Absolute, or relative to the data folder. */
  readonly libraryDir: string;
}

/**
 * The path of a source, without links.
 * @throws Permanent `path_missing`, `path_refused`
 */
export async function pathOfSource({ name, path }: Source, { dataDir, libraryDir }: Places): Promise<string> {
  if (path === null) throw refused(`the source ${name} has no path, and files are read below one only`);
  const data = await realpath(dataDir);
  const real = await realpath(resolve(data, path)).catch(() => null);
  if (real === null)
    throw new Permanent(`there is no ${path}: correct the path of the source ${name}, or mount what it is on`, {
      code: 'path_missing',
    });
  if (isOwn(real, real, data)) throw refused(`${path} lies among the supervisor's own files`);
  const library = await realpath(resolve(data, libraryDir)).catch(() => null);
  if (library !== null && (real === library || isInside(real, library)))
    throw refused(`${path} lies in the library, which is made of its sources`);
  return real;
}

/**
 * The path behind a `file:` address of a list or track, when its source may read it: what its `path` is or holds, or, where that
 * is a list, what lies in or below the folder of the list.
 * @returns null for what it may not, and for what is not there
 */
export async function localFile(url: string, source: Source, places: Places): Promise<string | null> {
  const root = await pathOfSource(source, places);
  const folder = (await stat(root)).isDirectory() ? root : dirname(root);
  const given = pathIn(url);
  const real = given === null ? null : await realpath(given).catch(() => null);
  if (real === null || (real !== root && !isInside(real, folder))) return null;
  const data = await realpath(places.dataDir);
  return isOwn(real, folder, data) && !isInside(folder, data) ? null : real;
}

function pathIn(url: string): string | null {
  try {
    return fileURLToPath(url);
  } catch {
    return null;
  }
}

/** @throws `list_too_large`, Permanent `path_missing` */
export async function readLocalList(path: string): Promise<Buffer> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new Permanent(`there is no file ${path}`, { code: 'path_missing' });
  if (found.size > listBytesMax)
    throw listFault('list_too_large', `the list has ${found.size} bytes; at most ${listBytesMax} are read`);
  return readFile(path);
}

/** The files directly in a folder, by name. */
export async function listFolder(path: string): Promise<List> {
  const entries: Entry[] = [];
  for (const name of await namesIn(path)) {
    const file = join(path, name);
    const found = await lstat(file).catch(() => null);
    if (!found?.isFile()) continue;
    if (entries.length === tracksPerListMax) throw tooMany();
    const modified = new Date(Math.min(Math.max(found.mtimeMs, 0), 4e12)).toISOString();
    entries.push({
      own: name.normalize('NFC'),
      title: oneLine(name.replace(/(?<=.)\.[A-Za-z0-9]{1,5}$/, ''), titleCharsMax) ?? name,
      artist: null,
      album: null,
      date: null,
      url: pathToFileURL(file).href,
      bytes: found.size,
      mime: null,
      durationS: null,
      marks: [found.size, Math.round(found.mtimeMs)],
      info: { modified },
    });
  }
  return { title: null, tracks: keyed(entries), feed: false, leftOut: 0, info: {} };
}

/**
 * Folders that hold files, the first itself among them, as paths relative to it (`''` for itself).
 * @param leftOut folders that are not gone into
 */
export async function foldersWithFiles(root: string, leftOut: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    let holdsFiles = false;
    const inside: string[] = [];
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      const stats = await lstat(path).catch(() => null);
      if (stats?.isFile()) holdsFiles = true;
      else if (stats?.isDirectory() && depth < folderDepthMax && !leftOut.includes(path)) inside.push(path);
    }
    if (holdsFiles) found.push(relative(root, folder).split(sep).join('/'));
    if (found.length > playlistsPerSourceMax)
      throw listFault('too_many_playlists', `more than ${playlistsPerSourceMax} folders with files lie in ${root}`);
    for (const path of inside) await walk(path, depth + 1);
  };
  await walk(root, 0);
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !NOT_TAKEN.test(name)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Permanent(`the folder ${folder} cannot be read (${code})`, {
      code: code === 'ENOENT' ? 'path_missing' : 'unreadable',
    });
  }
}

function refused(message: string): Permanent {
  return new Permanent(message, { code: 'path_refused' });
}
