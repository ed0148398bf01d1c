/**
 * Lists of what is heard most, as services give them: JSON of whatever members (Apple, gpodder, Podcast Index), OPML, or a feed
 * whose items lead to feeds.
 */
import { XMLParser } from 'fast-xml-parser';
import { webUrl } from './address.ts';
import { listFault, titleCharsMax } from './list.ts';
import { listJson } from './list-json.ts';
import { readOpml } from './opml.ts';
import { entities, oneLine, plainText } from './plain-text.ts';
import { xmlBody } from './xml.ts';

export interface TopEntry {
  /** Of the feed itself; null where the list knows only a page about it. */
  readonly feed: string | null;
  /** Number in Apple's directory, which knows the feed. */
  readonly appleId: string | null;
  readonly title: string;
  readonly author: string | null;
  readonly image: string | null;
  readonly genres: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

/** @param address that answered @throws what `listFault` makes */
export function readTopList(text: string, address: string): readonly TopEntry[] {
  if (/^[\s\ufeff]*[[{]/.test(text))
    return rowsIn(listJson(text, 'a top list')).flatMap((row) => entryOf(row, address));
  if (/<opml[\s>]/i.test(text.slice(0, 2_000))) return opmlEntries(text, address);
  return xmlEntries(text, address);
}

const ROWS = ['items', 'feeds', 'results', 'podcasts', 'entry', 'data'];
const depthMax = 3;

/** The list in it: the document itself, or a member of that name, also one level further in (`feed.results`). */
function rowsIn(json: unknown, depth = 0): readonly Members[] {
  if (Array.isArray(json)) return json.filter(isMembers);
  if (!isMembers(json) || depth > depthMax) throw noList();
  for (const name of ROWS) if (Array.isArray(json[name])) return rowsIn(json[name]);
  const inside = Object.values(json).find(
    (value) => isMembers(value) && ROWS.some((name) => Array.isArray(value[name])),
  );
  return rowsIn(inside ?? null, depth + 1);
}

function noList(): Error {
  return listFault('not_a_list', 'this JSON holds no list of feeds');
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const FEED = ['feedUrl', 'feed_url', 'xmlUrl', 'xml_url', 'rss', 'feed'];
const PAGE = ['url', 'link', 'href'];

function entryOf(row: Members, base: string): TopEntry[] {
  const page = web(row, PAGE, base);
  const appleId = appleIdIn(page) ?? (page !== null && /apple\.com\//.test(page) ? text(row, ['id']) : null);
  const feed = web(row, FEED, base) ?? (appleId === null ? page : null);
  if (feed === null && appleId === null) return [];
  const title = text(row, ['title', 'name', 'collectionName', 'trackName']) ?? feed ?? `id${appleId}`;
  return [
    {
      feed,
      appleId,
      title,
      author: text(row, ['author', 'artistName', 'ownerName', 'publisher']),
      image: web(row, ['image', 'logo_url', 'artworkUrl600', 'artworkUrl100', 'artwork'], base),
      genres: genresIn(row['genres'] ?? row['categories'] ?? row['genre'] ?? row['category'] ?? row['tags']),
    },
  ];
}

function text(row: Members, names: readonly string[]): string | null {
  for (const name of names) {
    const value = row[name];
    const found = typeof value === 'number' ? String(value) : plainText(value as string, titleCharsMax);
    if (found !== null) return found;
  }
  return null;
}

function web(row: Members, names: readonly string[], base: string): string | null {
  for (const name of names) {
    const value = row[name];
    const found = typeof value === 'string' ? webUrl(value, base) : null;
    if (found !== null) return found;
  }
  return null;
}

function appleIdIn(page: string | null): string | null {
  return page !== null && /^https?:\/\/[\w.]*apple\.com\//.test(page) ? (/\/id(\d+)/.exec(page)?.[1] ?? null) : null;
}

/** `["News"]`, `[{ "name": "News" }]`, `{ "55": "News" }`, `"News, Politics"` */
function genresIn(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/\s*,\s*/).filter((genre) => genre !== '');
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((one) => {
    const name = isMembers(one) ? (one['name'] ?? one['label'] ?? one['title']) : one;
    return oneLine(typeof name === 'string' ? name : null, 100) ?? [];
  });
}

function opmlEntries(xml: string, address: string): TopEntry[] {
  return readOpml(xml, address).playlists.flatMap(({ url, kind, title, groups }) =>
    url === null || kind !== 'feed'
      ? []
      : [{ feed: url, appleId: null, title, author: null, image: null, genres: groups }],
  );
}

function xmlEntries(text: string, address: string): TopEntry[] {
  const { xml } = xmlBody(text, ['rss', 'feed', 'rdf'], 'a top list');
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    removeNSPrefix: true,
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    isArray: (name) => ['item', 'entry', 'link', 'category'].includes(name),
  });
  let document: Members;
  try {
    document = parser.parse(xml);
  } catch (error) {
    throw listFault('not_a_list', `this cannot be read as a top list: ${(error as Error).message}`);
  }
  const root = Object.values(document).find(isMembers) ?? {};
  const channel = isMembers(root['channel']) ? root['channel'] : root;
  const items = [root['item'], root['entry'], channel['item']].find(Array.isArray) ?? [];
  return items.filter(isMembers).flatMap((item) => entryOf(plainItem(item), address));
}

function plainItem(item: Members): Members {
  const links = [item['link']].flat().map((link) => ({ href: inner(link, '@href'), type: inner(link, '@type', '') }));
  const feed = links.find(({ type }) => /rss|atom|feed/.test(type ?? ''));
  return {
    feedUrl: feed?.href,
    url: links.find(({ href }) => href !== undefined)?.href ?? inner(item['id'], '#text'),
    title: inner(item['title'], '#text'),
    author: inner(item['artist'] ?? item['creator'] ?? item['author'], '#text'),
    genres: [item['category']].flat().map((category) => inner(category, '@label') ?? inner(category, '@term')),
  };
}

/** @param attribute before the text of the element @param otherwise instead of its text */
function inner(element: unknown, attribute: string, otherwise?: string): string | undefined {
  if (typeof element === 'string') return otherwise ?? entities(element);
  if (!isMembers(element)) return undefined;
  const found = element[attribute] ?? otherwise ?? element['#text'] ?? element['name'];
  return typeof found === 'string' ? entities(found) : undefined;
}
