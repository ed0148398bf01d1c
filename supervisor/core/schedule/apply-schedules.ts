/**
 * How events change schedules, live and at replay alike. A schedule keeps the sequence of its last change: what a
 * snapshot already has of it changes nothing, and only up to the snapshot's end may one that events speak of be missing.
 */
import type { AcceptedOccurrence, Event } from '../event.ts';
import type { FinishedState } from '../task.ts';
import { doneAt, isDone, movesTimes } from './once.ts';
import {
  firedKeptMax,
  freshSchedule,
  type Hold,
  holdsKeptMax,
  type Occurrence,
  restoredSchedule,
  type Schedule,
  type SchedulePause,
  type StoredSchedule,
} from './schedule.ts';
import type { Schedules } from './schedules.ts';

export interface ApplyingSchedules {
  readonly seq: number;
  readonly at: number;
  readonly missingUntil: number;
}

export function applySchedules(all: Schedules, event: Event, by: ApplyingSchedules): void {
  switch (event.e) {
    case 'schedule.created':
      create(all, event, by);
      break;
    case 'schedule.changed':
      change(all, event.id, by, (schedule) => {
        if (all.byName.get(schedule.rule.name) === schedule) all.byName.delete(schedule.rule.name);
        all.byName.set(event.rule.name, schedule);
        const staysDone = isDone(schedule, all) && !movesTimes(schedule.rule, event.rule);
        schedule.rule = event.rule;
        schedule.ruleSeq = by.seq;
        if (event.after !== null && !staysDone) {
          schedule.settledTo = event.after;
          schedule.timeKey = event.timeKey ?? null;
          // Whoever sets it anew wants it to come, also at a moment that stood for a turn it has had.
          if (event.rule.when.kind === 'once') schedule.fired = schedule.fired.filter((at) => at <= schedule.settledTo);
        }
      });
      break;
    case 'schedule.paused':
      change(all, event.id, by, (schedule) => {
        // Paused anew, it has not been resumed meanwhile.
        const since = schedule.pause?.since ?? by.at;
        schedule.pause = { reason: event.reason, until: event.until, by: event.by, since };
      });
      break;
    case 'schedule.resumed':
      change(all, event.id, by, (schedule) => {
        if (schedule.pause) schedule.holds = withHold(schedule.holds, holdOf(schedule.pause, event));
        schedule.pause = null;
        schedule.failuresInRow = 0;
      });
      break;
    case 'schedule.deleted':
      change(all, event.id, by, (schedule) => remove(all, schedule));
      break;
    case 'occurrences.settled':
      change(all, event.id, by, (schedule) => {
        schedule.settledTo = Math.max(schedule.settledTo, event.to);
        // What waited since before the clock went back is not to come again when its time comes.
        for (const { plannedAt } of event.rows) if (plannedAt > schedule.settledTo) noteFired(schedule, plannedAt);
        schedule.waiting = event.waiting;
        schedule.holds = schedule.holds.filter(({ to }) => to > event.to);
        noteLast(schedule, event.rows.at(-1));
      });
      break;
    case 'schedule.run_ended':
      change(all, event.id, by, (schedule) => {
        all.ofRun.delete(event.run);
        schedule.runs = schedule.runs.filter((id) => id !== event.run);
        if (event.state === 'succeeded' || event.state === 'partially_failed') schedule.failuresInRow = 0;
        if (event.state === 'failed') noteFailure(schedule, event.run);
      });
      break;
    default:
      if (by.seq > all.seq) applyToAll(all, event, by);
      break;
  }
}

function applyToAll(all: Schedules, event: Event, by: ApplyingSchedules): void {
  switch (event.e) {
    case 'schedules.paused':
      all.pausedAll = { reason: event.reason, until: event.until, by: event.by, since: all.pausedAll?.since ?? by.at };
      break;
    case 'schedules.resumed':
      if (all.pausedAll) all.holds = withHold(all.holds, holdOf(all.pausedAll, event));
      all.pausedAll = null;
      break;
    case 'scheduler.set':
      if (all.offSince !== null && event.on) {
        all.holds = withHold(all.holds, { from: all.offSince, to: by.at, reason: 'SCHEDULER_ENABLED was false' });
      }
      all.offSince = event.on ? null : (all.offSince ?? by.at);
      if (all.zone !== event.zone) moveZone(all, event, by);
      break;
    default:
      return;
  }
  all.seq = by.seq;
  for (const schedule of all.byId.values()) all.stale.add(schedule);
}

function moveZone(all: Schedules, { zone, after }: Event & { e: 'scheduler.set' }, by: ApplyingSchedules): void {
  const left = all.zone;
  all.zone = zone;
  if (left === null) return;
  for (const { id, rule } of all.byId.values()) {
    if (rule.timezone !== null) continue;
    change(all, id, by, (schedule) => {
      const done = doneAt(schedule, left, zone);
      schedule.settledTo = after;
      if (done === null) return;
      schedule.settledTo = Math.max(after, done);
      if (!schedule.fired.includes(done)) noteFired(schedule, done);
    });
  }
}

function holdOf({ since, reason }: SchedulePause, { to, catchUp }: { to: number; catchUp: boolean }): Hold {
  return { from: since, to, reason: `paused: ${reason}`, ...(catchUp && { catchUp }) };
}

function withHold(holds: readonly Hold[], one: Hold): readonly Hold[] {
  return [...holds, one].slice(-holdsKeptMax);
}

function create(all: Schedules, event: Event & { e: 'schedule.created' }, by: ApplyingSchedules): void {
  const { id, rule, builtIn, timeKey = null } = event;
  if (builtIn !== null) all.builtIns.add(builtIn);
  // Only a snapshot can have it already.
  if (by.seq <= by.missingUntil && all.byId.has(id)) return;
  insert(all, freshSchedule({ id, rule, seq: by.seq, createdBy: event.by, builtIn, timeKey, settledTo: by.at }));
}

