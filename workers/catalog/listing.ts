/**
 * Directory listings of web servers: Apache (plain, fancy, as a table), nginx, Caddy, lighttpd, `python -m http.server`, and the JSON of
 * nginx and Caddy. What they have in common is enough: links to names directly below the address, most with a time and a
 * size behind them.
 */
import { decoded, titleIn, webUrl } from './address.ts';
import { type Entry, keyed, type List, listFault, titleCharsMax, tooMany, tracksPerListMax } from './list.ts';
import { listJson } from './list-json.ts';
import { momentOf } from './moment.ts';
import { entities, oneLine } from './plain-text.ts';

export interface Listing extends List {
  /** Addresses of the folders in it. */
  readonly folders: readonly string[];
}

/** What no collection is about. */
const NOT_TAKEN = /^(?:\..*|thumbs\.db|desktop\.ini|.*\.(?:part|crdownload|tmp))$/i;
/** Servers write escapes in small and in large letters. */
const ESCAPE = /%[0-9a-f]{2}/gi;
const upper = (text: string) => text.toUpperCase();
const UNITS = ['', 'K', 'M', 'G', 'T'];
/** With the drawing that Caddy puts into each. */
const linkTextCharsMax = 8_000;

interface Found {
  readonly url: string;
  readonly name: string;
  readonly date: string | null;
  /** As it is shown: rounded to three digits by some. */
  readonly size: string | null;
  readonly bytes: number | null;
}

/**
 * @param address that answered; it ends with `/`, as that of a folder does
 * @throws what `listFault` makes
 */
export function readListing(text: string, address: string): Listing {
  const base = new URL(address);
  base.search = '';
  base.pathname = base.pathname.replace(ESCAPE, upper);
  if (!base.pathname.endsWith('/')) base.pathname = base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1);
  const found = /^[\s\ufeff]*\[/.test(text) ? inJson(text, base) : inHtml(text, base);
  const taken = found.filter(({ name }) => !NOT_TAKEN.test(name));
  const files = taken.filter(({ url }) => !url.endsWith('/'));
  const folders = taken.filter(({ url }) => url.endsWith('/')).map(({ url }) => url);
  const title = oneLine(decoded(base.pathname.split('/').filter(Boolean).at(-1) ?? ''), titleCharsMax);
  return {
    title,
    tracks: keyed(files.map(entryOf)),
    feed: false,
    leftOut: 0,
    info: {},
    folders: [...new Set(folders)],
  };
}

function entryOf({ url, date, size, bytes }: Found): Entry {
  return {
    own: null,
    title: oneLine(titleIn(url), titleCharsMax) ?? url,
    artist: null,
    album: null,
    date: null,
    url,
    bytes,
    mime: null,
    durationS: null,
    marks: [date, size],
    info: date === null ? {} : { modified: date },
  };
}

/** @returns the address of a name directly below the folder, null for what leads elsewhere */
function below(href: string, base: URL): string | null {
  const url = webUrl(href, base.href)?.replace(ESCAPE, upper) ?? null;
  // A query sorts the listing, or is no part of one.
  if (url === null || url.includes('?') || !url.startsWith(base.href)) return null;
  const rest = url.slice(base.href.length);
  if (rest === '' || rest.slice(0, -1).includes('/')) return null;
  const name = decoded(rest.replace(/\/$/, ''));
  // One way of writing a name, so that another server, or version, does not make it another file.
  return name === rest.replace(/\/$/, '') && rest.includes('%')
    ? url
    : `${base.href}${encodeURIComponent(name)}${rest.endsWith('/') ? '/' : ''}`;
}

function inHtml(text: string, base: URL): Found[] {
  const title = oneLine(
    entities(/<title[^>]{0,200}>([^<]{0,1000})/i.exec(text.slice(0, 64 * 1024))?.[1] ?? ''),
    titleCharsMax,
  );
  const found = new Map<string, Found>();
  let parent = false;
  for (const { href, behind } of links(text)) {
    parent ||= isParent(href, base);
    const url = below(href, base);
    if (url !== null && !found.has(url)) found.set(url, { url, name: nameOf(url), ...facts(behind) });
    if (found.size > tracksPerListMax) throw tooMany();
  }
  const looksLikeOne = parent || /^(?:index of|directory listing|listing of)\b|[/\\]/i.test(title ?? '');
  const withFacts = [...found.values()].some(({ date, size }) => date !== null || size !== null);
  if (/<html|<!doctype html|<pre|<table|<a\s/i.test(text.slice(0, 64 * 1024)) && (looksLikeOne || withFacts)) {
    if (!/<\/(?:html|pre|table|ul|body)>/i.test(text.slice(-2_000)))
      throw listFault('list_truncated', 'the listing ends in the middle');
    return [...found.values()];
  }
  throw listFault(
    'not_a_list',
    `this is not a directory listing${title === null ? '' : `, but a page called "${title}"`}`,
  );
}

