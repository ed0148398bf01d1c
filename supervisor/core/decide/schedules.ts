/** What a person may ask of schedules: create, change, pause, resume, delete, each as events or a refusal. */
import type { AskedBy, Event } from '../event.ts';
import { Refusal } from '../refusal.ts';
import { unsettledRows } from '../schedule/evaluate.ts';
import { lostBy } from '../schedule/once.ts';
import type { Occurrence, Rule, Schedule } from '../schedule/schedule.ts';
import type { Schedules } from '../schedule/schedules.ts';

type Decision = readonly Event[] | Refusal;

export const schedulesMax = 200_000;

export interface NewSchedule {
  readonly id: string;
  readonly rule: Rule;
  readonly builtIn?: string;
  /** Key of the settings that its time comes from. */
  readonly timeKey?: string | undefined;
}

export function createSchedule(all: Schedules, { id, rule, builtIn, timeKey }: NewSchedule, by: AskedBy): Decision {
  if (all.byName.has(rule.name)) return nameTaken(rule.name);
  if (all.byId.size >= schedulesMax)
    return new Refusal('conflict', `there are ${schedulesMax} schedules, and no more are kept: delete some first`);
  return [
    { e: 'schedule.created', id, rule, builtIn: builtIn ?? null, ...(timeKey !== undefined && { timeKey }), ...by },
  ];
}

/** The moment of a change, and the zone a schedule followed until then. */
export interface Turn {
  readonly now: number;
  readonly zone: string;
}

/**
 * Called when what was due by the old rule has been settled; that whose jitter has not passed yet is canceled.
 * @param timeKey key of the settings that the new time comes from
 */
export function changeSchedule(
  all: Schedules,
  schedule: Schedule,
  rule: Rule,
  turn: Turn,
  by: AskedBy,
  timeKey?: string,
): Decision {
  if (isTaken(all, rule.name, schedule)) return nameTaken(rule.name);
  if (JSON.stringify(rule) === JSON.stringify(schedule.rule)) return [];
  const timing = changesTiming(schedule, rule);
  const after = timing ? turn.now : null;
  const from = timing && timeKey !== undefined ? { timeKey } : {};
  const changed: Event = { e: 'schedule.changed', id: schedule.id, rule, after, ...from, ...by };
  return timing ? [...canceled(schedule, turn, 'its schedule was changed', schedule.waiting), changed] : [changed];
}

export function changesTiming(schedule: Schedule, rule: Rule): boolean {
  return timingOf(rule) !== timingOf(schedule.rule);
}

/** All that decides when it is due, as text. */
function timingOf({ when, timezone, jitterMs }: Rule): string {
  return JSON.stringify([when, timezone, jitterMs]);
}

export function pauseSchedule(
  { id, pause }: Schedule,
  { reason, until, now }: { reason: string; until: number | null; now: number },
  by: AskedBy,
): Decision {
  if (until !== null && until <= now) return untilIsOver();
  if (pause && pause.reason === reason && pause.until === until) return [];
  return [{ e: 'schedule.paused', id, reason, until, ...by }];
}

export function resumeSchedule({ id, pause }: Schedule, catchUp: boolean, now: number, by: AskedBy): Decision {
  return pause ? [{ e: 'schedule.resumed', id, to: Math.min(now, pause.until ?? now), catchUp, ...by }] : [];
}

export function pauseAll(
  { pausedAll }: Schedules,
  { reason, until, now }: { reason: string; until: number | null; now: number },
  by: AskedBy,
): Decision {
  if (until !== null && until <= now) return untilIsOver();
  if (pausedAll && pausedAll.reason === reason && pausedAll.until === until) return [];
  return [{ e: 'schedules.paused', reason, until, ...by }];
}

export function resumeAll({ pausedAll }: Schedules, catchUp: boolean, now: number, by: AskedBy): Decision {
  return pausedAll ? [{ e: 'schedules.resumed', to: Math.min(now, pausedAll.until ?? now), catchUp, ...by }] : [];
}

/** What it submitted goes on; what waits for its turn never has it. */
export function deleteSchedule(schedule: Schedule, turn: Turn, by: AskedBy): Decision {
  const { id } = schedule;
  return [...canceled(schedule, turn, 'its schedule was deleted', []), { e: 'schedule.deleted', id, ...by }];
}

/** Those that name no zone are about to follow another one; what was due by the old one has been settled. */
export function leaveZone(schedule: Schedule, turn: Turn, to: string): readonly Event[] {
  const { id, waiting } = schedule;
  const { now, zone } = turn;
  const lost = lostBy(schedule, zone, to, now);
  if (lost) return [{ e: 'occurrences.settled', id, to: now, rows: [lost], waiting }];
  return canceled(schedule, turn, 'the setting TIMEZONE was changed', waiting);
}

/** @param waiting what goes on waiting */
function canceled(schedule: Schedule, turn: Turn, reason: string, waiting: Schedule['waiting']): Event[] {
  const given = waiting.length > 0 ? [] : schedule.waiting;
  const left = given.map(({ plannedAt }): Occurrence => ({ plannedAt, outcome: 'canceled', reason }));
  const rows = [...left, ...unsettledRows(schedule, turn.zone, turn.now, { outcome: 'canceled', reason })];
  return rows.length > 0 ? [{ e: 'occurrences.settled', id: schedule.id, to: turn.now, rows, waiting }] : [];
}

export function isTaken({ byName }: Schedules, name: string, by: Schedule): boolean {
  return (byName.get(name) ?? by) !== by;
}

function nameTaken(name: string): Refusal {
  const message = `is the name of another schedule`;
  return new Refusal('conflict', `there is a schedule ${JSON.stringify(name)} already`, [{ path: '$.name', message }]);
}

function untilIsOver(): Refusal {
  return new Refusal('validation', '$.until is over already', [{ path: '$.until', message: 'must be later than now' }]);
}
