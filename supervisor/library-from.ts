/** What handlers ask of the library, `libraryOf(ctx)`: put under the name of their task, claimed for their attempt. */
import {
  type LibraryRequest,
  libraryRecordsMax,
  type PlaylistQuery,
  TRACK_STATES,
  type TrackQuery,
} from '../workers/library-contract.ts';
import { mistaken } from './core/refusal.ts';
import type { Task } from './core/task.ts';
import { shown } from './core/task-input.ts';
import type { LibraryClaims } from './library-claims.ts';
import type { LibraryDesk } from './library-desk.ts';

const LISTS = ['playlists', 'sources', 'groups', 'states'] as const;
const namesMax = 10_000;

export async function libraryFrom(
  desk: LibraryDesk,
  claims: LibraryClaims,
  { id }: Task,
  attempt: number,
  request: LibraryRequest,
): Promise<unknown> {
  switch (request.act) {
    case 'sources':
      return desk.sources();
    case 'playlist':
    case 'track':
      return desk.record(request.act, request.id);
    case 'playlists':
      return desk.records('playlists', checkedQuery(request.query, false), request.after, libraryRecordsMax);
    case 'tracks':
      return desk.records('tracks', checkedQuery(request.query, true), request.after, libraryRecordsMax);
    case 'same':
      return 'sha256' in request
        ? desk.withDigest(text(request.sha256, 'sha256'))
        : desk.fromAddress(text(request.url, 'url'), text(request.version, 'version'));
    case 'taken':
      return desk.isTaken(text(request.path, 'path'), text(request.track, 'track'));
    case 'put':
      await desk.put(request.playlists, request.tracks, { origin: `handler:${id}`, from: null });
      return null;
    case 'claim':
      return claims.claim(text(request.name, 'name'), id, attempt);
  }
}

function checkedQuery(query: TrackQuery | PlaylistQuery, ofTracks: boolean): TrackQuery {
  const given = query as Readonly<Record<string, unknown>>;
  for (const [member, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (member === 'text') text(value, 'query.text');
    else if (!LISTS.some((name) => name === member) || (member === 'states' && !ofTracks))
      throw mistaken(`query.${member}`, 'is not known');
    else if (!Array.isArray(value) || value.length > namesMax || value.some((name) => typeof name !== 'string'))
      throw mistaken(`query.${member}`, `must be a list of at most ${namesMax} texts, not ${shown(value)}`);
  }
  const { states } = query as TrackQuery;
  const unknown = states?.find((state) => !TRACK_STATES.includes(state));
  if (unknown) throw mistaken('query.states', `must be of ${TRACK_STATES.join(', ')}, not ${shown(unknown)}`);
  return query;
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw mistaken(path, `must be text, not ${shown(value)}`);
  return value;
}
