/**
 * Unpacks a backup into a folder that is empty or not there yet. What is there already is never touched, so no running
 * supervisor can lose anything; what goes wrong leaves the folder as empty as it was.
 */
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type ReadEntry, readFiles } from '../workers/archive/tar-read.ts';
import { Refused } from './call.ts';

const ABOUT = 'backup.json';
const RESTORED = 'restored.json';
const aboutBytesMax = 64 * 1024;
/** A disk of its own has this in it from the beginning. */
const NOTHING = ['lost+found'];

/** @param archive absolute, as `dataDir`. @returns how many files were restored. @throws Refused */
export async function unpackBackup(archive: string, dataDir: string): Promise<number> {
  await mustBeEmpty(dataDir);
  const folders = new Set([dataDir]);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const files = await unpack(archive, dataDir, folders);
    for (const folder of folders) await syncFolder(folder);
    return files;
  } catch (thrown) {
    await empty(dataDir);
    throw new Refused(`${archive} was not restored: ${(thrown as Error).message}`, 'not_restored', []);
  }
}

async function mustBeEmpty(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir).catch(noFolder)).filter((name) => !NOTHING.includes(name));
  if (names.length === 0) return;
  const pid = pidIn(join(dataDir, 'supervisor.json'));
  const why = pid === null ? `it holds ${names.slice(0, 3).join(', ')}` : `a supervisor runs there (process ${pid})`;
  throw new Refused(`${dataDir} is not empty: ${why}; give a new folder with --data`, 'not_empty', []);
}

function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw new Refused(`cannot restore there: ${error.message}`, 'no_folder', []);
}

function pidIn(path: string): number | null {
  if (!existsSync(path)) return null;
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number };
    process.kill(pid, 0);
    return pid;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM' ? -1 : null;
  }
}

async function unpack(archive: string, dataDir: string, folders: Set<string>): Promise<number> {
  const plain = new PassThrough();
  const reading = pipeline(createReadStream(archive), createGunzip(), plain);
  const unpacking = unpackAll(plain, archive, dataDir, folders);
  // The one that is at fault is told of, not the one that waits for it.
  const [read, unpacked] = await Promise.allSettled([reading, unpacking.catch((error) => failing(plain, error))]);
  if (unpacked.status === 'rejected') throw unpacked.reason;
  if (read.status === 'rejected') throw read.reason;
  return unpacked.value;
}

function failing(plain: PassThrough, error: Error): never {
  plain.destroy(error);
  throw error;
}

async function unpackAll(plain: PassThrough, archive: string, dataDir: string, folders: Set<string>): Promise<number> {
  let files = 0;
  for await (const file of readFiles(plain)) {
    if (files === 0) await noteRestored(file, archive, dataDir);
    else await unpackOne(file, dataDir, folders);
    files++;
  }
  if (files === 0) throw new Error('it is empty');
  return files - 1;
}

/** Before anything a start could run on is there. */
async function noteRestored(about: ReadEntry, archive: string, dataDir: string): Promise<void> {
  const { nightshift, madeAt } = about.name === ABOUT && about.size < aboutBytesMax ? await jsonOf(about) : {};
  if (nightshift === undefined) throw new Error('it is no backup of a data folder');
  if (nightshift !== 1) throw new Error(`it was made by a newer version (its format is ${nightshift})`);
  const note = { archive: basename(archive), madeAt, restoredAt: new Date().toISOString() };
  await writeFile(join(dataDir, RESTORED), `${JSON.stringify(note)}\n`, { mode: 0o600, flag: 'wx', flush: true });
}

async function jsonOf({ body }: ReadEntry): Promise<{ nightshift?: unknown; madeAt?: unknown }> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

async function unpackOne(file: ReadEntry, dataDir: string, folders: Set<string>): Promise<void> {
  const segments = file.name.split('/');
  if (segments.some((segment) => ['', '.', '..'].includes(segment) || segment.includes('\0')))
    throw new Error(`it holds a file with the name ${JSON.stringify(file.name)}`);
  const path = join(dataDir, ...segments);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (let folder = dirname(path); folder !== dataDir; folder = dirname(folder)) folders.add(folder);
  // Never over what is there, and never through a link: nothing was there before.
  const to = createWriteStream(path, { flags: 'wx', mode: file.mode & 0o700, flush: true });
  await pipeline(file.body, to);
}

async function empty(dataDir: string): Promise<void> {
  const names = await readdir(dataDir).catch(() => []);
  for (const name of names)
    if (!NOTHING.includes(name)) await rm(join(dataDir, name), { recursive: true, force: true });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
