/**
 * How `library.put` changes the catalog, live and at replay alike, and what a snapshot brings back. A change says what its
 * members hold from then on: one that a snapshot already has in it may come again, as all that came after it come again too.
 */
import type { Playlist, PlaylistChange, Track, TrackChange } from '../../../workers/library-contract.ts';
import type { LibraryPut } from '../event.ts';
import { type HashIndex, hashOf } from './hash-index.ts';
import {
  addressText,
  folded,
  foldedPath,
  keyOf,
  type Library,
  noCounts,
  type PlaylistEntry,
  stateNumber,
  trackAt,
} from './library.ts';
import { newPlaylist, newTrack, playlistText, readPlaylist, trackText } from './members.ts';

export function applyLibrary(library: Library, { playlists = [], tracks = [] }: LibraryPut, { seq }: { seq: number }) {
  for (const change of playlists) putPlaylist(library, change, seq);
  for (const change of tracks) putTrack(library, change, seq);
  library.seq = seq;
}

/** What a snapshot has. */
export function restorePlaylist(library: Library, playlist: Playlist, seq: number): void {
  putPlaylist(library, playlist, seq);
  library.seq = Math.max(library.seq, seq);
}

/** @param text its members as the snapshot has them, as they were written */
export function restoreTrack(library: Library, track: Track, text: Uint8Array, seq: number): void {
  if (library.numbers.has(track.id)) putTrack(library, track, seq);
  else addTrack(library, track, text, seq);
  library.seq = Math.max(library.seq, seq);
}

function putPlaylist(library: Library, change: PlaylistChange, seq: number): void {
  const { playlists, order } = library;
  const before = playlists.get(change.id);
  if (!before && change.source === undefined) throw missing('playlist', change.id, seq);
  const playlist = before ? { ...readPlaylist(before.id, before.text), ...change } : newPlaylist(change);
  const { id, source, title, groups } = playlist;
  const text = playlistText(playlist);
  library.playlistChars += text.length - (before?.text.length ?? 0);
  if (!before) {
    const entry: PlaylistEntry = {
      ...{ id, source, text, title, groups, folded: folded(title) },
      ...{ counts: noCounts(), keys: [], ordered: true },
    };
    playlists.set(id, entry);
    order.push(entry);
    library.ordered = false;
    return;
  }
  if (before.title !== title) library.ordered = false;
  Object.assign(before, { text, title, groups, folded: folded(title) });
}

function putTrack(library: Library, change: TrackChange, seq: number): void {
  const number = library.numbers.get(change.id);
  if (number === undefined) {
    if (change.playlist === undefined) throw missing('track', change.id, seq);
    const track = newTrack(change);
    addTrack(library, track, Buffer.from(trackText(track)), seq);
    return;
  }
  const before = trackAt(library, number);
  const track = { ...before, ...change };
  const entry = library.playlistOf[number] as PlaylistEntry;
  if (track.position !== before.position) {
    library.positions[number] = track.position;
    entry.ordered = false;
  }
  index(library, before, number, -1);
  library.texts.put(number, Buffer.from(trackText(track)));
  index(library, track, number, 1);
}

function addTrack(library: Library, track: Track, text: Uint8Array, seq: number): void {
  const entry = library.playlists.get(track.playlist);
  if (!entry) throw missing('playlist', track.playlist, seq);
  const number = library.ids.push(track.id) - 1;
  library.numbers.set(track.id, number);
  library.playlistOf.push(entry);
  library.states.push(0);
  library.positions.push(track.position);
  library.texts.put(number, text);
  const key = keyOf(library, number);
  if (key < (entry.keys.at(-1) ?? -1)) entry.ordered = false;
  entry.keys.push(key);
  index(library, track, number, 1);
}

/** @param by 1 for a record that is there from now on, -1 for one that is not */
function index(library: Library, track: Track, number: number, by: 1 | -1): void {
  const { counts, states, playlistOf, digests, addresses, paths } = library;
  const state = stateNumber(track);
  counts[state] = (counts[state] as number) + by;
  const { counts: own } = playlistOf[number] as PlaylistEntry;
  own[state] = (own[state] as number) + by;
  if (by === 1) states[number] = state;
  const { file, url } = track;
  if (!file) return;
  const put = (where: HashIndex, text: string) =>
    by === 1 ? where.add(hashOf(text), number) : where.delete(hashOf(text), number);
  put(digests, file.sha256);
  put(paths, foldedPath(file.path));
  if (url !== null) put(addresses, addressText(url, file.version));
}

function missing(what: string, id: string, seq: number): Error {
  return new Error(`entry ${seq} is about the ${what} ${id} of the library, which is not there`);
}
