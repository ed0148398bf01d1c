/**
 * Playlists as players keep them: M3U with and without #EXTINF, PLS, XSPF. Which of them one is shows in what it says, not in
 * its name.
 */
import { addressIn, titleIn } from './address.ts';
import { parseExtinfTitle } from './extinf-title.ts';
import { type Entry, keyed, type List, listFault, titleCharsMax, tooMany, tracksPerListMax } from './list.ts';
import { durationOf } from './moment.ts';
import { oneLine } from './plain-text.ts';
import { readXspf } from './xspf.ts';

/**
 * @param address that answered, or the `file:` address it was read from; then files may be named as well
 * @throws what `listFault` makes
 */
export function readPlaylist(text: string, address: string): List {
  const plain = text.replace(/^[\s\ufeff]+/, '');
  if (plain.startsWith('<')) return readXspf(plain, address);
  if (/^\[playlist\]/i.test(plain)) return readPls(plain, address);
  return readM3u(plain, address);
}

interface Extra {
  title?: string | null;
  artist?: string | null;
  album?: string | null;
  durationS?: number | null;
  info?: Record<string, unknown>;
}

function readM3u(text: string, base: string): List {
  refuseOthers(text);
  const entries: Entry[] = [];
  let [title, leftOut, extra]: [string | null, number, Extra] = [null, 0, {}];
  for (const line of linesOf(text)) {
    const plain = line.trim();
    if (plain === '') continue;
    if (plain.startsWith('#')) {
      title = playlistTitle(plain) ?? title;
      extra = { ...extra, ...extraIn(plain) };
      continue;
    }
    const url = addressIn(plain, base);
    if (url === null) leftOut++;
    else entries.push(entryOf(url, named(extra)));
    if (entries.length > tracksPerListMax) throw tooMany();
    extra = {};
  }
  return { title, tracks: keyed(entries), feed: false, leftOut, info: {} };
}

function named(extra: Extra): Extra {
  return extra.title == null ? extra : { ...extra, ...parseExtinfTitle(extra.title, extra.artist ?? null) };
}

/** Not all at once: of a text without an end to it only so many are looked at. */
function* linesOf(text: string): Generator<string> {
  for (const [line] of text.matchAll(/[^\r\n]+/g)) yield line;
}

function refuseOthers(text: string): void {
  if (/^#EXT-X-(?:STREAM-INF|TARGETDURATION|MEDIA-SEQUENCE)\b/m.test(text.slice(0, 64 * 1024)))
    throw listFault('not_a_list', 'this is one recording in pieces (HLS), not a list of tracks');
  // Any text is an M3U of relative paths; what is in it shows that somebody meant none.
  if (text.includes('\0') || /^[{[]/.test(text))
    throw listFault('not_a_list', 'this is not a playlist: it is no text of lines');
}

function playlistTitle(line: string): string | null {
  const [, title] =
    /^#PLAYLIST:(.*)/i.exec(line) ?? /^#EXTM3U.*?\s(?:playlist-)?(?:title|name)="([^"]*)"/i.exec(line) ?? [];
  return oneLine(title, titleCharsMax);
}

/** `#EXTINF:123 group-title="News" tvg-logo="…",Artist - Title`, and what players write in lines of their own. */
function extraIn(line: string): Extra {
  const information = /^#EXTINF:\s*(-?\d+(?:\.\d+)?)?((?:\s+[\w-]+="[^"]*")*)\s*,?(.*)$/i.exec(line);
  if (information) {
    const [, seconds, attributes = '', title] = information;
    const { 'tvg-logo': image, 'group-title': group } = attributesIn(attributes);
    return {
      title: oneLine(title, titleCharsMax),
      durationS: durationOf(seconds),
      info: { ...(image && { image }), ...(group && { group }) },
    };
  }
  const [, name = '', value] = /^#(EXTART|EXTALB|EXTGENRE|EXTIMG):(.*)$/i.exec(line) ?? [];
  const text = oneLine(value, titleCharsMax);
  if (text === null) return {};
  const tag = name.toUpperCase();
  if (tag === 'EXTART') return { artist: text };
  return tag === 'EXTALB' ? { album: text } : {};
}

function attributesIn(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w-]+)="([^"]*)"/g)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name.toLowerCase(), value.slice(0, 2_000)]));
}

function readPls(text: string, base: string): List {
  const members = new Map<string, Map<string, string>>();
  for (const line of linesOf(text)) {
    const [, name = '', number = '', value = ''] = /^\s*(File|Title|Length)(\d{1,6})\s*=(.*)$/i.exec(line) ?? [];
    if (name !== '') members.set(number, (members.get(number) ?? new Map()).set(name.toLowerCase(), value.trim()));
  }
  const entries: Entry[] = [];
  let leftOut = 0;
  for (const [, member] of [...members].sort(([a], [b]) => Number(a) - Number(b))) {
    const url = addressIn(member.get('file') ?? '', base);
    if (url === null) leftOut++;
    else
      entries.push(
        entryOf(url, {
          title: oneLine(member.get('title'), titleCharsMax),
          durationS: durationOf(member.get('length')),
        }),
      );
  }
  return { title: null, tracks: keyed(entries), feed: false, leftOut, info: {} };
}

function entryOf(url: string, { title, artist = null, album = null, durationS = null, info = {} }: Extra): Entry {
  return {
    own: null,
    title: title ?? titleIn(url),
    artist,
    album,
    date: null,
    url,
    bytes: null,
    mime: null,
    durationS,
    marks: [],
    info,
  };
}
