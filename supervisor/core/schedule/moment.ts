/**
 * Times of day and moments as people write them: `02:00`, `2026-12-01T08:00:00`, with `Z` or an offset or local. Schedules
 * know whole seconds: what programs write behind them is left out.
 */
import { instantOf } from './zone.ts';

export interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** A wall time, and its offset where one was given. */
interface Moment {
  readonly wall: number;
  readonly offsetMs: number | null;
}

const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/;

/** @returns null for what is no time of day in 24 hours */
export function readClock(text: string): Clock | null {
  const parts = CLOCK.exec(text);
  return parts && { hour: Number(parts[1]), minute: Number(parts[2]), second: Number(parts[3] ?? 0) };
}

/** @returns null for what is no moment, or a day that no month has */
export function readMoment(text: string): Moment | null {
  const [, day, time, zone] = MOMENT.exec(text) ?? [];
  const clock = time === undefined ? null : readClock(time);
  const offsetMs = zone === undefined ? null : readOffset(zone);
  if (day === undefined || clock === null || (zone !== undefined && offsetMs === null)) return null;
  const date = new Date(`${day}T00:00:00Z`);
  if (!exists(day, date) || date.getUTCFullYear() < 1970) return null;
  return { wall: date.getTime() + ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000, offsetMs };
}

/** `Date` takes 30 February for 2 March. */
function exists(day: string, date: Date): boolean {
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** @returns the day of what is written as a moment, where no month has that day */
export function dayThatIsNot(text: string): string | null {
  const day = MOMENT.exec(text)?.[1];
  return day === undefined || exists(day, new Date(`${day}T00:00:00Z`)) ? null : day;
}

/**
 * @param text a moment that has been checked
 * @returns its instant; a local time that comes twice is the first, one that is left out the first instant after
 * @throws RangeError for any other text
 */
export function momentAt(text: string, zone: string): number {
  const moment = readMoment(text);
  if (moment === null) throw new RangeError(`no moment: ${JSON.stringify(text)}`);
  return moment.offsetMs === null ? instantOf(zone, moment.wall) : moment.wall - moment.offsetMs;
}

/** @returns milliseconds, null beyond what a day has */
function readOffset(text: string): number | null {
  if (text === 'Z') return 0;
  const clock = readClock(text.slice(1));
  return clock && (text.startsWith('-') ? -1 : 1) * (clock.hour * 60 + clock.minute) * 60_000;
}
