/**
 * `library.complete`: what a series, an artist or a playlist still misses in the library is found, and a download is submitted
 * for each track. Numbers of a series that no list has are told.
 */
import { z } from 'zod';
import { libraryOf } from '../catalog/client.ts';
import { gapsIn, type Numbered, numberOf } from '../catalog/numbering.ts';
import { queryFor, whichPlaylists } from '../catalog/which-playlists.ts';
import { defineHandler, type HandlerContext } from '../define.ts';
import { type Playlist, type Track, trackState } from '../library-contract.ts';

const params = z
  .strictObject({
    kind: z.enum(['series', 'artist', 'playlist']),
    /** Without it, each of whom the library has something. */
    artist: z.string().min(1).optional(),
    ...whichPlaylists,
    /** Downloads at most. */
    most: z.number().int().min(1).max(10_000).default(1_000),
  })
  .refine(({ kind, sources, playlists, groups }) => kind !== 'playlist' || (sources ?? playlists ?? groups), {
    message: 'says which: sources, playlists or groups',
    path: ['playlists'],
  })
  .refine(({ kind, artist }) => kind === 'artist' || artist === undefined, {
    message: 'goes with the kind artist only',
    path: ['artist'],
  });
type Params = z.infer<typeof params>;

interface Gap {
  readonly playlist: string;
  readonly season: number;
  readonly numbers: readonly number[];
}

const [gapsMax, numbersMax, submitsAtOnce] = [50, 100, 50];

export const handler = defineHandler<Params>({
  type: 'library.complete',
  lane: 'io',
  timeout: '1h',
  params,
  async run(given, ctx) {
    const downloads = new Downloads(ctx, given.most);
    const gaps: Gap[] = [];
    if (given.kind === 'artist') await completeArtists(given, downloads, ctx);
    else {
      for await (const playlist of libraryOf(ctx).playlists(queryFor(given)))
        gaps.push(...(await completePlaylist(playlist, given.kind, downloads, ctx)));
    }
    await downloads.flush();
    for (const { playlist, season, numbers } of gaps.slice(0, gapsMax))
      ctx.log.warn(
        `${playlist}${season === 0 ? '' : `, season ${season}`}: its list does not have ${numbers.join(', ')}`,
      );
    return { ...downloads.counts, left: downloads.left, gaps: gaps.slice(0, gapsMax) };
  },
});

async function completePlaylist(
  playlist: Playlist,
  kind: 'series' | 'playlist',
  downloads: Downloads,
  ctx: HandlerContext,
): Promise<Gap[]> {
  const missing: Track[] = [];
  const numbered: Numbered[] = [];
  let has = false;
  for await (const track of libraryOf(ctx).tracks({ playlists: [playlist.id] })) {
    const number = numberOf(track);
    if (number) numbered.push(number);
    has ||= track.file !== null;
    if (isMissing(track)) missing.push(track);
  }
  // A list of which the library has nothing is no series that somebody follows.
  if (kind === 'series' && (!has || numbered.length === 0)) return [];
  for (const track of missing) await downloads.add(track);
  if (kind === 'playlist') return [];
  return gapsIn(numbered).map(({ season, numbers }) => ({
    playlist: playlist.title,
    season,
    numbers: numbers.slice(0, numbersMax),
  }));
}

async function completeArtists(given: Params, downloads: Downloads, ctx: HandlerContext): Promise<void> {
  const library = libraryOf(ctx);
  const query = queryFor(given);
  const wanted = new Set<string>(given.artist === undefined ? [] : [folded(given.artist)]);
  if (given.artist === undefined) {
    for await (const track of library.tracks({ ...query, states: ['downloaded', 'uploaded', 'changed'] }))
      for (const artist of artistsOf(track)) wanted.add(artist);
  }
  for await (const track of library.tracks({ ...query, states: ['new', 'changed', 'failed'] }))
    if (isMissing(track) && artistsOf(track).some((artist) => wanted.has(artist))) await downloads.add(track);
}

function artistsOf({ artist }: Track): string[] {
  if (artist === null) return [];
  return [artist, ...artist.split(/\s*[,;]\s*/)].map(folded).filter((name) => name !== '');
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}

/** What is to be had, and what failed on its way here; an upload that failed has its file. */
function isMissing(track: Track): boolean {
  const state = trackState(track);
  if (state === 'failed') return track.file === null && track.failure?.stage !== 'scan';
  return state === 'new' || state === 'changed';
}

class Downloads {
  readonly counts = { processed: 0, succeeded: 0, failed: 0 };
  /** Found beyond the most. */
  left = 0;
  readonly #ctx: HandlerContext;
  readonly #most: number;
  readonly #waiting: Track[] = [];

  constructor(ctx: HandlerContext, most: number) {
    this.#ctx = ctx;
    this.#most = most;
  }

  async add(track: Track): Promise<void> {
    if (this.counts.processed + this.#waiting.length >= this.#most) {
      this.left++;
      return;
    }
    this.#waiting.push(track);
    if (this.#waiting.length >= submitsAtOnce) await this.flush();
  }

  async flush(): Promise<void> {
    this.#ctx.signal.throwIfAborted();
    const tracks = this.#waiting.splice(0);
    const submitted = await Promise.all(tracks.map((track) => this.#submit(track)));
    const succeeded = submitted.filter((was) => was).length;
    this.counts.processed += tracks.length;
    this.counts.succeeded += succeeded;
    this.counts.failed += tracks.length - succeeded;
    this.#ctx.count(this.counts);
  }

  /** Its key is of the track: the order in which a repeated attempt finds them is another one. */
  async #submit({ id, title, url }: Track): Promise<boolean> {
    try {
      if (url === null) throw new Error('its list gives no address');
      const idempotencyKey = `${this.#ctx.task.id}/${id}`;
      await this.#ctx.submit({ type: 'library.download', params: { track: id }, idempotencyKey });
      return true;
    } catch (error) {
      this.#ctx.log.error(`${title}: ${(error as Error).message}`);
      return false;
    }
  }
}
