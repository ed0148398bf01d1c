/** Many changes of the catalog, put a few hundred at a time. */
import type { PlaylistChange, TrackChange } from '../library-contract.ts';
import { libraryRecordsMax } from '../library-contract.ts';
import type { Library } from './client.ts';

/** Both kinds of records share the limit. */
const tracksPerPut = libraryRecordsMax / 2;

export class Puts {
  readonly #library: Pick<Library, 'put'>;
  readonly #tracks: TrackChange[] = [];
  readonly #playlists = new Map<string, PlaylistChange>();

  constructor(library: Pick<Library, 'put'>) {
    this.#library = library;
  }

  /** @param playlist put before the track; null where it is known to be there */
  async add(playlist: PlaylistChange | null, track: TrackChange): Promise<void> {
    if (playlist !== null) this.#playlists.set(playlist.id, playlist);
    this.#tracks.push(track);
    if (this.#tracks.length >= tracksPerPut) await this.flush();
  }

  /** Resolves once all of it is on disk. */
  async flush(): Promise<void> {
    if (this.#tracks.length === 0) return;
    const playlists = [...this.#playlists.values()];
    const tracks = this.#tracks.splice(0);
    this.#playlists.clear();
    await this.#library.put({ playlists, tracks });
  }
}
