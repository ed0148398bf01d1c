/** The catalog of the library without a disk: the real desk over a journal in memory. `restart` reads the lines back. */
import type { KnownSources } from '../../supervisor/library-desk.ts';
import { LibraryDesk } from '../../supervisor/library-desk.ts';
import {
  type LibraryPage,
  type Playlist,
  type PlaylistChange,
  playlistId,
  type Track,
  type TrackChange,
  type TrackQuery,
  trackId,
} from '../../workers/library-contract.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryJournal } from './memory-journal.ts';
import { anybody } from './open-supervisor.ts';

export const noon = '2026-11-26T12:00:00.000Z';

/** All that a new playlist must have. */
export function aPlaylist(key: string, more: Partial<Playlist> = {}): PlaylistChange & Playlist {
  const source = more.source ?? 'source';
  const begin = { id: playlistId(source, key), source, key, title: key, url: null, kind: null, groups: [] };
  return { ...begin, seen: null, syncedAt: null, goneAt: null, failure: null, info: {}, ...more };
}

/** All that a new track must have. */
export function aTrack(playlist: string, key: string, more: Partial<Track> = {}): TrackChange & Track {
  const begin = { id: trackId(playlist, key), playlist, key, title: key, artist: null, album: null, date: null };
  const list = { url: null, bytes: null, mime: null, durationS: null, position: 0, version: '1' };
  return { ...begin, ...list, goneAt: null, file: null, upload: null, failure: null, info: {}, ...more };
}

export class LibraryBed {
  readonly clock = new ManualClock(noon);
  readonly journal = new MemoryJournal(this.clock);
  sources: KnownSources = { on: [], all: [], mistakes: [] };
  desk!: LibraryDesk;

  constructor() {
    this.#build();
  }

  get library() {
    return this.journal.state.library;
  }

  put(playlists: readonly PlaylistChange[], tracks: readonly TrackChange[] = []): Promise<void> {
    return this.desk.put(playlists, tracks, anybody);
  }

  /** All that a query finds, by pages of so many. */
  async tracks(query: TrackQuery = {}, limit = 500): Promise<Track[]> {
    const found: Track[] = [];
    for (let after: string | null = null; ; ) {
      const page: LibraryPage<unknown> = await this.desk.records('tracks', query, after, limit);
      found.push(...(page.items as Track[]));
      if (page.next === null) return found;
      after = page.next;
    }
  }

  /** Everything in memory is lost and read back. */
  restart(): void {
    this.journal.readBack();
    this.#build();
  }

  #build(): void {
    this.desk = new LibraryDesk({
      state: this.journal.state,
      recorder: this.journal,
      clock: this.clock,
      durable: () => undefined,
      mayChange: () => {},
      sources: this.sources,
    });
  }
}
