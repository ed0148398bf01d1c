/**
 * Where a handler may write: into the folder that the settings give and nowhere else, whatever the task says and whatever
 * links lie in the way; and never among the files the supervisor keeps for itself.
 */
import { lstat, mkdir, open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Permanent } from '../define.ts';
import { safeName } from './file-name.ts';

const folderDepthMax = 16;
/** The supervisor's own folders in the data folder. */
const OWN_FOLDERS = [
  'journal',
  'history',
  'ledger',
  'inbox',
  'accepted',
  'rejected',
  'handlers',
  'logs',
  'settings',
  'scratch',
  'served',
  'snapshots',
  'archive',
  'backup',
  'quarantine',
  'trash',
];

export interface Place {
  /** The folder that the settings give, without links. */
  readonly root: string;
  /** The folder the file goes to, without links; it exists. */
  readonly folder: string;
}

/**
 * @param given of the settings: absolute, or relative to the data folder
 * @param dir relative to it
 * @param what the settings give, in words
 */
export async function placeFor(dataDir: string, given: string, dir: string, what = 'the library'): Promise<Place> {
  const segments = segmentsOf(dir, what);
  const dataReal = await realpath(dataDir);
  const wanted = resolve(dataReal, given);
  refuseOwn(wanted, wanted, dataReal);
  await makeFolder(wanted);
  const root = await realpath(wanted);
  const folder = await descend(root, segments, what);
  refuseOwn(folder, root, dataReal);
  return { root, folder };
}

function segmentsOf(dir: string, what: string): string[] {
  if (isAbsolute(dir) || /^[A-Za-z]:|\\/.test(dir))
    throw wrongFolder(dir, `must be relative to ${what}, with / between folders`);
  const segments = dir
    .normalize('NFC')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  if (segments.length > folderDepthMax) throw wrongFolder(dir, `is more than ${folderDepthMax} folders deep`);
  for (const segment of segments) {
    if (segment === '..') throw wrongFolder(dir, `must not leave ${what}`);
    if (safeName(segment) !== segment) throw wrongFolder(dir, `holds "${segment}", which is no safe name for a folder`);
  }
  return segments;
}

/** Folder by folder, so that nothing is made behind a link that leads out. */
async function descend(root: string, segments: readonly string[], what: string): Promise<string> {
  let folder = root;
  for (const segment of segments) {
    const next = join(folder, segment);
    if ((await makeOne(next)) === 'made') await syncFolder(folder);
    folder = await realpath(next);
    if (folder !== root && !isInside(folder, root))
      throw wrongFolder(segments.join('/'), `leads out of ${what} by a link`);
  }
  return folder;
}

async function makeOne(path: string): Promise<'made' | 'was there'> {
  try {
    await mkdir(path);
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await lstat(path);
  if (!found.isDirectory() && !found.isSymbolicLink()) throw wrongFolder(path, 'is a file');
  return 'was there';
}

/** Every new level is synced into the one above it. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

function refuseOwn(folder: string, root: string, dataDir: string): void {
  if (isOwn(folder, root, dataDir))
    throw wrongFolder(folder, "lies among the supervisor's own files in the data folder");
}

/**
 * Whether a path is the data folder or lies in it, other than where handlers may write.
 * @param root the folder that handlers may write to
 */
export function isOwn(path: string, root: string, dataDir: string): boolean {
  if (path !== dataDir && !isInside(path, dataDir)) return false;
  const [top = ''] = relative(dataDir, path).split(sep);
  const [rootTop = ''] = isInside(root, dataDir) ? relative(dataDir, root).split(sep) : [];
  return top === '' || top !== rootTop || top.startsWith('.') || OWN_FOLDERS.includes(top);
}

export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function wrongFolder(folder: string, why: string): Permanent {
  return new Permanent(`cannot write to the folder "${folder}": it ${why}`, { code: 'wrong_folder' });
}

/** Makes names in a folder durable; some file systems (and macOS shares) cannot and say EINVAL. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
