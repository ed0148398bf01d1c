/** What a list says, whichever dialect it is written in, and how much of it is taken. */
import { createHash } from 'node:crypto';
import { Permanent } from '../define.ts';
import { steadyAddress } from './address.ts';

/** Of a list as it is read, unpacked: a longer one is refused without being read to its end. */
export const listBytesMax = 32 * 1024 * 1024;
export const tracksPerListMax = 50_000;
export const playlistsPerSourceMax = 10_000;
export const keyCharsMax = 500;
export const titleCharsMax = 500;
/** A catalog of 200,000 tracks is kept in memory. */
export const descriptionCharsMax = 300;

/** Why a list is refused; each is the `code` of the error. */
export type ListFault =
  /** Something else, say a web page. */
  | 'not_a_list'
  | 'list_too_large'
  | 'too_many_tracks'
  | 'too_many_playlists'
  /** Declares entities that grow. */
  | 'entity_bomb'
  /** Ends in the middle: another attempt may get the whole. */
  | 'list_truncated';

export function listFault(code: ListFault, message: string): Error {
  return code === 'list_truncated' ? Object.assign(new Error(message), { code }) : new Permanent(message, { code });
}

/** An entry of a list that names a file. */
export interface ListedTrack {
  /** Stable within its list, see `keyed`. */
  readonly key: string;
  readonly title: string;
  readonly artist: string | null;
  readonly album: string | null;
  readonly date: string | null;
  readonly url: string;
  readonly bytes: number | null;
  readonly mime: string | null;
  readonly durationS: number | null;
  readonly version: string;
  readonly info: Readonly<Record<string, unknown>>;
}

export interface List {
  /** Its own title; null where it has none. */
  readonly title: string | null;
  readonly tracks: readonly ListedTrack[];
  /** Feeds put what is new in front and drop what is old; other lists have an order that somebody chose. */
  readonly feed: boolean;
  /** Entries that name a file which cannot be fetched. */
  readonly leftOut: number;
  readonly info: Readonly<Record<string, unknown>>;
}

/** An entry before it has its key. */
export interface Entry extends Omit<ListedTrack, 'key' | 'version'> {
  /** What its list calls it: a guid, an identifier; null where it has no name. */
  readonly own: string | null;
  /** What shows that the file is another one, beside its address: its length, when it was changed. */
  readonly marks: readonly (string | number | null)[];
}

/**
 * The key of a track is its own name, else its address without what differs at each visit. Where two entries share one,
 * both get their whole address with it: a guid that stands for all episodes names none of them. An address that stands twice is one track.
 */
export function keyed(entries: readonly Entry[]): ListedTrack[] {
  if (entries.length > tracksPerListMax) throw tooMany();
  const addresses = new Map<string, Set<string>>();
  for (const entry of entries) {
    const name = nameOf(entry);
    addresses.set(name, (addresses.get(name) ?? new Set()).add(entry.url));
  }
  const tracks = new Map<string, ListedTrack>();
  for (const entry of entries) {
    const name = nameOf(entry);
    const key = shortened(addresses.get(name)?.size === 1 ? name : `${name}\n${entry.url}`);
    const { own, marks, ...rest } = entry;
    if (!tracks.has(key)) tracks.set(key, { ...rest, key, version: versionOf(entry) });
  }
  return [...tracks.values()];
}

export function tooMany(): Error {
  return listFault('too_many_tracks', `the list names more than ${tracksPerListMax} files`);
}

function nameOf({ own, url }: Entry): string {
  // The day a host moves to https, its tracks are the same.
  return own ?? steadyAddress(url).replace(/^https?:/, '');
}

function shortened(key: string): string {
  return key.length <= keyCharsMax ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/**
 * What makes the file of a track an old one. With marks (the length a feed declares, size and time in a directory): other
 * marks, or another name at the end of its address. A host that moves, or a service that counts and stands in front of it,
 * changes neither, and a library is not fetched again because of it. Without marks only the address is left to go by.
 */
function versionOf({ url, marks }: Entry): string {
  const known = marks.some((mark) => mark !== null);
  const { pathname, search, host } = new URL(steadyAddress(url));
  const name = known ? pathname.slice(pathname.lastIndexOf('/') + 1) : `${host}${pathname}`;
  return createHash('sha256')
    .update(JSON.stringify([name, search, marks]))
    .digest('hex')
    .slice(0, 16);
}
