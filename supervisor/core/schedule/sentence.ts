/** A rule as a plain sentence: "Every Monday, Wednesday and Friday at 04:00 in Asia/Shanghai". */
import { parseDuration } from '../duration.ts';
import { cronOf } from './cron.ts';
import { clockText, wallText } from './local-time.ts';
import { momentAt } from './moment.ts';
import { calendarOf } from './next.ts';
import { dayWords } from './say-days.ts';
import { timeWords } from './say-times.ts';
import type { When } from './when.ts';
import { wallOf } from './zone.ts';

const dayMs = 86_400_000;
const UNITS = [
  ['week', 7 * dayMs],
  ['day', dayMs],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
] as const;

/** @param when one that has been checked */
export function sentenceOf(when: When, zone: string): string {
  if (when.kind === 'once') return `Once, on ${momentWords(when.at, zone)} in ${zone}`;
  if (when.kind === 'interval') {
    const ms = parseDuration(when.every) as number;
    // "Every day" alone is a time of day, which clocks move.
    const span = `Every ${spanWords(ms)}${ms % dayMs === 0 ? ', counted in hours,' : ''}`;
    return when.anchor === undefined
      ? span.replace(/,$/, '')
      : `${span} from ${momentWords(when.anchor, zone)} in ${zone}`;
  }
  const calendar = calendarOf(when);
  const days = dayWords(calendar);
  const times = timeWords(calendar, when.kind === 'cron' ? cronOf(when.expression).fields : null);
  if (times.isClock) return capital(`${days} at ${times.text} in ${zone}`);
  return capital(days === 'every day' ? `${times.text} in ${zone}` : `${times.text}, ${days}, in ${zone}`);
}

/** The largest unit that leaves no rest: "6 hours", "day", "90 minutes". */
function spanWords(ms: number): string {
  const [unit, unitMs] = UNITS.find((one) => ms % one[1] === 0) as (typeof UNITS)[number];
  return ms === unitMs ? unit : `${ms / unitMs} ${unit}s`;
}

/** "2026-12-01 at 08:00" */
function momentWords(text: string, zone: string): string {
  const wall = wallOf(zone, momentAt(text, zone));
  return `${wallText(wall).slice(0, 10)} at ${clockText(wall)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
