/** The numbers of a series: which one a track has, and which are missing between the first and the last. */
import type { Track } from '../library-contract.ts';

export interface Numbered {
  /** 0 where there are none. */
  readonly season: number;
  readonly number: number;
}

const SEASON = /\bS(\d{1,3})[ ._-]?E(\d{1,4})\b/i;
const NUMBER =
  /(?:\bepisode|\bep\b\.?|\bfolge|\bpart|\bchapter|\bkapitel|\bteil|\bvol\b\.?|#|№)\s*(\d{1,5})\b|第\s*(\d{1,5})\s*[集话話回期章讲講]|^(\d{1,4})(?=[.:)\]]|\s*[-–—]\s)/iu;

/** @returns null where it has none that can be told */
export function numberOf({ title, info }: Pick<Track, 'title' | 'info'>): Numbered | null {
  const episode = whole(info['episode']);
  if (episode !== null) return { season: whole(info['season']) ?? 0, number: episode };
  const [, season, inSeason] = SEASON.exec(title) ?? [];
  if (season !== undefined) return { season: Number(season), number: Number(inSeason) };
  const found = NUMBER.exec(title)
    ?.slice(1)
    .find((digits) => digits !== undefined);
  return found === undefined ? null : { season: whole(info['season']) ?? 0, number: Number(found) };
}

function whole(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

const numberedLeast = 3;

/** Where hardly half of the numbers are there, they count something else: days, years. */
export function gapsIn(tracks: Iterable<Numbered>): { readonly season: number; readonly numbers: readonly number[] }[] {
  const seasons = new Map<number, Set<number>>();
  for (const { season, number } of tracks) seasons.set(season, (seasons.get(season) ?? new Set()).add(number));
  return [...seasons]
    .sort(([a], [b]) => a - b)
    .flatMap(([season, numbers]) => {
      const [first, last] = [...numbers].reduce(([least, most], one) => [Math.min(least, one), Math.max(most, one)], [
        Number.POSITIVE_INFINITY,
        0,
      ] as [number, number]);
      const span = last - first + 1;
      if (numbers.size < numberedLeast || numbers.size * 2 < span || numbers.size === span) return [];
      const all = Array.from({ length: span }, (_, index) => first + index);
      return [{ season, numbers: all.filter((number) => !numbers.has(number)) }];
    });
}
