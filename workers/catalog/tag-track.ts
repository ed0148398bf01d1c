/**
 * What the catalog knows of a track into the tags of its file. Tags that are there stay. It is done on a copy, which takes
 * the place of the file once it is on the disk; tracks that share the file share its new digest.
 */
import { constants } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { type HandlerContext, Permanent } from '../define.ts';
import { sumsOf } from '../download/digest.ts';
import { diskFull, isFull } from '../download/disk-full.ts';
import { placeFor, syncFolder } from '../download/folder.ts';
import type { Track, TrackFile } from '../library-contract.ts';
import { type Library, libraryOf } from './client.ts';
import { claimOf } from './file-place.ts';
import { mustBeOnDisk } from './on-disk.ts';
import { readTags, type Tags } from './tags.ts';
import { type WantedTags, writeTags } from './write-tags.ts';

export interface Tagged {
  /** Names of the tags that were empty and are not any more. */
  readonly written: readonly string[];
  /** Why nothing could be written, where that is so. */
  readonly skipped: string | null;
}

export async function tagTrack(ctx: HandlerContext, id: string, dataDir: string): Promise<Tagged> {
  const library = libraryOf(ctx);
  await library.claim(`track:${id}`);
  const track = await library.track(id);
  if (!track) throw new Permanent(`the library has no track ${id}`, { code: 'no_track' });
  if (!track.file) return skipped('it has no file');
  await library.claim(claimOf(track.file.path));
  const { root } = await placeFor(dataDir, ctx.settings['LIBRARY_DIR'] || 'library', '');
  return await tagFile(library, track, track.file, join(root, track.file.path));
}

async function tagFile(library: Library, track: Track, file: TrackFile, path: string): Promise<Tagged> {
  const before = await mustBeOnDisk(path);
  const tags = await tagsOf(path);
  if (!tags) return skipped('its file is of no kind that has tags');
  const wanted = missing(track, tags);
  const written = namesOf(wanted);
  if (written.length === 0) {
    // An attempt may have been cut after it had put the copy in its place; and people write tags too.
    if (before.size !== file.bytes || before.mtimeMs > Date.parse(file.at)) await keepSums(library, file, path);
    return { written, skipped: null };
  }
  const copy = join(dirname(path), `.nightshift-${track.id}.tags${extname(path)}`);
  try {
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    if (!(await writeTags(copy, wanted))) return skipped('tags of its kind of file can be read, but not be written');
    await sync(copy);
    const after = await mustBeOnDisk(path);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
      throw Object.assign(new Error(`${path} was changed while its tags were written`), { code: 'file_changed' });
    await rename(copy, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw isFull(error) ? diskFull() : error;
  } finally {
    await rm(copy, { force: true });
  }
  await keepSums(library, file, path);
  return { written, skipped: null };
}

function skipped(why: string): Tagged {
  return { written: [], skipped: why };
}

async function tagsOf(path: string): Promise<Tags | null> {
  try {
    return await readTags(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'damaged') throw error;
    return null;
  }
}

function missing(track: Track, tags: Tags): WantedTags {
  const { genre } = track.info;
  const genres = Array.isArray(genre) ? genre.filter((text) => typeof text === 'string') : [];
  return {
    title: tags.title === null ? track.title : null,
    artist: tags.artist === null ? track.artist : null,
    album: tags.album === null ? track.album : null,
    date: tags.date === null && /^\d{4}/.test(track.date ?? '') ? track.date : null,
    genre: tags.info['genre'] === undefined ? genres : [],
  };
}

function namesOf(wanted: WantedTags): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => (value === null || value.length === 0 ? [] : [name]));
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of the file as it is now, for all tracks that have it: an upload of what it was before is an old one. */
async function keepSums(library: Library, { path: name }: TrackFile, path: string): Promise<void> {
  const { size: bytes } = await mustBeOnDisk(path);
  const sha256 = (await sumsOf(path, bytes, null)).get('sha256') ?? '';
  const at = new Date().toISOString();
  const changes = [];
  for await (const { id, file, info } of library.tracks({ text: name })) {
    if (file?.path !== name) continue;
    const { metadata } = info;
    // What was described was this file, with fewer tags.
    const described =
      typeof metadata === 'object' ? { info: { ...info, metadata: { ...metadata, file: sha256 } } } : {};
    changes.push({ id, file: { ...file, bytes, sha256, at }, ...described });
  }
  await library.put({ tracks: changes });
}
