/** The planned times of a schedule: the next one, and how many there were in a stretch of time. */
import { parseDuration } from '../duration.ts';
import { type Calendar, dailyAt } from './calendar.ts';
import { cronOf } from './cron.ts';
import { type Clock, momentAt, readClock } from './moment.ts';
import { WEEKDAYS, type When } from './when.ts';
import { calendarAfter, countCalendar, type PlannedTime } from './zoned-calendar.ts';

/** Planned times between two instants: how many, and the newest of them, the oldest first. */
export interface PlannedTimes {
  readonly count: number;
  readonly newest: readonly PlannedTime[];
}

/**
 * @param when one that has been checked
 * @param zone a known one
 * @returns the first planned time later than `afterMs`, in milliseconds since 1970; null when there is none any more
 */
export function plannedAfter(when: When, zone: string, afterMs: number): PlannedTime | null {
  if (when.kind === 'interval') return intervalAfter(spanOf(when, zone), afterMs);
  if (when.kind !== 'once') return calendarAfter(calendarOf(when), zone, afterMs);
  const at = momentAt(when.at, zone);
  return at > afterMs ? { at } : null;
}

/**
 * Counts without listing: a stop of weeks costs no more than a stop of minutes.
 * @param limit how many of the newest are listed
 * @returns what is planned in `(afterMs, untilMs]`
 */
export function plannedBetween(
  when: When,
  zone: string,
  afterMs: number,
  untilMs: number,
  limit: number,
): PlannedTimes {
  const count = countPlanned(when, zone, afterMs, untilMs);
  const listed = Math.min(count, limit);
  if (listed === 0) return { count, newest: [] };
  const from = listed === count ? afterMs : newestAfter(when, zone, afterMs, untilMs, listed);
  const newest: PlannedTime[] = [];
  for (let at = from; newest.length < listed; ) {
    const next = plannedAfter(when, zone, at) as PlannedTime;
    newest.push(next);
    at = next.at;
  }
  return { count, newest };
}

/** @returns an instant after which exactly `listed` are planned; each planned time is an instant of its own, so there is one */
function newestAfter(when: When, zone: string, afterMs: number, untilMs: number, listed: number): number {
  let [many, enough] = [afterMs, untilMs];
  while (enough - many > 1) {
    const middle = Math.floor((many + enough) / 2);
    if (countPlanned(when, zone, middle, untilMs) > listed) many = middle;
    else enough = middle;
  }
  return enough;
}

function countPlanned(when: When, zone: string, afterMs: number, untilMs: number): number {
  if (untilMs <= afterMs) return 0;
  if (when.kind === 'interval') return countInterval(spanOf(when, zone), afterMs, untilMs);
  if (when.kind !== 'once') return countCalendar(calendarOf(when), zone, afterMs, untilMs);
  const at = momentAt(when.at, zone);
  return at > afterMs && at <= untilMs ? 1 : 0;
}

/** The calendar of every rule that has one. */
export function calendarOf(when: Exclude<When, { kind: 'interval' | 'once' }>): Calendar {
  if (when.kind === 'cron') return cronOf(when.expression).calendar;
  const { hour, minute, second } = readClock(when.at) as Clock;
  const daily = dailyAt(hour, minute, second);
  if (when.kind === 'daily') return daily;
  if (when.kind === 'weekly') {
    // Ours begin with Monday, those of a calendar with Sunday.
    return { ...daily, weekdays: when.days.reduce((bits, day) => bits | (1 << ((WEEKDAYS.indexOf(day) + 1) % 7)), 0) };
  }
  return when.day === 'last' ? { ...daily, days: 0, lastDay: true } : { ...daily, days: 1 << (when.day - 1) };
}

interface Span {
  readonly everyMs: number;
  readonly anchorMs: number;
}

function spanOf(when: Extract<When, { kind: 'interval' }>, zone: string): Span {
  return {
    everyMs: parseDuration(when.every) as number,
    anchorMs: when.anchor === undefined ? 0 : momentAt(when.anchor, zone),
  };
}

/** Counted from the anchor each time, so nothing adds up; the anchor is the first. */
function intervalAfter({ everyMs, anchorMs }: Span, afterMs: number): PlannedTime {
  if (afterMs < anchorMs) return { at: anchorMs };
  return { at: anchorMs + (Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs };
}

function countInterval({ everyMs, anchorMs }: Span, afterMs: number, untilMs: number): number {
  const upTo = (ms: number) => Math.max(0, Math.floor((ms - anchorMs) / everyMs) + 1);
  return upTo(untilMs) - upTo(afterMs);
}
