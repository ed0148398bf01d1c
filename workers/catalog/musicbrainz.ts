/** MusicBrainz: https://musicbrainz.org/doc/MusicBrainz_API/Search, recordings. */
import { z } from 'zod';
import { agree, allAgree } from './agree.ts';
import type { Provider } from './provider.ts';
import { day, present } from './tags.ts';

export interface Recording {
  readonly id: string;
  readonly artist: string;
  readonly artistId?: string;
  readonly album?: string;
  readonly albumId?: string;
  readonly date?: string;
  readonly isrc?: string;
  readonly tags?: readonly string[];
}

export interface Wanted {
  readonly title: string;
  readonly artist: string;
  readonly durationS: number | null;
}

const scoreMin = 85;
/** Two masters of one recording differ by less. */
const durationSMax = 15;
const tagsMax = 5;

const answer = z.object({
  recordings: z.array(
    z.object({
      id: z.string(),
      score: z.number(),
      title: z.string(),
      length: z.number().nullish(),
      'artist-credit': z
        .array(
          z.object({
            name: z.string(),
            joinphrase: z.string().nullish(),
            artist: z.object({ id: z.string() }).nullish(),
          }),
        )
        .default([]),
      'first-release-date': z.string().nullish(),
      releases: z.array(z.object({ id: z.string(), title: z.string(), status: z.string().nullish() })).default([]),
      isrcs: z.array(z.string()).default([]),
      tags: z.array(z.object({ name: z.string(), count: z.number().default(0) })).default([]),
    }),
  ),
});
type Found = z.infer<typeof answer>['recordings'][number];

/** @returns the recording of this title by this artist, or null where none is surely it */
export function findRecording(provider: Provider, wanted: Wanted): Promise<Recording | null> {
  const query = `recording:${quoted(wanted.title)} AND artist:${quoted(firstArtist(wanted.artist))}`;
  const path = `/ws/2/recording?${new URLSearchParams({ query, fmt: 'json', limit: '5' })}`;
  return provider.ask(path, (json) => {
    const found = answer.parse(json ?? { recordings: [] }).recordings.find((one) => isIt(one, wanted));
    return found === undefined ? null : recordingOf(found);
  });
}

/** In the grammar of Lucene. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function firstArtist(artist: string): string {
  return artist.split(/\s*(?:,|;|&| \/ |\bfeat\b\.?|\bft\b\.?)\s*/i).find((part) => part !== '') ?? artist;
}

function isIt({ score, title, length, ...found }: Found, wanted: Wanted): boolean {
  const isAsLong =
    length == null || wanted.durationS === null || Math.abs(length / 1_000 - wanted.durationS) <= durationSMax;
  const artists = found['artist-credit'].map(({ name }) => name);
  const hasArtist = artists.some((name) => agree(name, firstArtist(wanted.artist)));
  return score >= scoreMin && allAgree(title, wanted.title) && hasArtist && isAsLong;
}

function recordingOf({ id, releases, isrcs, tags, ...found }: Found): Recording {
  const credit = found['artist-credit'];
  const release = releases.find(({ status }) => status === 'Official') ?? releases[0];
  const byCount = [...tags].sort((a, b) => b.count - a.count);
  return present({
    id,
    artist: credit.map(({ name, joinphrase }) => name + (joinphrase ?? '')).join(''),
    artistId: credit[0]?.artist?.id,
    album: release?.title,
    albumId: release?.id,
    date: day(found['first-release-date'] ?? undefined),
    isrc: isrcs[0],
    tags: byCount.map(({ name }) => name).slice(0, tagsMax),
  }) as unknown as Recording;
}
