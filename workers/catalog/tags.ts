/** What the tags in a file say, as far as the catalog has use for it. */
import type { IAudioMetadata } from 'music-metadata';

export interface Tags {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  /** `2026-11-24`, `2026-11` or `2026`. */
  readonly date: string | null;
  readonly durationS: number | null;
  /** The rest, without what is not there. */
  readonly info: Readonly<Record<string, unknown>>;
}

const textCharsMax = 500;
const genresMax = 10;

/** @throws Error with code `damaged` where it is no file of sound or film, or a broken one */
export async function readTags(path: string): Promise<Tags> {
  const { parseFile } = await import('music-metadata');
  let parsed: IAudioMetadata;
  try {
    parsed = await parseFile(path, { duration: false, skipCovers: true });
  } catch (error) {
    // Of the disk, not of what is in the file.
    if (typeof (error as NodeJS.ErrnoException).syscall === 'string') throw error;
    throw damaged((error as Error).message);
  }
  const { codec, duration, container } = parsed.format;
  if (container === undefined || (codec === undefined && duration === undefined))
    throw damaged('nothing in it can be played');
  return tagsOf(parsed);
}

export function damaged(why: string): Error {
  return Object.assign(new Error(`the file is damaged, or not what its name says: ${why}`), { code: 'damaged' });
}

function tagsOf({ common, format }: IAudioMetadata): Tags {
  const { duration } = format;
  return {
    title: text(common.title),
    artist: text(common.artists && common.artists.length > 1 ? common.artists.join(', ') : common.artist),
    album: text(common.album),
    date: day(common.date) ?? day(common.year === undefined ? undefined : String(common.year)),
    durationS: duration !== undefined && Number.isFinite(duration) ? Math.round(duration * 1_000) / 1_000 : null,
    info: present({
      albumArtist: text(common.albumartist),
      genre: common.genre?.flatMap((genre) => text(genre) ?? []).slice(0, genresMax),
      track: common.track.no,
      disc: common.disk.no,
      language: text(common.language),
      codec: text(format.codec),
      musicbrainz: text(common.musicbrainz_recordingid),
      isrc: text(common.isrc?.[0]),
    }),
  };
}

export function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isThere = (value: unknown) =>
    value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isThere(value)));
}

/** Tags hold zeros where old programs filled up a field. */
function text(value: string | undefined): string | null {
  const plain =
    value
      ?.replace(/[\p{Cc}\p{Cs}]+/gu, ' ')
      .replace(/\s+/gu, ' ')
      .trim() ?? '';
  return plain === '' ? null : Array.from(plain).slice(0, textCharsMax).join('');
}

/** As much of a date as is one: tags hold `2019-00-00`, `2019/05/01`, and worse. */
export function day(value: string | undefined): string | null {
  const [, year, month, date] = /^\s*([12]\d{3})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?/.exec(value ?? '') ?? [];
  if (year === undefined) return null;
  for (const parts of [[year, month, date], [year, month], [year]]) {
    if (parts.includes(undefined)) continue;
    const whole = parts.map((part) => (part as string).padStart(2, '0')).join('-');
    const at = new Date(whole);
    if (!Number.isNaN(at.getTime()) && at.toISOString().startsWith(whole)) return whole;
  }
  return null;
}
