/**
 * `library.sync`: the tracks of a playlist as its list has them now. Without a playlist it adds one task for each; with one it
 * writes down what is new, changed and gone, and passes on the tracks that want their file.
 */
import { z } from 'zod';
import { type Library, libraryOf } from '../catalog/client.ts';
import { LostFiles } from '../catalog/lost-files.ts';
import { fanOut, labelOf, passOn } from '../catalog/pass-on.ts';
import { playlistParams } from '../catalog/playlist-params.ts';
import { recordFailure, recordPlaylist } from '../catalog/record-playlist.ts';
import { queryOf, type Scope, scopeOf, scopeParams } from '../catalog/scope.ts';
import { type SyncParts, syncPlaylist, workFor } from '../catalog/sync.ts';
import { defineHandler, type HandlerContext, type NextWork, Permanent } from '../define.ts';
import { type Playlist, playlistId, type Source } from '../library-contract.ts';
import { setup } from '../setup.ts';

const params = z.looseObject({
  source: z.string().optional(),
  /** Its id, or what `library.collect` passes on. */
  playlist: z.union([z.string(), playlistParams]).optional(),
  ...scopeParams,
});
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'library.sync',
  lane: 'io',
  timeout: '30m',
  settings: ['LIBRARY_DIR', 'ALLOW_PRIVATE_ADDRESSES', 'OBJECT_ENDPOINT'],
  params,
  run(given, ctx) {
    const library = libraryOf(ctx);
    return given.playlist === undefined ? syncAll(scopeOf(given), library, ctx) : syncOne(given, library, ctx);
  },
});

async function syncAll(scope: Scope, library: Library, ctx: HandlerContext) {
  let playlists = 0;
  async function* works(): AsyncGenerator<NextWork> {
    for await (const { id, title, goneAt } of library.playlists(queryOf(scope))) {
      if (goneAt !== null) continue;
      playlists++;
      yield { key: id, label: labelOf(title), params: { playlist: id } };
    }
  }
  const { added } = await fanOut(ctx, works());
  ctx.count({ succeeded: playlists });
  return { playlists, added };
}

async function syncOne(given: Params, library: Library, ctx: HandlerContext) {
  const id = idOf(given);
  await library.claim(`playlist:${id}`);
  const playlist = await recordOf(given, id, library);
  const places = { dataDir: setup.dataDir, libraryDir: ctx.settings['LIBRARY_DIR'] || 'library' };
  const source = await sourceOf(playlist, library);
  const parts: SyncParts = { library, ctx, source, places };
  const tracks = typeof given.playlist === 'object' ? given.playlist.tracks : undefined;
  try {
    const synced = await syncPlaylist(playlist, tracks, parts);
    const uploads = (ctx.settings['OBJECT_ENDPOINT'] ?? '') !== '';
    const lost = await LostFiles.in(places);
    const works = workFor(library, playlist, { limit: source.limit, uploads, lost });
    const passed = await passOn(ctx, works, ({ added, known }) =>
      ctx.progress(added + known, null, 'tracks passed on'),
    );
    if (lost.areTooMany)
      ctx.log.warn(
        `${lost.count} files are not in the library any more, most of this playlist: is its disk mounted? library.download brings them back`,
      );
    if (synced.leftOut > 0) ctx.log.warn(`${synced.leftOut} entries name a file that cannot be fetched`);
    ctx.count({ succeeded: synced.new + synced.changed + synced.same, failed: synced.leftOut });
    return { playlist: id, ...synced, lost: lost.count, passedOn: passed.added };
  } catch (error) {
    await recordFailure(library, ctx, id, error);
    throw error;
  }
}

function idOf({ source, playlist }: Params): string {
  if (typeof playlist === 'string') return playlist;
  if (source !== undefined && playlist !== undefined) return playlistId(source, playlist.key);
  throw new Permanent('a playlist is given, but not the source it belongs to', { code: 'validation' });
}

async function recordOf({ source, playlist }: Params, id: string, library: Library): Promise<Playlist> {
  if (source !== undefined && typeof playlist === 'object') return recordPlaylist(library, source, playlist);
  const record = await library.playlist(id);
  if (!record) throw new Permanent(`the library has no playlist ${id}`, { code: 'no_such_playlist' });
  return record;
}

/** Playlists that others have put, say by discovering them, have no source among those that are on, and need none. */
async function sourceOf({ source: name }: Playlist, library: Library): Promise<Source> {
  const source = (await library.sources()).find((one) => one.name === name);
  return source ?? { name, kind: '', url: null, path: null, groups: [], headers: {}, limit: null };
}
