/** What may be asked of the library from outside. Every answer rests on what is on disk. */
import type {
  LibraryPage,
  Playlist,
  PlaylistQuery,
  Track,
  TrackQuery,
  TrackState,
} from '../workers/library-contract.ts';
import type { Mistake } from './core/refusal.ts';

/** Of tracks. */
export type StateCounts = Readonly<Record<TrackState, number>>;

export interface PlaylistView extends Playlist {
  readonly counts: StateCounts;
}

export interface TrackView extends Track {
  readonly state: TrackState;
  readonly playlistTitle: string;
}

/** A source without what only its requests carry. */
export interface SourceView {
  readonly name: string;
  readonly kind: string;
  readonly url: string | null;
  readonly path: string | null;
  readonly groups: readonly string[];
  readonly limit: number | null;
  /** Whether it is collected from. */
  readonly on: boolean;
}

export interface LibraryStatus {
  readonly playlists: number;
  readonly tracks: number;
  readonly counts: StateCounts;
  readonly sources: readonly SourceView[];
  /** What is wrong in the sources file: then the last good one goes on. */
  readonly mistakes: readonly Mistake[];
}

export interface LibraryFacade {
  status(): Promise<LibraryStatus>;
  playlist(id: string): Promise<PlaylistView | null>;
  track(id: string): Promise<TrackView | null>;
  /** By title. */
  playlists(query: PlaylistQuery, after: string | null, limit: number): Promise<LibraryPage<PlaylistView>>;
  /** By the title of their playlist and their place in it. */
  tracks(query: TrackQuery, after: string | null, limit: number): Promise<LibraryPage<TrackView>>;
}
