/** A file on the disk as a track of the catalog: by its tags, and where they say nothing, by its name. */
import { basename, dirname, extname } from 'node:path';
import {
  type PlaylistChange,
  playlistId,
  type Track,
  type TrackChange,
  type TrackFile,
  trackId,
} from '../library-contract.ts';
import type { DiskFile } from './disk-walk.ts';
import { present, type Tags } from './tags.ts';
import { parseTrackName, type TrackName, titleOf } from './track-name.ts';

/** What stands where other tracks have the source they came from. */
export const DISK = 'disk';

/** The folder that holds the file; one of this source. */
export function diskPlaylist({ path }: Pick<DiskFile, 'path'>): PlaylistChange {
  const folder = dirname(path).normalize('NFC');
  const title = folder === '.' ? DISK : folder;
  return { id: playlistId(DISK, folder), source: DISK, key: folder, title, goneAt: null };
}

/** The same for a file in every scan. */
export function diskTrackId({ path }: Pick<DiskFile, 'path'>): string {
  return trackId(diskPlaylist({ path }).id, path.normalize('NFC'));
}

/** Another one means that the file is another one. */
export function diskVersion({ bytes, mtimeMs }: DiskFile): string {
  return `${bytes}-${mtimeMs}`;
}

/** What is held of a track while a scan goes on: there may be hundreds of thousands. */
export interface Held {
  readonly key: string;
  readonly version: string;
  readonly isGone: boolean;
  readonly hasFile: boolean;
  readonly hasFailed: boolean;
}

export function heldOf({ key, version, goneAt, file, failure }: Track): Held {
  return { key, version, isGone: goneAt !== null, hasFile: file !== null, hasFailed: failure !== null };
}

/** Whether the file is as the last scan found it, whatever became of that. */
export function isAsBefore({ version, isGone, hasFile, hasFailed }: Held, file: DiskFile): boolean {
  return version === diskVersion(file) && !isGone && (hasFile || hasFailed);
}

/** @param tags null where they could not be read; the name is then all there is */
export function diskTrack(file: DiskFile, tags: Tags | null, sha256: string | null, at: string): TrackChange {
  const name = parseTrackName(basename(file.path, extname(file.path)));
  const version = diskVersion(file);
  const kept: TrackFile | null = sha256 === null ? null : { path: file.path, bytes: file.bytes, sha256, version, at };
  return {
    id: diskTrackId(file),
    playlist: diskPlaylist(file).id,
    key: file.path.normalize('NFC'),
    title: tags?.title ?? titleOf(name),
    artist: tags?.artist ?? (name.artists.join(', ') || null),
    album: tags?.album ?? null,
    date: tags?.date ?? name.date,
    bytes: file.bytes,
    durationS: tags?.durationS ?? null,
    position: file.position,
    version,
    goneAt: null,
    file: kept,
    info: infoOf(name, tags),
  };
}

function infoOf(name: TrackName, tags: Tags | null): Readonly<Record<string, unknown>> {
  const said = tags?.title == null ? name : parseTrackName(tags.title);
  const versions = said.versions.length > 0 ? said.versions : name.versions;
  const kinds = [...new Set(versions.flatMap((version) => version.kinds))];
  return present({
    ...tags?.info,
    track: tags?.info['track'] ?? name.number,
    versions: versions.map(({ text }) => text),
    kinds,
  });
}
