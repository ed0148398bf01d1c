/** XSPF, version 0 and 1: https://xspf.org/spec. */
import { XMLParser } from 'fast-xml-parser';
import { addressIn, titleIn, webUrl } from './address.ts';
import { descriptionCharsMax, type Entry, keyed, type List, listFault, titleCharsMax } from './list.ts';
import { durationOf, momentOf } from './moment.ts';
import { entities, oneLine } from './plain-text.ts';
import { xmlBody } from './xml.ts';

type Element = Readonly<Record<string, unknown>>;

export function readXspf(text: string, base: string): List {
  const { xml } = xmlBody(text, ['playlist'], 'an XSPF playlist');
  const parser = new XMLParser({
    ignoreAttributes: true,
    removeNSPrefix: true,
    processEntities: false,
    parseTagValue: false,
    isArray: (name) => name === 'track' || name === 'location' || name === 'identifier',
  });
  let playlist: Element;
  try {
    playlist = elementOf((parser.parse(xml) as Element)['playlist']);
  } catch (error) {
    throw listFault('not_a_list', `this cannot be read as XSPF: ${oneLine((error as Error).message, 200)}`);
  }
  const entries: Entry[] = [];
  let leftOut = 0;
  for (const track of elementsOf(elementOf(playlist['trackList'])['track'])) {
    const urls = textsOf(track['location']).map((location) => addressIn(location, base));
    const url = urls.find((one) => one !== null);
    if (url) entries.push(entryOf(track, url));
    else leftOut++;
  }
  const [creator, annotation] = [
    lineOf(playlist['creator']),
    oneLine(textOf(playlist['annotation']), descriptionCharsMax),
  ];
  const info = { ...(creator && { author: creator }), ...(annotation && { description: annotation }) };
  return { title: lineOf(playlist['title']), tracks: keyed(entries), feed: false, leftOut, info };
}

function entryOf(track: Element, url: string): Entry {
  const image = webUrl(textOf(track['image']));
  const number = Number(textOf(track['trackNum']));
  const description = oneLine(textOf(track['annotation']), descriptionCharsMax);
  return {
    own: oneLine(textsOf(track['identifier'])[0], 100_000),
    title: lineOf(track['title']) ?? titleIn(url),
    artist: lineOf(track['creator']),
    album: lineOf(track['album']),
    date: momentOf(textOf(track['date'])),
    url,
    bytes: null,
    mime: null,
    // In milliseconds there.
    durationS: durationOf(Number(textOf(track['duration'])) / 1_000),
    marks: [],
    info: { ...(image && { image }), ...(number > 0 && { number }), ...(description && { description }) },
  };
}

function lineOf(value: unknown): string | null {
  return oneLine(textOf(value), titleCharsMax);
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(textOf).filter((text) => text !== undefined);
}

function textOf(value: unknown): string | undefined {
  const inner = typeof value === 'object' && value !== null ? elementOf(value)['#text'] : value;
  return typeof inner === 'string' ? entities(inner) : undefined;
}

function elementsOf(value: unknown): Element[] {
  return (Array.isArray(value) ? value : []).map(elementOf);
}

function elementOf(value: unknown): Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Element) : {};
}
