/**
 * What becomes of the planned times of a schedule that are due: each gets exactly one outcome. Pure: a schedule and its
 * surroundings in, what is to be written down and submitted out.
 */
import { MISSED_REASONS, settleLate } from './missed.ts';
import { plannedAfter, plannedBetween } from './next.ts';
import {
  type Hold,
  type Occurrence,
  type Schedule,
  settledOneByOneMax,
  type WaitingOccurrence,
  waitingMax,
} from './schedule.ts';

export interface Surroundings {
  readonly now: number;
  readonly zone: string;
  /** Stable part of `jitter`, added to each planned time. */
  readonly offsetMs: number;
  readonly holds: readonly Hold[];
  readonly isOff: (flag: string) => boolean;
  /** Why nothing may start now; null when it may. */
  readonly held: string | null;
  /** When this incarnation began. */
  readonly upSince: number;
}

export interface Submit {
  readonly plannedAt: number;
  readonly outcome: 'started' | 'caught_up' | 'queued';
}

export interface Evaluation {
  readonly settledTo: number;
  /** What submits nothing now, ascending. */
  readonly rows: readonly Occurrence[];
  readonly submits: readonly Submit[];
  /** What waits for its turn from here on. */
  readonly waiting: readonly WaitingOccurrence[];
  /** The tasks under way are to be stopped for a newer one. */
  readonly replaces: boolean;
}

/** @returns null when nothing is due and nothing that waits has its turn */
export function evaluate(schedule: Schedule, around: Surroundings): Evaluation | null {
  const { rule, settledTo } = schedule;
  const until = around.now - around.offsetMs;
  const { count, newest } = plannedBetween(rule.when, around.zone, settledTo, until, settledOneByOneMax);
  if (count === 0) return releaseWaiting(schedule, around);
  const times = newest.map(({ at }) => at);
  const rows: Occurrence[] = [];
  if (count > times.length) rows.push(...olderRows(schedule, around, times[0] as number));
  const wanted: number[] = [];
  for (const plannedAt of times) {
    if (isKnown(schedule, plannedAt)) continue;
    const reason = heldWhy(schedule, around, plannedAt);
    if (reason === null) wanted.push(plannedAt);
    else rows.push({ plannedAt, outcome: 'skipped', reason });
  }
  const submits: Submit[] = [];
  for (const { at, outcome, reason } of settleLate(wanted, rule, until)) {
    if (outcome !== 'missed') submits.push({ plannedAt: at, outcome });
    else
      rows.push({
        plannedAt: at,
        outcome,
        reason: `${whyLate(around, at)}${reason ? `, and ${MISSED_REASONS[reason]}` : ''}`,
      });
  }
  const overlapped = overlap(schedule, submits, rows);
  rows.sort((a, b) => a.plannedAt - b.plannedAt);
  return { settledTo: times.at(-1) as number, rows, ...overlapped };
}

/** The work of an earlier one has ended: whoever waits longest has its turn. */
function releaseWaiting(schedule: Schedule, around: Surroundings): Evaluation | null {
  const { waiting, settledTo, rule } = schedule;
  if (waiting.length === 0 || underWay(schedule) > 0 || around.held !== null) return null;
  const rows: Occurrence[] = [];
  for (const [index, { plannedAt, outcome }] of waiting.entries()) {
    const late = around.now - plannedAt - around.offsetMs;
    if (rule.startDeadlineMs === null || late <= rule.startDeadlineMs) {
      const submits = [{ plannedAt, outcome }];
      return { settledTo, rows, submits, waiting: waiting.slice(index + 1), replaces: false };
    }
    rows.push({ plannedAt, outcome: 'missed', reason: `it waited for its turn, and ${MISSED_REASONS.start_deadline}` });
  }
  return { settledTo, rows, submits: [], waiting: [], replaces: false };
}

/** Somebody wants one now, whatever is planned. @returns why its schedule does not allow that, or what comes of it */
export function runNow(schedule: Schedule, now: number): Evaluation | string {
  const rows: Occurrence[] = [];
  const one: Submit = { plannedAt: now, outcome: 'started' };
  const overlapped = overlap(schedule, [one], rows);
  const skipped = rows.find(({ outcome }) => outcome === 'skipped');
  return skipped ? `${skipped.reason}` : { settledTo: schedule.settledTo, rows, ...overlapped };
}

/** Why one is not to start whatever else; null when it may. */
function heldWhy({ rule }: Schedule, around: Surroundings, plannedAt: number): string | null {
  const dueAt = plannedAt + around.offsetMs;
  const hold = around.holds.find((one) => one.catchUp !== true && isWithin(one, dueAt));
  if (hold) return hold.reason;
  if (around.held !== null) return around.held;
  return rule.flag !== null && around.isOff(rule.flag) ? `the feature flag ${rule.flag} is off` : null;
}

function isWithin({ from, to }: Hold, dueAt: number): boolean {
  return dueAt >= from && dueAt < to;
}

