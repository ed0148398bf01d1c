/** OPML: a pool of feeds, in folders that become groups. */
import { type Opml, parseOpml } from 'feedsmith';
import { nameIn, webUrl } from './address.ts';
import { descriptionCharsMax, listFault, playlistsPerSourceMax, titleCharsMax } from './list.ts';
import { oneLine, plainText } from './plain-text.ts';
import { xmlBody } from './xml.ts';

export interface ListedPlaylist {
  readonly key: string;
  readonly title: string;
  readonly url: string | null;
  readonly kind: string | null;
  readonly groups: readonly string[];
  readonly info: Readonly<Record<string, unknown>>;
}

export interface Pool {
  readonly title: string | null;
  readonly playlists: readonly ListedPlaylist[];
  /** Outlines whose feed has no address of the web. */
  readonly leftOut: number;
}

type Outline = Opml.Outline<string>;
const KINDS: Readonly<Record<string, string>> = { m3u: 'm3u', m3u8: 'm3u', pls: 'pls', xspf: 'xspf' };

/** @throws what `listFault` makes */
export function readOpml(text: string, address: string): Pool {
  const { xml } = xmlBody(text, ['opml'], 'an OPML file');
  const document = parsed(xml);
  const playlists = new Map<string, ListedPlaylist>();
  let leftOut = 0;
  const walk = (outlines: readonly Outline[], groups: readonly string[]) => {
    for (const outline of outlines) {
      const title = plainText(outline.text ?? outline.title, titleCharsMax);
      const listed = playlistIn(outline, title, groups, address);
      if (listed === 'no address') leftOut++;
      else if (listed) add(playlists, listed);
      const inside = outline.outlines ?? [];
      if (inside.length > 0) walk(inside, title === null || groups.includes(title) ? groups : [...groups, title]);
    }
  };
  walk(document.body?.outlines ?? [], []);
  return { title: plainText(document.head?.title, titleCharsMax), playlists: [...playlists.values()], leftOut };
}

function parsed(xml: string): Opml.Document<string> {
  try {
    // feedsmith knows the tag in small letters and without prefix only.
    return parseOpml(xml) as Opml.Document<string>;
  } catch (error) {
    const { cause, message } = error as Error;
    const why = oneLine(cause instanceof Error ? cause.message : message, 200);
    // An empty pool is nothing the parser would give back.
    if (/^<opml[^>]*>\s*(?:<head[\s>][\s\S]*<\/head>\s*)?(?:<body\s*\/>|<body>\s*<\/body>)\s*<\/opml/i.test(xml))
      return {};
    throw listFault('not_a_list', `this cannot be read as OPML: ${why}`);
  }
}

function playlistIn(
  { xmlUrl, url, type, description, htmlUrl, language, category }: Outline,
  title: string | null,
  groups: readonly string[],
  base: string,
): ListedPlaylist | 'no address' | null {
  const kind = xmlUrl === undefined ? kindOf(url, base) : 'feed';
  if (kind === null) return type?.toLowerCase() === 'rss' ? 'no address' : null;
  const address = webUrl(xmlUrl ?? url, base);
  if (address === null) return 'no address';
  const info = {
    description: plainText(description, descriptionCharsMax),
    link: webUrl(htmlUrl),
    language: oneLine(language, 35),
  };
  return {
    key: address,
    title: title ?? new URL(address).host,
    url: address,
    kind,
    groups: [...new Set([...groups, ...categories(category)])],
    info: Object.fromEntries(Object.entries(info).filter(([, value]) => value !== null)),
  };
}

/** Comma-separated paths: `/Culture/Radio,News`. */
function categories(text = ''): string[] {
  const names = text.split(/[,/]/).map((name) => oneLine(name, titleCharsMax));
  return names.filter((name) => name !== null).slice(0, 20);
}

function kindOf(url: string | undefined, base: string): string | null {
  const address = webUrl(url, base);
  const ending = address === null ? undefined : /\.(\w+)$/.exec(nameIn(address).toLowerCase())?.[1];
  return ending === undefined ? null : (KINDS[ending] ?? null);
}

/** A feed that stands in two folders is one playlist of both. */
function add(playlists: Map<string, ListedPlaylist>, listed: ListedPlaylist): void {
  const known = playlists.get(listed.key);
  const groups = [...new Set([...(known?.groups ?? []), ...listed.groups])];
  playlists.set(listed.key, { ...(known ?? listed), groups });
  if (playlists.size > playlistsPerSourceMax)
    throw listFault('too_many_playlists', `the pool names more than ${playlistsPerSourceMax} playlists`);
}
