/**
 * Time zones as stretches of constant offset. Node's own data (Intl) is the only source, and slow to ask: the changes of
 * a zone's year are found once, by samples and bisection, and kept.
 *
 * A wall time is what a clock on the wall shows, in milliseconds as if it were UTC. Good for the years 1900 to 9999.
 */
import { nearest } from '../nearest.ts';

/** A stretch of time in which the clocks run evenly, at most a UTC year long: `from` is in it, `until` is not. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
  /** Wall time minus instant. */
  readonly offsetMs: number;
  /** What the clocks had reached when it began: less than they show now where they were put forward, more where back. */
  readonly wallBefore: number;
}

const dayMs = 86_400_000;
const quarterMs = 15 * 60_000;
/** No zone has gone there and back in less since 1970: in the north of Brazil a summer of 2000 ended after a week. */
const sampleStepMs = 6 * dayMs;
const zoneCharsMax = 64;
/** A year takes some 300 bytes. */
const yearsKeptMax = 20_000;
/** One takes tens of kilobytes and is only needed while the years of its zone are not yet known. */
const formatsKeptMax = 8;

let yearsKept = 0;
const yearsOf = new Map<string, Map<number, readonly Stretch[]>>();
const formats = new Map<string, Intl.DateTimeFormat>();
const known = new Set<string>(['UTC']);

/** @returns whether Node knows the zone by its IANA name; offsets such as `+08:00` are none */
export function isZone(name: string): boolean {
  if (known.has(name)) return true;
  if (name.length > zoneCharsMax || !/^[A-Za-z]/.test(name)) return false;
  try {
    formatOf(name);
  } catch {
    return false;
  }
  known.add(name);
  return true;
}

/** @returns the name Node itself uses, e.g. `America/New_York` for `US/Eastern`; null for an unknown zone */
export function canonicalZone(name: string): string | null {
  return isZone(name) ? formatOf(name).resolvedOptions().timeZone : null;
}

/** @returns the known zone that may have been meant: by its city alone, or misspelt; null when none is near */
export function nearestZone(name: string): string | null {
  const names = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const city = name.trim().replaceAll(' ', '_').toLowerCase();
  const byCity = names.find((zone) => zone.toLowerCase().endsWith(`/${city}`));
  return byCity ?? nearest(name.slice(0, zoneCharsMax), names);
}

/**
 * @param zone a known one
 * @throws RangeError for an unknown zone
 */
export function stretchAt(zone: string, at: number): Stretch {
  const stretches = stretchesOf(zone, new Date(at).getUTCFullYear());
  let index = stretches.length - 1;
  while (index > 0 && (stretches[index] as Stretch).from > at) index--;
  return stretches[index] as Stretch;
}

/** @returns the instant of a wall time: the first of two where clocks go back, the first after a gap that leaves it out */
export function instantOf(zone: string, wall: number): number {
  let stretch = stretchAt(zone, wall - 2 * dayMs);
  while (stretch.until + stretch.offsetMs <= wall) stretch = stretchAt(zone, stretch.until);
  return Math.max(stretch.from, wall - stretch.offsetMs);
}

export function wallOf(zone: string, at: number): number {
  return at + stretchAt(zone, at).offsetMs;
}

function stretchesOf(zone: string, year: number): readonly Stretch[] {
  const found = yearsOf.get(zone)?.get(year);
  if (found) return found;
  if (yearsKept >= yearsKeptMax) {
    yearsOf.clear();
    yearsKept = 0;
  }
  const years = yearsOf.get(zone) ?? new Map<number, readonly Stretch[]>();
  yearsOf.set(zone, years);
  const stretches = findStretches(zone, year);
  years.set(year, stretches);
  yearsKept++;
  return stretches;
}

function findStretches(zone: string, year: number): readonly Stretch[] {
  const end = Date.UTC(year + 1, 0, 1);
  let from = Date.UTC(year, 0, 1);
  // A second earlier: clocks may change just as the year begins.
  let sample = from - 1_000;
  let offsetMs = offsetAt(zone, sample);
  let wallBefore = from + offsetMs;
  const stretches: Stretch[] = [];
  while (sample < end - 1_000) {
    const next = Math.min(sample + sampleStepMs, end - 1_000);
    const nextOffset = offsetAt(zone, next);
    if (nextOffset === offsetMs) {
      sample = next;
      continue;
    }
    const change = findChange(zone, sample, next, offsetMs);
    if (change > from) stretches.push({ from, until: change, offsetMs, wallBefore });
    wallBefore = change + offsetMs;
    offsetMs = offsetAt(zone, change);
    from = change;
    sample = change;
  }
  stretches.push({ from, until: end, offsetMs, wallBefore });
  return stretches;
}

/** @returns the first instant in `(low, high]` whose offset is another than that of `low` */
function findChange(zone: string, low: number, high: number, offsetMs: number): number {
  let [same, other] = [Math.floor(low / quarterMs), Math.ceil(high / quarterMs)];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(zone, middle * quarterMs) === offsetMs) same = middle;
    else other = middle;
  }
  // Nearly all changes are at a quarter of an hour; those of old local times were not.
  if (offsetAt(zone, other * quarterMs - 1_000) === offsetMs) return other * quarterMs;
  let [before, after] = [same * quarterMs, other * quarterMs];
  while (after - before > 1_000) {
    const middle = before + Math.floor((after - before) / 2_000) * 1_000;
    if (offsetAt(zone, middle) === offsetMs) before = middle;
    else after = middle;
  }
  return after;
}

/** Asks Intl: some 8 µs. */
function offsetAt(zone: string, at: number): number {
  const second = Math.floor(at / 1_000) * 1_000;
  const parts = formatOf(zone).format(second).match(/\d+/g) as RegExpMatchArray;
  const [month, day, year, hour, minute, seconds] = parts.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format) return format;
  format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= formatsKeptMax) formats.delete(formats.keys().next().value as string);
  formats.set(zone, format);
  return format;
}