function whyLate({ upSince, offsetMs, holds }: Surroundings, plannedAt: number): string {
  const hold = holds.find((one) => isWithin(one, plannedAt + offsetMs));
  if (hold) return `it was ${hold.reason.replace(/: $/, '')}`;
  return plannedAt + offsetMs < upSince
    ? 'the supervisor was not running'
    : 'the machine or the supervisor stood still';
}

/** Those before the newest share a line: a stop of a year may have 100,000 of them. */
function olderRows(schedule: Schedule, around: Surroundings, before: number): Occurrence[] {
  const first = plannedAfter(schedule.rule.when, around.zone, schedule.settledTo)?.at ?? before;
  const held = heldWhy(schedule, around, first);
  const reason = held ?? `${whyLate(around, first)}, and it is too long ago`;
  return sharedRows(schedule, around.zone, before - 1, { outcome: held === null ? 'missed' : 'skipped', reason });
}

/** One outcome for all planned times up to `until` that have none. */
export function unsettledRows(
  schedule: Schedule,
  zone: string,
  until: number,
  said: Pick<Occurrence, 'outcome' | 'reason'>,
): Occurrence[] {
  const { count, newest } = plannedBetween(schedule.rule.when, zone, schedule.settledTo, until, settledOneByOneMax);
  const times = newest.map(({ at }) => at).filter((at) => !isKnown(schedule, at));
  const older = count > newest.length ? sharedRows(schedule, zone, (newest[0]?.at ?? until) - 1, said) : [];
  return [...older, ...times.map((plannedAt) => ({ plannedAt, ...said }))];
}

/** Lines for all planned times up to `until`, around those that have an outcome from when the clock was ahead. */
function sharedRows(
  schedule: Schedule,
  zone: string,
  until: number,
  said: Pick<Occurrence, 'outcome' | 'reason'>,
): Occurrence[] {
  const { settledTo, fired, waiting, rule } = schedule;
  const known = [...fired, ...waiting.map(({ plannedAt }) => plannedAt)].filter((at) => at > settledTo && at <= until);
  const rows: Occurrence[] = [];
  let from = settledTo;
  for (const end of [...known.sort((a, b) => a - b), until + 1]) {
    const { count } = plannedBetween(rule.when, zone, from, end - 1, 0);
    const plannedAt = count > 0 ? plannedAfter(rule.when, zone, from)?.at : undefined;
    if (plannedAt !== undefined) rows.push({ plannedAt, ...said, through: end - 1, count });
    from = end;
  }
  return rows;
}

/** It has been submitted, or waits for its turn: it comes again only because the clock went back. */
function isKnown({ fired, waiting }: Schedule, plannedAt: number): boolean {
  return fired.includes(plannedAt) || waiting.some((one) => one.plannedAt === plannedAt);
}

/** What starts now, what waits, and what does neither because an earlier one is under way. */
function overlap(schedule: Schedule, chosen: readonly Submit[], rows: Occurrence[]) {
  const { rule } = schedule;
  const active = underWay(schedule);
  const submits: Submit[] = [];
  const waiting = [...schedule.waiting];
  let replaces = false;
  for (const one of chosen) {
    const busy = active + submits.length + waiting.length > 0;
    if (!busy || rule.overlap === 'allow') submits.push(one);
    else if (rule.overlap === 'replace') {
      rows.push(...[...waiting.splice(0), ...submits.splice(0)].map((older) => replacedRow(older, one)));
      replaces = active > 0;
      if (replaces) waiting.push(waitingFor(one));
      else submits.push(one);
    } else if (mayWait(schedule, chosen, waiting.length)) waiting.push(waitingFor(one));
    else rows.push({ plannedAt: one.plannedAt, outcome: 'skipped', reason: busyWhy(schedule, waiting.length) });
  }
  return { submits, waiting, replaces };
}

/** Whoever wants all of them caught up wants them one after another, also the one that falls due behind them. */
function mayWait({ rule }: Schedule, chosen: readonly Submit[], waiting: number): boolean {
  if (waiting >= waitingMax) return false;
  if (rule.catchUp === 'all' && chosen.some(({ outcome }) => outcome === 'caught_up')) return true;
  return rule.overlap === 'queue-all' || (rule.overlap === 'queue-one' && waiting === 0);
}

function waitingFor({ plannedAt, outcome }: Submit): WaitingOccurrence {
  return { plannedAt, outcome: outcome === 'caught_up' ? 'caught_up' : 'queued' };
}

function replacedRow({ plannedAt }: { plannedAt: number }, by: Submit): Occurrence {
  const reason = `the one planned for ${new Date(by.plannedAt).toISOString()} took its place`;
  return { plannedAt, outcome: 'canceled', reason };
}

/** How many tasks and runs of it have not ended. */
export function underWay({ active, runs }: Pick<Schedule, 'active' | 'runs'>): number {
  return active.length + runs.length;
}

function busyWhy({ active, runs }: Schedule, waiting: number): string {
  if (waiting > 0) return waiting === 1 ? 'another one waits for its turn' : `${waiting} others wait for their turn`;
  const [earlier] = [...active.map((id) => `task ${id}`), ...runs.map((id) => `run ${id}`)];
  return earlier ? `${earlier} of an earlier one is under way` : 'an earlier one starts just now';
}