function isParent(href: string, base: URL): boolean {
  if (href === '../' || href === '..') return true;
  const url = webUrl(href, base.href);
  return url !== null && base.href !== url && url.endsWith('/') && base.href.startsWith(url);
}

function nameOf(url: string): string {
  return decoded(url.replace(/\/$/, '').split('/').at(-1) ?? '');
}

/** Links with what stands behind each up to the next. */
function* links(text: string): Generator<{ readonly href: string; readonly behind: string }> {
  let before: RegExpExecArray | null = null;
  for (const start of text.matchAll(
    /<a\s[^<>]{0,2000}?\bhref\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))[^<>]*>/gi,
  )) {
    if (before) yield link(text, before, start.index);
    before = start;
  }
  if (before) yield link(text, before, text.length);
}

function link(text: string, start: RegExpExecArray, end: number) {
  const from = start.index + start[0].length;
  const behind = text.slice(from, Math.min(end, from + linkTextCharsMax));
  return { href: entities(start[1] ?? start[2] ?? start[3] ?? ''), behind };
}

const TIMES = [
  /\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)/,
  /\b(\d{1,2}-[A-Z][a-z]{2}-\d{4} \d\d:\d\d(?::\d\d)?)/,
  /\b(\d{4}-[A-Z][a-z]{2}-\d\d \d\d:\d\d(?::\d\d)?)/,
];

/** The time and the size of a file: exact ones stand in attributes with Caddy, else in the text. */
function facts(html: string): Pick<Found, 'date' | 'size' | 'bytes'> {
  const close = html.indexOf('</a>');
  const rest = close === -1 ? html : html.slice(close);
  const exact = /\bdata-(?:order|size|value)\s*=\s*["'](\d{1,16})["']/i.exec(rest)?.[1];
  const time = /<time[^<>]*\bdatetime\s*=\s*["']([^"']{1,50})["']/i.exec(rest)?.[1];
  const text = entities(rest.replace(/<[^<>]*>/g, ' ')).replace(/\s+/g, ' ');
  const shown = TIMES.map((pattern) => pattern.exec(text)?.[1]).find(Boolean);
  const date = momentOf(time ?? reordered(shown));
  const [, number, unit] =
    /(?:^|\s)(\d+(?:\.\d+)?)\s?([KMGT])?(?:i?B|bytes)?(?=\s|$)/i.exec(
      shown === undefined ? text : text.replace(shown, ' '),
    ) ?? [];
  const size = exact ?? (number === undefined ? null : `${number}${unit?.toUpperCase() ?? ''}`);
  return { date, size, bytes: exactBytes(size) };
}

/** `2026-Nov-24 06:00:00` of lighttpd, as everybody else writes it. */
function reordered(time: string | undefined): string | undefined {
  return time?.replace(/^(\d{4})-([A-Z][a-z]{2})-(\d\d)/, '$3-$2-$1');
}

/** A rounded size says nothing exact, so it is none. */
function exactBytes(size: string | null): number | null {
  return size !== null && /^\d+$/.test(size) && !UNITS.includes(size) ? Number(size) : null;
}

/** nginx: `name type mtime size`; Caddy: `name size url mod_time is_dir`. */
function inJson(text: string, base: URL): Found[] {
  const rows = listJson(text, 'a directory listing') as readonly unknown[];
  const found = rows.flatMap((row) => rowOf(row, base));
  if (rows.length > 0 && found.length === 0)
    throw listFault('not_a_list', 'this is not a directory listing: its rows have no names');
  return found;
}

function rowOf(row: unknown, base: URL): Found[] {
  if (typeof row !== 'object' || row === null) return [];
  const { name, type, mtime, size, mod_time, is_dir } = row as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') return [];
  const plain = name.replace(/\/$/, '');
  if (plain.includes('/') || plain === '.' || plain === '..') return [];
  const folder = is_dir === true || type === 'directory';
  const url = below(`./${encodeURIComponent(plain)}${folder ? '/' : ''}`, base);
  if (url === null) return [];
  const bytes = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && !folder ? size : null;
  const time = typeof mtime === 'string' ? mtime : typeof mod_time === 'string' ? mod_time : null;
  return [{ url, name: plain, date: momentOf(time), size: bytes === null ? null : String(bytes), bytes }];
}
