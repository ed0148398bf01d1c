/** What became of the collection: in words, and byte for byte. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Track } from './api.ts';
import type { Collection, Recording } from './collection.ts';

export interface Places {
  readonly data: string;
  readonly library: string;
  readonly objects: string;
}

const failureCharsMax = 100;

/** A line for each state, and what has failed. */
export function summaryOf(tracks: readonly Track[]): readonly string[] {
  const playlists = new Set(tracks.map(({ playlistTitle }) => playlistTitle));
  const files = new Set(tracks.flatMap(({ file }) => (file ? [file.path] : [])));
  const failed = tracks.filter(({ failure }) => failure !== null);
  return [
    `\n${tracks.length} tracks in ${playlists.size} playlists, ${files.size} files downloaded and uploaded, ${failed.length} failed`,
    ...failed.map(
      ({ title, failure }) => `  ${title}: ${failure?.code}, ${failure?.message.slice(0, failureCharsMax)}`,
    ),
  ];
}

/** @returns what is not as it should be */
export function mistakesOf({ recordings }: Collection, tracks: readonly Track[], places: Places): readonly string[] {
  const kept = recordings.filter(({ manner }) => manner !== 'gone');
  const wrong = recordings.flatMap((recording) => {
    const own = tracks.filter(({ url }) => url?.endsWith(`/${recording.name}`));
    if (own.length === 0) return [`${recording.title} is in no list`];
    return own.flatMap((track) => mistakesOfOne(recording, track, places));
  });
  const counts = [places.library, places.objects].map((folder) => ({ folder, files: filesBelow(folder) }));
  return [
    ...wrong,
    ...counts
      .filter(({ files }) => files !== kept.length)
      .map(({ folder, files }) => `${folder} has ${files} files instead of ${kept.length}`),
  ];
}

function mistakesOfOne({ title, content, manner }: Recording, track: Track, places: Places): readonly string[] {
  const { state, file, upload } = track;
  if (manner === 'gone') return state === 'failed' ? [] : [`${title} is gone for good, but is ${state}`];
  if (state !== 'uploaded' || !file || !upload) return [`${title} is ${state}: ${track.failure?.message ?? ''}`];
  return [join(places.library, file.path), join(places.objects, upload.name)]
    .filter((path) => sha256(readFileSync(path)) !== sha256(content))
    .map((path) => `${path} differs from what was served`);
}

/** Without what is hidden. */
function filesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.split('/').some((name) => name.startsWith('.')) && statSync(join(folder, path)).isFile(),
  ).length;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
