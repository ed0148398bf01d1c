/**
 * The catalog of the media library as part of the state: playlists and their tracks. Records are kept as JSON text, with
 * as much beside them as queries ask for, so that hundreds of thousands cost little more than their bytes.
 *
 * Tracks have numbers in the order in which they came; none ever leaves, so a number stays good through every restart.
 */
import { TRACK_STATES, type Track, trackState } from '../../../workers/library-contract.ts';
import { HashIndex, hashOf } from './hash-index.ts';
import { readTrack } from './members.ts';
import { Texts } from './texts.ts';

/** More are refused. */
export const tracksMax = 2_000_000;
export const playlistsMax = 200_000;
/** Of all records as text. */
export const libraryBytesMax = 1024 * 1024 * 1024;

/** Place times this, and the number of the track: what its playlist orders it by. Room for `tracksMax` numbers. */
export const numbersPerPlace = 2 ** 21;

export interface PlaylistEntry {
  readonly id: string;
  readonly source: string;
  /** JSON members, without braces and defaults. */
  text: string;
  title: string;
  /** What it is ordered and searched by. */
  folded: string;
  groups: readonly string[];
  /** Of its tracks, by number of the state in `TRACK_STATES`. */
  readonly counts: number[];
  /** Of its tracks; in order when `ordered` says so. */
  keys: number[];
  ordered: boolean;
}

export interface Library {
  readonly playlists: Map<string, PlaylistEntry>;
  /** All playlists; by title when `ordered` says so. */
  order: PlaylistEntry[];
  ordered: boolean;
  readonly numbers: Map<string, number>;
  /** By number of the track. */
  readonly ids: string[];
  readonly playlistOf: PlaylistEntry[];
  /** Number of the state in `TRACK_STATES`. */
  readonly states: number[];
  readonly positions: number[];
  readonly texts: Texts;
  /** Of files. */
  readonly digests: HashIndex;
  /** Addresses that files came from, with the version that did. */
  readonly addresses: HashIndex;
  readonly paths: HashIndex;
  readonly counts: number[];
  /** Of the texts of playlists. */
  playlistChars: number;
  /** Sequence of the last entry that changed it. */
  seq: number;
}

export function freshLibrary(): Library {
  return {
    playlists: new Map(),
    order: [],
    ordered: true,
    numbers: new Map(),
    ids: [],
    playlistOf: [],
    states: [],
    positions: [],
    texts: new Texts(),
    digests: new HashIndex(),
    addresses: new HashIndex(),
    paths: new HashIndex(),
    counts: noCounts(),
    playlistChars: 0,
    seq: 0,
  };
}

export function noCounts(): number[] {
  return TRACK_STATES.map(() => 0);
}

export function stateNumber(track: Track): number {
  return TRACK_STATES.indexOf(trackState(track));
}

export function trackOf(library: Library, id: string): Track | null {
  const number = library.numbers.get(id);
  return number === undefined ? null : trackAt(library, number);
}

export function trackAt({ ids, playlistOf, texts }: Library, number: number): Track {
  return readTrack(ids[number] as string, (playlistOf[number] as PlaylistEntry).id, texts.bytesOf(number));
}

/** Playlists by title, those of one title by id; case does not count. */
export function inOrder(library: Library): readonly PlaylistEntry[] {
  if (!library.ordered) {
    library.order.sort(compareEntries);
    library.ordered = true;
  }
  return library.order;
}

/** What stands for the tracks of a playlist, by their place in its list, and where that is the same by their number. */
export function keysOf(library: Library, entry: PlaylistEntry): readonly number[] {
  if (!entry.ordered) {
    const keys = Float64Array.from(entry.keys, (key) => keyOf(library, numberIn(key))).sort();
    entry.keys = Array.from(keys);
    entry.ordered = true;
  }
  return entry.keys;
}

export function keyOf({ positions }: Library, number: number): number {
  return (positions[number] as number) * numbersPerPlace + number;
}

export function numberIn(key: number): number {
  return key % numbersPerPlace;
}

/** Neither the case nor how letters with marks are composed counts. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Two paths are one where a file system that knows no case would say so. */
export function foldedPath(path: string): string {
  return path.normalize('NFC').toUpperCase().normalize('NFC');
}

/** A track whose file has these bytes. */
export function withDigest(library: Library, sha256: string): Track | null {
  return first(library, library.digests.find(hashOf(sha256)), ({ file }) => file?.sha256 === sha256);
}

/** A track whose file came from this address in this version. */
export function fromAddress(library: Library, url: string, version: string): Track | null {
  const found = library.addresses.find(hashOf(addressText(url, version)));
  return first(library, found, (track) => track.url === url && track.file?.version === version);
}

/** Whether the file of another track has this path. */
export function isTaken(library: Library, path: string, id: string): boolean {
  const wanted = foldedPath(path);
  const isIt = (track: Track) => track.id !== id && track.file !== null && foldedPath(track.file.path) === wanted;
  return first(library, library.paths.find(hashOf(wanted)), isIt) !== null;
}

export function addressText(url: string, version: string): string {
  return `${url}\0${version}`;
}

function first(library: Library, numbers: Iterable<number>, isIt: (track: Track) => boolean): Track | null {
  for (const number of numbers) {
    const track = trackAt(library, number);
    if (isIt(track)) return track;
  }
  return null;
}

export function compareEntries(a: PlaylistEntry, b: PlaylistEntry): number {
  return compare(a.folded, b.folded) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
