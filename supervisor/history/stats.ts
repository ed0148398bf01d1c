/** How tasks of each type went on each local day, added up from what months hold. */
import { wallText } from '../core/schedule/local-time.ts';
import { instantOf, wallOf } from '../core/schedule/zone.ts';
import { type Contents, type Figure, quarterMs } from './contents.ts';
import { type Durations, percentile } from './durations.ts';
import type { StateCounts } from './row.ts';

const dayMs = 86_400_000;

export interface StatsQuery {
  /** Null: all. */
  readonly types: readonly string[] | null;
  /** IANA name of the zone whose days are meant. */
  readonly zone: string;
  /** ms since 1970: its day is the last one. */
  readonly now: number;
  readonly days: number;
}

export interface Stats {
  /** How many tasks ended, and how; `finished` counts states of later formats as well. */
  readonly finished: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  /** What attempts took in which a task succeeded: half of them, or 95 in a hundred, no longer; null when there was none. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface DayStats extends Stats {
  /** `YYYY-MM-DD` */
  readonly day: string;
}

export interface TypeStats extends Stats {
  /** Null: all types beyond those that are counted by name. */
  readonly type: string | null;
  /** In order; days on which none ended are left out. */
  readonly days: readonly DayStats[];
}

/** @returns ms since 1970 at which the first of the days begins */
export function statsFrom({ zone, now, days }: Pick<StatsQuery, 'zone' | 'now' | 'days'>): number {
  return dayBegin(zone, now, 1 - days);
}

/** @param days after the day of `now` */
function dayBegin(zone: string, now: number, days: number): number {
  return instantOf(zone, (Math.floor(wallOf(zone, now) / dayMs) + days) * dayMs);
}

class Sum {
  readonly #counts: StateCounts = [0, 0, 0, 0];
  readonly #durations: Durations = new Map();

  add({ state, bucket, count }: Figure): void {
    this.#counts[state] += count;
    if (bucket !== null) this.#durations.set(bucket, (this.#durations.get(bucket) ?? 0) + count);
  }

  get stats(): Stats {
    const [succeeded, failed, canceled, other] = this.#counts;
    const whole = (share: number) => {
      const ms = percentile(this.#durations, share);
      return ms === null ? null : Math.round(ms);
    };
    const finished = succeeded + failed + canceled + other;
    return { finished, succeeded, failed, canceled, p50Ms: whole(0.5), p95Ms: whole(0.95) };
  }
}

/** Adds up what is handed to it of the days asked for. */
export class StatsSum {
  readonly #query: StatsQuery;
  readonly #from: number;
  readonly #until: number;
  readonly #types = new Map<string | null, { readonly all: Sum; readonly days: Map<string, Sum> }>();
  readonly #dayOf = new Map<number, string>();

  constructor(query: StatsQuery) {
    this.#query = query;
    this.#from = Math.floor(statsFrom(query) / quarterMs);
    this.#until = Math.floor(dayBegin(query.zone, query.now, 1) / quarterMs);
  }

  add(contents: Contents): void {
    const { types } = this.#query;
    for (const type of contents.types) {
      if (types && (type === null || !types.includes(type))) continue;
      for (const figure of contents.figures(type))
        if (figure.quarter >= this.#from && figure.quarter < this.#until) this.#count(type, figure);
    }
  }

  #count(type: string | null, figure: Figure): void {
    const { quarter } = figure;
    const { all, days } = made(this.#types, type, () => ({ all: new Sum(), days: new Map<string, Sum>() }));
    all.add(figure);
    const { zone } = this.#query;
    const day = made(this.#dayOf, quarter, () => wallText(wallOf(zone, quarter * quarterMs)).slice(0, 10));
    made(days, day, () => new Sum()).add(figure);
  }

  /** By name; types that are counted together come last. */
  get stats(): TypeStats[] {
    return [...this.#types]
      .sort(([a], [b]) => (a === null || (b !== null && a > b) ? 1 : -1))
      .map(([type, { all, days }]) => ({
        type,
        ...all.stats,
        days: [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, sum]) => ({ day, ...sum.stats })),
      }));
  }
}

function made<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  map.set(key, fresh);
  return fresh;
}
