/**
 * `library.metadata`: what tags, feeds and providers say of tracks and playlists goes into the catalog. What this task has
 * described is not described again when it is repeated.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { libraryOf } from '../catalog/client.ts';
import { type Describing, describeTrack, isDescribed } from '../catalog/describe-track.ts';
import { findBook } from '../catalog/open-library.ts';
import { Provider } from '../catalog/provider.ts';
import { queryFor, whichPlaylists } from '../catalog/which-playlists.ts';
import { defineHandler, type HandlerContext, RetryAfter } from '../define.ts';
import type { Playlist, Track } from '../library-contract.ts';
import { setup } from '../setup.ts';

const params = z.strictObject({
  /** `new`: what was never described, or has another file since. */
  only: z.enum(['all', 'new']).default('new'),
  /** What was found out goes into the tags of files too, where they are empty: a task `library.tag` for each track. */
  writeTags: z.boolean().default(false),
  ...whichPlaylists,
});
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'library.metadata',
  lane: 'io',
  timeout: '7d',
  settings: [
    'LIBRARY_DIR',
    'METADATA_MUSICBRAINZ',
    'METADATA_OPENLIBRARY',
    'METADATA_CONTACT',
    'ALLOW_PRIVATE_ADDRESSES',
  ],
  params,
  async run(given, ctx) {
    const describer = new Describer(given, ctx);
    for await (const playlist of libraryOf(ctx).playlists(queryFor(given))) {
      await describer.playlist(playlist);
      for await (const track of libraryOf(ctx).tracks({ playlists: [playlist.id] }))
        await describer.track(track, playlist);
    }
    describer.refuseUnreachable();
    return describer.counts;
  },
});

class Describer {
  readonly counts = { processed: 0, succeeded: 0, failed: 0 };
  readonly #ctx: HandlerContext;
  readonly #describing: Describing;
  readonly #openLibrary: Provider | null;
  /** Described before that, it is described again. */
  readonly #since: string;
  readonly #writeTags: boolean;

  constructor(given: Params, ctx: HandlerContext) {
    this.#ctx = ctx;
    this.#since = given.only === 'all' ? ctx.task.createdAt : '';
    this.#writeTags = given.writeTags;
    this.#openLibrary = providerOf('openlibrary', 'METADATA_OPENLIBRARY', ctx);
    this.#describing = {
      ctx,
      libraryDir: resolve(setup.dataDir, ctx.settings['LIBRARY_DIR'] || 'library'),
      musicbrainz: providerOf('musicbrainz', 'METADATA_MUSICBRAINZ', ctx),
      at: new Date().toISOString(),
    };
  }

  async track(track: Track, playlist: Playlist): Promise<void> {
    if (isDescribed(track, this.#since)) {
      // An attempt before may have been cut before it came to that.
      if (isDescribed(track, this.#ctx.task.createdAt)) await this.#tag(track);
      return;
    }
    const described = await this.#try(track.title, async () => {
      const change = await describeTrack(track, playlist, this.#describing);
      // It may have been changed while a provider was asked.
      const now = await libraryOf(this.#ctx).track(track.id);
      const info = { ...change.info, ...now?.info, metadata: change.info?.['metadata'] };
      if (this.#describing.musicbrainz?.isGivenUp !== true)
        await libraryOf(this.#ctx).put({ tracks: [{ ...change, info }] });
    });
    if (described) await this.#tag(track);
  }

  async #tag({ id, file }: Track): Promise<void> {
    if (!this.#writeTags || !file) return;
    const idempotencyKey = `${this.#ctx.task.id}:${id}`;
    await this.#ctx.submit({ type: 'library.tag', params: { track: id }, idempotencyKey });
  }

  async playlist(playlist: Playlist): Promise<void> {
    const known = playlist.info['openLibraryAt'];
    const provider = this.#openLibrary;
    if (!provider || provider.isGivenUp || !isOfBooks(playlist)) return;
    if (typeof known === 'string' && known >= this.#since) return;
    await this.#try(playlist.title, async () => {
      const { author } = playlist.info;
      const book = await findBook(provider, playlist.title, typeof author === 'string' ? author : null);
      const now = (await libraryOf(this.#ctx).playlist(playlist.id)) ?? playlist;
      const info = { ...now.info, ...(book && { openLibrary: book }), openLibraryAt: this.#describing.at };
      await libraryOf(this.#ctx).put({ playlists: [{ id: playlist.id, info }] });
    });
  }

  /** @returns whether it went well */
  async #try(title: string, describe: () => Promise<void>): Promise<boolean> {
    this.#ctx.signal.throwIfAborted();
    this.counts.processed++;
    let well = false;
    try {
      await describe();
      well = true;
      this.counts.succeeded++;
    } catch (error) {
      this.#ctx.signal.throwIfAborted();
      if (error instanceof RetryAfter) throw error;
      this.#ctx.log.error(`${title}: ${(error as Error).message}`);
      this.counts.failed++;
    }
    this.#ctx.count(this.counts);
    this.#ctx.progress(this.counts.processed, null, title);
    return well;
  }

  /** What was left out because of it is taken by another attempt. */
  refuseUnreachable(): void {
    const down = [this.#openLibrary, this.#describing.musicbrainz].filter((provider) => provider?.isGivenUp);
    if (down.length === 0) return;
    const message = `${down.map((provider) => provider?.name).join(' and ')} did not answer several times in a row; what is described already stays`;
    throw Object.assign(new Error(message), { code: 'provider_unreachable' });
  }
}

/** @returns null where the settings leave it off */
function providerOf(name: string, key: string, ctx: HandlerContext): Provider | null {
  const base = ctx.settings[key] ?? '';
  if (base === '') return null;
  const contact = ctx.settings['METADATA_CONTACT'] ?? '';
  if (contact !== '') return new Provider({ name, base, contact }, ctx);
  ctx.log.warn(`${key} is not asked: providers want to know whom to write to, and METADATA_CONTACT is not set`);
  return null;
}

const OF_BOOKS = /audio ?-?books?|h(?:ö|oe)rb(?:ü|ue)ch|有声书|有聲書|听书|聽書|オーディオブック/iu;

/** Said by its source: by the group it is in, or by its genre. */
function isOfBooks({ groups, info }: Playlist): boolean {
  return [...groups, info['genre'], info['categories']].flat().some((text) => OF_BOOKS.test(String(text ?? '')));
}
