/** A playlist's list as it is now, whatever its kind. */
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type HandlerContext, Permanent } from '../define.ts';
import type { Playlist, Seen, Source } from '../library-contract.ts';
import { localPath } from './collect.ts';
import { readFeed } from './feed.ts';
import { fetchList, readLocal } from './fetch-list.ts';
import type { List } from './list.ts';
import { readListing } from './listing.ts';
import { listFolder, type Places } from './local-files.ts';
import { readPlaylist } from './playlist-file.ts';
import { textOf } from './text-of.ts';

/** Another one is read although its server says that nothing has changed. Counted up when lists are read in another way. */
export const readingVersion = 2;

const READERS: Readonly<Record<string, (text: string, address: string) => List>> = {
  feed: readFeed,
  m3u: readPlaylist,
  m3u8: readPlaylist,
  pls: readPlaylist,
  xspf: readPlaylist,
  index: readListing,
};

export interface ReadList {
  readonly list: List;
  readonly seen: Seen | null;
}

/**
 * @param seen null reads it in any case
 * @returns null where nothing has changed
 * @throws Permanent `no_such_kind`, and what fetching and reading refuse
 */
export async function readList(
  { url, kind }: Playlist,
  source: Source,
  seen: Seen | null,
  places: Places,
  ctx: HandlerContext,
): Promise<ReadList | null> {
  if (url === null) return null;
  if (kind === 'folder') return { list: await listFolder(await localPath(url, source, places)), seen: null };
  const reader = Object.hasOwn(READERS, kind ?? '') ? READERS[kind ?? ''] : undefined;
  if (!reader)
    throw new Permanent(
      `lists of the kind "${kind}" are not known; known are folder, ${Object.keys(READERS).join(', ')}`,
      { code: 'no_such_kind' },
    );
  const isLocal = url.startsWith('file:');
  const path = isLocal ? await localPath(url, source, places) : null;
  const fetched = path === null ? await fetchList(ctx, source, url, seen) : await readLocal(path, url, seen);
  if (!fetched) return null;
  const list = reader(textOf(fetched.bytes, fetched.contentType).text, fetched.address);
  return { list: path === null ? list : onlyBelow(list, dirname(path)), seen: fetched.seen };
}

/** A list on this machine may name files, but none outside of its folder: who wrote it need not be who may read those. */
function onlyBelow(list: List, folder: string): List {
  const base = `${pathToFileURL(folder).href}/`;
  const tracks = list.tracks.filter(({ url }) => !url.startsWith('file:') || url.startsWith(base));
  return { ...list, tracks, leftOut: list.leftOut + list.tracks.length - tracks.length };
}
