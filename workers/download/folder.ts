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
  /** The library folder, without links. */
  readonly root: string;
  /** The folder the file goes to, without links; it exists. */
  readonly folder: string;
}

/**
 * @param libraryDir absolute, or relative to the data folder
 * @param dir relative to the library
 */
export async function placeFor(dataDir: string, libraryDir: string, dir: string): Promise<Place> {
  const segments = segmentsOf(dir);
  const dataReal = await realpath(dataDir);
  const wanted = resolve(dataReal, libraryDir);
  refuseOwn(wanted, wanted, dataReal);
  await makeFolder(wanted);
  const root = await realpath(wanted);
  const folder = await descend(root, segments);
  refuseOwn(folder, root, dataReal);
  return { root, folder };
}

function segmentsOf(dir: string): string[] {
  if (isAbsolute(dir) || /^[A-Za-z]:|\\/.test(dir))
    throw wrongFolder(dir, 'must be relative to the library, with / between folders');
  const segments = dir
    .normalize('NFC')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  if (segments.length > folderDepthMax) throw wrongFolder(dir, `is more than ${folderDepthMax} folders deep`);
  for (const segment of segments) {
    if (segment === '..') throw wrongFolder(dir, 'must not leave the library');
    if (safeName(segment) !== segment) throw wrongFolder(dir, `holds "${segment}", which is no safe name for a folder`);
  }
  return segments;
}

/** Folder by folder, so that nothing is made behind a link that leads out. */
async function descend(root: string, segments: readonly string[]): Promise<string> {
  let folder = root;
  for (const segment of segments) {
    const next = join(folder, segment);
    if ((await makeOne(next)) === 'made') await syncFolder(folder);
    folder = await realpath(next);
    if (folder !== root && !isInside(folder, root))
      throw wrongFolder(segments.join('/'), 'leads out of the library by a link');
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
  if (folder !== dataDir && !isInside(folder, dataDir)) return;
  const [top = ''] = relative(dataDir, folder).split(sep);
  const [rootTop = ''] = isInside(root, dataDir) ? relative(dataDir, root).split(sep) : [];
  if (top !== '' && top === rootTop && !top.startsWith('.') && !OWN_FOLDERS.includes(top)) return;
  throw wrongFolder(folder, "lies among the supervisor's own files in the data folder");
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
