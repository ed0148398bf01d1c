/**
 * Writes a compressed archive under its name only when it is whole, read back and on the disk. Whatever goes wrong, no
 * half of it is left.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import type { HandlerContext } from '../define.ts';
import { syncFolder } from '../download/folder.ts';
import { isFull, mustHaveRoom, noRoom } from './room.ts';
import { readTar } from './tar-read.ts';
import { type Kind, type TarEntry, tarOf } from './tar-write.ts';

export interface Archive {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  readonly folders: number;
  readonly links: number;
}

export interface ArchiveOptions {
  /** It exists. */
  readonly folder: string;
  readonly prefix: string;
  readonly at: Date;
  readonly signal: AbortSignal;
}

const ending = '.tar.gz';
const what = 'the archive';
const lookEveryBytes = 4 * 1024 * 1024;
/** What is compressed at a time: each time costs as much as to read a small file. */
const gatheredBytes = 64 * 1024;

/** What was put in, and what is found in it again. */
interface Counts extends Record<Kind, number> {
  bytes: number;
}

/** Only one at a time writes archives of a prefix to a folder. */
export async function writeArchive(entries: AsyncIterable<TarEntry>, options: ArchiveOptions): Promise<Archive> {
  const { folder, prefix, at, signal } = options;
  await removeHalves(folder, prefix);
  await mustHaveRoom(folder, what);
  const name = await freeName(folder, prefix, at);
  const temporary = join(folder, `.${name}.part`);
  try {
    const counted = nothing();
    await pipeline(
      Readable.from(gathered(tarOf(counting(entries, counted))), { objectMode: false }),
      createGzip(),
      roomWatch(folder),
      createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
      { signal },
    );
    await verify(temporary, counted, signal);
    const path = join(folder, name);
    await rename(temporary, path);
    await syncFolder(folder);
    const { file: files, folder: folders, link: links } = counted;
    return { path, bytes: (await stat(path)).size, files, folders, links };
  } catch (error) {
    await rm(temporary, { force: true });
    throw isFull(error) ? noRoom(folder, what) : error;
  }
}

/** In the log of the attempt that made it. @param removed names of those that went for it */
export function tellOf({ path, bytes, files }: Archive, removed: readonly string[], { log }: HandlerContext): void {
  log.info(`${path}: ${files} files, ${bytes} bytes, read back and found whole`);
  for (const name of removed) log.info(`removed ${name}`);
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

function nothing(): Counts {
  return { file: 0, folder: 0, link: 0, bytes: 0 };
}

async function* counting(entries: AsyncIterable<TarEntry>, counted: Counts) {
  for await (const entry of entries) {
    counted[entry.kind ?? 'file']++;
    counted.bytes += entry.size;
    yield entry;
  }
}

async function* gathered(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < gatheredBytes) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

function roomWatch(folder: string): Transform {
  let sinceLook = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      sinceLook += chunk.length;
      if (sinceLook < lookEveryBytes) return done(null, chunk);
      sinceLook = 0;
      mustHaveRoom(folder, what).then(() => done(null, chunk), done);
    },
  });
}

async function verify(path: string, wanted: Counts, signal: AbortSignal): Promise<void> {
  const found = nothing();
  const plain = new PassThrough();
  const reading = pipeline(createReadStream(path), createGunzip(), plain, { signal });
  const counting = (async () => {
    for await (const { kind, body } of readTar(plain)) {
      found[kind]++;
      for await (const part of body) found.bytes += part.length;
    }
  })();
  await Promise.all([reading, counting]);
  if (!isDeepStrictEqual(found, wanted)) throw new Error(`${path} does not read back as it was written`);
}
