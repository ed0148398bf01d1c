/**
 * What a zone makes of a calendar. By the wall, each time of day happens exactly once: one that the clocks leave out at
 * the first instant after the gap, one that they show twice only the first time, and none on a day that is left out whole
 * (Samoa had no 30 December 2011). By elapsed time nothing is moved: a gap has no times, and a repeated hour has them twice.
 */
import type { Calendar } from './calendar.ts';
import { countWalls, nextWall } from './calendar.ts';
import { clockText } from './local-time.ts';
import { type Stretch, stretchAt } from './zone.ts';

/** A planned time; the note says what a change of the clocks did to it. */
export interface PlannedTime {
  readonly at: number;
  readonly note?: string;
}

const dayMs = 86_400_000;

/** @returns the first planned time after `after`; null when none comes in 60 years */
export function calendarAfter(calendar: Calendar, zone: string, after: number): PlannedTime | null {
  let stretch = stretchAt(zone, after);
  for (;;) {
    const left = stretch.from > after ? leftOut(calendar, stretch) : null;
    if (left !== null && calendar.follows === 'wall') return { at: stretch.from, note: movedNote(left, stretch) };
    const wall = nextWall(calendar, Math.max(freshWall(calendar, stretch), after + stretch.offsetMs + 1));
    if (wall === null) return null;
    if (wall < stretch.until + stretch.offsetMs) {
      const note = left === null ? twiceNote(calendar, zone, wall, stretch) : leftOutNote(left, stretch);
      return note === null ? { at: wall - stretch.offsetMs } : { at: wall - stretch.offsetMs, note };
    }
    // Nothing is planned before that wall time, so the years up to it need not be known.
    stretch = stretchAt(zone, Math.max(stretch.until, wall - 2 * dayMs));
  }
}

/** @returns how many times are planned in `(after, until]`, without walking them */
export function countCalendar(calendar: Calendar, zone: string, after: number, until: number): number {
  let count = 0;
  for (let from = after + 1; from <= until; ) {
    const stretch = stretchAt(zone, from);
    const { offsetMs } = stretch;
    const end = Math.min(stretch.until, until + 1);
    count += countWalls(calendar, Math.max(freshWall(calendar, stretch), from + offsetMs), end + offsetMs);
    if (from === stretch.from && calendar.follows === 'wall' && leftOut(calendar, stretch) !== null) {
      const begin = stretch.from + offsetMs;
      // One that is planned for just then is the same occurrence.
      if (nextWall(calendar, begin) !== begin) count++;
    }
    from = end;
  }
  return count;
}

/** @returns the wall time from which on a stretch brings times that have not been yet */
function freshWall({ follows }: Calendar, { from, offsetMs, wallBefore }: Stretch): number {
  return follows === 'wall' ? Math.max(wallBefore, from + offsetMs) : from + offsetMs;
}

/** @returns the first wall time of the calendar in the gap before a stretch; null without a gap, or when it is empty */
function leftOut(calendar: Calendar, { from, offsetMs, wallBefore }: Stretch): number | null {
  const end = from + offsetMs;
  for (let begin = wallBefore; begin < end; ) {
    const wall = nextWall(calendar, begin);
    if (wall === null || wall >= end) return null;
    const day = Math.floor(wall / dayMs) * dayMs;
    if (day < wallBefore || day + dayMs > end) return wall;
    begin = day + dayMs;
  }
  return null;
}

function change({ from, offsetMs, wallBefore }: Stretch): string {
  return `${clockText(wallBefore)} to ${clockText(from + offsetMs)}`;
}

function movedNote(left: number, stretch: Stretch): string {
  return `${clockText(left)} does not exist that day: the clocks go forward from ${change(stretch)}, and this is the first moment after`;
}

function leftOutNote(left: number, stretch: Stretch): string {
  return `the clocks have gone forward from ${change(stretch)}: ${clockText(left)} does not exist that day and is left out`;
}

function twiceNote({ follows }: Calendar, zone: string, wall: number, stretch: Stretch): string | null {
  if (wall < stretch.wallBefore) {
    return `${clockText(wall)} comes twice that day: the clocks have gone back from ${change(stretch)}, and this is the second time`;
  }
  if (wall - stretch.offsetMs < stretch.until - dayMs) return null;
  const next = stretchAt(zone, stretch.until);
  if (wall < next.from + next.offsetMs) return null;
  const rest = follows === 'wall' ? 'only the first time counts' : 'this is the first time';
  return `${clockText(wall)} comes twice that day: the clocks go back from ${change(next)}, and ${rest}`;
}
