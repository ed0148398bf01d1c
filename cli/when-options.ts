/** The options that say when a schedule is due, and the rule they become. What stands in them the supervisor checks. */
import { UsageError } from './usage.ts';

export interface When {
  readonly daily?: string;
  readonly weekly?: string;
  readonly monthly?: string;
  readonly every?: string;
  readonly anchor?: string;
  readonly cron?: string;
  readonly once?: string;
}

export const WHEN_OPTIONS: readonly (readonly [string, string])[] = [
  ['--daily <time>', 'each day at this time, e.g. 02:00'],
  ['--weekly <days@time>', 'on these days of the week, e.g. mon,wed,fri@04:00'],
  ['--monthly <day@time>', 'on this day of the month, e.g. 1@04:00 or last@04:00'],
  ['--every <duration>', 'so often, e.g. 6h'],
  ['--anchor <time>', 'when --every has its first, e.g. 2026-12-01T08:00:00'],
  ['--cron <expression>', 'as a cron expression, e.g. "0 2 * * *"'],
  ['--once <time>', 'once, e.g. 2026-12-01T08:00:00'],
];

const KINDS = ['daily', 'weekly', 'monthly', 'every', 'cron', 'once'] as const;
type Kind = (typeof KINDS)[number];

export function givenWhen(given: When): readonly Kind[] {
  return KINDS.filter((kind) => given[kind] !== undefined);
}

/** @returns undefined when none was given */
export function whenOf(given: When): object | undefined {
  const [kind, other] = givenWhen(given);
  if (other !== undefined) throw new UsageError(`--${kind} and --${other} exclude each other`);
  if (given.anchor !== undefined && kind !== 'every') throw new UsageError('--anchor belongs to --every');
  switch (kind) {
    case 'daily':
    case 'once':
      return { kind, at: given[kind] };
    case 'weekly': {
      const [days, at] = parted(given.weekly, '--weekly', 'mon,wed,fri@04:00');
      return { kind, days: days.split(',').map((day) => day.trim().toLowerCase()), at };
    }
    case 'monthly': {
      const [day, at] = parted(given.monthly, '--monthly', '1@04:00');
      return { kind, day: /^\d{1,2}$/.test(day) ? Number(day) : day, at };
    }
    case 'every':
      return { kind: 'interval', every: given.every, anchor: given.anchor };
    case 'cron':
      return { kind, expression: given.cron };
    default:
      return undefined;
  }
}

function parted(text = '', option: string, example: string): [string, string] {
  const at = text.lastIndexOf('@');
  if (at <= 0) throw new UsageError(`${option} is written as ${example}, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}
