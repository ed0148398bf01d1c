/** `library.collect`: which playlists the sources have now. Without a source it adds one task for each; with one it finds its playlists. */
import { z } from 'zod';
import { type Library, libraryOf } from '../catalog/client.ts';
import { BUILT_IN_KINDS, playlistsOf } from '../catalog/collect.ts';
import { playlistsPerSourceMax } from '../catalog/list.ts';
import { fanOut, labelOf, passOn } from '../catalog/pass-on.ts';
import { isCollected, markGone, recordPlaylist } from '../catalog/record-playlist.ts';
import { isInScope, type Scope, scopeOf, scopeParams } from '../catalog/scope.ts';
import { defineHandler, type HandlerContext, type NextWork, Permanent } from '../define.ts';
import { type Playlist, playlistId, type Source } from '../library-contract.ts';
import { setup } from '../setup.ts';

const params = z.looseObject({
  source: z.string().optional(),
  /** Keys of all playlists that a handler `source.<kind>` has found. */
  found: z.array(z.string()).max(playlistsPerSourceMax).optional(),
  ...scopeParams,
});
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'library.collect',
  lane: 'io',
  timeout: '30m',
  settings: ['LIBRARY_DIR', 'ALLOW_PRIVATE_ADDRESSES'],
  params,
  run(given, ctx) {
    const [library, scope] = [libraryOf(ctx), scopeOf(given)];
    if (given.found) return markOthersGone(given.source, given.found, library, ctx);
    return given.source === undefined ? collectAll(scope, library, ctx) : collectOne(given.source, scope, library, ctx);
  },
});

async function collectAll(scope: Scope, library: Library, ctx: HandlerContext) {
  const on = await library.sources();
  const unknown = scope.sources?.find((name) => !on.some((source) => source.name === name));
  if (unknown !== undefined) throw noSuchSource(unknown, on);
  const chosen = on.filter(({ name }) => scope.sources?.includes(name) ?? true);
  const { added } = await fanOut(
    ctx,
    chosen.map((source) => taskFor(source, scope)),
  );
  ctx.count({ succeeded: chosen.length });
  const gone = await ofSourcesThatAreNot(on, library);
  await markGone(library, gone, new Date().toISOString());
  if (gone.length > 0) ctx.log.info(`${gone.length} playlists belong to sources that are not on any more`);
  return { sources: chosen.length, added, gone: gone.length };
}

function taskFor(source: Source, scope: Scope): NextWork {
  const { name, kind } = source;
  const work = { key: `source:${name}`, label: labelOf(name) };
  if (BUILT_IN_KINDS.includes(kind)) return { ...work, params: { source: name, ...scope } };
  return { ...work, type: `source.${kind}`, params: { source, ...scope } };
}

async function ofSourcesThatAreNot(on: readonly Source[], library: Library): Promise<Playlist[]> {
  const gone: Playlist[] = [];
  for await (const playlist of library.playlists()) {
    if (playlist.goneAt === null && isCollected(playlist) && !on.some(({ name }) => name === playlist.source))
      gone.push(playlist);
  }
  return gone;
}

async function collectOne(name: string, scope: Scope, library: Library, ctx: HandlerContext) {
  const on = await library.sources();
  const source = on.find((one) => one.name === name);
  if (!source) throw noSuchSource(name, on);
  const places = { dataDir: setup.dataDir, libraryDir: ctx.settings['LIBRARY_DIR'] || 'library' };
  const { playlists, leftOut, whole } = await playlistsOf(source, places, ctx);
  const wanted = playlists.filter((playlist) => isInScope(scope, name, playlist));
  const works = wanted.map((playlist): NextWork => {
    const { key, title } = playlist;
    return { key: playlistId(name, key), label: labelOf(title), params: { source: name, playlist } };
  });
  const passed = await passOn(ctx, works, ({ added, known }) =>
    ctx.progress(added + known, wanted.length, 'playlists'),
  );
  if (ctx.task.run === null) for (const playlist of wanted) await recordPlaylist(library, name, playlist);
  const keys = playlists.map(({ key }) => key);
  const gone = whole ? await markAllGoneBut(keys, name, library) : 0;
  if (leftOut > 0) ctx.log.warn(`${leftOut} entries of ${name} lead nowhere`);
  ctx.count({ succeeded: wanted.length, failed: leftOut });
  return { playlists: playlists.length, inScope: wanted.length, ...passed, gone, leftOut };
}

/** A handler of another kind says what there is; what it has put into the next stage is left as it is. */
async function markOthersGone(
  name: string | undefined,
  found: readonly string[],
  library: Library,
  ctx: HandlerContext,
) {
  const on = await library.sources();
  const source = on.find((one) => one.name === name);
  if (!source) throw noSuchSource(name ?? '', on);
  if (BUILT_IN_KINDS.includes(source.kind)) {
    const message = `what a source of the kind ${source.kind} has is found here; only a handler source.<kind> says it`;
    throw new Permanent(message, { code: 'validation' });
  }
  const gone = await markAllGoneBut(found, source.name, library);
  ctx.count({ succeeded: found.length });
  return { playlists: found.length, gone };
}

/** @returns how many are gone */
async function markAllGoneBut(keys: readonly string[], source: string, library: Library): Promise<number> {
  const found = new Set(keys.map((key) => playlistId(source, key)));
  const gone: Playlist[] = [];
  for await (const playlist of library.playlists({ sources: [source] }))
    if (playlist.goneAt === null && isCollected(playlist) && !found.has(playlist.id)) gone.push(playlist);
  await markGone(library, gone, new Date().toISOString());
  return gone.length;
}

function noSuchSource(name: string, on: readonly Source[]): Permanent {
  const known = on.map((source) => source.name).join(', ') || 'none';
  return new Permanent(`no source "${name}" is on; those that are: ${known}`, { code: 'no_such_source' });
}
