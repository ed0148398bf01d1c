/**
 * The zone of every time the page shows: the one the supervisor's `TIMEZONE` names, so that the page, its messages and
 * its log speak of the same three o'clock; the browser's own until that is known.
 */
import { signal } from '@preact/signals';

const ofBrowser = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const zone = signal(ofBrowser);

/** A browser older than the zone's name would show no time at all. */
export function zoneOr(name: string | undefined): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return ofBrowser;
  }
}

/** What a clock on the wall of the zone shows, as if it were UTC. */
function wallOf(at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone.value,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/**
 * @param text local to the zone, as a `datetime-local` field gives it
 * @returns ms since 1970, NaN for no time. Of an hour that a change of clocks skips, the one after it.
 */
export function momentOf(text: string): number {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return wall;
  const first = wall - (wallOf(wall) - wall);
  return wall - (wallOf(first) - first);
}

/** @returns what a `datetime-local` field shows of a moment in the zone, to the minute */
export function localText(at: number): string {
  return new Date(wallOf(at)).toISOString().slice(0, 16);
}
