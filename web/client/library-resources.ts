/** What the pages of the library ask of the API, and which events make the answer another one. */
import type { LibraryStatus, PlaylistView, TrackView } from '../../supervisor/library-facade.ts';
import type { LibraryPage } from '../../workers/library-contract.ts';
import { get } from './api.ts';
import type { LiveOptions } from './live.ts';
import { libraryPath } from './router.ts';
import type { LiveEvent } from './stream.ts';

function changesLibrary({ name }: LiveEvent): boolean {
  return /^(library|sources)\./.test(name);
}

export const libraryLive: LiveOptions<LibraryStatus> = {
  load: async (signal) => (await get<{ library: LibraryStatus }>('library', signal)).library,
  concerns: changesLibrary,
  everyMs: 1_000,
};

export function playlistsLive(query: string): LiveOptions<LibraryPage<PlaylistView>> {
  return {
    load: (signal) => get<LibraryPage<PlaylistView>>(`library/playlists?${query}`, signal),
    concerns: changesLibrary,
    everyMs: 1_000,
  };
}

export function playlistLive(id: string): LiveOptions<PlaylistView> {
  return {
    load: async (signal) => (await get<{ playlist: PlaylistView }>(`library/playlists/${id}`, signal)).playlist,
    concerns: changesLibrary,
    everyMs: 1_000,
  };
}

export function tracksLive(query: string): LiveOptions<LibraryPage<TrackView>> {
  return {
    load: (signal) => get<LibraryPage<TrackView>>(`library/tracks?${query}`, signal),
    concerns: changesLibrary,
    everyMs: 1_000,
  };
}

/** What the list of playlists is asked for. */
export interface PlaylistFilter {
  readonly text: string;
  readonly source: string;
  readonly group: string;
  readonly cursor: string;
}

export function playlistFilterOf(query: URLSearchParams): PlaylistFilter {
  const of = (name: string) => query.get(name) ?? '';
  return { text: of('q'), source: of('source'), group: of('group'), cursor: of('cursor') };
}

export function playlistQueryOf({ text, source, group, cursor }: PlaylistFilter): string {
  return new URLSearchParams({
    ...(text !== '' && { q: text }),
    ...(source !== '' && { source }),
    ...(group !== '' && { group }),
    ...(cursor !== '' && { cursor }),
  }).toString();
}

/** What a list of tracks is asked for. */
export interface TrackFilter {
  readonly states: readonly string[];
  readonly text: string;
  readonly cursor: string;
}

export function trackFilterOf(query: URLSearchParams): TrackFilter {
  const states = (query.get('state') ?? '').split(',').filter(Boolean);
  return { states, text: query.get('q') ?? '', cursor: query.get('cursor') ?? '' };
}

export function trackQueryOf({ states, text, cursor }: TrackFilter): string {
  const query = new URLSearchParams({
    ...(states.length > 0 && { state: states.join() }),
    ...(text !== '' && { q: text }),
    ...(cursor !== '' && { cursor }),
  });
  return query.toString().replaceAll('%2C', ',');
}

/** @param id of a playlist; `tracks` for those of all */
export function trackPath(id: string, filter: TrackFilter): string {
  const query = trackQueryOf(filter);
  return query === '' ? libraryPath(id) : `${libraryPath(id)}?${query}`;
}
