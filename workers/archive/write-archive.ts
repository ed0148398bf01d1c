/**
 * Writes a compressed archive under its name only when it is whole, read back and on the disk. Whatever goes wrong, no
 * half of it is left, and the disk is not filled to its end: what the supervisor has to write needs room as well.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { syncFolder } from '../download/folder.ts';
import { readTar } from './tar-read.ts';
import { type TarFile, tarOf } from './tar-write.ts';

export interface Archive {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
}

export interface ArchiveOptions {
  /** It exists. */
  readonly folder: string;
  readonly prefix: string;
  readonly at: Date;
  readonly signal: AbortSignal;
}

const ending = '.tar.gz';
const roomLeftBytesMax = 64 * 1024 * 1024;
/** On a small disk. */
const roomLeftShare = 1 / 16;
const lookEveryBytes = 4 * 1024 * 1024;

/** Only one at a time writes archives of a prefix to a folder. */
export async function writeArchive(files: AsyncIterable<TarFile>, options: ArchiveOptions): Promise<Archive> {
  const { folder, prefix, at, signal } = options;
  await removeHalves(folder, prefix);
  await mustHaveRoom(folder);
  const name = await freeName(folder, prefix, at);
  const temporary = join(folder, `.${name}.part`);
  try {
    const counted = { files: 0, bytes: 0 };
    await pipeline(
      Readable.from(tarOf(counting(files, counted)), { objectMode: false }),
      createGzip(),
      roomWatch(folder),
      createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
      { signal },
    );
    await verify(temporary, counted, signal);
    const path = join(folder, name);
    await rename(temporary, path);
    await syncFolder(folder);
    return { path, bytes: (await stat(path)).size, files: counted.files };
  } catch (error) {
    await rm(temporary, { force: true });
    throw isFull(error) ? noRoom(folder) : error;
  }
}

/** Names of archives by age, oldest first. */
export async function archivesIn(folder: string, prefix: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => timeOf(name, prefix) !== null).sort();
}

/** @returns when an archive was made, ms since 1970; null for what is none */
export function timeOf(name: string, prefix: string): number | null {
  if (!name.startsWith(`${prefix}-`) || !name.endsWith(ending)) return null;
  const stamp = /^(\d{4}-\d\d-\d\dT\d\d)(\d\d)(\d\d)Z(-\d+)?$/.exec(name.slice(prefix.length + 1, -ending.length));
  return stamp && Date.parse(`${stamp[1]}:${stamp[2]}:${stamp[3]}Z`);
}

async function freeName(folder: string, prefix: string, at: Date): Promise<string> {
  const stamp = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
  const taken = await readdir(folder);
  for (let number = 1; ; number++) {
    const name = `${prefix}-${stamp}${number === 1 ? '' : `-${number}`}${ending}`;
    if (!taken.includes(name)) return name;
  }
}

/** What an attempt that was killed has left. */
async function removeHalves(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const whole = name.startsWith('.') && name.endsWith('.part') ? name.slice(1, -'.part'.length) : '';
    if (timeOf(whole, prefix) !== null) await rm(join(folder, name), { force: true });
  }
}

async function* counting(files: AsyncIterable<TarFile>, counted: { files: number; bytes: number }) {
  for await (const file of files) {
    counted.files++;
    counted.bytes += file.size;
    yield file;
  }
}

function roomWatch(folder: string): Transform {
  let sinceLook = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      sinceLook += chunk.length;
      if (sinceLook < lookEveryBytes) return done(null, chunk);
      sinceLook = 0;
      mustHaveRoom(folder).then(() => done(null, chunk), done);
    },
  });
}

async function mustHaveRoom(folder: string): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder);
  if (bavail * bsize < Math.min(roomLeftBytesMax, blocks * bsize * roomLeftShare)) throw noRoom(folder);
}

async function verify(path: string, wanted: { files: number; bytes: number }, signal: AbortSignal): Promise<void> {
  const found = { files: 0, bytes: 0 };
  const plain = new PassThrough();
  const reading = pipeline(createReadStream(path), createGunzip(), plain, { signal });
  const counting = (async () => {
    for await (const { body } of readTar(plain)) {
      found.files++;
      for await (const part of body) found.bytes += part.length;
    }
  })();
  await Promise.all([reading, counting]);
  if (found.files !== wanted.files || found.bytes !== wanted.bytes)
    throw new Error(`${path} does not read back as it was written`);
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function noRoom(folder: string): Error {
  const message = `no room for the archive in ${folder}: nothing of it was left; make room, keep fewer, or use another disk`;
  return Object.assign(new Error(message), { code: 'disk_full' });
}
