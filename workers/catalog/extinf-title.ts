/**
 * What an extended M3U calls a track: `Artist - Title`, as players write it. Where it is plainly written as files are named
 * here, `Title (Version) - Artist _ Artist`, it is read like that.
 */
import { dashesIn, parseTrackName, titleOf } from './track-name.ts';

export interface ExtinfTitle {
  readonly title: string;
  /** Null where the text does not tell the two apart: all of it is the title. */
  readonly artist: string | null;
}

/** What stands in front of the first dash and is nobody: `07 - Title`, `7. - Title`, a day. */
const NO_ARTIST = /^(?:0\d{1,2}|\d{1,3}[.)]|\d{4}-\d{2}-\d{2})$/;

/** @param artist that the list gives in a line of its own; null for none */
export function parseExtinfTitle(text: string, artist: string | null): ExtinfTitle {
  if (artist !== null) return { title: withoutArtist(text, artist), artist };
  const dashes = dashesIn(text);
  const name = parseTrackName(text);
  // The version of a song stands in its title, and only names of files have ` _ ` between artists.
  const hasVersion = dashes.length === 1 && name.versions.some(({ kinds }) => kinds.length > 0);
  if (name.artists.length > 1 || (name.artists.length === 1 && hasVersion))
    return { title: titleOf(name), artist: name.artists.join(', ') };
  const lead = dashes[0] && NO_ARTIST.test(text.slice(0, dashes[0].from).trim()) ? dashes.shift() : null;
  // Titles hold dashes far more often than names do.
  const [first] = dashes;
  if (!first) return { title: text, artist: null };
  const [before, after] = [text.slice(lead?.to ?? 0, first.from).trim(), text.slice(first.to).trim()];
  return before === '' || after === '' ? { title: text, artist: null } : { title: after, artist: before };
}

/** A list that names the artist beside it may have the name on either side. */
function withoutArtist(text: string, artist: string): string {
  const name = folded(artist);
  for (const { from, to } of dashesIn(text)) {
    const [before, after] = [text.slice(0, from).trim(), text.slice(to).trim()];
    if (folded(before) === name && after !== '') return after;
    if (folded(after) === name && before !== '') return before;
  }
  return text;
}

function folded(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}
