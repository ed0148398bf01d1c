/** The few calls of the file system that the inbox makes, behind one interface, so that tests can watch and break them. */
import fs from 'node:fs';
import { promisify } from 'node:util';

export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'symbolic link' | 'pipe' | 'socket' | 'device';
  readonly bytes: number;
  readonly uid: number;
  /** Changes whenever the file or its contents do. */
  readonly signature: string;
  readonly modifiedAt: number;
  readonly inode: number;
}

export interface ReadFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Signatures before and after reading. */
  readonly before: string;
  readonly after: string;
}

export interface InboxFiles {
  names(folder: string): Promise<string[]>;
  /** Of the thing itself, never of what a link leads to; null when there is none. */
  status(path: string): Promise<FileStatus | null>;
  /** Follows no link, waits for no pipe. */
  read(path: string, bytesMax: number): Promise<ReadFile>;
  move(from: string, to: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Written and synced; the folder is not. */
  write(path: string, text: string): Promise<void>;
  readText(path: string, bytesMax: number): Promise<string>;
  syncFile(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
}

// The calls with callbacks cost half of what `fs/promises` does, and ten thousand files make a hundred thousand of them.
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
      const before = statusOf(await fstat(file));
      if (before.kind !== 'file') throw new Error(`${path} became a ${before.kind}`);
      const bytes = await readUpTo(file, Math.min(before.bytes, bytesMax) + 1);
      return { bytes, before: before.signature, after: statusOf(await fstat(file)).signature };
    } finally {
      await close(file);
    }
  },

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

  async readText(path, bytesMax) {
    const file = await open(path, untrusted);
    try {
      return Buffer.from(await readUpTo(file, bytesMax)).toString('utf8');
    } finally {
      await close(file);
    }
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

async function readUpTo(file: number, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const { bytesRead } = await read(file, bytes, length, bytesMax - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

function statusOf(stats: fs.Stats): FileStatus {
  return {
    kind: kindOf(stats),
    bytes: stats.size,
    uid: stats.uid,
    signature: `${stats.ino}:${stats.size}:${stats.mtimeMs}`,
    modifiedAt: stats.mtimeMs,
    inode: stats.ino,
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
