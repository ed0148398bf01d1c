/**
 * Looks at schedules when they have something due: their planned times get an outcome, and what is to start is submitted.
 * Many at once are taken in slices, so that the loop goes on meanwhile. It has no timer of its own: who keeps the time
 * asks `nextAt` and calls `tick`.
 */
import type { HandlerDescription } from '../workers/contract.ts';
import type { Clock } from './clock.ts';
import { occurrenceEvents } from './core/decide/occurrences.ts';
import { leaveZone, resumeAll, resumeSchedule } from './core/decide/schedules.ts';
import type { Event } from './core/event.ts';
import { Heap } from './core/heap.ts';
import type { IdMaker } from './core/id.ts';
import { Refusal } from './core/refusal.ts';
import type { Pipeline } from './core/run/pipeline.ts';
import type { Run } from './core/run/run.ts';
import { isOver, runState } from './core/run/run-state.ts';
import { type Evaluation, evaluate, runNow, type Submit, underWay } from './core/schedule/evaluate.ts';
import { jitterOffsetMs } from './core/schedule/jitter.ts';
import { spreadMs } from './core/schedule/missed.ts';
import { plannedAfter } from './core/schedule/next.ts';
import { BY_ITSELF, type Schedule } from './core/schedule/schedule.ts';
import { heldAll, zoneOf } from './core/schedule/schedules.ts';
import type { State } from './core/state.ts';
import type { Recorder } from './recorder.ts';

export interface SchedulerParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'record' | 'recordGroup'>;
  readonly clock: Clock;
  readonly ids: IdMaker;
  readonly handlers: { of(type: string): HandlerDescription | undefined };
  readonly pipelines: { of(name: string): { readonly pipeline: Pipeline } | undefined };
  /** Called once it is written down that a run is to end for a newer one. */
  readonly cancelRest: (run: Run) => void;
  readonly upSince: number;
  /** False while nothing more can be written. */
  readonly maySubmit: () => boolean;
}

interface Look {
  readonly at: number;
  readonly schedule: Schedule;
}

