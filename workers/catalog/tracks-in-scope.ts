/** The tracks that a run is about. */
import type { Track, TrackQuery } from '../library-contract.ts';
import type { Library } from './client.ts';
import { queryOf, type Scope } from './scope.ts';

export async function* tracksInScope(library: Library, scope: Scope): AsyncGenerator<Track> {
  const query = await trackQuery(library, scope);
  if (query) yield* library.tracks(query);
}

/** Playlists are given by id or title, tracks are asked for by id. @returns null where the scope holds no playlist */
async function trackQuery(library: Library, scope: Scope): Promise<TrackQuery | null> {
  if (Object.keys(scope).length === 0) return {};
  const playlists: string[] = [];
  for await (const { id } of library.playlists(queryOf(scope))) playlists.push(id);
  return playlists.length === 0 ? null : { playlists };
}
