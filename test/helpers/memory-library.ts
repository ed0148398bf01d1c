/** A catalog of the library in memory, which answers handlers in tests as the supervisor does. */
import { PLAYLIST_DEFAULTS, TRACK_DEFAULTS } from '../../supervisor/core/library/members.ts';
import {
  type LibraryRequest,
  libraryRecordsMax,
  type Playlist,
  type Source,
  type Track,
  type TrackQuery,
  trackState,
} from '../../workers/library-contract.ts';

export class MemoryLibrary {
  readonly playlists = new Map<string, Playlist>();
  readonly tracks = new Map<string, Track>();
  readonly claims: string[] = [];
  readonly #held = new Map<string, string>();
  puts = 0;
  sources: readonly Source[] = [];

  /** @param playlists those of the tracks among them */
  put(
    playlists: readonly (Partial<Playlist> & { id: string })[],
    tracks: readonly (Partial<Track> & { id: string })[],
  ): void {
    for (const change of playlists)
      this.playlists.set(change.id, {
        ...PLAYLIST_DEFAULTS,
        ...this.playlists.get(change.id),
        ...change,
      } as unknown as Playlist);
    for (const change of tracks) {
      const track = { ...TRACK_DEFAULTS, ...this.tracks.get(change.id), ...change } as unknown as Track;
      if (!this.playlists.has(track.playlist)) throw new Error(`track ${track.id} has no playlist: ${track.playlist}`);
      this.tracks.set(track.id, track);
    }
  }

  /** @param task whose claims are its own until `release` */
  answer(ask: LibraryRequest, task = ''): unknown {
    switch (ask.act) {
      case 'sources':
        return this.sources;
      case 'playlist':
        return this.playlists.get(ask.id) ?? null;
      case 'track':
        return this.tracks.get(ask.id) ?? null;
      case 'playlists':
        return page(
          [...this.playlists.values()].filter((one) => this.#fits(one, ask.query)),
          ask.after,
        );
      case 'tracks':
        return page(this.#found(ask.query), ask.after);
      case 'same':
        return [...this.tracks.values()].find((track) => isSame(track, ask)) ?? null;
      case 'taken':
        return [...this.tracks.values()].some(({ id, file }) => id !== ask.track && isSamePath(file?.path, ask.path));
      case 'put':
        if ((ask.playlists?.length ?? 0) + (ask.tracks?.length ?? 0) > libraryRecordsMax)
          throw new Error('too many at once');
        this.puts++;
        this.put(ask.playlists ?? [], ask.tracks ?? []);
        return null;
      case 'claim':
        if ((this.#held.get(ask.name) ?? task) !== task) return false;
        this.#held.set(ask.name, task);
        this.claims.push(ask.name);
        return true;
    }
  }

  /** An attempt has ended. */
  release(task: string): void {
    for (const [name, holder] of this.#held) if (holder === task) this.#held.delete(name);
  }

  #found(query: TrackQuery): Track[] {
    return [...this.tracks.values()].filter((track) => {
      const playlist = this.playlists.get(track.playlist) as Playlist;
      return this.#fits(playlist, query) && (query.states?.includes(trackState(track)) ?? true);
    });
  }

  #fits(playlist: Playlist, { playlists, sources, groups }: TrackQuery): boolean {
    return (
      (playlists === undefined || playlists.includes(playlist.id) || playlists.includes(playlist.title)) &&
      (sources?.includes(playlist.source) ?? true) &&
      (groups === undefined || playlist.groups.some((group) => groups.includes(group)))
    );
  }
}

/** Small, so that more than one is needed. */
const pageItems = 3;

function page<Record>(all: readonly Record[], after: string | null) {
  const from = Number(after ?? 0);
  const next = from + pageItems < all.length ? String(from + pageItems) : null;
  return { items: all.slice(from, from + pageItems), next, total: all.length };
}

function isSamePath(one: string | undefined, other: string): boolean {
  return one?.normalize('NFC').toUpperCase() === other.normalize('NFC').toUpperCase();
}

function isSame({ file, url }: Track, ask: LibraryRequest & { readonly act: 'same' }): boolean {
  if (!file) return false;
  return 'sha256' in ask ? file.sha256 === ask.sha256 : url === ask.url && file.version === ask.version;
}
