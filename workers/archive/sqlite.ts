/**
 * Copies of SQLite databases while programs write to them. Only SQLite knows what of a database, its journal and its
 * write-ahead log belongs together at a moment, so its own program makes the copy. It opens the database as any reader
 * would, leaves nothing beside it, and never makes a new one.
 */
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Permanent } from '../define.ts';
import { programInPath } from '../program-file.ts';
import { mustHaveRoom } from './room.ts';

/** Runs a program to its end in a folder. */
export type Run = (command: readonly [string, ...string[]], folder: string) => Promise<Ran>;
export interface Ran {
  readonly exitCode: number | null;
  /** The last it said. */
  readonly words: string;
}

const PROGRAM = 'sqlite3';
const MAGIC = Buffer.from('SQLite format 3\0');
/** The magic, and up to which versions of the format it may be written and read. */
export const headBytes = 20;
/** Version of a database with a write-ahead log. */
const WAL = 2;
const readVersionAt = 19;
const NEIGHBORS = /-(?:wal|shm|journal)$/;
const COPY = 'database.copy';
/** Beyond what other programs usually hold a lock for. */
const busyMs = 60_000;

export function isDatabase(head: Buffer): boolean {
  return head.subarray(0, MAGIC.length).equals(MAGIC);
}

/** @returns the database that a file beside it belongs to, or null */
export async function databaseOf(path: string): Promise<string | null> {
  const database = path.replace(NEIGHBORS, '');
  if (database === path) return null;
  const handle = await open(database, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (!handle) return null;
  try {
    const { buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return isDatabase(buffer) ? database : null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/**
 * @param head its first `headBytes`
 * @param folder of our own, where the copy goes
 * @returns path of the copy, which is to be removed; null when the database is gone
 * @throws Permanent `sqlite3_missing` or `sqlite_failed`; Error `sqlite_busy` or `disk_full`
 */
export async function copyDatabase(path: string, head: Buffer, folder: string, run: Run): Promise<string | null> {
  const program = await programInPath(PROGRAM);
  if (program === null) throw missing(path);
  const bytes = (await sizeOf(path)) + (await sizeOf(`${path}-wal`));
  await mustHaveRoom(folder, `a copy of ${path}`, bytes);
  const ran = await backUp(`${pathToFileURL(path)}?mode=rw`, head, program, folder, run);
  if (ran.exitCode === 0) return join(folder, COPY);
  if (await isGone(path)) return null;
  if (/unable to open database/.test(ran.words) && (await isStill(path))) {
    const before = await stampOf(path);
    const again = await backUp(`${pathToFileURL(path)}?immutable=1`, head, program, folder, run);
    if (again.exitCode === 0 && before === (await stampOf(path)) && (await isStill(path))) return join(folder, COPY);
  }
  throw failure(path, ran.words);
}

function backUp(uri: string, head: Buffer, program: string, folder: string, run: Run): Promise<Ran> {
  // With a write-ahead log nobody waits for who reads: one long look, or a busy writer makes the copy begin over and over.
  const look = head[readVersionAt] === WAL ? ['BEGIN', 'PRAGMA schema_version'] : [];
  const asked = [`.timeout ${busyMs}`, ...look, `.backup main ${COPY}`];
  return run([program, '-batch', '-bail', '-init', '/dev/null', uri, ...asked], folder);
}

/** Where we may not write, SQLite cannot open one with a write-ahead log that no program has open: nobody writes to it. */
async function isStill(path: string): Promise<boolean> {
  const mayWrite = await access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  );
  return !mayWrite && (await isGone(`${path}-wal`));
}

async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

async function isGone(path: string): Promise<boolean> {
  const error = await stat(path).catch((thrown: NodeJS.ErrnoException) => thrown);
  return 'code' in error && error.code === 'ENOENT';
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.size ?? 0;
}

function missing(path: string): Permanent {
  const message = `${path} is a SQLite database, which only the program ${PROGRAM} copies consistently, and there is none: install the package ${PROGRAM}, or name the file in "exclude"`;
  return new Permanent(message, { code: 'sqlite3_missing' });
}

function failure(path: string, words: string): Error {
  const message = `${PROGRAM} could not copy the database ${path}: ${words}`;
  if (/locked|busy/.test(words)) return Object.assign(new Error(message), { code: 'sqlite_busy' });
  if (/disk is full/.test(words)) return Object.assign(new Error(message), { code: 'disk_full' });
  return new Permanent(`${message}; mend it, or name it in "exclude"`, { code: 'sqlite_failed' });
}
