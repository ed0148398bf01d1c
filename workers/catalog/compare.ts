/** What a list says against what the catalog has of it: which records change, and how. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { type Track, type TrackChange, trackId } from '../library-contract.ts';
import type { List, ListedTrack } from './list.ts';

export interface Comparison {
  readonly changes: readonly TrackChange[];
  readonly new: number;
  /** Their file is an old one now. */
  readonly changed: number;
  readonly gone: number;
  /** As they were, or with other words about the same file. */
  readonly same: number;
}

/** Members of `info` that a list may bring; others are of those who look further, and stay. */
const LISTED_INFO = [
  'description',
  'link',
  'season',
  'episode',
  'episodeType',
  'explicit',
  'image',
  'chapters',
  'transcript',
  'alternates',
  'group',
  'number',
  'modified',
];

/**
 * @param known all tracks of the playlist, by id
 * @param at ISO 8601
 * @param limit at most so many newest are taken in; those that are known already stay
 */
export function compare(
  playlist: string,
  known: ReadonlyMap<string, Track>,
  list: List,
  at: string,
  limit: number | null,
): Comparison {
  const changes: TrackChange[] = [];
  const counts = { new: 0, changed: 0, gone: 0, same: 0 };
  const listed = new Set<string>();
  const taken = limit === null ? null : new Set(newest(list.tracks, limit, list.feed));
  for (const [position, track] of inOrder(list, known)) {
    const id = trackId(playlist, track.key);
    const before = known.get(id);
    listed.add(id);
    if (!before && taken && !taken.has(track)) continue;
    if (!before) changes.push({ ...recordOf(track), id, playlist, position, goneAt: null });
    else changes.push(...changeOf(before, track, position));
    counts[!before ? 'new' : before.version !== track.version ? 'changed' : 'same']++;
  }
  for (const { id, goneAt } of known.values()) {
    if (listed.has(id) || goneAt !== null) continue;
    changes.push({ id, goneAt: at });
    counts.gone++;
  }
  return { changes, ...counts };
}

/**
 * The newest come first: by their dates, else as a feed has them, or from the beginning of a list somebody put in order.
 * @param feed true: what has no date is as new as it stands in front
 */
export function newest<One extends { readonly date: string | null }>(
  tracks: readonly One[],
  limit: number,
  feed: boolean,
): One[] {
  const dated = tracks.filter(({ date }) => date !== null);
  if (!feed && dated.length < tracks.length) return tracks.slice(0, limit);
  return [...tracks].sort((a, b) => (a.date && b.date ? compareText(b.date, a.date) : 0)).slice(0, limit);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * A feed puts what is new in front and moves all others by it. Counted from its old end, places stay, and one more episode does
 * not change the records of all.
 */
function* inOrder(list: List, known: ReadonlyMap<string, Track>): Generator<[number, ListedTrack]> {
  if (!list.feed) {
    yield* list.tracks.entries();
    return;
  }
  const places = new Map([...known.values()].map(({ key, position }) => [key, position]));
  let next = [...places.values()].reduce((most, place) => Math.max(most, place), -1) + 1;
  for (const track of isOldestFirst(list.tracks) ? list.tracks : list.tracks.toReversed())
    yield [places.get(track.key) ?? next++, track];
}

function isOldestFirst(tracks: readonly ListedTrack[]): boolean {
  const dates = tracks.map(({ date }) => date).filter((date) => date !== null);
  return (dates[0] ?? '') < (dates.at(-1) ?? '');
}

function recordOf(track: ListedTrack): Omit<TrackChange, 'id'> {
  return { ...track, failure: null };
}

/** What a list does not say takes nothing away, unless it is about a file that is another one now. */
function changeOf(before: Track, track: ListedTrack, position: number): TrackChange[] {
  const isOther = before.version !== track.version;
  const info = { ...withoutListed(before.info), ...track.info };
  const wanted: Partial<Track> = {
    title: track.title,
    url: track.url,
    version: track.version,
    position,
    goneAt: null,
    info,
    ...said({ artist: track.artist, album: track.album, date: track.date }, false),
    ...said({ bytes: track.bytes, mime: track.mime, durationS: track.durationS }, isOther),
    ...(isOther && { failure: null }),
  };
  const other = Object.entries(wanted).filter(
    ([name, value]) => !isDeepStrictEqual(before[name as keyof Track], value),
  );
  return other.length === 0 ? [] : [{ ...(Object.fromEntries(other) as Partial<Track>), id: before.id }];
}

function said(members: Partial<Track>, all: boolean): Partial<Track> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => all || value !== null));
}

function withoutListed(info: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(info).filter(([name]) => !LISTED_INFO.includes(name)));
}
