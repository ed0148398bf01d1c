/** Items of feeds in every dialect, as what they have in common. The shapes are those that feedsmith gives. */
import type { AtomFeed, JsonFeed, MediaNs, PodcastNs, RdfFeed, RssFeed } from 'feedsmith';

/** A file that an item offers. */
export interface Offer {
  readonly href: string | undefined;
  readonly bytes?: number | undefined;
  readonly mime?: string | undefined;
  readonly durationS?: number | undefined;
}

export interface FeedItem {
  readonly own: string | undefined;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly date: string | undefined;
  readonly author: string | undefined;
  readonly durationS: number | undefined;
  readonly link: string | undefined;
  /** What is offered for download; of one type, they are parts of it. */
  readonly enclosures: readonly Offer[];
  /** The same in other forms. */
  readonly others: readonly Offer[];
  readonly info: Readonly<Record<string, unknown>>;
}

export function rssItem(item: RssFeed.Item<string>): FeedItem {
  const { itunes, podcast, media, dc, atom } = item;
  return {
    own: item.guid?.value,
    title: item.title ?? itunes?.title ?? media?.title?.value,
    description: item.description ?? itunes?.summary ?? media?.description?.value,
    date: item.pubDate ?? first(dc?.dates) ?? atom?.published ?? atom?.updated,
    author: itunes?.author ?? item.authors?.[0]?.name ?? first(dc?.creators),
    durationS: itunes?.duration,
    link: item.link,
    enclosures: (item.enclosures ?? []).map(({ url, length, type }) => ({ href: url, bytes: length, mime: type })),
    others: [...mediaOffers(media), ...alternatives(podcast?.alternateEnclosures)],
    info: {
      season: podcast?.season?.number ?? itunes?.season,
      episode: podcast?.episode?.number ?? itunes?.episode,
      episodeType: itunes?.episodeType,
      explicit: itunes?.explicit,
      image: itunes?.image ?? media?.thumbnails?.[0]?.url,
      chapters: podcast?.chapters?.url,
      transcript: podcast?.transcripts?.[0]?.url,
    },
  };
}

export function atomItem(entry: AtomFeed.Entry<string>): FeedItem {
  const { itunes, media, dc, content } = entry;
  const links = entry.links ?? [];
  const enclosures = links
    .filter(({ rel }) => rel === 'enclosure')
    .map(({ href, length, type }) => ({ href, bytes: length, mime: type }));
  return {
    own: entry.id,
    title: entry.title?.value ?? itunes?.title,
    description: entry.summary?.value ?? content?.value,
    date: entry.published ?? first(dc?.dates) ?? entry.updated,
    author: itunes?.author ?? entry.authors?.[0]?.name ?? first(dc?.creators),
    durationS: itunes?.duration,
    link: links.find(({ rel = 'alternate' }) => rel === 'alternate')?.href,
    enclosures,
    others: [...mediaOffers(media), ...(content?.src === undefined ? [] : [{ href: content.src, mime: content.type }])],
    info: { season: itunes?.season, episode: itunes?.episode, image: itunes?.image ?? media?.thumbnails?.[0]?.url },
  };
}

export function jsonItem(item: JsonFeed.Item<string>): FeedItem {
  const enclosures = (item.attachments ?? []).map((one) => ({
    href: one.url,
    bytes: one.size_in_bytes,
    mime: one.mime_type,
    durationS: one.duration_in_seconds,
  }));
  return {
    own: item.id,
    title: item.title,
    description: item.summary ?? item.content_text ?? item.content_html,
    date: item.date_published ?? item.date_modified,
    author: item.authors?.[0]?.name,
    durationS: undefined,
    link: item.url ?? item.external_url,
    enclosures,
    others: [],
    info: { image: item.image ?? item.banner_image },
  };
}

/** @param enclosures of the module `enc`, which feedsmith does not read, by `rdf:about` */
export function rdfItem(item: RdfFeed.Item<string>, enclosures: ReadonlyMap<string, readonly Offer[]>): FeedItem {
  const about = item.rdf?.about;
  return {
    own: about ?? item.link,
    title: item.title,
    description: item.description,
    date: first(item.dc?.dates),
    author: first(item.dc?.creators),
    durationS: undefined,
    link: item.link,
    enclosures: enclosures.get(about ?? '') ?? [],
    others: mediaOffers(item.media),
    info: { image: item.media?.thumbnails?.[0]?.url },
  };
}

function mediaOffers(media: MediaNs.ItemOrFeed | undefined): Offer[] {
  const contents = [...(media?.contents ?? []), ...(media?.groups ?? []).flatMap((group) => group.contents ?? [])];
  const heard = contents.filter(({ medium, type = '' }) => medium !== 'image' && !type.startsWith('image/'));
  const chosen = heard.sort((a, b) => Number(b.isDefault === true) - Number(a.isDefault === true));
  return chosen.map(({ url, fileSize, type, medium, duration }) => ({
    href: url,
    bytes: fileSize,
    // Told by its medium alone, it is known to be something to hear or see.
    mime: type ?? (medium === undefined ? undefined : `${medium}/*`),
    durationS: duration,
  }));
}

function alternatives(enclosures: readonly PodcastNs.AlternateEnclosure[] | undefined): Offer[] {
  return (enclosures ?? []).flatMap(({ sources, length, type }) =>
    (sources ?? []).map(({ uri, contentType }) => ({ href: uri, bytes: length, mime: contentType ?? type })),
  );
}

function first<Value>(values: readonly Value[] | undefined): Value | undefined {
  return values?.[0];
}
