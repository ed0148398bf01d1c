/** Records of the library as text and back: JSON members in one order, without those that say nothing but their default. */
import type { Playlist, PlaylistChange, Track, TrackChange } from '../../../workers/library-contract.ts';

/** What a new record need not say. */
export const PLAYLIST_DEFAULTS = {
  url: null,
  kind: null,
  groups: [],
  seen: null,
  syncedAt: null,
  goneAt: null,
  failure: null,
  info: {},
} as const satisfies Partial<Playlist>;

export const TRACK_DEFAULTS = {
  artist: null,
  album: null,
  date: null,
  url: null,
  bytes: null,
  mime: null,
  durationS: null,
  goneAt: null,
  file: null,
  upload: null,
  failure: null,
  info: {},
} as const satisfies Partial<Track>;

/** All members there are: what is spread over them adds none, for which Node 20 would take more than a microsecond each. */
const PLAYLIST: Playlist = { id: '', source: '', key: '', title: '', ...PLAYLIST_DEFAULTS };
const TRACK: Track = { id: '', playlist: '', key: '', title: '', position: 0, version: '', ...TRACK_DEFAULTS };

/** In the order in which they are written; what tells one record from another is written before them. */
const PLAYLIST_ORDER = ['source', 'key', 'title', ...keysOf(PLAYLIST_DEFAULTS)] as const;
const TRACK_ORDER = ['key', 'title', 'position', 'version', ...keysOf(TRACK_DEFAULTS)] as const;

/** With all its members. */
export function newPlaylist(change: PlaylistChange): Playlist {
  return { ...PLAYLIST, ...change };
}

export function newTrack(change: TrackChange): Track {
  return { ...TRACK, ...change };
}

export function playlistText(playlist: Playlist): string {
  return textOf(playlist, PLAYLIST_ORDER, PLAYLIST_DEFAULTS);
}

export function readPlaylist(id: string, text: string): Playlist {
  return { ...PLAYLIST, ...(JSON.parse(`{${text}}`) as Partial<Playlist>), id };
}

/** Without its id and that of its playlist. */
export function trackText(track: Track): string {
  return textOf(track, TRACK_ORDER, TRACK_DEFAULTS);
}

export function readTrack(id: string, playlist: string, text: Buffer): Track {
  return { ...TRACK, ...(JSON.parse(`{${text.toString('utf8')}}`) as Partial<Track>), id, playlist };
}

/** Whether two values of a member are the same as JSON. */
export function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}

function textOf<R extends object, M extends keyof R>(record: R, order: readonly M[], defaults: Partial<R>): string {
  const said: Partial<R> = {};
  for (const member of order)
    if (!(member in defaults && isSame(record[member], defaults[member]))) said[member] = record[member];
  return JSON.stringify(said).slice(1, -1);
}

function keysOf<T extends object>(members: T): (keyof T)[] {
  return Object.keys(members) as (keyof T)[];
}
