/**
 * When a schedule is due, as somebody wrote it and as it is kept: checked as a whole, its mistakes named together. It stays
 * text, so that a page shows what was written.
 *
 * A monthly day that a month does not have is not moved: 29, 30 and 31 come only in months that have them, `last` in each.
 */
import { formatDuration, parseDuration } from '../duration.ts';
import { durationMsMax, minIntervalMsDefault } from '../limits.ts';
import { nearest } from '../nearest.ts';
import type { Mistake } from '../refusal.ts';
import { type Checked, isMembers, type Members, shown } from '../task-input.ts';
import { readCron } from './cron.ts';
import { dayThatIsNot, readClock, readMoment } from './moment.ts';
import { isZone, nearestZone } from './zone.ts';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export type When =
  /** `at` is `HH:MM` or `HH:MM:SS`, 24 h, in the schedule's zone. */
  | { readonly kind: 'daily'; readonly at: string }
  | { readonly kind: 'weekly'; readonly days: readonly Weekday[]; readonly at: string }
  | { readonly kind: 'monthly'; readonly day: number | 'last'; readonly at: string }
  /** Counted from the anchor, which is the first; without one from 1970, so that equal intervals agree. */
  | { readonly kind: 'interval'; readonly every: string; readonly anchor?: string }
  | { readonly kind: 'cron'; readonly expression: string }
  /** A local time in the schedule's zone, or one with `Z` or an offset. */
  | { readonly kind: 'once'; readonly at: string };
export type WhenKind = When['kind'];

interface Rules {
  readonly minIntervalMs: number;
}
type Check = (value: unknown, path: string, mistakes: Mistake[], rules: Rules) => void;

const MEMBERS: Readonly<Record<WhenKind, Readonly<Record<string, Check>>>> = {
  daily: { at: clock },
  weekly: { days: weekdays, at: clock },
  monthly: { day: monthDay, at: clock },
  interval: { every: every, anchor: moment },
  cron: { expression: expression },
  once: { at: moment },
};
const OPTIONAL = 'anchor';
const EXAMPLES: Readonly<Record<string, string>> = {
  at: 'the time of day, e.g. "02:00"',
  days: 'a list of weekdays, e.g. ["mon", "fri"]',
  day: 'a day from 1 to 31, or "last"',
  every: 'a duration, e.g. "6h"',
  expression: 'a cron expression, e.g. "0 2 * * *"',
};

export interface WhenOptions {
  readonly minIntervalMs?: number;
  /** Where the rule stands in its document. */
  readonly path?: string;
}

/** @returns the rule with nothing but its own members, or every mistake with its path and what would be right */
export function checkWhen(value: unknown, options: WhenOptions = {}): Checked<When> {
  const { minIntervalMs = minIntervalMsDefault, path = '$.when' } = options;
  const mistakes: Mistake[] = [];
  if (!isMembers(value)) {
    mistakes.push({
      path,
      message:
        value === undefined
          ? 'is required: say when, e.g. { "kind": "daily", "at": "02:00" }'
          : `must be an object such as { "kind": "daily", "at": "02:00" }, not ${shown(value)}`,
    });
    return { ok: false, mistakes };
  }
  const kind = kindIn(value, path, mistakes);
  if (kind === null) return { ok: false, mistakes };
  const checks = MEMBERS[kind];
  for (const member in value) {
    if (member !== 'kind' && !Object.hasOwn(checks, member)) mistakes.push(unknownMember(member, kind, path));
  }
  for (const [member, check] of Object.entries(checks)) {
    if (value[member] !== undefined) check(value[member], `${path}.${member}`, mistakes, { minIntervalMs });
    else if (member !== OPTIONAL)
      mistakes.push({ path: `${path}.${member}`, message: `is required: ${exampleOf(member, kind)}` });
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, value: rule(kind, value) };
}

/** @returns null for a zone that is known, else what would be right */
export function zoneMistake(value: unknown, path = '$.timezone'): Mistake | null {
  if (typeof value === 'string' && isZone(value)) return null;
  const near = typeof value === 'string' ? nearestZone(value) : null;
  return {
    path,
    message: `must be a time zone by its IANA name, e.g. "Europe/Berlin", not ${shown(value)}${near ? `; did you mean "${near}"?` : ''}`,
  };
}

