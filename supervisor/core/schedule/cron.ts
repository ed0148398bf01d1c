/**
 * Cron expressions as calendars. cron-parser reads the fields, once they are checked; the walk is ours, because its own is
 * slow for rare dates and knows neither clock changes of 30 minutes nor "exactly once per local day".
 *
 * As in vixie cron, a day of the month and a weekday that are both restricted are alternatives; a field with a `*` in it
 * (also with a step) is no restriction of its own, and then a day must be both.
 */
import { createRequire } from 'node:module';
import { type Calendar, daysIn, everyDay, nextWall } from './calendar.ts';
import { type CronFields, checkCronFields, eachOnce } from './cron-fields.ts';

export interface Cron {
  readonly calendar: Calendar;
  /** As numbers, seconds first. */
  readonly fields: CronFields;
}

export type ReadCron =
  | { readonly ok: true; readonly cron: Cron }
  | { readonly ok: false; readonly messages: readonly string[] };

/** An hour field that runs over the whole day says how often, not when. */
const EVERY_HOURS = /^(\*|0\/\d+|(\*|0-23)(\/\d+)?)$/;
/** Loaded with the first expression: it brings luxon along, 9 MB that a folder without such schedules never needs. */
const load = createRequire(import.meta.url);
let loaded: typeof import('cron-parser') | null = null;

function parser() {
  loaded ??= load('cron-parser') as typeof import('cron-parser');
  return loaded.CronExpressionParser;
}

/** cron-parser wants one, and would look at the clock; only its fields are used. */
const anyTime = { tz: 'UTC', currentDate: 0 };
const cronsKeptMax = 1_000;
const crons = new Map<string, Cron>();

/** @returns the calendar of an expression, or what is wrong in each of its fields and what would be right */
export function readCron(expression: string): ReadCron {
  const kept = crons.get(expression);
  if (kept) return { ok: true, cron: kept };
  const checked = checkCronFields(expression);
  if (!checked.ok) return checked;
  const { fields } = checked;
  const calendar = parse(fields);
  if (calendar === null || nextWall(calendar, 0) === null) return { ok: false, messages: [neverComes(fields)] };
  if (crons.size >= cronsKeptMax) crons.delete(crons.keys().next().value as string);
  const cron = { calendar, fields };
  crons.set(expression, cron);
  return { ok: true, cron };
}

/**
 * @param expression one that has been checked
 * @throws RangeError for any other
 */
export function cronOf(expression: string): Cron {
  const read = readCron(expression);
  if (!read.ok) throw new RangeError(`cron ${JSON.stringify(expression)}: ${read.messages.join('; ')}`);
  return read.cron;
}

/** @returns null for a day that its only month does not have, the one thing that cron-parser still refuses */
function parse(fields: CronFields): Calendar | null {
  try {
    const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parser().parse(
      eachOnce(fields).join(' '),
      anyTime,
    ).fields;
    const weekdays = dayOfWeek.values.map(String);
    return {
      months: bitsOf(month.values, 0),
      // cron-parser leaves out the days that a single month does not have.
      days: /^[*?]$/.test(fields[3]) ? everyDay : bitsOf(dayOfMonth.values, 1),
      lastDay: dayOfMonth.values.includes('L'),
      weekdays: bitsOf(
        weekdays.filter((day) => !day.endsWith('L')),
        0,
        7,
      ),
      lastWeekdays: bitsOf(
        weekdays.filter((day) => day.endsWith('L')),
        0,
        7,
      ),
      nth: dayOfWeek.nthDay,
      either: !isOpen(fields[3]) && !isOpen(fields[5]),
      hours: hour.values,
      minutes: minute.values,
      seconds: second.values,
      follows: EVERY_HOURS.test(fields[2]) ? 'elapsed' : 'wall',
    };
  } catch {
    return null;
  }
}

function isOpen(field: string): boolean {
  return field.includes('*') || field === '?';
}

/** @returns a bit for each number, `least` being bit 0; numbers from `wrap` on begin anew */
function bitsOf(values: readonly (number | string)[], least: number, wrap = Number.POSITIVE_INFINITY): number {
  let bits = 0;
  for (const value of values) {
    const number = Number.parseInt(String(value), 10);
    if (!Number.isNaN(number)) bits |= 1 << ((number % wrap) - least);
  }
  return bits;
}

function neverComes(fields: CronFields): string {
  const [, , , day, month, weekday] = fields;
  const months = parser().parse(`0 0 0 1 ${eachOnce(fields)[4]} *`, anyTime).fields.month.values;
  const longest = Math.max(...months.map((one) => daysIn(2000, one)));
  if (!isOpen(day))
    return `day of month "${day}" never comes in month "${month}", which has ${longest} days at most: give a day it has, or L for its last`;
  return `day of month "${day}" never falls on weekday "${weekday}" in month "${month}": give days that can meet`;
}
