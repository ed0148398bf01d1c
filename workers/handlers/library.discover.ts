/** `library.discover`: feeds of a top list that the library does not have yet become playlists, which `library.sync` takes. */
import { z } from 'zod';
import { steadyAddress } from '../catalog/address.ts';
import { libraryOf } from '../catalog/client.ts';
import { present } from '../catalog/tags.ts';
import { readTopList, type TopEntry } from '../catalog/top-list.ts';
import { defineHandler, type HandlerContext, Permanent } from '../define.ts';
import { webAddress } from '../http.ts';
import { unexpectedStatus, withoutQuery } from '../http-status.ts';
import { type PlaylistChange, playlistId } from '../library-contract.ts';
import { AllowedPlaces, isPrivateAddress } from '../private-address.ts';

/** What stands where other playlists have the source they came from; no source may be called so. */
const DISCOVER = 'discover';
const listBytesMax = 8 * 1024 * 1024;
const mostMax = 200;
const lookupDefault = 'https://itunes.apple.com/lookup';

const params = z.strictObject({
  /** Of the list: JSON, OPML or a feed. */
  url: z.string(),
  /** Only those that are said to be of it; it becomes their group. */
  genre: z.string().min(1).optional(),
  /** New playlists. */
  most: z.number().int().min(1).max(mostMax).default(20),
  /** Where feeds of Apple's directory are asked for. */
  lookup: z.string().default(lookupDefault),
});
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'library.discover',
  lane: 'io',
  timeout: '10m',
  settings: ['ALLOW_PRIVATE_ADDRESSES'],
  params,
  async run(given, ctx) {
    webAddress(given.url);
    const entries = (await topList(given.url, ctx)).filter((entry) => isOf(entry, given.genre));
    const known = await knownAddresses(ctx);
    const added: PlaylistChange[] = [];
    const [counts, feeds] = [{ processed: 0, succeeded: 0, failed: 0 }, await feedsOf(entries, given.lookup, ctx)];
    for (const [index, entry] of entries.entries()) {
      if (added.length === given.most) break;
      counts.processed++;
      const url = feeds[index] ?? null;
      if (url === null || isKeptOut(url, ctx)) {
        ctx.log.warn(`${entry.title}: ${url === null ? 'no feed is known' : 'its feed lies at a private address'}`);
        counts.failed++;
      } else {
        counts.succeeded++;
        if (known.has(same(url))) continue;
        known.add(same(url));
        added.push(playlistOf(entry, url, given));
      }
    }
    if (added.length > 0) await libraryOf(ctx).put({ playlists: added });
    ctx.count(counts);
    return { listed: entries.length, added: added.map(({ id, title, url }) => ({ id, title, url })) };
  },
});

async function topList(url: string, ctx: HandlerContext): Promise<readonly TopEntry[]> {
  const response = await ctx.http.request(url, {
    headers: { accept: 'application/json, application/xml;q=0.9, */*;q=0.8' },
  });
  if (response.status !== 200) {
    await response.discard();
    throw unexpectedStatus({ method: 'GET', ...response, excerpt: '' });
  }
  const entries = readTopList(await response.text(listBytesMax), response.url);
  if (entries.length > 0) return entries;
  throw new Permanent('the list names no feeds', { code: 'empty_list' });
}

/** Where a list says nothing of genres, it is for its address to choose one. */
function isOf({ genres }: TopEntry, genre: string | undefined): boolean {
  const wanted = genre?.toLowerCase();
  return wanted === undefined || genres.length === 0 || genres.some((one) => one.toLowerCase() === wanted);
}

async function knownAddresses(ctx: HandlerContext): Promise<Set<string>> {
  const known = new Set<string>();
  for await (const { url } of libraryOf(ctx).playlists()) if (url !== null) known.add(same(url));
  return known;
}

function same(url: string): string {
  return URL.canParse(url)
    ? steadyAddress(url)
        .replace(/^https?:/, '')
        .replace(/\/$/, '')
    : url;
}

const lookedUpMax = 200;

/** Apple's lists lead to pages; its directory knows the feeds. */
async function feedsOf(
  entries: readonly TopEntry[],
  lookup: string,
  ctx: HandlerContext,
): Promise<readonly (string | null)[]> {
  const ids = entries
    .flatMap(({ feed, appleId }) => (feed === null && appleId !== null ? [appleId] : []))
    .slice(0, lookedUpMax);
  const found = new Map<string, string>();
  if (ids.length > 0) {
    const address = `${lookup}?${new URLSearchParams({ id: ids.join(','), entity: 'podcast' })}`;
    const response = await ctx.http.request(address, { headers: { accept: 'application/json' } });
    if (response.status !== 200) {
      await response.discard();
      throw unexpectedStatus({ method: 'GET', ...response, excerpt: '' });
    }
    const { results } = lookedUp.parse(await response.json(listBytesMax));
    for (const { collectionId, feedUrl } of results)
      if (collectionId !== undefined && feedUrl !== undefined) found.set(String(collectionId), feedUrl);
  }
  return entries.map(({ feed, appleId }) => feed ?? found.get(appleId ?? '') ?? null);
}

const lookedUp = z.object({
  results: z.array(z.object({ collectionId: z.number().optional(), feedUrl: z.string().optional() })),
});

/** A stranger's list must not make the library ask in the network at home. */
function isKeptOut(url: string, ctx: HandlerContext): boolean {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return true;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const allowed = new AllowedPlaces(ctx.settings['ALLOW_PRIVATE_ADDRESSES'] ?? '');
  if (allowed.host(host) || allowed.address(host)) return false;
  return isPrivateAddress(host) || host === 'localhost' || host.endsWith('.localhost') || host.endsWith('.local');
}

function playlistOf({ title, author, image, genres }: TopEntry, url: string, given: Params): PlaylistChange {
  return {
    id: playlistId(DISCOVER, same(url)),
    source: DISCOVER,
    key: same(url),
    title,
    url,
    kind: 'feed',
    groups: given.genre === undefined ? [] : [given.genre],
    info: present({ author, image, categories: genres.slice(0, 10), foundIn: withoutQuery(given.url) }),
  };
}
