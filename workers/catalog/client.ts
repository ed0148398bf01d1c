/** What the built-in `library.*` handlers ask of the catalog. */
import { Context } from '../context.ts';
import type { HandlerContext } from '../define.ts';
import type {
  LibraryPage,
  LibraryRequest,
  Playlist,
  PlaylistChange,
  PlaylistQuery,
  Source,
  Track,
  TrackChange,
  TrackQuery,
} from '../library-contract.ts';

export interface Library {
  sources(): Promise<readonly Source[]>;
  playlist(id: string): Promise<Playlist | null>;
  track(id: string): Promise<Track | null>;
  /** All that fit, page by page. */
  playlists(query?: PlaylistQuery): AsyncGenerator<Playlist>;
  tracks(query?: TrackQuery): AsyncGenerator<Track>;
  /** A track whose file has these bytes. */
  withDigest(sha256: string): Promise<Track | null>;
  /** A track whose file came from this address, in this version. */
  fromAddress(url: string, version: string): Promise<Track | null>;
  /** Whether the file of another track has this path. */
  isTaken(path: string, track: string): Promise<boolean>;
  /** Resolves once it is on disk; at most `libraryRecordsMax` records. */
  put(changes: {
    readonly playlists?: readonly PlaylistChange[];
    readonly tracks?: readonly TrackChange[];
  }): Promise<void>;
  /** Resolves once this attempt alone has it, which it has until it ends. @throws what the signal is aborted with */
  claim(name: string): Promise<void>;
  /** Whether this attempt alone has it now. */
  tryClaim(name: string): Promise<boolean>;
}

const claimAgainMs = 500;

export function libraryOf(ctx: HandlerContext): Library {
  const attempt = Context.attemptOf(ctx);
  const ask = async <T>(request: LibraryRequest) => (await attempt.call({ name: 'library', ask: request })) as T;
  async function* all<T>(pageAfter: (after: string | null) => LibraryRequest): AsyncGenerator<T> {
    for (let after: string | null = null; ; ) {
      const { items, next }: LibraryPage<T> = await ask<LibraryPage<T>>(pageAfter(after));
      yield* items;
      if (next === null) return;
      after = next;
    }
  }
  const tryClaim = (name: string) => ask<boolean>({ act: 'claim', name });
  return {
    tryClaim,
    sources: () => ask({ act: 'sources' }),
    playlist: (id) => ask({ act: 'playlist', id }),
    track: (id) => ask({ act: 'track', id }),
    playlists: (query = {}) => all((after) => ({ act: 'playlists', query, after })),
    tracks: (query = {}) => all((after) => ({ act: 'tracks', query, after })),
    withDigest: (sha256) => ask({ act: 'same', sha256 }),
    fromAddress: (url, version) => ask({ act: 'same', url, version }),
    isTaken: (path, track) => ask({ act: 'taken', path, track }),
    async put(changes) {
      await ask({ act: 'put', ...changes });
    },
    async claim(name) {
      while (!(await tryClaim(name))) {
        ctx.signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, claimAgainMs));
      }
    },
  };
}
