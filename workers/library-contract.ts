/**
 * What the catalog of the library holds, and what handlers ask of it. The supervisor keeps it (journaled), the built-in
 * `library.*` handlers fill it; both sides share these shapes and nothing else.
 *
 * Times are ISO 8601 UTC. Ids are 16 hexadecimal characters, made by `playlistId` and `trackId`: the same thing has the
 * same id in every run.
 */
import { createHash } from 'node:crypto';

/** An entry of `DATA/sources.yaml` that is switched on. */
export interface Source {
  readonly name: string;
  /** `opml feed m3u pls xspf index folder`, or what a handler `source.<kind>` brings. */
  readonly kind: string;
  /** Where it is; one of both. */
  readonly url: string | null;
  readonly path: string | null;
  readonly groups: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** At most so many newest tracks of each of its playlists; null for all. */
  readonly limit: number | null;
}

/** What makes a request conditional. */
export interface Seen {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Of the bytes, where the server knows neither. */
  readonly sha256: string | null;
}

export interface LibraryFailure {
  readonly code: string;
  readonly message: string;
  /** Id of the task that failed. */
  readonly task: string;
  readonly at: string;
}

export interface Playlist {
  readonly id: string;
  /** Name of its source. */
  readonly source: string;
  /** Stable within its source: an address, a path. */
  readonly key: string;
  readonly title: string;
  /** Where its list is read; null where the source gave the tracks with it. */
  readonly url: string | null;
  /** What the list is: `feed m3u pls xspf index folder`, null where the source gave the tracks. */
  readonly kind: string | null;
  readonly groups: readonly string[];
  readonly seen: Seen | null;
  readonly syncedAt: string | null;
  /** When its source was found to have it no more. */
  readonly goneAt: string | null;
  readonly failure: LibraryFailure | null;
  /** What else is known: `image`, `author`, `description`, `language`, and what providers say. */
  readonly info: Readonly<Record<string, unknown>>;
}

export interface TrackFile {
  /** Below the library, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** `version` of the track that it holds. */
  readonly version: string;
  readonly at: string;
}

export interface TrackUpload {
  /** Where to, without secrets, e.g. `s3://bucket`. */
  readonly target: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly at: string;
}

export interface Track {
  readonly id: string;
  /** Id of its playlist. */
  readonly playlist: string;
  /** Stable within its playlist: the guid of an episode, an address, a path. */
  readonly key: string;
  readonly title: string;
  readonly artist: string | null;
  readonly album: string | null;
  /** When it came out: a day, `2026-11-24`, or a moment. */
  readonly date: string | null;
  /** Where its bytes are; null where there are none to be had. */
  readonly url: string | null;
  /** What its list says of the file. */
  readonly bytes: number | null;
  readonly mime: string | null;
  readonly durationS: number | null;
  /** Place in its list, from 0. */
  readonly position: number;
  /** Stands for what is to be downloaded: another one means that its file is an old one. */
  readonly version: string;
  readonly goneAt: string | null;
  readonly file: TrackFile | null;
  readonly upload: TrackUpload | null;
  readonly failure: (LibraryFailure & { readonly stage: string }) | null;
  readonly info: Readonly<Record<string, unknown>>;
}

/** Where a track is on its way; derived, never kept. */
export const TRACK_STATES = ['new', 'downloaded', 'uploaded', 'changed', 'failed', 'gone'] as const;
export type TrackState = (typeof TRACK_STATES)[number];

/** `failed` first: what somebody has to look at. `gone` is what its list has no more and the library never got. */
export function trackState({ failure, goneAt, file, upload, version }: Track): TrackState {
  if (failure) return 'failed';
  if (!file) return goneAt === null ? 'new' : 'gone';
  if (file.version !== version && goneAt === null) return 'changed';
  return upload && upload.sha256 === file.sha256 ? 'uploaded' : 'downloaded';
}

/**
 * Members that are given take the place of those there are; the others stay. What is new needs the members that have no
 * default: `source`, `key` and `title`; `playlist`, `key`, `title`, `position` and `version`. All others are null, a list or
 * object without members. `source`, `playlist` and `key` never change.
 */
export type PlaylistChange = Pick<Playlist, 'id'> & Partial<Playlist>;
export type TrackChange = Pick<Track, 'id'> & Partial<Track>;

/** So many playlists, and so many tracks, at most in one `put`, and in one page. */
export const libraryRecordsMax = 500;
/** Of a record as JSON. */
export const libraryRecordBytesMax = 32 * 1024;
/** Of each text in it but those within `info`. */
export const libraryTextCharsMax = 8_192;

/** What is left out does not matter; a list without members matches nothing. Of titles and texts the case does not count. */
export interface TrackQuery {
  /** Ids or titles. */
  readonly playlists?: readonly string[] | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly states?: readonly TrackState[] | undefined;
  /** Text in title, artist, album or the path of its file. */
  readonly text?: string | undefined;
}

export interface PlaylistQuery {
  /** Ids or titles. */
  readonly playlists?: readonly string[] | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly text?: string | undefined;
}

export interface LibraryPage<Record> {
  readonly items: readonly Record[];
  /** Null at the end; else what `after` continues with. */
  readonly next: string | null;
  readonly total: number;
}

/** What a handler asks of the catalog; the answer stands beside each. */
export type LibraryRequest =
  /** Those of `sources.yaml` that are on: `Source[]`. */
  | { readonly act: 'sources' }
  /** `Playlist | null` */
  | { readonly act: 'playlist'; readonly id: string }
  /** `Track | null` */
  | { readonly act: 'track'; readonly id: string }
  /** `LibraryPage<Playlist>`, by title. */
  | { readonly act: 'playlists'; readonly query: PlaylistQuery; readonly after: string | null }
  /** `LibraryPage<Track>`, in the order of playlist and position. */
  | { readonly act: 'tracks'; readonly query: TrackQuery; readonly after: string | null }
  /** A track with a file of these bytes, or one that came from this address in this version: `Track | null`. */
  | { readonly act: 'same'; readonly sha256: string }
  | { readonly act: 'same'; readonly url: string; readonly version: string }
  /** Whether another track's file has this path: `boolean`. Paths that differ in case or normal form only are the same. */
  | { readonly act: 'taken'; readonly path: string; readonly track: string }
  /** Written down as one; answered when it is on disk: `null`. */
  | {
      readonly act: 'put';
      readonly playlists?: readonly PlaylistChange[];
      readonly tracks?: readonly TrackChange[];
    }
  /** `boolean`: whether this attempt alone has it now. It has it until it ends. @param name such as `track:ID`, `digest:HEX` */
  | { readonly act: 'claim'; readonly name: string };

export function playlistId(source: string, key: string): string {
  return idOf('playlist', source, key);
}

export function trackId(playlist: string, key: string): string {
  return idOf('track', playlist, key);
}

function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}
