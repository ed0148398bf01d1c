/**
 * What is found in folders, as entries of an archive. A small file is read whole before its header is written, so that
 * size and content are of one moment; a large one that grows is taken to the size it had, and one that shrinks fails the
 * archive. A database is copied by SQLite itself, since a program may be writing to it.
 */
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, rm } from 'node:fs/promises';
import { bytesOf, firstBytes } from './file-bytes.ts';
import { databaseOf, headBytes, isDatabase } from './sqlite.ts';
import type { TarEntry } from './tar-write.ts';
import type { Unreadable } from './unreadable.ts';
import type { Found } from './walk.ts';

export interface Taking {
  /** Told what is not in the archive, as a line. */
  readonly leave: (line: string) => void;
  readonly unreadable: Unreadable;
  /** Makes a consistent copy. @returns its path, or null when the database is gone */
  readonly copyDatabase: (found: Found, head: Buffer) => Promise<string | null>;
}

const wholeBytesMax = 1024 * 1024;
/** Never through a link, and without waiting for a pipe that has come in its place. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A link that has come in its place, and a socket. */
const REPLACED = ['ELOOP', 'ENXIO'];

/** @throws Permanent `unreadable` */
export async function* entriesOf(found: Found, taking: Taking): AsyncGenerator<TarEntry> {
  if (found.kind === 'folder') {
    // The root of the machine is there wherever it is unpacked.
    if (found.path !== '/') yield { ...factsOf(found), kind: 'folder', size: 0, body: [] };
  } else if (found.kind === 'link') yield* linkEntry(found, taking);
  else yield* fileEntry(found, taking);
}

/** As every tar does: the absolute path without the slash it begins with. */
function factsOf({ path, stats }: Found): Pick<TarEntry, 'name' | 'mode' | 'mtimeMs' | 'uid' | 'gid'> {
  const { mode, mtimeMs, uid, gid } = stats;
  return { name: path.slice(1), mode: mode & 0o7777, mtimeMs, uid, gid };
}

async function* linkEntry(found: Found, taking: Taking): AsyncGenerator<TarEntry> {
  try {
    const target = await readlink(found.path, { encoding: 'buffer' });
    if (!isUtf8(target)) taking.unreadable.add(found.path, 'what it leads to is not UTF-8');
    else yield { ...factsOf(found), kind: 'link', target: target.toString(), size: 0, body: [] };
  } catch (error) {
    failed(found, error, taking, ['EINVAL']);
  }
  taking.unreadable.throwAny();
}

async function* fileEntry(found: Found, taking: Taking): AsyncGenerator<TarEntry> {
  const handle = await opened(found, taking);
  if (!handle) return;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return failed(found, null, taking);
    const now = { ...found, stats };
    const isSmall = stats.size <= wholeBytesMax;
    const first = await reading(found, taking, firstBytes(handle, isSmall ? stats.size : headBytes));
    if (isDatabase(first)) return yield* databaseEntry(now, first, taking);
    const database = await databaseOf(found.path);
    if (database) return taking.leave(`${found.path} was left out: the copy of ${database} holds what it holds`);
    if (isSmall) yield { ...factsOf(now), size: first.length, body: [first] };
    else yield { ...factsOf(now), size: stats.size, body: largeBody(found, taking, handle, stats.size) };
  } finally {
    await handle.close();
  }
}

async function* databaseEntry(found: Found, head: Buffer, taking: Taking): AsyncGenerator<TarEntry> {
  const copy = await taking.copyDatabase(found, head);
  if (copy === null) return failed(found, null, taking);
  const handle = await open(copy, 'r');
  try {
    const { size } = await handle.stat();
    yield { ...factsOf(found), size, body: bytesOf(handle, size) };
  } finally {
    await handle.close();
    await rm(copy, { force: true });
  }
}

async function opened(found: Found, taking: Taking): Promise<FileHandle | null> {
  try {
    return await open(found.path, READ);
  } catch (error) {
    failed(found, error, taking, REPLACED);
    return null;
  }
}

async function* largeBody(found: Found, taking: Taking, handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  try {
    yield* bytesOf(handle, size);
  } catch (error) {
    failed(found, error, taking);
  }
}

async function reading<T>(found: Found, taking: Taking, bytes: Promise<T>): Promise<T> {
  try {
    return await bytes;
  } catch (error) {
    failed(found, error, taking);
    throw error;
  }
}

/**
 * @param error null when what was found is not there any more
 * @param gone codes that say so as well
 * @throws Permanent `unreadable`, or the error when it may be over by the next attempt
 */
function failed({ path }: Found, error: unknown, { leave, unreadable }: Taking, gone: readonly string[] = []): void {
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
  if (error === null || gone.includes(code) || unreadable.isGone(path, error))
    leave(`${path} is gone and was left out`);
  unreadable.throwAny();
}
