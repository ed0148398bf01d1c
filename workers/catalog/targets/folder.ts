/**
 * A folder as a target, mostly one that is mounted: a disk, a share. The folder itself is never made here, as one that is
 * missing means that nothing is mounted.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { diskFull, isFull } from '../../download/disk-full.ts';
import { placeFor, syncFolder } from '../../download/folder.ts';
import { wholeBody } from './body.ts';
import type { LocalFile, Sending, Target } from './target.ts';

/** Said by a share whose other side is gone. */
const GONE = ['ENOENT', 'ENOTDIR', 'EIO', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'EHOSTUNREACH', 'ETIMEDOUT'];

export class FolderTarget implements Target {
  readonly name: string;
  readonly #root: string;
  readonly #dataDir: string;

  /** @param url `file:///mnt/music` */
  constructor(url: string, root: string, dataDir: string) {
    this.name = url;
    this.#root = root;
    this.#dataDir = dataDir;
  }

  holds(object: string, file: LocalFile, recorded: boolean): Promise<boolean> {
    return this.#said(async () => {
      await stat(this.#root);
      const path = join(this.#root, object);
      const found = await lstat(path).catch(() => null);
      if (!found?.isFile() || found.size !== file.bytes) return false;
      return recorded || (await digestOf(path)) === file.sha256;
    });
  }

  put(object: string, file: LocalFile, sending: Sending): Promise<void> {
    return this.#said(async () => {
      await stat(this.#root);
      const name = object.split('/').at(-1) ?? '';
      const { folder } = await placeFor(
        this.#dataDir,
        this.#root,
        object.split('/').slice(0, -1).join('/'),
        'the target',
      );
      const key = createHash('sha256').update(object).digest('hex').slice(0, 16);
      const temporary = join(folder, `.nightshift-${key}.part`);
      try {
        const { signal } = sending;
        await pipeline(wholeBody(file, sending.sent), createWriteStream(temporary), { signal });
        await synced(temporary);
        if ((await digestOf(temporary, signal)) !== file.sha256)
          throw Object.assign(new Error(`${object} has arrived as another one`), { code: 'digest_mismatch' });
        await rename(temporary, join(folder, name));
        await syncFolder(folder);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        throw error;
      }
    });
  }

  async #said<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (isFull(error)) throw diskFull('the disk of the target is full');
      if (!GONE.includes(code) || (await stat(this.#root).catch(() => null))) throw error;
      const said = `the target ${this.#root} cannot be reached (${message}): is it mounted?`;
      throw Object.assign(new Error(said), { code: 'unreachable' });
    }
  }
}

async function digestOf(path: string, signal?: AbortSignal): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path, signal && { signal })) sum.update(chunk as Buffer);
  return sum.digest('hex');
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
