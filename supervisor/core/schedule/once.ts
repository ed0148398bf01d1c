/** A `once` has one turn, also where the setting TIMEZONE moves its local time to another moment. */
import { momentAt } from './moment.ts';
import { plannedAfter } from './next.ts';
import type { Occurrence, Rule, Schedule } from './schedule.ts';
import { type Schedules, zoneOf } from './schedules.ts';

/** @returns its moment in the new zone when it has had its turn by the zone it leaves; null when it may yet come */
export function doneAt({ rule, settledTo, last }: Schedule, left: string, zone: string): number | null {
  if (rule.when.kind !== 'once' || plannedAfter(rule.when, left, settledTo) !== null) return null;
  // What the setting itself took from it, it may give back.
  if (last === null || last.outcome === 'missed' || last.outcome === 'canceled') return null;
  return momentAt(rule.when.at, zone);
}

/** One that was to come, and whose local time is over in the new zone, would vanish without a word. */
export function lostBy(schedule: Schedule, left: string, zone: string, now: number): Occurrence | null {
  const { rule, settledTo, last } = schedule;
  if (rule.when.kind !== 'once' || plannedAfter(rule.when, left, Math.max(settledTo, now)) === null) return null;
  const plannedAt = momentAt(rule.when.at, zone);
  if (plannedAt > now || last?.plannedAt === plannedAt) return null;
  const reason = `the setting TIMEZONE was changed from ${left} to ${zone}, where its time was over`;
  return { plannedAt, outcome: 'missed', reason };
}

export function isDone(schedule: Schedule, all: Schedules): boolean {
  const { when } = schedule.rule;
  return when.kind === 'once' && schedule.fired.includes(momentAt(when.at, zoneOf(schedule, all)));
}

/** Its planned times are others, whatever its jitter. */
export function movesTimes({ when, timezone }: Rule, rule: Rule): boolean {
  return JSON.stringify([when, timezone]) !== JSON.stringify([rule.when, rule.timezone]);
}