const sliceMs = 8;
const looksPerGlance = 16;
/** While nothing can be written. */
const retryMs = 1_000;

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #due = new Heap<Look>();
  #notBefore = Number.POSITIVE_INFINITY;
  #spread = 0;
  #staleOnes: Iterator<Schedule> | null = null;
  /** Wall time of the last look. */
  lookedAt: number | null = null;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  /** @param delayMs how long schedules wait while the machine itself starts */
  begin(delayMs: number): void {
    this.#notBefore = this.#parts.clock.monotonic() + delayMs;
  }

  /** Takes over what the settings say of all; what was due by the zone before is settled first. */
  adopt(on: boolean, zone: string): void {
    const { state, recorder, clock } = this.#parts;
    const { schedules } = state;
    if (schedules.zone === zone && (schedules.offSince === null) === on) return;
    const after = clock.wall();
    const { zone: left } = schedules;
    for (const schedule of left === null || left === zone ? [] : schedules.byId.values()) {
      if (schedule.rule.timezone !== null) continue;
      this.look(schedule, after, { whatever: true });
      recorder.recordGroup(leaveZone(schedule, { now: after, zone: left as string }, zone));
    }
    recorder.record({ e: 'scheduler.set', on, zone, after });
  }

  /** Wall time at which `tick` has something to do; Infinity for never. */
  get nextAt(): number {
    const { clock, state } = this.#parts;
    const now = clock.wall();
    if (this.#waits > 0) return now + this.#waits;
    const { schedules } = state;
    if (!this.#parts.maySubmit()) return now + retryMs;
    if (schedules.stale.size > 0) return now;
    const until = schedules.pausedAll?.until ?? Number.POSITIVE_INFINITY;
    if (heldAll(schedules) !== null) return until;
    this.#dropPassed();
    return this.#due.earliest;
  }

  /** For so long nothing is looked at yet. */
  get #waits(): number {
    return this.#notBefore - this.#parts.clock.monotonic();
  }

  tick(): void {
    const { clock, state, maySubmit } = this.#parts;
    if (state.draining || this.#waits > 0 || !maySubmit()) return;
    const now = clock.wall();
    this.lookedAt = now;
    const { pausedAll } = state.schedules;
    if (pausedAll?.until != null && pausedAll.until <= now)
      this.#record(resumeAll(state.schedules, false, pausedAll.until, { by: BY_ITSELF }));
    const end = clock.monotonic() + sliceMs;
    do {
      for (let looks = 0; looks < looksPerGlance; looks++) {
        const schedule = this.#take(now);
        if (!schedule) {
          this.#spread = 0;
          return;
        }
        this.look(schedule, now);
      }
    } while (clock.monotonic() < end);
  }

  /**
   * Settles what is due of one schedule, and knows then when to look again.
   * @param whatever also when it is held or the machine is just starting: what it is due by is about to change
   */
  look(schedule: Schedule, now: number, { whatever = false } = {}): void {
    const { state, maySubmit } = this.#parts;
    const { schedules } = state;
    if (!maySubmit() || (this.#waits > 0 && !whatever)) return;
    schedules.stale.delete(schedule);
    this.#release(schedule);
    const { pause, rule } = schedule;
    if (pause?.until != null && pause.until <= now)
      this.#record(resumeSchedule(schedule, false, pause.until, { by: BY_ITSELF }));
    else if (!pause && rule.pauseAfterFailures !== null && schedule.failuresInRow >= rule.pauseAfterFailures)
      this.#record(this.#pauseForFailures(schedule));
    const held = schedule.pause ? `paused: ${schedule.pause.reason}` : heldAll(schedules);
    if (held === null || whatever) this.#settle(schedule, now, held);
    this.#release(schedule);
    // What it has just been told is no news; but a task or a run canceled at once leaves its place to the one that waits.
    if (schedule.waiting.length === 0 || underWay(schedule) > 0) schedules.stale.delete(schedule);
    this.plan(schedule);
  }

  /** Somebody wants one now. @returns why its schedule does not allow that; null when it is done */
  runNow(schedule: Schedule, now: number, byHand: string): string | null {
    // What is due goes first; its own moment is no planned time's.
    this.look(schedule, now);
    const evaluation = runNow(schedule, schedule.settledTo === now ? now + 1 : now);
    if (typeof evaluation === 'string') return evaluation;
    this.#write(schedule, evaluation, now, { byHand });
    this.plan(schedule);
    return null;
  }

  /** Those of its runs that are over. */
  #release(schedule: Schedule): void {
    const { state, recorder } = this.#parts;
    for (const id of schedule.runs) {
      const run = state.runs.byId.get(id);
      // One that is gone was over, or it would not have left memory.
      const ended = run ? runState(run) : 'succeeded';
      if (isOver(ended)) recorder.record({ e: 'schedule.run_ended', id: schedule.id, run: id, state: ended });
    }
  }

  #settle(schedule: Schedule, now: number, held: string | null): void {
    const { state, upSince } = this.#parts;
    const { schedules } = state;
    const evaluation = evaluate(schedule, {
      now,
      zone: zoneOf(schedule, schedules),
      offsetMs: jitterOffsetMs(schedule.id, schedule.rule.jitterMs),
      holds: schedule.holds.length > 0 ? [...schedules.holds, ...schedule.holds] : schedules.holds,
      isOff: (flag) => state.flags.get(flag) !== true,
      held,
      upSince,
    });
    if (evaluation) this.#write(schedule, evaluation, now);
  }

  #write(schedule: Schedule, evaluation: Evaluation, now: number, more: { byHand?: string } = {}): void {
    const { state, recorder, ids, handlers, pipelines, cancelRest } = this.#parts;
    const wait = Number.isFinite(this.#waits) ? Math.max(0, this.#waits) : 0;
    const delayMs = ({ outcome }: Submit) => wait + (outcome === 'caught_up' ? spreadMs(this.#spread++) : 0);
    const handlerOf = (type: string) => handlers.of(type);
    const pipelineOf = (name: string) => pipelines.of(name)?.pipeline;
    const submitting = { now, newId: () => ids.next(now), handlerOf, pipelineOf, delayMs, ...more };
    const events = occurrenceEvents(state, schedule, evaluation, submitting);
    recorder.recordGroup(events);
    for (const event of events) {
      const run = event.e === 'run.canceled' ? state.runs.byId.get(event.id) : undefined;
      if (run) cancelRest(run);
    }
  }

  #pauseForFailures({ id, rule, failuresInRow, lastFailed }: Schedule): readonly Event[] {
    const what = rule.run === undefined ? 'task' : 'run';
    const reason = `${failuresInRow} failures in a row, the last of ${what} ${lastFailed}`;
    return [{ e: 'schedule.paused', id, reason, until: null, by: BY_ITSELF }];
  }

  /** Works out when it is due next. */
  plan(schedule: Schedule): void {
    const { schedules } = this.#parts.state;
    if (schedules.byId.get(schedule.id) !== schedule) return;
    const planned = plannedAfter(schedule.rule.when, zoneOf(schedule, schedules), schedule.settledTo);
    schedule.planned = planned?.at ?? null;
    const dueAt = planned ? planned.at + jitterOffsetMs(schedule.id, schedule.rule.jitterMs) : Number.POSITIVE_INFINITY;
    schedule.nextAt = schedule.pause ? (schedule.pause.until ?? Number.POSITIVE_INFINITY) : dueAt;
    if (Number.isFinite(schedule.nextAt)) this.#due.push(schedule.nextAt, { at: schedule.nextAt, schedule });
    if (this.#due.size > schedules.byId.size * 2 + looksPerGlance) this.#due.keep(isCurrent);
  }

  #take(now: number): Schedule | null {
    const { schedules } = this.#parts.state;
    const stale = this.#nextStale();
    if (stale) return stale;
    this.#dropPassed();
    return this.#due.earliest <= now && heldAll(schedules) === null ? (this.#due.pop()?.schedule ?? null) : null;
  }

  /** Goes on where it was: a set that is emptied from its front is slow to find its first one. */
  #nextStale(): Schedule | null {
    const { stale } = this.#parts.state.schedules;
    while (stale.size > 0) {
      this.#staleOnes ??= stale.values();
      const { done, value } = this.#staleOnes.next();
      if (!done) return value;
      this.#staleOnes = null;
    }
    return null;
  }

  #dropPassed(): void {
    while (this.#due.first && !isCurrent(this.#due.first)) this.#due.pop();
  }

  #record(decision: readonly Event[] | Refusal): void {
    if (decision instanceof Refusal) throw decision;
    this.#parts.recorder.recordGroup(decision);
  }
}

/** What has been planned anew since leaves its old entry behind. */
function isCurrent({ at, schedule }: Look): boolean {
  return schedule.nextAt === at;
}
