/** How playlists, and what failed about them, get into the catalog. */
import { isDeepStrictEqual } from 'node:util';
import type { HandlerContext } from '../define.ts';
import { libraryRecordsMax, type Playlist, type PlaylistChange, playlistId } from '../library-contract.ts';
import type { Library } from './client.ts';
import type { GivenPlaylist } from './playlist-params.ts';

/** Marks what collecting has found: where its source is not on any more, it is gone. Others may put playlists as well. */
const collected = { collected: true };

/** @returns the record as it is from then on */
export async function recordPlaylist(library: Library, source: string, given: GivenPlaylist): Promise<Playlist> {
  const id = playlistId(source, given.key);
  const before = await library.playlist(id);
  const wanted = {
    title: given.title,
    url: given.url ?? null,
    kind: given.kind ?? null,
    groups: given.groups,
    goneAt: null,
    info: { ...before?.info, ...given.info, ...collected },
  };
  if (!before) await library.put({ playlists: [{ id, source, key: given.key, ...wanted }] });
  else {
    // What was seen at another address says nothing about this one.
    const moved = before.url !== wanted.url || before.kind !== wanted.kind ? { seen: null } : {};
    const other = Object.entries({ ...wanted, ...moved }).filter(
      ([name, value]) => !isDeepStrictEqual(before[name as keyof Playlist], value),
    );
    if (other.length > 0)
      await library.put({ playlists: [{ ...(Object.fromEntries(other) as Partial<Playlist>), id }] });
  }
  const record = await library.playlist(id);
  if (!record) throw new Error(`the catalog does not have the playlist ${id} that it was given`);
  return record;
}

/** Marks those that are there no more; their tracks and files stay. */
export async function markGone(library: Library, gone: readonly Playlist[], at: string): Promise<void> {
  const changes: PlaylistChange[] = gone.map(({ id }) => ({ id, goneAt: at }));
  for (let from = 0; from < changes.length; from += libraryRecordsMax)
    await library.put({ playlists: changes.slice(from, from + libraryRecordsMax) });
}

export function isCollected({ info }: Playlist): boolean {
  return info['collected'] === true;
}

/** Written down before the attempt fails with it; what a person, a timeout or a stop has cut is no failure. */
export async function recordFailure(library: Library, ctx: HandlerContext, id: string, error: unknown): Promise<void> {
  if (ctx.signal.aborted) return;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const failure = {
    code: typeof code === 'string' && code !== '' ? code : 'failed',
    message: String(message ?? error).slice(0, 1_000),
    task: ctx.task.id,
    at: new Date().toISOString(),
  };
  await library.put({ playlists: [{ id, failure, ...(code === 'http_410' && { goneAt: failure.at }) }] });
}
