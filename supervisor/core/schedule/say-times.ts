/** The times of day of a calendar in words: "02:00 and 14:00", "every 15 minutes". */
import type { Calendar } from './calendar.ts';
import type { CronFields } from './cron-fields.ts';
import { clockText } from './local-time.ts';
import { runList, wordList } from './word-list.ts';

interface TimeWords {
  readonly text: string;
  /** Times to be said after their days; else how often, to be said before. */
  readonly isClock: boolean;
}

const clocksListedMax = 6;

/** @param fields those of a cron expression; null for a rule that is none */
export function timeWords(calendar: Calendar, fields: CronFields | null): TimeWords {
  const often = fields && (oftenWords(fields) ?? spanWords(calendar, fields));
  if (often) return { text: often, isClock: false };
  const clocks = calendar.hours.length * calendar.minutes.length * calendar.seconds.length;
  if (clocks <= clocksListedMax) return { text: wordList(clockList(calendar)), isClock: true };
  return { text: whichWords(calendar), isClock: false };
}

/** @returns null when the fields do not simply say how often */
function oftenWords([second, minute, hour]: CronFields): string | null {
  const isHourOpen = hour === '*';
  if (second !== '0') return minute === '*' && isHourOpen ? stepWords(second, 60, 'second') : null;
  if (isHourOpen && stepWords(minute, 60, 'minute')) return stepWords(minute, 60, 'minute');
  const hours = stepWords(hour, 24, 'hour');
  if (!hours || !/^\d+$/.test(minute)) return null;
  return Number(minute) === 0 ? hours : `${hours} at minute ${Number(minute)}`;
}

/** "every 15 minutes from 09:00 to 17:45": hours in a row; null for anything else. */
function spanWords(calendar: Calendar, [second, minute]: CronFields): string | null {
  const { hours, minutes } = calendar;
  const [first, last] = [hours[0] as number, hours.at(-1) as number];
  if (second !== '0' || hours.length < 3 || last - first + 1 !== hours.length) return null;
  const often = minutes.length === 1 ? 'every hour' : stepWords(minute, 60, 'minute');
  const clock = (hour: number, at: number | undefined) => clockText((hour * 60 + (at as number)) * 60_000);
  return often && `${often} from ${clock(first, minutes[0])} to ${clock(last, minutes.at(-1))}`;
}

/** A step that does not divide its hour or day evenly is not "every so many". */
function stepWords(field: string, within: number, unit: string): string | null {
  if (field === '*') return `every ${unit}`;
  const step = Number(/^[*0]\/(\d+)$/.exec(field)?.[1] ?? Number.NaN);
  if (step === 1) return `every ${unit}`;
  return within % step === 0 ? `every ${step} ${unit}s` : null;
}

function clockList({ hours, minutes, seconds }: Calendar): readonly string[] {
  return hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => clockText(((hour * 60 + minute) * 60 + second) * 1_000))),
  );
}

/** The fair rest: "at minutes 0 and 7 of the hours 8 to 17". */
function whichWords({ hours, minutes, seconds }: Calendar): string {
  const second = seconds.length === 1 && seconds[0] === 0 ? '' : `${which(seconds, 60, 'second')} of `;
  const minute = `${which(minutes, 60, 'minute')} of `;
  return `at ${second}${minute}${which(hours, 24, 'hour')}`;
}

function which(numbers: readonly number[], all: number, unit: string): string {
  if (numbers.length === all) return `every ${unit}`;
  return numbers.length === 1 ? `${unit} ${numbers[0]}` : `${unit}s ${runList(numbers)}`;
}
