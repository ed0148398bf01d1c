/** The few calls of the file system that the inbox makes, behind one interface, so that tests can break them. */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { openForWriting } from './open-files.ts';

export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'symbolic link' | 'pipe' | 'socket' | 'device';
  readonly bytes: number;
  readonly uid: number;
  /** Changes whenever the file or its contents do. */
  readonly signature: string;
  readonly modifiedAt: number;
  /** Another one once it was deleted and made again; the number alone may be the same. */
  readonly identity: string;
}

export interface ReadFile {
  readonly status: FileStatus;
  /** Null when it is no file, or longer than was asked for. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** False when it was written to meanwhile. */
  readonly still: boolean;
}

export interface InboxFiles {
  names(folder: string): Promise<string[]>;
  /** Of the thing itself, never of what a link leads to; null when there is none. */
  status(path: string): Promise<FileStatus | null>;
  /** Follows no link, waits for no pipe. */
  read(path: string, bytesMax: number): Promise<ReadFile>;
  /**
   * The same without leaving the thread, for small files: five such calls take 15 microseconds, by way of other threads
   * 70. They have just been renamed, so the disk is awake.
   */
  readSmall(path: string, bytesMax: number): ReadFile;
  /** Those of these files, of one folder, that some process is known to have open for writing. */
  openForWriting(paths: readonly string[]): Promise<ReadonlySet<string>>;
  move(from: string, to: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Written and synced; the folder is not. */
  write(path: string, text: string): Promise<void>;
  readText(path: string): Promise<string>;
  syncFile(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
}

// The calls with callbacks cost half of what `fs/promises` does, and ten thousand files make a hundred thousand calls.
const open = promisify(fs.open);
const close = promisify(fs.close);
const fstat = promisify(fs.fstat);
const lstat = promisify(fs.lstat);
const rename = promisify(fs.rename);
const read = promisify(fs.read);
const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const untrusted = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

export const machineFiles: InboxFiles = {
  names: promisify(fs.readdir) as (folder: string) => Promise<string[]>,

  async status(path) {
    try {
      return statusOf(await lstat(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  },

  async read(path, bytesMax) {
    const file = await open(path, untrusted);
    try {
      const status = statusOf(await fstat(file));
      if (status.kind !== 'file' || status.bytes > bytesMax) return { status, bytes: null, still: true };
      const bytes = new Uint8Array(status.bytes);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await read(file, bytes, length, bytes.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return {
        status,
        bytes,
        still: length === bytes.length && statusOf(await fstat(file)).signature === status.signature,
      };
    } finally {
      await close(file);
    }
  },

  readSmall(path, bytesMax) {
    const file = openOrSee(path);
    if (typeof file !== 'number') return { status: file, bytes: null, still: true };
    try {
      const status = statusOf(fs.fstatSync(file));
      if (status.kind !== 'file' || status.bytes > bytesMax) return { status, bytes: null, still: true };
      const bytes = new Uint8Array(status.bytes);
      const length = fs.readSync(file, bytes);
      return {
        status,
        bytes,
        still: length === bytes.length && statusOf(fs.fstatSync(file)).signature === status.signature,
      };
    } finally {
      fs.closeSync(file);
    }
  },

  openForWriting,

  move: rename,

  async makeFolder(path) {
    await fs.promises.mkdir(path, { recursive: true, mode: 0o700 });
  },

  async write(path, text) {
    const file = await open(path, 'w', 0o600);
    try {
      await promisify(fs.writeFile)(file, text);
      await fsync(file);
    } finally {
      await close(file);
    }
  },

  async readText(path) {
    return await fs.promises.readFile(path, 'utf8');
  },

  async syncFile(path) {
    const file = await open(path, untrusted);
    try {
      await fdatasync(file);
    } finally {
      await close(file);
    }
  },

  async syncFolder(path) {
    const folder = await open(path, O_RDONLY);
    try {
      await fsync(folder);
    } finally {
      await close(folder);
    }
  },

  async removeFolder(path) {
    await fs.promises.rm(path, { recursive: true });
  },
};

/** A link or a socket cannot be opened: then what it is, instead. */
function openOrSee(path: string): number | FileStatus {
  try {
    return fs.openSync(path, untrusted);
  } catch (error) {
    const status = statusOf(fs.lstatSync(path));
    if (status.kind === 'file') throw error;
    return status;
  }
}

function statusOf(stats: fs.Stats): FileStatus {
  return {
    kind: kindOf(stats),
    bytes: stats.size,
    uid: stats.uid,
    signature: `${stats.ino}:${stats.size}:${stats.mtimeMs}`,
    modifiedAt: stats.mtimeMs,
    identity: `${stats.ino}:${stats.birthtimeMs}`,
  };
}

function kindOf(stats: fs.Stats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'symbolic link';
  if (stats.isFIFO()) return 'pipe';
  return stats.isSocket() ? 'socket' : 'device';
}

/** What went wrong, as short as it can be said: `ENOSPC`. */
export function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
