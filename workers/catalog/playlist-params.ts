/** A playlist on its way from `library.collect`, or a handler `source.<kind>`, to the stages that work on it. */
import { z } from 'zod';
import { webUrl } from './address.ts';
import { type Entry, keyed, type List, tracksPerListMax } from './list.ts';
import { momentOf } from './moment.ts';

const textCharsMax = 8_000;
const text = z.string().min(1).max(textCharsMax);
const info = z.record(z.string(), z.unknown());
const amount = z.number().min(0).nullish();

const track = z.strictObject({
  /** Else its address. */
  key: text.nullish(),
  title: text,
  url: text,
  artist: text.nullish(),
  album: text.nullish(),
  /** As feeds write it. */
  date: z.string().nullish(),
  bytes: amount,
  mime: text.nullish(),
  durationS: amount,
  /** Another one means another file; else its address and its length. */
  version: text.nullish(),
  info: info.default({}),
});

/** What collecting gives to the next stage as `playlist`. */
export const playlistParams = z.strictObject({
  key: text,
  title: text,
  url: text.nullish(),
  kind: text.nullish(),
  groups: z.array(text).max(100).default([]),
  info: info.default({}),
  /** Given, nothing is fetched. */
  tracks: z.array(track).max(tracksPerListMax).optional(),
});
export type GivenPlaylist = z.infer<typeof playlistParams>;

/** The tracks that a source gave with its playlist, as a list that was read. @param local whether it may name files */
export function givenList(tracks: NonNullable<GivenPlaylist['tracks']>, local: (url: string) => boolean): List {
  const entries: Entry[] = [];
  for (const given of tracks) {
    const url = webUrl(given.url) ?? (given.url.startsWith('file:') && local(given.url) ? given.url : null);
    if (url !== null) entries.push(entryOf(given, url));
  }
  return { title: null, tracks: keyed(entries), feed: false, leftOut: tracks.length - entries.length, info: {} };
}

function entryOf(given: z.infer<typeof track>, url: string): Entry {
  const { key = null, title, artist = null, album = null, date, mime = null, version = null, info: more } = given;
  const bytes = given.bytes == null ? null : Math.round(given.bytes);
  const durationS = given.durationS ?? null;
  return {
    own: key,
    title,
    artist,
    album,
    date: momentOf(date),
    url,
    bytes,
    mime,
    durationS,
    marks: [version ?? bytes],
    info: more,
  };
}
