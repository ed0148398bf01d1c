/**
 * Feeds: RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed, with what iTunes, Media RSS and Podcasting 2.0 add. An item that
 * offers no file is no track.
 */
import { XMLParser } from 'fast-xml-parser';
import { parseAtomFeed, parseJsonFeed, parseRdfFeed, parseRssFeed } from 'feedsmith';
import { titleIn, webUrl } from './address.ts';
import { atomItem, type FeedItem, jsonItem, type Offer, rdfItem, rssItem } from './feed-items.ts';
import { descriptionCharsMax, type Entry, keyed, type List, listFault, titleCharsMax } from './list.ts';
import { listJson } from './list-json.ts';
import { momentOf } from './moment.ts';
import { entities, oneLine, plainText } from './plain-text.ts';
import { xmlBody } from './xml.ts';

/** Smaller ones are what somebody wrote where a length had to stand. */
const believedBytesLeast = 1_024;
const durationSMax = 10_000_000;
const alternatesMax = 8;
const alternateCharsMax = 1_000;
const MEDIA = /\.(?:mp3|m4[abv]|mp4|aac|og[gav]|opus|flac|wav|wma|webm|mkv|mov|avi|aiff?|ape|wv|mid|pdf|epub|zip)$/i;
const HEARD = /^(?:audio|video|application\/ogg)/i;

interface Feed {
  readonly title: string | null;
  readonly items: readonly FeedItem[];
  readonly info: Readonly<Record<string, unknown>>;
}

/**
 * @param address that answered
 * @throws what `listFault` makes
 */
export function readFeed(text: string, address: string): List {
  const feed = /^[\s\ufeff]*\{/.test(text) ? jsonFeed(text) : xmlFeed(text);
  const entries: Entry[] = [];
  let leftOut = 0;
  for (const item of feed.items) {
    const found = entriesOf(item, address);
    if (found === null) leftOut++;
    else entries.push(...found);
  }
  return { title: feed.title, tracks: keyed(entries), feed: true, leftOut, info: feed.info };
}

function jsonFeed(text: string): Feed {
  const feed = parsed(() => parseJsonFeed(listJson(text, 'a feed')));
  const [author] = feed.authors ?? [];
  return {
    title: oneLine(feed.title, titleCharsMax),
    items: (feed.items ?? []).map(jsonItem),
    info: about(feed.description, author?.name, feed.icon, feed.language, feed.home_page_url),
  };
}

function xmlFeed(text: string): Feed {
  const { root, xml } = xmlBody(text, ['rss', 'feed', 'rdf'], 'a feed');
  if (root === 'feed') return atomFeed(xml);
  return root === 'rss' ? rssFeed(xml) : rdfFeed(xml);
}

function atomFeed(xml: string): Feed {
  const feed = parsed(() => parseAtomFeed(xml));
  const { itunes } = feed;
  const link = feed.links?.find(({ rel = 'alternate' }) => rel === 'alternate')?.href;
  const author = itunes?.author ?? feed.authors?.[0]?.name;
  return {
    title: plainText(feed.title?.value, titleCharsMax),
    items: (feed.entries ?? []).map(atomItem),
    info: about(feed.subtitle?.value, author, itunes?.image ?? feed.logo ?? feed.icon, undefined, link),
  };
}

function rssFeed(xml: string): Feed {
  const feed = parsed(() => parseRssFeed(xml));
  const { itunes, podcast } = feed;
  const author = itunes?.author ?? feed.managingEditor?.name ?? feed.dc?.creators?.[0];
  return {
    title: plainText(feed.title ?? itunes?.title, titleCharsMax),
    items: (feed.items ?? []).map(rssItem),
    info: present({
      ...about(feed.description ?? itunes?.summary, author, itunes?.image ?? feed.image?.url, feed.language, feed.link),
      guid: podcast?.guid,
      medium: podcast?.medium,
      explicit: itunes?.explicit,
      categories: itunes?.categories?.map(({ text }) => oneLine(text, 100)).slice(0, 10),
      moved: itunes?.newFeedUrl,
    }),
  };
}

function rdfFeed(xml: string): Feed {
  const feed = parsed(() => parseRdfFeed(xml));
  const enclosures = /[:<]enclosure\b/.test(xml) ? rdfEnclosures(xml) : new Map<string, Offer[]>();
  return {
    title: plainText(feed.title, titleCharsMax),
    items: (feed.items ?? []).map((item) => rdfItem(item, enclosures)),
    info: about(feed.description, feed.dc?.creators?.[0], feed.image?.url, feed.dc?.languages?.[0], feed.link),
  };
}

/** `<enc:enclosure rdf:resource="…" enc:type="…" enc:length="…"/>` of RSS 1.0, by the item's `rdf:about`. */
function rdfEnclosures(xml: string): Map<string, Offer[]> {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    removeNSPrefix: true,
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    isArray: (name) => name === 'item' || name === 'enclosure',
  });
  const document = parsed(() => parser.parse(xml)) as { RDF?: { item?: readonly RdfElement[] } };
  const offers = new Map<string, Offer[]>();
  for (const { about, enclosure } of document.RDF?.item ?? []) {
    if (typeof about !== 'string' || !Array.isArray(enclosure)) continue;
    const files = (enclosure as readonly RdfElement[]).map(({ resource, url, type, length }) => ({
      href: text(resource) ?? text(url),
      mime: text(type),
      bytes: text(length) === undefined ? undefined : Number(text(length)),
    }));
    offers.set(entities(about), files);
  }
  return offers;
}
type RdfElement = Readonly<Record<string, unknown>>;

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? entities(value) : undefined;
}

