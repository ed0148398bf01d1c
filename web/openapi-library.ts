/** Shapes of the library for the OpenAPI document. */
import { z } from 'zod';
import { TRACK_STATES } from '../workers/library-contract.ts';
import { count, time } from './openapi-schemas.ts';

const id = z.string().meta({ description: '16 hexadecimal characters, the same in every run' });
const failure = z.object({ code: z.string(), message: z.string(), task: z.string(), at: time });
const info = z.record(z.string(), z.unknown()).meta({ description: 'What else is known' });
const counts = z
  .object(Object.fromEntries(TRACK_STATES.map((state) => [state, count])))
  .meta({ description: 'Tracks by state' });

export const source = z
  .object({
    name: z.string(),
    kind: z.string(),
    url: z.string().nullable(),
    path: z.string().nullable(),
    groups: z.array(z.string()),
    limit: count.nullable().meta({ description: 'At most so many newest tracks of each of its playlists' }),
    on: z.boolean().meta({ description: 'Whether it is collected from' }),
  })
  .meta({ id: 'Source', description: 'Its headers are never shown' });

export const playlist = z
  .object({
    id,
    source: z.string(),
    key: z.string().meta({ description: 'Stable within its source' }),
    title: z.string(),
    url: z.string().nullable(),
    kind: z.string().nullable(),
    groups: z.array(z.string()),
    seen: z
      .object({ etag: z.string().nullable(), lastModified: z.string().nullable(), sha256: z.string().nullable() })
      .nullable(),
    syncedAt: time.nullable(),
    goneAt: time.nullable().meta({ description: 'When its source was found to have it no more' }),
    failure: failure.nullable(),
    info,
    counts,
  })
  .meta({ id: 'Playlist' });

export const track = z
  .object({
    id,
    playlist: id,
    playlistTitle: z.string(),
    state: z.enum(TRACK_STATES),
    key: z.string().meta({ description: 'Stable within its playlist' }),
    title: z.string(),
    artist: z.string().nullable(),
    album: z.string().nullable(),
    date: z.string().nullable(),
    url: z.string().nullable(),
    bytes: count.nullable().meta({ description: 'What its list says' }),
    mime: z.string().nullable(),
    durationS: z.number().nullable(),
    position: count.meta({ description: 'Place in its list, from 0' }),
    version: z.string(),
    goneAt: time.nullable(),
    file: z
      .object({ path: z.string(), bytes: count, sha256: z.string(), version: z.string(), at: time })
      .nullable()
      .meta({ description: 'Its file below the library' }),
    upload: z.object({ target: z.string(), name: z.string(), bytes: count, sha256: z.string(), at: time }).nullable(),
    failure: failure.extend({ stage: z.string() }).nullable(),
    info,
  })
  .meta({ id: 'Track' });

export const status = z.object({
  library: z.object({
    playlists: count,
    tracks: count,
    counts,
    sources: z.array(source),
    mistakes: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .meta({ description: 'In the sources file; while there are any, the last good one goes on' }),
  }),
});
const next = z.string().nullable();
export const playlistPage = z.object({ items: z.array(playlist), next, total: count });
export const trackPage = z.object({ items: z.array(track), next, total: count });
export const onePlaylist = z.object({ playlist });
export const oneTrack = z.object({ track });
