/**
 * One supervisor a data folder. `flock` on descriptors of our own, taken through flock(1), which inherits them: such a lock
 * belongs to the open file, works across network namespaces, and a kill -9 releases it. `LOCK` is what people see; the
 * folder `journal/` is locked as well, so that deleting `LOCK` lets nobody in. No pid files and no times: both lie.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Fault } from '../core/fault.ts';
import { checkDataFolder, type FolderRules, unusable } from './data-folder.ts';

export interface LockOptions extends FolderRules {
  /** `socket`: weaker, for systems without flock(1); it does not reach across network namespaces. */
  readonly mode?: 'flock' | 'socket';
}

export interface DataFolderLock {
  /** Looks whether `LOCK` is still the file that is held and puts it back if not; throws `lostWrite` when another supervisor has it. Reads only. */
  check(): void;
  release(): Promise<void>;
}

const LOCK = 'LOCK';
/** flock(1) leaves with this when somebody else holds the lock; it is not a code of its own errors. */
const busyExit = 73;
const tries = 3;

/** Throws `dataFolder` when the folder cannot be used or locked, `held` when another supervisor has it. */
export async function lockDataFolder(dir: string, options: LockOptions = {}): Promise<DataFolderLock> {
  checkDataFolder(dir, options);
  if (options.mode === 'socket') return lockBySocket(dir);
  fs.mkdirSync(join(dir, 'journal'), { recursive: true, mode: 0o700 });
  let file = takeFile(dir);
  if (file === null) throw await held(dir);
  const folder = takeFolder(dir);
  if (folder === null) {
    fs.closeSync(file);
    throw await held(dir);
  }
  describeOwner(file);
  return {
    check() {
      if (isFileAt(join(dir, LOCK), file as number)) return;
      const again = takeFile(dir);
      if (again === null)
        throw new Fault(
          'lostWrite',
          `another supervisor has taken ${join(dir, LOCK)}`,
          'find out who deleted the lock file; start only one',
        );
      fs.closeSync(file as number);
      file = again;
      describeOwner(file);
    },
    async release() {
      fs.closeSync(file as number);
      if (folder !== undefined) fs.closeSync(folder);
    },
  };
}

/** @returns the locked descriptor, or null when somebody else has the lock */
function takeFile(dir: string): number | null {
  const path = join(dir, LOCK);
  for (let tried = 0; tried < tries; tried++) {
    const fd = openLock(path);
    if (fd === null) return null;
    if (!flocked(fd)) {
      fs.closeSync(fd);
      return null;
    }
    // It may have been deleted between opening and locking; then somebody else can lock the new one.
    if (isFileAt(path, fd)) return fd;
    fs.closeSync(fd);
  }
  throw unusable(`${path} keeps changing under our hands`, 'find out what deletes it');
}

/** macOS and the BSDs lock while opening (open(2), O_EXLOCK); Node names neither flag. */
const O_EXLOCK = 0x20;
const locksOnOpen = process.platform === 'darwin' || process.platform.endsWith('bsd');

function openLock(path: string): number | null {
  const flags = fs.constants.O_RDWR | fs.constants.O_CREAT;
  try {
    return fs.openSync(path, locksOnOpen ? flags | O_EXLOCK | fs.constants.O_NONBLOCK : flags, 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (locksOnOpen && (code === 'EAGAIN' || code === 'EWOULDBLOCK')) return null;
    throw unusable(`${path} cannot be opened: ${message}`, 'give this user the folder (chown)');
  }
}

/** @returns undefined where only the file can be locked */
function takeFolder(dir: string): number | null | undefined {
  if (locksOnOpen) return undefined;
  const fd = fs.openSync(join(dir, 'journal'), fs.constants.O_RDONLY);
  if (flocked(fd)) return fd;
  fs.closeSync(fd);
  return null;
}

function flocked(fd: number): boolean {
  if (locksOnOpen) return true;
  // busybox's flock has no -E, so its plain 1 counts as busy too.
  const done = spawnSync('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'pipe', fd], encoding: 'utf8' });
  if (done.status === 0) return true;
  if (done.status === 1 || done.status === busyExit) return false;
  const missing = (done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  const why = missing
    ? 'flock(1) is not installed'
    : `flock failed: ${done.stderr?.trim() || done.error?.message || `exit ${done.status}`}`;
  throw unusable(
    `the data folder cannot be locked: ${why}`,
    'install util-linux, or start with --lock=socket, which is weaker: it does not reach across containers',
  );
}

function isFileAt(path: string, fd: number): boolean {
  try {
    const [named, ours] = [fs.statSync(path), fs.fstatSync(fd)];
    return named.ino === ours.ino && named.dev === ours.dev;
  } catch {
    return false;
  }
}

/** For people who look into the file; nothing is decided by it, so a full disk is no reason to give the lock up. */
function describeOwner(fd: number): void {
  const text = `${JSON.stringify({ pid: process.pid, since: new Date().toISOString() })}\n`;
  try {
    fs.ftruncateSync(fd, 0);
    fs.writeSync(fd, text, 0);
  } catch {
    // the lock holds without it
  }
}

/** An abstract socket named after the folder itself: gone with the process, but invisible to other network namespaces. */
async function lockBySocket(dir: string): Promise<DataFolderLock> {
  if (process.platform !== 'linux')
    throw unusable('--lock=socket works on Linux only', 'leave it out: this system locks files by itself');
  const { dev, ino } = fs.statSync(dir);
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, `\0nightshift-${dev}-${ino}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw await held(dir);
    throw unusable(
      `the data folder cannot be locked: ${(error as Error).message}`,
      'install util-linux and leave --lock=socket out',
    );
  }
  server.unref();
  return {
    check() {},
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}

/** Names the owner as far as it has told: `supervisor.json` once it listens, `LOCK` before. */
async function held(dir: string): Promise<Fault> {
  const told = { ...readJson(join(dir, LOCK)), ...readJson(join(dir, 'supervisor.json')) };
  const pid = typeof told['pid'] === 'number' ? `pid ${told['pid']}` : 'pid unknown';
  const url = typeof told['url'] === 'string' ? `, ${told['url']}` : '';
  return new Fault(
    'held',
    `${dir} is held by another supervisor (${pid}${url})`,
    'use that one, stop it first, or give another folder with --data',
  );
}

function readJson(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
