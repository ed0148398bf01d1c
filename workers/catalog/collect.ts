/** The playlists of a source, found anew. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type HandlerContext, isPermanent, Permanent } from '../define.ts';
import type { Source } from '../library-contract.ts';
import { decoded, webUrl } from './address.ts';
import { fetchList, readLocal } from './fetch-list.ts';
import { listFault, playlistsPerSourceMax } from './list.ts';
import { readListing } from './listing.ts';
import { foldersWithFiles, localFile, type Places, pathOfSource } from './local-files.ts';
import { readOpml } from './opml.ts';
import type { GivenPlaylist } from './playlist-params.ts';
import { textOf } from './text-of.ts';

/** Kinds of sources that `library.collect` knows itself. */
export const BUILT_IN_KINDS: readonly string[] = ['opml', 'feed', 'm3u', 'm3u8', 'pls', 'xspf', 'index', 'folder'];
const folderDepthMax = 12;

export interface Found {
  readonly playlists: readonly GivenPlaylist[];
  /** Entries without an address that can be fetched, folders that could not be read. */
  readonly leftOut: number;
  /** False: there may be more, so nothing is gone because it was not found. */
  readonly whole: boolean;
}

/** @throws what fetching and reading refuse */
export async function playlistsOf(source: Source, places: Places, ctx: HandlerContext): Promise<Found> {
  const found = await find(source, places, ctx);
  const playlists = found.playlists.map((one) => ({
    ...one,
    groups: [...new Set([...source.groups, ...one.groups])].slice(0, 100),
  }));
  return { ...found, playlists };
}

function find(source: Source, places: Places, ctx: HandlerContext): Promise<Found> | Found {
  if (source.kind === 'opml') return inPool(source, places, ctx);
  if (source.kind === 'folder') return inFolder(source, places);
  if (source.kind === 'index') return inIndex(source, ctx);
  return oneList(source, places);
}

async function inPool(source: Source, places: Places, ctx: HandlerContext): Promise<Found> {
  const path = source.url === null ? await pathOfSource(source, places) : null;
  const fetched =
    path === null
      ? await fetchList(ctx, source, addressOf(source), null)
      : await readLocal(path, pathToFileURL(path).href, null);
  if (!fetched) throw new Error('nothing has changed, but nobody asked that');
  const { playlists, leftOut } = readOpml(textOf(fetched.bytes, fetched.contentType).text, fetched.address);
  return { playlists: playlists.map((one) => ({ ...one, groups: [...one.groups] })), leftOut, whole: true };
}

async function oneList(source: Source, places: Places): Promise<Found> {
  const url = source.url === null ? pathToFileURL(await pathOfSource(source, places)).href : addressOf(source);
  const playlist = { key: source.url ?? url, title: source.name, url, kind: source.kind, groups: [], info: {} };
  return { playlists: [playlist], leftOut: 0, whole: true };
}

async function inFolder(source: Source, places: Places): Promise<Found> {
  const root = await pathOfSource(source, places);
  const folders = await foldersWithFiles(root, [places.dataDir, join(places.dataDir, places.libraryDir)]);
  const playlists = folders.map((path) => ({
    key: path === '' ? '.' : path.normalize('NFC'),
    title: path === '' ? source.name : path.split('/').join(' / '),
    url: pathToFileURL(join(root, path)).href,
    kind: 'folder',
    groups: [],
    info: {},
  }));
  return { playlists, leftOut: 0, whole: true };
}

/** Folder by folder, each once, never above the first. */
async function inIndex(source: Source, ctx: HandlerContext): Promise<Found> {
  const top = addressOf(source);
  const waiting: { readonly url: string; readonly depth: number }[] = [{ url: top, depth: 0 }];
  const known = new Set([top]);
  const playlists: GivenPlaylist[] = [];
  let leftOut = 0;
  let root = top;
  for (const { url, depth } of waiting) {
    const listing = await listingAt(url, depth === 0, source, ctx);
    if (listing === null) {
      leftOut++;
      continue;
    }
    if (depth === 0) root = listing.address;
    if (listing.tracks > 0) playlists.push(playlistAt(url, root, source));
    for (const folder of depth < folderDepthMax ? listing.folders : []) {
      if (known.has(folder)) continue;
      known.add(folder);
      waiting.push({ url: folder, depth: depth + 1 });
    }
    if (known.size > playlistsPerSourceMax)
      throw listFault('too_many_playlists', `more than ${playlistsPerSourceMax} folders lie below ${top}`);
    ctx.progress(playlists.length + leftOut, known.size, url);
  }
  return { playlists, leftOut, whole: leftOut === 0 };
}

function playlistAt(url: string, root: string, source: Source): GivenPlaylist {
  const path = url.startsWith(root) ? url.slice(root.length).replace(/\/$/, '') : '';
  const title = path === '' ? source.name : path.split('/').map(decoded).join(' / ');
  return { key: path === '' ? './' : decoded(path), title, url, kind: 'index', groups: [], info: {} };
}

/** @returns null for a folder below the first that is refused for good; the others are worth having */
async function listingAt(url: string, first: boolean, source: Source, ctx: HandlerContext) {
  try {
    const fetched = await fetchList(ctx, source, url, null);
    if (!fetched) throw new Error('nothing has changed, but nobody asked that');
    const { text } = textOf(fetched.bytes, fetched.contentType);
    const { tracks, folders } = readListing(text, fetched.address);
    return { address: fetched.address, tracks: tracks.length, folders };
  } catch (error) {
    if (first || !isPermanent(error)) throw error;
    ctx.log.warn(`${url} is left out: ${(error as Error).message}`);
    return null;
  }
}

/** @throws Permanent `wrong_address` */
export function addressOf({ name, url }: Source): string {
  const address = webUrl(url);
  if (address !== null) return address;
  throw new Permanent(`the source ${name} has no address of the web: ${String(url).slice(0, 200)}`, {
    code: 'wrong_address',
  });
}

/** Where a list on this machine lies, if its source may read it. @throws Permanent `path_refused` */
export async function localPath(url: string, source: Source, places: Places): Promise<string> {
  const path = await localFile(url, source, places);
  if (path !== null) return path;
  throw new Permanent(
    `the source ${source.name} may not read ${url}, or it is not there: a source reads what its path holds`,
    {
      code: 'path_refused',
    },
  );
}
