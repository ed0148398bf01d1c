/**
 * A track gets its file. What three playlists hold is fetched and stored once: by address before it is fetched, by digest
 * after that. Claims are taken in one order (track, address, host, digests, path), so that nobody waits in a circle.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type HandlerContext, isPermanent, Permanent } from '../define.ts';
import { diskFull, isFull } from '../download/disk-full.ts';
import { placeFor } from '../download/folder.ts';
import { Part, targetKey } from '../download/part.ts';
import { type Playlist, type Track, type TrackFile, trackState } from '../library-contract.ts';
import { type Brought, bring } from './bring.ts';
import { type Library, libraryOf } from './client.ts';
import { noting } from './failure.ts';
import { settleIn } from './file-place.ts';
import { layoutDefault, layoutPath } from './layout.ts';
import type { Places } from './local-files.ts';
import { isOnDisk, isUnchanged } from './on-disk.ts';

export interface Downloaded {
  /** Below the library; null where there was nothing to be done. */
  readonly path: string | null;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly resumedBytes: number;
  /** Nothing was fetched. */
  readonly skipped: boolean;
  /** The file was there already, of another track. */
  readonly shared: boolean;
}

interface Work {
  readonly ctx: HandlerContext;
  readonly library: Library;
  readonly track: Track;
  readonly playlist: Playlist | null;
  readonly places: Places;
  /** Of the library, without links. */
  readonly root: string;
}

const perHostDefault = 2;

/** @returns what became of it, and the track as it is now */
export async function downloadTrack(
  ctx: HandlerContext,
  id: string,
  dataDir: string,
): Promise<{ result: Downloaded; track: Track }> {
  const library = libraryOf(ctx);
  await library.claim(`track:${id}`);
  const track = await library.track(id);
  if (!track) throw new Permanent(`the library has no track ${id}`, { code: 'no_track' });
  const result = await noting(ctx, library, id, 'download', async () => {
    const places = { dataDir, libraryDir: ctx.settings['LIBRARY_DIR'] || 'library' };
    try {
      const { root } = await placeFor(places.dataDir, places.libraryDir, '');
      const playlist = await library.playlist(track.playlist);
      return await fileFor({ ctx, library, track, playlist, places, root });
    } catch (error) {
      // Also where a folder or a name finds no room.
      throw isFull(error) ? diskFull(undefined, { cause: error }) : error;
    }
  });
  return { result, track: (await library.track(id)) ?? track };
}

async function fileFor(work: Work): Promise<Downloaded> {
  const { library, track, root } = work;
  const { file, url, version } = track;
  if (file && file.version === version && (await isOnDisk(root, file))) {
    if (track.failure?.stage === 'download') await library.put({ tracks: [{ id: track.id, failure: null }] });
    return nothingDone(file);
  }
  if (track.goneAt !== null) return nothingDone(file);
  if (url === null) throw new Permanent('the list gives no address for the file', { code: 'no_address' });
  // Whether its source may read a file of this machine is asked for each track.
  if (url.startsWith('file:')) return await fetchOwn(work, url);
  await library.claim(`address:${createHash('sha256').update(`${url}\0${version}`).digest('hex')}`);
  return (await sharedByAddress(work, url)) ?? (await fetchOwn(work, url));
}

async function sharedByAddress(work: Work, url: string): Promise<Downloaded | null> {
  const { library, track } = work;
  const found = await library.fromAddress(url, track.version);
  if (!found?.file || found.id === track.id || !(await isUnchanged(work.root, found.file))) return null;
  await claimDigests(work, found.file.sha256);
  const { file } = (await library.track(found.id)) ?? found;
  // Fetching it now would claim a host after a digest, against the order.
  if (!file || file.sha256 !== found.file.sha256 || !(await isUnchanged(work.root, file)))
    throw Object.assign(new Error('the file of another track that it was to have has changed meanwhile'), {
      code: 'file_changed',
    });
  await record(work, { path: file.path, bytes: file.bytes, sha256: file.sha256 });
  return { ...nothingDone(file), shared: true };
}