/** What the parser cannot take is no feed to us. */
function parsed<Feed>(parse: () => Feed): Feed {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error;
    const { cause, message } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    throw listFault('not_a_list', `this cannot be read as a feed: ${oneLine(why, 200) ?? 'it is malformed'}`);
  }
}

/** @returns null where the item offers files, and none that can be fetched */
function entriesOf(item: FeedItem, base: string): Entry[] | null {
  const enclosures = fetchable(item.enclosures, base);
  const others = fetchable(item.others, base).filter(isHeard);
  const link = webUrl(item.link, base);
  const linked: Fetchable[] = link !== null && MEDIA.test(new URL(link).pathname) ? [{ href: link }] : [];
  const [chosen, ...rest] = [...enclosures, ...others, ...linked];
  if (!chosen) return item.enclosures.length > 0 ? null : [];
  const parts = [chosen, ...enclosures.filter((one) => one !== chosen && one.mime === chosen.mime)];
  const same = rest.filter((one) => !parts.includes(one) && one.href.length <= alternateCharsMax);
  const alternates = [...new Set(same.map(({ href }) => href))];
  return parts.map((part, index) => entry(item, part, index === 0 ? alternates : [], part.href, index, link));
}

type Fetchable = Offer & { readonly href: string };

function fetchable(offers: readonly Offer[], base: string): Fetchable[] {
  const known = new Set<string>();
  return offers.flatMap((offer) => {
    const href = webUrl(offer.href, base);
    if (href === null || known.has(href)) return [];
    known.add(href);
    return [{ ...offer, href }];
  });
}

/** Pictures beside an article are no tracks of it. */
function isHeard({ href, mime }: Fetchable): boolean {
  return mime === undefined ? MEDIA.test(new URL(href).pathname) : HEARD.test(mime);
}

function entry(
  item: FeedItem,
  offer: Offer,
  alternates: string[],
  url: string,
  index: number,
  link: string | null,
): Entry {
  const bytes = whole(offer.bytes, Number.MAX_SAFE_INTEGER);
  const description = plainText(item.description, descriptionCharsMax);
  const title = plainText(item.title, titleCharsMax) ?? (description === null ? null : oneLine(description, 80));
  return {
    own: oneLine(item.own, 100_000),
    title: `${title ?? titleIn(url)}${index === 0 ? '' : ` (${index + 1})`}`,
    artist: plainText(item.author, titleCharsMax),
    album: null,
    date: momentOf(item.date),
    url,
    bytes,
    mime: mimeOf(offer.mime),
    durationS: whole(item.durationS ?? offer.durationS, durationSMax),
    marks: [bytes !== null && bytes >= believedBytesLeast ? bytes : null],
    info: present({
      description,
      link: link === url ? null : link,
      ...item.info,
      alternates: alternates.length > 0 ? alternates.slice(0, alternatesMax) : null,
    }),
  };
}

function mimeOf(type: string | undefined): string | null {
  return /^[a-z]+\/[\w.+-]+/i.exec(type?.trim() ?? '')?.[0].toLowerCase() ?? null;
}

/** @returns null for what is no positive number up to `most` */
function whole(value: number | undefined, most: number): number | null {
  const rounded = Math.round(value ?? 0);
  return rounded > 0 && rounded <= most ? rounded : null;
}

function about(
  description: string | undefined,
  author: string | undefined,
  image: string | undefined,
  language: string | undefined,
  link: string | undefined,
): Record<string, unknown> {
  return present({
    description: plainText(description, descriptionCharsMax),
    author: plainText(author, titleCharsMax),
    image: webUrl(image),
    language: oneLine(language, 35),
    link: webUrl(link),
  });
}

/** Text of any length may stand where an address or a number is meant. */
function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(members).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    kept.map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, 2_000) : value]),
  );
}
