/**
 * The unfinished file: a hidden one beside its target, with a small note of what it is a part of. Its name holds the
 * target and the task, so that a retry finds it and two tasks never write into one file; a part another task has left
 * behind is taken over by renaming it, which only one can do.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A part untouched for so long has no writer: far longer than a server may be silent. */
export const abandonedMs = 10 * 60_000;
/** Parts that nobody has come back to are removed after a week. */
const keptMs = 7 * 86_400_000;
const noteBytesMax = 16 * 1024;
const PREFIX = '.nightshift-';

export interface Note {
  readonly url: string;
  /** Strong entity tag, or null. */
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly totalBytes: number | null;
  /** Bytes known to be on the disk itself. */
  readonly syncedBytes: number;
  /** Media type its server gave; an answer that the part is whole already does not say it again. */
  readonly type?: string | null;
  /** Life of the machine in which it was written: afterwards only what was synced can be trusted. */
  readonly boot: string;
}

/** What a download is of and to: the same for every task that wants the same. */
export function targetKey(url: string, folder: string, name: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([url, folder, name ?? null]))
    .digest('hex')
    .slice(0, 16);
}

export class Part {
  readonly path: string;
  readonly #notePath: string;

  private constructor(path: string) {
    this.path = path;
    this.#notePath = `${path}.json`;
  }

  /** The part of this task, perhaps one that another task has abandoned; it need not exist yet. */
  static async find(folder: string, key: string, taskId: string): Promise<Part> {
    const part = new Part(join(folder, `${PREFIX}${key}-${taskId}.part`));
    if ((await sizeOf(part.path)) === null) await adopt(folder, key, part.path);
    return part;
  }

  /**
   * What can be continued: the note, and how many bytes are good. Null when there is nothing, or nothing to trust.
   * Without a validator a server could not say whether its file is still the same.
   */
  async resumable(url: string): Promise<{ note: Note; bytes: number } | null> {
    const size = await sizeOf(this.path);
    const note = await readNote(this.#notePath);
    if (size === null || !note || note.url !== url || (note.etag === null && note.lastModified === null)) return null;
    const bytes = note.boot === bootId() ? size : Math.min(size, note.syncedBytes);
    return bytes > 0 ? { note, bytes } : null;
  }

  /** Opened for writing, cut to `bytes`. */
  async open(bytes: number): Promise<FileHandle> {
    const handle = await open(this.path, bytes === 0 ? 'w+' : 'r+', 0o644);
    await handle.truncate(bytes);
    return handle;
  }

  async write(note: Omit<Note, 'boot'>): Promise<void> {
    const temporary = `${this.#notePath}.tmp`;
    try {
      // Renamed into place, so that a note is whole or not there.
      await writeFile(temporary, JSON.stringify({ ...note, boot: bootId() }));
      await rename(temporary, this.#notePath);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await this.removeNote();
  }

  async removeNote(): Promise<void> {
    await rm(this.#notePath, { force: true });
  }
}

async function adopt(folder: string, key: string, path: string): Promise<void> {
  const now = Date.now();
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX) || !name.endsWith('.part')) continue;
    const found = join(folder, name);
    const age = now - ((await stat(found).catch(() => null))?.mtimeMs ?? now);
    if (age > keptMs) {
      await rm(found, { force: true });
      await rm(`${found}.json`, { force: true });
    } else if (age > abandonedMs && name.startsWith(`${PREFIX}${key}-`)) {
      await rename(found, path).catch(() => {});
      await rename(`${found}.json`, `${path}.json`).catch(() => {});
    }
  }
}

async function readNote(path: string): Promise<Note | null> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > noteBytesMax) return null;
    const note: Partial<Note> = JSON.parse(text);
    return typeof note.url === 'string' && typeof note.syncedBytes === 'number' && typeof note.boot === 'string'
      ? (note as Note)
      : null;
  } catch {
    return null;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

let boot: string | null = null;

/** Empty where the system does not tell; then only synced bytes count. */
function bootId(): string {
  if (boot !== null) return boot;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    boot = `unknown-${process.pid}-${performance.timeOrigin}`;
  }
  return boot;
}