/** Called with members that have all been checked: keeps them in one order, and each weekday once. */
function rule(kind: WhenKind, value: Members): When {
  const members = Object.keys(MEMBERS[kind]).filter((member) => value[member] !== undefined);
  const kept = Object.fromEntries(members.map((member) => [member, value[member]]));
  if (kind === 'weekly') kept['days'] = WEEKDAYS.filter((day) => (value['days'] as unknown[]).includes(day));
  return { kind, ...kept } as When;
}

function kindIn(value: Members, path: string, mistakes: Mistake[]): WhenKind | null {
  const kind = value['kind'];
  if (typeof kind === 'string' && Object.hasOwn(MEMBERS, kind)) return kind as WhenKind;
  const near = typeof kind === 'string' ? nearest(kind.slice(0, 60), Object.keys(MEMBERS)) : null;
  const given =
    kind === undefined ? 'is required' : `is not known: ${shown(kind)}${near ? `; did you mean "${near}"?` : ''}`;
  mistakes.push({ path: `${path}.kind`, message: `${given}; known are ${Object.keys(MEMBERS).join(', ')}` });
  return null;
}

function unknownMember(member: string, kind: WhenKind, path: string): Mistake {
  const known = Object.keys(MEMBERS[kind]);
  const near = nearest(member.slice(0, 60), known);
  return {
    path: `${path}.${member}`,
    message: `is not a member of "${kind}"${near ? `; did you mean "${near}"?` : ''}; known are kind, ${known.join(', ')}`,
  };
}

function exampleOf(member: string, kind: WhenKind): string {
  return kind === 'once' ? 'a local time, e.g. "2026-12-01T08:00:00"' : (EXAMPLES[member] as string);
}

function clock(value: unknown, path: string, mistakes: Mistake[]): void {
  if (typeof value !== 'string' || readClock(value) === null)
    mistakes.push({
      path,
      message: `must be a time of day in 24 hours, HH:MM or HH:MM:SS, e.g. "02:00" or "14:30", not ${shown(value)}`,
    });
}

function weekdays(value: unknown, path: string, mistakes: Mistake[]): void {
  if (!Array.isArray(value) || value.length === 0) {
    const given = Array.isArray(value) ? 'an empty list' : shown(value);
    mistakes.push({ path, message: `must name at least one weekday of ${WEEKDAYS.join(', ')}, not ${given}` });
    return;
  }
  for (const [index, day] of value.slice(0, 100).entries()) {
    if (WEEKDAYS.includes(day)) continue;
    const near = WEEKDAYS.find((one) => typeof day === 'string' && day.toLowerCase().startsWith(one));
    mistakes.push({
      path: `${path}[${index}]`,
      message: `must be one of ${WEEKDAYS.join(', ')}, not ${shown(day)}${near ? `; did you mean "${near}"?` : ''}`,
    });
  }
}

function monthDay(value: unknown, path: string, mistakes: Mistake[]): void {
  if (value === 'last' || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 31)) return;
  mistakes.push({
    path,
    message: `must be a day from 1 to 31, or "last" for the end of each month, not ${shown(value)}`,
  });
}

function every(value: unknown, path: string, mistakes: Mistake[], { minIntervalMs }: Rules): void {
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  if (ms === null)
    mistakes.push({ path, message: `must be a duration such as "15m", "6h", "7d" or "PT10M", not ${shown(value)}` });
  else if (ms < Math.max(1, minIntervalMs))
    mistakes.push({
      path,
      message: `must be at least ${formatDuration(Math.max(1, minIntervalMs))}, not ${shown(value)}`,
    });
  else if (ms > durationMsMax) mistakes.push({ path, message: 'must be at most ten years' });
}

function expression(value: unknown, path: string, mistakes: Mistake[]): void {
  if (typeof value !== 'string') {
    mistakes.push({ path, message: `must be a cron expression such as "0 2 * * *", not ${shown(value)}` });
    return;
  }
  const read = readCron(value);
  if (!read.ok) for (const message of read.messages) mistakes.push({ path, message });
}

function moment(value: unknown, path: string, mistakes: Mistake[]): void {
  const day = typeof value === 'string' ? dayThatIsNot(value) : null;
  if (day !== null) {
    mistakes.push({ path, message: `names a day that does not exist: there is no ${day}` });
    return;
  }
  if (typeof value !== 'string' || readMoment(value) === null)
    mistakes.push({
      path,
      message: `must be a time such as "2026-12-01T08:00:00" in the zone of the schedule, or with its own, "2026-12-01T08:00:00Z" or "…+08:00", not ${shown(value)}`,
    });
}