function insert(all: Schedules, schedule: Schedule): void {
  all.byId.set(schedule.id, schedule);
  all.byName.set(schedule.rule.name, schedule);
  for (const task of schedule.active) all.ofTask.set(task, schedule);
  for (const run of schedule.runs) all.ofRun.set(run, schedule);
  all.stale.add(schedule);
}

/** Takes one in from a snapshot. */
export function restoreSchedule(all: Schedules, stored: StoredSchedule, seq: number): void {
  insert(all, restoredSchedule(stored, seq));
}

function remove(all: Schedules, schedule: Schedule): void {
  all.byId.delete(schedule.id);
  if (all.byName.get(schedule.rule.name) === schedule) all.byName.delete(schedule.rule.name);
  for (const task of schedule.active) all.ofTask.delete(task);
  for (const run of schedule.runs) all.ofRun.delete(run);
  all.stale.delete(schedule);
  schedule.nextAt = Number.POSITIVE_INFINITY;
}

function change(all: Schedules, id: string, by: ApplyingSchedules, make: (schedule: Schedule) => void): void {
  const schedule = all.byId.get(id);
  if (!schedule) {
    if (by.seq > by.missingUntil) throw new Error(`entry ${by.seq} is about schedule ${id}, which is not there`);
    return;
  }
  if (schedule.seq >= by.seq) return;
  schedule.seq = by.seq;
  all.stale.add(schedule);
  make(schedule);
}

/** An accepted task, or a run, is the work of an occurrence: the planned time has its outcome by that. */
export function takeOccurrence(
  all: Schedules,
  given: AcceptedOccurrence,
  work: Pick<Occurrence, 'taskId' | 'runId'>,
  by: ApplyingSchedules,
): void {
  const { plannedAt, outcome, byHand } = given;
  change(all, given.schedule, by, (schedule) => {
    const { taskId, runId } = work;
    if (taskId !== undefined) {
      schedule.active = [...schedule.active, taskId];
      all.ofTask.set(taskId, schedule);
    }
    if (runId !== undefined) {
      schedule.runs = [...schedule.runs, runId];
      all.ofRun.set(runId, schedule);
    }
    noteLast(schedule, { plannedAt, outcome, ...work });
    if (byHand !== undefined) return;
    const waiting = schedule.waiting.filter((one) => one.plannedAt !== plannedAt);
    if (waiting.length < schedule.waiting.length) schedule.waiting = waiting;
    else schedule.settledTo = Math.max(schedule.settledTo, plannedAt);
    noteFired(schedule, plannedAt);
  });
}

/** The work of an occurrence has ended; its task may be gone from memory already. */
export function endOccurrence(all: Schedules, task: string, state: FinishedState, seq: number): void {
  const schedule = all.ofTask.get(task);
  if (!schedule || schedule.seq >= seq) return;
  schedule.seq = seq;
  all.ofTask.delete(task);
  schedule.active = schedule.active.filter((id) => id !== task);
  if (state === 'succeeded') schedule.failuresInRow = 0;
  if (state === 'failed') noteFailure(schedule, task);
  if (schedule.waiting.length > 0 || schedule.rule.pauseAfterFailures !== null) all.stale.add(schedule);
}

/**
 * The clock is behind what has been settled: planned times come again, except those whose work was submitted. Of those
 * only the newest are known one by one; what lies before them stays settled.
 */
export function rewind(all: Schedules, by: ApplyingSchedules): void {
  if (by.seq > all.seq) rewindHolds(all, by);
  for (const one of all.byId.values()) {
    const { id, settledTo, fired, pause } = one;
    const isBehind = settledTo > by.at && !isDone(one, all);
    if (!isBehind && !isAhead(pause?.since, by)) continue;
    const floor = fired.length >= firedKeptMax ? (fired[0] as number) : by.at;
    change(all, id, by, (schedule) => {
      if (isBehind) schedule.settledTo = Math.min(settledTo, Math.max(by.at, floor));
      if (pause && isAhead(pause.since, by)) schedule.pause = { ...pause, since: by.at };
    });
  }
}

/** What holds now has held ever since, also by a clock that says it is earlier. */
function rewindHolds(all: Schedules, by: ApplyingSchedules): void {
  const { pausedAll, offSince } = all;
  if (!isAhead(pausedAll?.since, by) && !isAhead(offSince, by)) return;
  if (pausedAll && isAhead(pausedAll.since, by)) all.pausedAll = { ...pausedAll, since: by.at };
  if (isAhead(offSince, by)) all.offSince = by.at;
  all.seq = by.seq;
}

function isAhead(since: number | null | undefined, { at }: ApplyingSchedules): boolean {
  return since != null && since > at;
}

/** @param id of the task or the run */
function noteFailure(schedule: Schedule, id: string): void {
  schedule.failuresInRow++;
  schedule.lastFailed = id;
}

/** By a clock that went back some are yet to come again: those are kept, however many they are. */
function noteFired(schedule: Schedule, plannedAt: number): void {
  const fired = [...schedule.fired, plannedAt].sort((a, b) => a - b);
  const passed = fired.filter((at) => at <= schedule.settledTo).length;
  schedule.fired = fired.slice(Math.max(0, Math.min(fired.length - firedKeptMax, passed)));
}

/** The newest planned time counts, whenever its outcome is known. */
function noteLast(schedule: Schedule, row: Occurrence | undefined): void {
  if (row && (schedule.last === null || row.plannedAt >= schedule.last.plannedAt)) schedule.last = row;
}
