/**
 * Every call the journal makes to the file system: a dozen synchronous ones, so that tests can put a disk behind it
 * which fails, tears and forgets on demand. Threads of the journal use `machineDisk`; a test's disk runs without threads.
 */
import fs from 'node:fs';
import { dirname } from 'node:path';

/** `create` makes a new file for appending and fails if there is one: no file is ever opened for writing twice. */
export type OpenMode = 'read' | 'create';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Errors carry `code` (`EIO`, `ENOSPC`, …) and `syscall`, as Node's do. */
export interface Disk {
  open(path: string, mode: OpenMode): number;
  /** @returns bytes read, fewer than asked at the end of the file */
  read(fd: number, into: Uint8Array, position: number): number;
  /** Appends. @returns bytes written, possibly fewer than given */
  write(fd: number, bytes: Uint8Array): number;
  size(fd: number): number;
  /** Data and size on stable storage; after an error the file's pages are of unknown state and no second call may be made. */
  sync(fd: number): void;
  truncate(fd: number, bytes: number): void;
  close(fd: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  makeFolder(path: string): void;
  /** Names in a folder; empty when it is missing. */
  list(path: string): string[];
  /** Makes created, renamed and removed names in a folder durable. */
  syncFolder(path: string): void;
  space(path: string): DiskSpace;
  /** As `read`, off the calling thread. */
  readLater(fd: number, into: Uint8Array, position: number): Promise<number>;
}

const MODES = {
  read: fs.constants.O_RDONLY,
  create: fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_APPEND,
} as const;

export const machineDisk: Disk = {
  open: (path, mode) => fs.openSync(path, MODES[mode], 0o600),
  read: (fd, into, position) => fs.readSync(fd, into, 0, into.byteLength, position),
  write: (fd, bytes) => fs.writeSync(fd, bytes, 0, bytes.byteLength),
  size: (fd) => fs.fstatSync(fd).size,
  // libuv turns it into F_FULLFSYNC on macOS, where O_DSYNC would not be honoured.
  sync: (fd) => fs.fdatasyncSync(fd),
  truncate: (fd, bytes) => fs.ftruncateSync(fd, bytes),
  close: (fd) => fs.closeSync(fd),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.unlinkSync(path),
  makeFolder(path) {
    if (fs.mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) this.syncFolder(dirname(path));
  },
  list(path) {
    try {
      return fs.readdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  syncFolder(path) {
    const fd = fs.openSync(path, fs.constants.O_RDONLY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  space(path) {
    const found = fs.statfsSync(path);
    return { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
  },
  readLater: (fd, into, position) =>
    new Promise((resolve, reject) => {
      fs.read(fd, into, 0, into.byteLength, position, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    }),
};

/** No room: the one kind of failed write after which the same bytes may be written again. */
export function isFull(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  // A sync that says ENOSPC has already lost pages: that is a failed disk, not a full one.
  return (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') && !/sync|close/.test(syscall ?? '');
}

/** Writes all of `bytes`: a write may take only some of them and still succeed. */
export function writeAll(disk: Disk, fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) {
    const written = disk.write(fd, done === 0 ? bytes : bytes.subarray(done));
    if (written <= 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO', syscall: 'write' });
    done += written;
  }
}

/** Fills `into` unless the file ends before. @returns bytes read */
export function readAll(disk: Disk, fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.byteLength) {
    const read = disk.read(fd, done === 0 ? into : into.subarray(done), position + done);
    if (read <= 0) break;
    done += read;
  }
  return done;
}
