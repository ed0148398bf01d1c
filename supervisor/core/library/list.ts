/**
 * Pages of the library. Playlists go by title, tracks by that of their playlist and then by their place in its list; a
 * page goes on where the last one ended, whatever has come meanwhile. What is renamed or moved between two pages may be
 * met twice or not at all.
 *
 * Sources, groups and states are known beside the records. Text is looked for in the records themselves: that goes in
 * small steps, so that whoever runs them can let others have their turn between any two.
 */
import {
  type LibraryPage,
  type Playlist,
  type PlaylistQuery,
  TRACK_STATES,
  type Track,
  type TrackQuery,
} from '../../../workers/library-contract.ts';
import { mistaken, type Refusal } from '../refusal.ts';
import {
  compareEntries,
  folded,
  inOrder,
  keysOf,
  type Library,
  numberIn,
  type PlaylistEntry,
  trackAt,
} from './library.ts';
import { readPlaylist } from './members.ts';

const rowsPerStep = 50;
const skipsPerStep = 5_000;

/** Whether a record can mention the text that is looked for, by its bytes alone; null where they cannot tell. */
export type MayMention = ((text: Buffer) => boolean) | null;

export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly total: number;
}

/** Playlists that a query asks for, in order. */
export function selectPlaylists(library: Library, query: PlaylistQuery): readonly PlaylistEntry[] {
  const { playlists, sources, groups, text } = query;
  if (!playlists && !sources && !groups && !text) return inOrder(library);
  const named = playlists && new Set(playlists.flatMap((name) => [name, `=${folded(name)}`]));
  const ofSources = sources && new Set(sources);
  const ofGroups = groups && new Set(groups);
  const wanted = text && folded(text);
  return inOrder(library).filter(
    (entry) =>
      (!named || named.has(entry.id) || named.has(`=${entry.folded}`)) &&
      (!ofSources || ofSources.has(entry.source)) &&
      (!ofGroups || entry.groups.some((group) => ofGroups.has(group))) &&
      (!wanted || entry.folded.includes(wanted)),
  );
}

export function playlistsPage(
  library: Library,
  query: PlaylistQuery,
  after: string | null,
  limit: number,
): Listed<PlaylistEntry> {
  const all = selectPlaylists(library, query);
  const from = after === null ? 0 : firstAfter(all, entryOf(library, readMark<[string]>(after, ['string'])[0]));
  const items = all.slice(from, from + limit);
  const last = items.at(-1);
  const next = last && from + limit < all.length ? JSON.stringify([last.id]) : null;
  return { items, next, total: all.length };
}

export function playlistIn(entry: PlaylistEntry): Playlist {
  return readPlaylist(entry.id, entry.text);
}

/** Id of the playlist, key of the track in it, and how many there were in all. */
type TrackMark = [string, number, number];

/** Steps to a page: the total is that of the first page on all that follow it. */
export function* tracksPage(
  library: Library,
  query: TrackQuery,
  after: string | null,
  limit: number,
  mayMention: MayMention,
): Generator<undefined, LibraryPage<Track>> {
  const { text, states: names, ...ofPlaylists } = query;
  const wanted = text ? folded(text) : null;
  const states = names ? names.map((name) => TRACK_STATES.indexOf(name)) : TRACK_STATES.map((_, state) => state);
  const mark = after === null ? null : readMark<TrackMark>(after, ['string', 'number', 'number']);
  const all = selectPlaylists(library, ofPlaylists).filter((entry) => countOf(entry, states) > 0);
  const known = wanted === null ? all.reduce((sum, entry) => sum + countOf(entry, states), 0) : (mark?.[2] ?? null);
  const items: Track[] = [];
  let [found, rows, skips] = [0, 0, 0];
  let last: { entry: PlaylistEntry; key: number } | null = null;
  let more = false;
  const from = mark ? firstAfter(all, entryOf(library, mark[0]), true) : 0;
  look: for (let index = from; index < all.length; index++) {
    const entry = all[index] as PlaylistEntry;
    let past = mark && entry.id === mark[0] ? mark[1] : -1;
    let keys = keysOf(library, entry);
    for (let at = firstKeyAfter(keys, past); at < keys.length; at++) {
      past = keys[at] as number;
      const number = numberIn(past);
      if (++skips % skipsPerStep === 0 || (wanted !== null && ++rows % rowsPerStep === 0)) {
        yield;
        // Meanwhile its tracks may stand otherwise.
        keys = keysOf(library, entry);
        at = firstKeyAfter(keys, past) - 1;
      }
      if (!states.includes(library.states[number] as number)) continue;
      if (wanted !== null && !mentions(library, number, wanted, mayMention)) continue;
      found++;
      if (items.length < limit) {
        items.push(trackAt(library, number));
        last = { entry, key: past };
        continue;
      }
      more = true;
      if (known !== null) break look;
    }
  }
  const total = known ?? found;
  const next: TrackMark | null = more && last ? [last.entry.id, last.key, total] : null;
  return { items, next: next && JSON.stringify(next), total };
}

function mentions(library: Library, number: number, wanted: string, mayMention: MayMention): boolean {
  if (mayMention && !mayMention(library.texts.bytesOf(number))) return false;
  const { title, artist, album, file } = trackAt(library, number);
  return [title, artist, album, file?.path].some((text) => text && folded(text).includes(wanted));
}

function countOf({ counts }: PlaylistEntry, states: readonly number[]): number {
  return states.reduce((sum, state) => sum + (counts[state] as number), 0);
}

/** @param itself whether it is looked for as well */
function firstAfter(all: readonly PlaylistEntry[], mark: PlaylistEntry, itself = false): number {
  return lowest(all.length, (index) => {
    const order = compareEntries(all[index] as PlaylistEntry, mark);
    return order > 0 || (itself && order === 0);
  });
}

function entryOf({ playlists }: Library, id: string): PlaylistEntry {
  const entry = playlists.get(id);
  if (!entry) throw noMark();
  return entry;
}

function firstKeyAfter(keys: readonly number[], key: number): number {
  return lowest(keys.length, (index) => (keys[index] as number) > key);
}

/** The first of `count` indexes for which it holds, as it does for all behind it. */
function lowest(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** @throws Refusal where it is not what a page has given */
function readMark<Mark extends readonly unknown[]>(after: string, types: readonly string[]): Mark {
  let mark: unknown;
  try {
    mark = JSON.parse(after);
  } catch {}
  if (Array.isArray(mark) && mark.length === types.length && mark.every((part, at) => typeof part === types[at]))
    return mark as unknown as Mark;
  throw noMark();
}

function noMark(): Refusal {
  return mistaken('after', 'must be what the page before gave as "next"');
}
