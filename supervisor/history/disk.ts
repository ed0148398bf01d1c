/**
 * The dozen calls history and attempt logs make of a disk, so that tests can put a faulty one in its place.
 * Everything is asynchronous: a slow disk must not hold up the loop.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';

export interface DiskFile {
  /** @returns bytes read; fewer than asked only at the end of the file */
  read(into: Uint8Array, length: number, position: number): Promise<number>;
  /** @param position null: at the end. @returns bytes written, perhaps fewer than asked */
  write(bytes: Uint8Array, from: number, length: number, position: number | null): Promise<number>;
  truncate(size: number): Promise<void>;
  datasync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** `append` makes the file when it is missing, `create` makes it anew, `update` and `read` want it there. */
export type OpenMode = 'append' | 'create' | 'update' | 'read';

export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, in order; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  size(path: string): Promise<number>;
  rename(from: string, to: string): Promise<void>;
  /** Removing what is gone is no error. */
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

/** Something a disk refused; `fatal` means that what was written may be lost although the file looks whole. */
export interface DiskTrouble {
  readonly file: string;
  readonly operation: 'write' | 'sync' | 'read' | 'index' | 'remove';
  readonly code: string;
  readonly message: string;
  readonly fatal: boolean;
}

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC } = constants;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  append: O_RDWR | O_APPEND | O_CREAT,
  create: O_RDWR | O_CREAT | O_TRUNC,
  update: O_RDWR,
  read: O_RDONLY,
};
const ownerOnly = 0o600;

export const machineDisk: Disk = {
  open: async (path, mode) => fileOf(await open(path, FLAGS[mode], ownerOnly)),
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: async (folder) => {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  },
  size: async (path) => (await stat(path)).size,
  rename,
  remove: async (path) => {
    try {
      await unlink(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  },
  syncFolder: async (path) => {
    const folder = await open(path, O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

function fileOf(handle: FileHandle): DiskFile {
  return {
    read: async (into, length, position) => {
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(into, done, length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    write: async (bytes, from, length, position) => (await handle.write(bytes, from, length, position)).bytesWritten,
    truncate: (size) => handle.truncate(size),
    datasync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/** Name of a system error, e.g. `ENOSPC`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}

export function troubleOf(
  operation: DiskTrouble['operation'],
  file: string,
  error: unknown,
  fatal = false,
): DiskTrouble {
  const message = error instanceof Error ? error.message : String(error);
  return { file, operation, code: codeOf(error), message, fatal };
}
