/** One playlist brought up to date: its list read, compared with the catalog, written down. */

import { pathToFileURL } from 'node:url';
import type { HandlerContext, NextWork } from '../define.ts';
import { libraryRecordsMax, type Playlist, type Source, type Track, trackState } from '../library-contract.ts';
import type { Library } from './client.ts';
import { compare, newest } from './compare.ts';
import type { List } from './list.ts';
import { type Places, pathOfSource } from './local-files.ts';
import type { LostFiles } from './lost-files.ts';
import { labelOf } from './pass-on.ts';
import { type GivenPlaylist, givenList } from './playlist-params.ts';
import { readingVersion, readList } from './read-list.ts';

export interface Synced {
  readonly new: number;
  readonly changed: number;
  readonly gone: number;
  readonly same: number;
  /** Entries that name a file which cannot be fetched. */
  readonly leftOut: number;
  /** True: nothing was compared, as its list is the one that was read last. */
  readonly unchanged: boolean;
}

export interface SyncParts {
  readonly library: Library;
  readonly ctx: HandlerContext;
  readonly source: Source;
  readonly places: Places;
}

/** @param tracks that the source gave with it; nothing is fetched then */
export async function syncPlaylist(
  playlist: Playlist,
  tracks: GivenPlaylist['tracks'],
  parts: SyncParts,
): Promise<Synced> {
  const { library, source, places, ctx } = parts;
  // Another limit takes other tracks in, another version of the program may read them in another way.
  const readAs = `${readingVersion} ${source.limit ?? 'all'}`;
  const seen = playlist.info['readAs'] === readAs ? playlist.seen : null;
  const read = tracks
    ? { list: givenList(tracks, await filesOf(source, places)), seen: null }
    : await readList(playlist, source, seen, places, ctx);
  const at = new Date().toISOString();
  const done = { id: playlist.id, syncedAt: at, failure: null, goneAt: null };
  if (read === null) {
    await library.put({ playlists: [done] });
    return { new: 0, changed: 0, gone: 0, same: 0, leftOut: 0, unchanged: true };
  }
  const { changes, ...counts } = compare(
    playlist.id,
    await tracksOf(library, playlist.id),
    read.list,
    at,
    source.limit,
  );
  for (let from = 0; from < changes.length; from += libraryRecordsMax) {
    ctx.signal.throwIfAborted();
    await library.put({ tracks: changes.slice(from, from + libraryRecordsMax) });
    ctx.progress(Math.min(from + libraryRecordsMax, changes.length), changes.length, 'tracks written down');
  }
  // Only now: cut before, the next attempt must see all of the list again.
  await library.put({
    playlists: [{ ...done, seen: read.seen, info: { ...playlist.info, ...infoOf(read.list), readAs } }],
  });
  return { ...counts, leftOut: read.list.leftOut, unchanged: false };
}

/** Its own title beside the one by which the library knows it, which stays: paths of files are made of it. */
function infoOf({ title, info }: List): Record<string, unknown> {
  return { ...info, ...(title !== null && { title }) };
}

async function filesOf(source: Source, places: Places): Promise<(url: string) => boolean> {
  if (source.path === null) return () => false;
  const base = `${pathToFileURL(await pathOfSource(source, places)).href}/`;
  return (url) => url.startsWith(base) && !/\/\.\.?(?:\/|$)/.test(url);
}

async function tracksOf(library: Library, playlist: string): Promise<Map<string, Track>> {
  const tracks = new Map<string, Track>();
  for await (const track of library.tracks({ playlists: [playlist] })) tracks.set(track.id, track);
  return tracks;
}

export interface Looking {
  /** At most so many newest of its tracks; null for all. */
  readonly limit: number | null;
  /** Whether there is a place that copies go to. */
  readonly uploads: boolean;
  readonly lost: LostFiles;
}

/** What is left to be done for the tracks of a playlist: to fetch a file, or to bring one that is there to where copies go. */
export async function* workFor(
  library: Library,
  playlist: Playlist,
  { limit, uploads, lost }: Looking,
): AsyncGenerator<NextWork> {
  const all = library.tracks({ playlists: [playlist.id] });
  const tracks = limit === null ? all : limited(all, limit, playlist.kind === 'feed');
  const canCome = (track: Track) =>
    track.goneAt === null && track.url !== null && stageFor(track, uploads) !== 'download';
  for await (const track of lost.others(tracks, canCome)) {
    const stage = stageFor(track, uploads);
    if (stage !== null) yield { ...workOf(track), ...(stage === 'upload' && { stage }) };
  }
  if (!lost.areTooMany) for (const track of lost.tracks) yield workOf(track);
}

function workOf({ id, title }: Track): NextWork {
  return { key: id, label: labelOf(title), params: { track: id } };
}

async function* limited(tracks: AsyncIterable<Track>, limit: number, feed: boolean): AsyncGenerator<Track> {
  const here: Track[] = [];
  for await (const track of tracks) if (track.goneAt === null) here.push(track);
  // A feed has its newest at the end of the catalog, and at the beginning of itself.
  yield* newest(feed ? here.reverse() : here, limit, feed);
}

function stageFor(track: Track, uploads: boolean): 'download' | 'upload' | null {
  const state = trackState(track);
  const failedUpload = state === 'failed' && track.failure?.stage === 'upload' && track.file?.version === track.version;
  if (failedUpload || state === 'downloaded') return uploads ? 'upload' : null;
  const wanted = state === 'new' || state === 'changed' || (state === 'failed' && track.goneAt === null);
  return wanted && track.url !== null ? 'download' : null;
}