async function fetchOwn(work: Work, url: string): Promise<Downloaded> {
  const { ctx, library, track, places, root } = work;
  const sources = await library.sources();
  const source = sources.find(({ name }) => name === work.playlist?.source) ?? null;
  const perHost = Number(ctx.settings['DOWNLOAD_CONCURRENCY']) || perHostDefault;
  // Claimed is the track, not the task: whichever comes next goes on with it.
  const part = await Part.find(root, targetKey(url, root, track.id), track.id);
  let brought: Brought;
  try {
    brought = await bring(ctx, library, { track, url, source, places, perHost }, part);
  } catch (error) {
    if (isPermanent(error)) await part.remove();
    throw error;
  }
  const { bytes, sha256, resumedBytes } = brought;
  await claimDigests(work, sha256);
  const same = (await library.withDigest(sha256))?.file ?? null;
  const shared = same !== null && same.path !== track.file?.path && (await isUnchanged(root, same));
  const path = shared ? same.path : await ownPlace(work, part, brought, same);
  await record(work, { path, bytes, sha256 });
  await part.remove();
  ctx.log.info(shared ? `the same bytes were there already: ${path}` : `saved ${bytes} bytes as ${path}`);
  return { path, bytes, sha256, resumedBytes, skipped: false, shared };
}

/** @param same a file of these bytes that the catalog knows of and the disk has lost, or the track's own */
async function ownPlace(
  { library, track, playlist, places, ctx }: Work,
  part: Part,
  brought: Brought,
  same: TrackFile | null,
) {
  const { bytes, sha256, extension: ext } = brought;
  const { title, artist, album, date } = track;
  const list = {
    source: playlist?.source ?? null,
    playlist: playlist?.title ?? null,
    group: playlist?.groups[0] ?? null,
  };
  const layout = ctx.settings['LIBRARY_LAYOUT'] || layoutDefault;
  const path = same?.path ?? layoutPath(layout, { ...list, title, artist, album, date, ext });
  const own = track.file && !(await library.isTaken(track.file.path, track.id)) ? track.file.path : null;
  if (same) return await settleLost(library, places, part, { path: same.path, bytes, sha256, track: track.id });
  return await settleIn(library, places, { part, track: track.id, bytes, sha256, old: own, path });
}

/** Back where the catalog says that it is, for all tracks that have it. */
async function settleLost(
  library: Library,
  places: Places,
  part: Part,
  lost: { readonly path: string; readonly bytes: number; readonly sha256: string; readonly track: string },
): Promise<string> {
  const everybodys = { ...library, isTaken: async () => false };
  return await settleIn(everybodys, places, { ...lost, part, old: null });
}

/** Whose file it is now is written down before anything is taken away; both digests are claimed, so nobody takes the old one meanwhile. */
async function record(work: Work, file: Pick<TrackFile, 'path' | 'bytes' | 'sha256'>): Promise<void> {
  const { library, track, root } = work;
  const at = new Date().toISOString();
  await library.put({ tracks: [{ id: track.id, file: { ...file, version: track.version, at }, failure: null }] });
  const old = track.file;
  if (!old || old.path === file.path || (await library.isTaken(old.path, track.id))) return;
  await rm(join(root, old.path), { force: true });
}

/** In order, as another attempt may want the same two. */
async function claimDigests({ library, track }: Work, sha256: string): Promise<void> {
  for (const digest of [...new Set([sha256, track.file?.sha256 ?? sha256])].sort())
    await library.claim(`digest:${digest}`);
}

function nothingDone(file: TrackFile | null): Downloaded {
  const { path = null, bytes = 0, sha256 = null } = file ?? {};
  return { path, bytes, sha256, resumedBytes: 0, skipped: true, shared: false };
}

/** Whether a run of downloads has something to do for it. */
export async function wantsFile(track: Track, root: string): Promise<boolean> {
  const state = trackState(track);
  if (track.goneAt !== null) return false;
  if (state === 'new' || state === 'changed') return true;
  if (state === 'failed' && (track.failure?.stage === 'download' || !track.file)) return true;
  return track.file !== null && !(await isOnDisk(root, track.file));
}
