/**
 * `library.scan`: files that lie in the library already become tracks, one playlist for each folder. What has the size and
 * time it had at the last scan is not read again, so an interrupted scan goes on where it was.
 */
import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { libraryOf } from '../catalog/client.ts';
import { DISK, diskPlaylist, diskTrack, diskTrackId, type Held, heldOf, isAsBefore } from '../catalog/disk-track.ts';
import { type DiskFile, diskFiles } from '../catalog/disk-walk.ts';
import { Puts } from '../catalog/puts.ts';
import { readTags } from '../catalog/tags.ts';
import { defineHandler, type HandlerContext, Permanent } from '../define.ts';
import { sumsOf } from '../download/digest.ts';
import { isInside } from '../download/folder.ts';
import type { LibraryFailure } from '../library-contract.ts';
import { setup } from '../setup.ts';

const params = z.strictObject({
  /** Folder below the library; all of it when left out. */
  path: z.string().optional(),
});
type Params = z.infer<typeof params>;

/** Counts of files. */
interface Found {
  added: number;
  changed: number;
  unchanged: number;
  /** They belong to tracks of a source. */
  known: number;
  gone: number;
  failed: number;
}

export const handler = defineHandler<Params>({
  type: 'library.scan',
  lane: 'io',
  timeout: '24h',
  settings: ['LIBRARY_DIR'],
  params,
  async run(given, ctx) {
    const { root, folder } = await placeOf(given.path ?? '', ctx);
    const library = libraryOf(ctx);
    await library.claim('scan');
    const before = await heldBelow(folder, ctx);
    await refuseUnmounted(root, folder, before.size);
    const scan = new Scan(ctx, root, before);
    await scan.walk(folder);
    await scan.tellGone();
    return { ...scan.found };
  },
});

async function placeOf(path: string, ctx: HandlerContext): Promise<{ root: string; folder: string }> {
  const wanted = resolve(setup.dataDir, ctx.settings['LIBRARY_DIR'] || 'library');
  try {
    const root = await realpath(wanted);
    const real = await realpath(resolve(root, path));
    if (real !== root && !isInside(real, root))
      throw new Permanent(`"${path}" does not lie in the library`, { code: 'wrong_folder' });
    return { root, folder: real === root ? '' : real.slice(root.length + 1) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const message = `there is no folder ${join(wanted, path)}: is its disk mounted?`;
    throw Object.assign(new Error(message), { code: 'no_folder' });
  }
}

/** What earlier scans found there, by id. */
async function heldBelow(folder: string, ctx: HandlerContext): Promise<Map<string, Held>> {
  const held = new Map<string, Held>();
  const prefix = folder === '' ? '' : `${folder.normalize('NFC')}/`;
  for await (const track of libraryOf(ctx).tracks({ sources: [DISK] }))
    if (track.key.startsWith(prefix)) held.set(track.id, heldOf(track));
  return held;
}

/** The place where a disk is mounted is an empty folder while it is not. */
async function refuseUnmounted(root: string, folder: string, held: number): Promise<void> {
  if (held === 0 || (await readdir(join(root, folder))).length > 0) return;
  const message = `${join(root, folder)} is empty, and held ${held} files at the last scan: is its disk mounted? If it is meant to be empty, put any file there`;
  throw Object.assign(new Error(message), { code: 'library_empty' });
}

class Scan {
  readonly found: Found = { added: 0, changed: 0, unchanged: 0, known: 0, gone: 0, failed: 0 };
  readonly #ctx: HandlerContext;
  readonly #root: string;
  /** Those not met yet. */
  readonly #before: Map<string, Held>;
  readonly #puts: Puts;
  /** Folders and files of which nothing is known: what was in them is not gone. */
  readonly #unreadable: string[] = [];
  #processed = 0;

  constructor(ctx: HandlerContext, root: string, before: Map<string, Held>) {
    this.#ctx = ctx;
    this.#root = root;
    this.#before = before;
    this.#puts = new Puts(libraryOf(ctx));
  }

  async walk(folder: string): Promise<void> {
    const unreadable = ({ path, message }: { path: string; message: string }) => {
      this.#unreadable.push(path.normalize('NFC'));
      this.#ctx.log.error(`cannot be read: ${message}`);
      this.#count('failed');
    };
    for await (const file of diskFiles(this.#root, folder, unreadable)) {
      this.#ctx.signal.throwIfAborted();
      await this.#look(file);
    }
    await this.#puts.flush();
  }

  async #look(file: DiskFile): Promise<void> {
    const id = diskTrackId(file);
    const before = this.#before.get(id);
    this.#before.delete(id);
    if (before && isAsBefore(before, file)) {
      this.#count(before.hasFailed ? 'failed' : 'unchanged');
      return;
    }
    if (await libraryOf(this.#ctx).isTaken(file.path, id)) {
      this.#count('known');
      return;
    }
    await this.#read(file, before);
  }

  async #read(file: DiskFile, before: Held | undefined): Promise<void> {
    const path = join(this.#root, file.path);
    const at = new Date().toISOString();
    const playlist = diskPlaylist(file);
    try {
      const tags = await readTags(path);
      const sha256 = (await sumsOf(path, file.bytes, null)).get('sha256') ?? null;
      await this.#puts.add(playlist, { ...diskTrack(file, tags, sha256, at), failure: null });
      this.#count(before ? 'changed' : 'added');
    } catch (error) {
      this.#ctx.signal.throwIfAborted();
      const { code = 'unreadable', message } = error as NodeJS.ErrnoException;
      const failure: LibraryFailure = { code, message, task: this.#ctx.task.id, at };
      this.#ctx.log.error(`${file.path}: ${message}`);
      await this.#puts.add(playlist, { ...diskTrack(file, null, null, at), failure: { ...failure, stage: 'scan' } });
      this.#count('failed');
    }
  }

  /** Those that were there and were not met. */
  async tellGone(): Promise<void> {
    const goneAt = new Date().toISOString();
    for (const [id, { key, isGone, hasFile }] of this.#before) {
      const isUnknown = this.#unreadable.some((path) => path === '' || `${key}/`.startsWith(`${path}/`));
      if (isUnknown || (isGone && !hasFile)) continue;
      await this.#puts.add(null, { id, goneAt, file: null, failure: null });
      this.found.gone++;
    }
    await this.#puts.flush();
  }

  #count(as: Exclude<keyof Found, 'gone'>): void {
    this.found[as]++;
    this.#processed++;
    const { failed } = this.found;
    this.#ctx.count({ processed: this.#processed, succeeded: this.#processed - failed, failed });
    this.#ctx.progress(this.#processed, null, null);
  }
}
