/** The days of a calendar in words: "every Monday to Friday", "on day 1 of every month". */
import { type Calendar, everyDay, everyMonth, everyWeekday } from './calendar.ts';
import { runList, wordList } from './word-list.ts';

/** Monday first, as people read a week. */
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const NTH = ['', 'first', 'second', 'third', 'fourth', 'fifth'];
/** The shortest month has so many. */
const surelyThere = 28;

/** @returns words without a capital; "every day" when no day is left out */
export function dayWords(calendar: Calendar): string {
  const isDayOpen = calendar.days === everyDay;
  const isWeekdayOpen = calendar.weekdays === everyWeekday && calendar.nth === 0;
  if (isWeekdayOpen && isDayOpen) return `every day${inMonths(calendar)}`;
  if (isWeekdayOpen && !calendar.either) return `on ${monthDayWords(calendar)} of ${monthWords(calendar)}`;
  if (isDayOpen && !calendar.either) return weekdayWords(calendar) + (isNth(calendar) ? '' : inMonths(calendar));
  if (calendar.either) {
    const weekdays = weekdayWords(calendar) + (isNth(calendar) ? '' : inMonths(calendar));
    return `on ${monthDayWords(calendar)} of ${monthWords(calendar)} and also ${weekdays}`;
  }
  const weekdays = weekdayWords(calendar) + (isNth(calendar) ? '' : inMonths(calendar));
  return `${weekdays} that falls on ${monthDayWords(calendar)} of the month`;
}

function isNth({ nth, lastWeekdays }: Calendar): boolean {
  return nth > 0 || lastWeekdays > 0;
}

/** "every Monday and Friday", "on the second Monday of every month" */
function weekdayWords(calendar: Calendar): string {
  const { weekdays, lastWeekdays, nth } = calendar;
  const words: string[] = [];
  if (weekdays !== 0 && nth === 0) words.push(`every ${weekdayList(weekdays)}`);
  const of = monthWords(calendar);
  if (weekdays !== 0 && nth > 0) words.push(`on the ${NTH[nth]} ${weekdayList(weekdays)} of ${of}`);
  if (lastWeekdays !== 0) words.push(`on the last ${weekdayList(lastWeekdays)} of ${of}`);
  return words.join(' and ');
}

function weekdayList(bits: number): string {
  const numbers = WEEKDAYS.map((_, index) => index).filter((index) => (bits >> ((index + 1) % 7)) & 1);
  return runList(numbers, (index) => WEEKDAYS[index] as string);
}

function monthDayWords({ days, lastDay }: Calendar): string {
  const numbers = Array.from({ length: 31 }, (_, index) => index + 1).filter((day) => (days >> (day - 1)) & 1);
  const words: string[] = [];
  if (numbers.length > 0) words.push(`day${numbers.length > 1 ? 's' : ''} ${runList(numbers)}`);
  if (lastDay) words.push('the last day');
  return wordList(words);
}

function monthWords({ months, days }: Calendar): string {
  if (months !== everyMonth) return monthList(months);
  const isRare = days !== 0 && days >>> surelyThere !== 0 && (days & (days - 1)) === 0;
  return isRare ? 'every month that has one' : 'every month';
}

function inMonths({ months }: Calendar): string {
  return months === everyMonth ? '' : ` in ${monthList(months)}`;
}

function monthList(bits: number): string {
  const numbers = MONTHS.map((_, index) => index + 1).filter((month) => (bits >> month) & 1);
  return runList(numbers, (month) => MONTHS[month - 1] as string);
}
