/** Numbers, times and durations as people read them; every table of the console writes them through here. */
import { computed } from '@preact/signals';
import { locale, say } from './language.ts';
import { zone } from './zone.ts';

const numbers = computed(() => new Intl.NumberFormat(locale.value));
const rates = computed(() => new Intl.NumberFormat(locale.value, { maximumFractionDigits: 1 }));
const clock = computed(() => dateFormat({ hour: '2-digit', minute: '2-digit', second: '2-digit' }));
const clockShort = computed(() => dateFormat({ hour: '2-digit', minute: '2-digit' }));
const day = computed(() => dateFormat({ day: 'numeric', month: 'short' }));
const dayAndYear = computed(() => dateFormat({ day: 'numeric', month: 'short', year: 'numeric' }));
const today = computed(() => dateFormat({ weekday: 'long', day: 'numeric', month: 'long' }));
const zoned = computed(() => dateFormat({ dateStyle: 'full', timeStyle: 'long' }));
const year = computed(() => dateFormat({ year: 'numeric' }));

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale.value, { ...options, hourCycle: 'h23', timeZone: zone.value });
}

export function number(value: number): string {
  return numbers.value.format(value);
}

export function rate(value: number): string {
  return value >= 100 ? numbers.value.format(Math.round(value)) : rates.value.format(value);
}

/** A time of today is the time alone; of another day, the day goes before it. */
export function time(at: number, now: number): string {
  const same = (one: Intl.DateTimeFormat) => one.format(at) === one.format(now);
  if (same(dayAndYear.value)) return clock.value.format(at);
  const sameYear = same(year.value);
  return `${(sameYear ? day : dayAndYear).value.format(at)} ${clockShort.value.format(at)}`;
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** With one decimal at most, e.g. `3.1 KiB`. */
export function bytes(count: number): string {
  let [rest, unit] = [count, 0];
  for (; rest >= 1_024 && unit < BYTES.length - 1; unit++) rest /= 1_024;
  return `${rate(rest)} ${BYTES[unit]}`;
}

export function longDay(at: number): string {
  return today.value.format(at);
}

/** @param date `YYYY-MM-DD`, a day of no zone */
export function calendarDay(date: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(locale.value, options).format(Date.parse(date));
}

/** With its zone: what a time shows on hover. */
export function timeInFull(at: number): string {
  return `${zoned.value.format(at)}, ${zone.value}`;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units at most: `320 ms`, `4.2 s`, `12 min 5 s`, `4 h 28 min`, `2 d 3 h`. A clock that jumped gives zero, not less. */
export function duration(ms: number): string {
  const { units } = say();
  const whole = Math.max(0, Math.round(ms));
  if (whole < SECOND) return `${whole} ${units.ms}`;
  if (whole < 10 * SECOND) return `${rates.value.format(Math.floor(whole / 100) / 10)} ${units.s}`;
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} ${units.s}`;
  if (whole < HOUR) return pair(whole, MINUTE, units.min, SECOND, units.s);
  if (whole < DAY) return pair(whole, HOUR, units.h, MINUTE, units.min);
  return pair(whole, DAY, units.d, HOUR, units.h);
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${number(Math.floor(ms / large))} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** Whole seconds, for counters that tick. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return seconds < 60 ? `${seconds} ${say().units.s}` : duration(seconds * SECOND);
}
