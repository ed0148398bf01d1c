/** What a person may ask of schedules: create, change, pause, resume, delete, each as events or a refusal. */
import type { AskedBy, Event } from '../event.ts';
import { Refusal } from '../refusal.ts';
import { plannedBetween } from '../schedule/next.ts';
import { type Occurrence, type Rule, type Schedule, settledOneByOneMax } from '../schedule/schedule.ts';
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

/**
 * Called when what was due by the old rule has been settled.
 * @param pending planned times whose jitter has not passed yet
 * @param timeKey key of the settings that the new time comes from
 */
export function changeSchedule(
  all: Schedules,
  schedule: Schedule,
  rule: Rule,
  pending: readonly number[],
  by: AskedBy,
  timeKey?: string,
): Decision {
  const holder = all.byName.get(rule.name);
  if (holder && holder !== schedule) return nameTaken(rule.name);
  if (JSON.stringify(rule) === JSON.stringify(schedule.rule)) return [];
  const timing = timingOf(rule) !== timingOf(schedule.rule);
  const from = timing && timeKey !== undefined ? { timeKey } : {};
  const changed: Event = { e: 'schedule.changed', id: schedule.id, rule, timing, ...from, ...by };
  return timing ? [...canceled(schedule, pending, [], 'its schedule was changed'), changed] : [changed];
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
  return pause ? [{ e: 'schedule.resumed', id, to: now, catchUp, ...by }] : [];
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
  return pausedAll ? [{ e: 'schedules.resumed', to: now, catchUp, ...by }] : [];
}

/** What it submitted goes on; what waits for its turn never has it. */
export function deleteSchedule(schedule: Schedule, pending: readonly number[], by: AskedBy): Decision {
  const waiting = schedule.waiting.map(({ plannedAt }) => plannedAt);
  return [
    ...canceled(schedule, pending, waiting, 'its schedule was deleted'),
    { e: 'schedule.deleted', id: schedule.id, ...by },
  ];
}

/** Planned times that are not due yet because of their jitter. */
export function pendingTimes(schedule: Schedule, zone: string, now: number): readonly number[] {
  return plannedBetween(schedule.rule.when, zone, schedule.settledTo, now, settledOneByOneMax).newest.map(
    ({ at }) => at,
  );
}

function canceled(schedule: Schedule, pending: readonly number[], waiting: readonly number[], reason: string): Event[] {
  if (pending.length + waiting.length === 0) return [];
  const rows = [...waiting, ...pending].map((plannedAt): Occurrence => ({ plannedAt, outcome: 'canceled', reason }));
  const left = waiting.length > 0 ? [] : schedule.waiting;
  return [{ e: 'occurrences.settled', id: schedule.id, to: pending.at(-1) ?? schedule.settledTo, rows, waiting: left }];
}

function nameTaken(name: string): Refusal {
  const message = `is the name of another schedule`;
  return new Refusal('conflict', `there is a schedule ${JSON.stringify(name)} already`, [{ path: '$.name', message }]);
}

function untilIsOver(): Refusal {
  return new Refusal('validation', '$.until is over already', [{ path: '$.until', message: 'must be later than now' }]);
}
