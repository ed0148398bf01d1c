/** What may be put into the library: changes as events, without what is there already, or a refusal of all of them. */
import {
  libraryRecordBytesMax,
  type Playlist,
  type PlaylistChange,
  type Track,
  type TrackChange,
} from '../../../workers/library-contract.ts';
import type { AskedBy, LibraryPut } from '../event.ts';
import type { LibraryChanges } from '../library/input.ts';
import { type Library, libraryBytesMax, playlistsMax, trackOf, tracksMax } from '../library/library.ts';
import { isSame, newPlaylist, newTrack, playlistText, readPlaylist, trackText } from '../library/members.ts';
import { type Mistake, Refusal, refusalOf } from '../refusal.ts';

/** An entry of the journal holds less than a megabyte: more goes into several, which are written as one. */
const entryBytesMax = 512 * 1024;
const PLAYLIST_NEEDS = ['source', 'key', 'title'] as const;
const TRACK_NEEDS = ['playlist', 'key', 'title', 'position', 'version'] as const;

/** @returns no event where there is nothing new */
export function putChanges(library: Library, changes: LibraryChanges, by: AskedBy): readonly LibraryPut[] | Refusal {
  const mistakes: Mistake[] = [];
  const [playlists, tracks] = [byId(changes.playlists), byId(changes.tracks)];
  const put = { playlists: new Map<string, PlaylistChange>(), tracks: new Map<string, TrackChange>() };
  for (const [id, { change, index }] of playlists) {
    const path = `$.playlists[${index}]`;
    const held = library.playlists.get(id);
    const before = held ? readPlaylist(id, held.text) : null;
    checkRecord(before, change, PLAYLIST_NEEDS, ['source', 'key'], path, mistakes);
    take(
      put.playlists,
      before,
      change,
      before ? { ...before, ...change } : newPlaylist(change),
      playlistText,
      path,
      mistakes,
    );
  }
  for (const [id, { change, index }] of tracks) {
    const path = `$.tracks[${index}]`;
    const before = trackOf(library, id);
    checkRecord(before, change, TRACK_NEEDS, ['playlist', 'key'], path, mistakes);
    const { playlist } = change;
    if (!before && playlist !== undefined && !library.playlists.has(playlist) && !playlists.has(playlist))
      mistakes.push({ path: `${path}.playlist`, message: `"${playlist}" is no playlist of the library: put it first` });
    take(put.tracks, before, change, before ? { ...before, ...change } : newTrack(change), trackText, path, mistakes);
  }
  if (mistakes.length > 0) return refusalOf(mistakes);
  return tooMany(library, put) ?? inEntries([...put.playlists.values()], [...put.tracks.values()], by);
}

/** Of changes of one record the later ones count more. */
function byId<Change extends { readonly id: string }>(changes: readonly Change[]) {
  const merged = new Map<string, { readonly change: Change; readonly index: number }>();
  for (const [index, change] of changes.entries()) {
    const before = merged.get(change.id)?.change;
    merged.set(change.id, { change: before ? { ...before, ...change } : change, index });
  }
  return merged;
}

function checkRecord<R extends Playlist | Track>(
  before: R | null,
  change: Partial<R>,
  needs: readonly (keyof R & string)[],
  fixed: readonly (keyof R & string)[],
  path: string,
  mistakes: Mistake[],
): void {
  for (const member of before ? [] : needs)
    if (change[member] === undefined) mistakes.push({ path: `${path}.${member}`, message: 'is missing: it is new' });
  for (const member of before ? fixed : [])
    if (change[member] !== undefined && change[member] !== before?.[member])
      mistakes.push({ path: `${path}.${member}`, message: `never changes; it is ${JSON.stringify(before?.[member])}` });
}

/** Keeps of a change what is new in it. */
function take<R extends Playlist | Track, Change extends { readonly id: string } & Partial<R>>(
  put: Map<string, Change>,
  before: R | null,
  change: Change,
  after: R,
  textOf: (record: R) => string,
  path: string,
  mistakes: Mistake[],
): void {
  const members = Object.keys(change) as (keyof R & keyof Change)[];
  const fresh = members.filter((member) => member === 'id' || !before || !isSame(change[member], before[member]));
  if (before && fresh.length === 1) return;
  put.set(change.id, Object.fromEntries(fresh.map((member) => [member, change[member]])) as unknown as Change);
  const text = textOf(after);
  if (text.length * 3 <= libraryRecordBytesMax) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > libraryRecordBytesMax)
    mistakes.push({ path, message: `is ${bytes} bytes as JSON; at most ${libraryRecordBytesMax} are kept` });
}

function tooMany(
  library: Library,
  put: { playlists: Map<string, unknown>; tracks: Map<string, unknown> },
): Refusal | null {
  const { playlists, ids, texts, playlistChars } = library;
  const refused = (what: string) =>
    new Refusal('conflict', `the library has no room for more: it holds ${what}, and no more are kept`);
  if (playlists.size + put.playlists.size > playlistsMax) return refused(`${playlists.size} playlists`);
  if (ids.length + put.tracks.size > tracksMax) return refused(`${ids.length} tracks`);
  if (texts.bytes + playlistChars > libraryBytesMax) return refused(`${texts.bytes + playlistChars} bytes`);
  return null;
}

function inEntries(playlists: readonly PlaylistChange[], tracks: readonly TrackChange[], by: AskedBy): LibraryPut[] {
  const entries: { playlists: PlaylistChange[]; tracks: TrackChange[] }[] = [];
  let bytes = entryBytesMax;
  const entryFor = (change: object) => {
    const size = Buffer.byteLength(JSON.stringify(change));
    bytes += size;
    if (bytes > entryBytesMax) {
      entries.push({ playlists: [], tracks: [] });
      bytes = size;
    }
    return entries.at(-1);
  };
  for (const change of playlists) entryFor(change)?.playlists.push(change);
  for (const change of tracks) entryFor(change)?.tracks.push(change);
  return entries.map(({ playlists, tracks }) => ({
    e: 'library.put',
    ...(playlists.length > 0 && { playlists }),
    ...(tracks.length > 0 && { tracks }),
    ...by,
  }));
}
