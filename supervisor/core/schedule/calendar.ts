/**
 * Which wall times a rule names: sets of months, days and times of day, walked by the calendar alone. What a zone makes of
 * them is said elsewhere. Days are looked at a month at a time, as bits, so that rare dates cost next to nothing.
 */

export interface Calendar {
  /** Bit 1 is January. */
  readonly months: number;
  /** Bit 0 is the first of the month. */
  readonly days: number;
  readonly lastDay: boolean;
  /** Bit 0 is Sunday. */
  readonly weekdays: number;
  /** Weekdays that count only the last time they come in a month. */
  readonly lastWeekdays: number;
  /** 1 to 5: `weekdays` count only when they come for the nth time in a month; 0 for each. */
  readonly nth: number;
  /** A day of the month or a weekday is enough; else a day must be both. */
  readonly either: boolean;
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** By `wall` each time of day happens once; by `elapsed` time runs on where clocks are changed. */
  readonly follows: 'wall' | 'elapsed';
}

export const everyMonth = 0b1_1111_1111_1110;
export const everyDay = 0x7fff_ffff;
export const everyWeekday = 0b111_1111;

const dayMs = 86_400_000;
/** The rarest date there is, a fifth weekday of February, may be 40 years off. */
const searchMonthsMax = 60 * 12;
const yearMax = 9_999;

/** Every day at one time; what else is restricted is said by who spreads it. */
export function dailyAt(hour: number, minute: number, second: number): Calendar {
  return {
    months: everyMonth,
    days: everyDay,
    lastDay: false,
    weekdays: everyWeekday,
    lastWeekdays: 0,
    nth: 0,
    either: false,
    hours: [hour],
    minutes: [minute],
    seconds: [second],
    follows: 'wall',
  };
}

/** @returns the first wall time of the calendar that is not before `from`; null when none comes in 60 years */
export function nextWall(calendar: Calendar, from: number): number | null {
  const start = Math.ceil(from / 1_000) * 1_000;
  const date = new Date(start);
  let [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  const today = date.getUTCDate();
  const time = nextTime(calendar, secondOfDay(start));
  // Today is over when nothing is left of it.
  let days = -1 << (time === null ? today : today - 1);
  for (let looked = 0; looked <= searchMonthsMax && year <= yearMax; looked++) {
    const matching = (calendar.months >> month) & 1 ? monthDays(calendar, year, month) & days : 0;
    if (matching !== 0) {
      const day = 32 - Math.clz32(matching & -matching);
      const isToday = looked === 0 && day === today;
      return Date.UTC(year, month - 1, day) + 1_000 * (isToday ? (time as number) : firstTime(calendar));
    }
    days = everyDay;
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
  return null;
}

/** @returns how many wall times of the calendar are in `[from, until)` */
export function countWalls(calendar: Calendar, from: number, until: number): number {
  if (from >= until) return 0;
  const [start, end] = [Math.ceil(from / 1_000) * 1_000, Math.ceil(until / 1_000) * 1_000];
  const [first, last] = [Math.floor(start / dayMs), Math.floor(end / dayMs)];
  const perDay = calendar.hours.length * calendar.minutes.length * calendar.seconds.length;
  return (
    countDays(calendar, first, last) * perDay -
    countDays(calendar, first, first + 1) * timesBefore(calendar, secondOfDay(start)) +
    countDays(calendar, last, last + 1) * timesBefore(calendar, secondOfDay(end))
  );
}

/** @returns how many days of the calendar are in `[from, until)`, counted in days since 1970 */
function countDays(calendar: Calendar, from: number, until: number): number {
  const date = new Date(from * dayMs);
  let [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  let count = 0;
  for (let begin = from - date.getUTCDate() + 1; begin < until; ) {
    const length = daysIn(year, month);
    if ((calendar.months >> month) & 1) {
      let days = monthDays(calendar, year, month);
      if (from > begin) days &= -1 << (from - begin);
      if (until < begin + length) days &= ~(-1 << (until - begin));
      count += countBits(days);
    }
    begin += length;
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
  return count;
}

/** @returns the days of a month that match, bit 0 for the first */
function monthDays(calendar: Calendar, year: number, month: number): number {
  const length = daysIn(year, month);
  const all = everyDay >> (31 - length);
  const byDay = (calendar.days | (calendar.lastDay ? 1 << (length - 1) : 0)) & all;
  if (calendar.weekdays === everyWeekday && calendar.nth === 0) return calendar.either ? all : byDay;
  const byWeekday = weekdayDays(calendar, new Date(Date.UTC(year, month - 1, 1)).getUTCDay(), length);
  return calendar.either ? byDay | byWeekday : byDay & byWeekday;
}

function weekdayDays(calendar: Calendar, first: number, length: number): number {
  let days = 0;
  for (let index = 0; index < length; index++) {
    const weekday = 1 << ((first + index) % 7);
    const isNth = calendar.nth === 0 || Math.floor(index / 7) + 1 === calendar.nth;
    const isLast = index + 7 >= length;
    if ((calendar.weekdays & weekday && isNth) || (calendar.lastWeekdays & weekday && isLast)) days |= 1 << index;
  }
  return days;
}

/** @param month 1 to 12 */
export function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

function secondOfDay(wall: number): number {
  return (wall - Math.floor(wall / dayMs) * dayMs) / 1_000;
}

function firstTime({ hours, minutes, seconds }: Calendar): number {
  return (hours[0] as number) * 3_600 + (minutes[0] as number) * 60 + (seconds[0] as number);
}

/** @returns the first time of day, in seconds, that is not before `from`; null when the day is over */
function nextTime({ hours, minutes, seconds }: Calendar, from: number): number | null {
  const [hour, minute, second] = [Math.floor(from / 3_600), Math.floor(from / 60) % 60, from % 60];
  const [firstMinute, firstSecond] = [minutes[0] as number, seconds[0] as number];
  if (hours.includes(hour)) {
    const sameMinute = minutes.includes(minute) ? seconds.find((one) => one >= second) : undefined;
    if (sameMinute !== undefined) return hour * 3_600 + minute * 60 + sameMinute;
    const nextMinute = minutes.find((one) => one > minute);
    if (nextMinute !== undefined) return hour * 3_600 + nextMinute * 60 + firstSecond;
  }
  const nextHour = hours.find((one) => one > hour);
  return nextHour === undefined ? null : nextHour * 3_600 + firstMinute * 60 + firstSecond;
}

/** @returns how many times of day are before `until`, in seconds */
function timesBefore({ hours, minutes, seconds }: Calendar, until: number): number {
  const [hour, minute, second] = [Math.floor(until / 3_600), Math.floor(until / 60) % 60, until % 60];
  const wholeHours = hours.filter((one) => one < hour).length * minutes.length * seconds.length;
  if (!hours.includes(hour)) return wholeHours;
  const wholeMinutes = minutes.filter((one) => one < minute).length * seconds.length;
  if (!minutes.includes(minute)) return wholeHours + wholeMinutes;
  return wholeHours + wholeMinutes + seconds.filter((one) => one < second).length;
}

function countBits(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
