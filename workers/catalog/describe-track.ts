/** What is known of a track beside what its list says: the tags of its file, and what providers have. */
import { join } from 'node:path';
import type { HandlerContext } from '../define.ts';
import type { Playlist, Track, TrackChange } from '../library-contract.ts';
import { DISK } from './disk-track.ts';
import { findRecording, type Recording } from './musicbrainz.ts';
import type { Provider } from './provider.ts';
import { present, readTags, type Tags } from './tags.ts';

/** Kept as `metadata` in `info`. */
interface Described {
  readonly at: string;
  /** Digest of the file whose tags were read; null where there was none. */
  readonly file: string | null;
  readonly musicbrainz?: Recording;
}

/** Whether it was described since, and has the file it had then. */
export function isDescribed({ info, file }: Track, since: string): boolean {
  const known = info['metadata'] as Described | undefined;
  return known !== undefined && known.at >= since && known.file === (file?.sha256 ?? null);
}

export interface Describing {
  readonly ctx: HandlerContext;
  /** Absolute. */
  readonly libraryDir: string;
  readonly musicbrainz: Provider | null;
  readonly at: string;
}

/** What there is to be found out; what the catalog knows already stays. */
export async function describeTrack(track: Track, playlist: Playlist, describing: Describing): Promise<TrackChange> {
  const tags = await tagsFor(track, playlist, describing);
  const isEpisode = playlist.kind === 'feed';
  const artist = track.artist ?? tags?.artist ?? null;
  const recording = isEpisode ? null : await recordingFor(track, artist, tags, describing);
  const described: Described = {
    at: describing.at,
    file: track.file?.sha256 ?? null,
    ...(recording && { musicbrainz: recording }),
  };
  return {
    id: track.id,
    artist: artist ?? (isEpisode ? textOf(playlist.info['author']) : null),
    album: track.album ?? tags?.album ?? recording?.album ?? (isEpisode ? playlist.title : null),
    date: track.date ?? tags?.date ?? recording?.date ?? null,
    durationS: track.durationS ?? tags?.durationS ?? null,
    info: { ...tags?.info, ...present(track.info), metadata: described },
  };
}

/** A scan has read those of the disk. */
async function tagsFor(track: Track, playlist: Playlist, { libraryDir, ctx }: Describing): Promise<Tags | null> {
  if (track.file === null || playlist.source === DISK) return null;
  try {
    return await readTags(join(libraryDir, track.file.path));
  } catch (error) {
    // What is no sound, a book or a picture, has no tags, and may still be known to a provider.
    if ((error as NodeJS.ErrnoException).code !== 'damaged') throw error;
    ctx.log.info(`${track.file.path}: no tags can be read`);
    return null;
  }
}

async function recordingFor(
  track: Track,
  artist: string | null,
  tags: Tags | null,
  { musicbrainz }: Describing,
): Promise<Recording | null> {
  const title = tags?.title ?? track.title;
  if (!musicbrainz || musicbrainz.isGivenUp || artist === null || title === '') return null;
  return findRecording(musicbrainz, { title, artist, durationS: track.durationS ?? tags?.durationS ?? null });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
