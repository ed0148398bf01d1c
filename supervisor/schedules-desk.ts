/** Answers for schedules: lists, previews and the ledger, and changes, each written down with who asked. */
import {
  changeSchedule,
  changesTiming,
  createSchedule,
  deleteSchedule,
  isTaken,
  pauseAll,
  pauseSchedule,
  resumeAll,
  resumeSchedule,
  type Turn,
} from './core/decide/schedules.ts';
import { formatDuration } from './core/duration.ts';
import { askedBy, type Event } from './core/event.ts';
import { previewTimesMax } from './core/limits.ts';
import { iso } from './core/record.ts';
import { type Mistake, mistaken, Refusal, refusalOf } from './core/refusal.ts';
import { checkSchedule, type ScheduleInput } from './core/schedule/input.ts';
import { jitterOffsetMs } from './core/schedule/jitter.ts';
import { momentAt, readMoment } from './core/schedule/moment.ts';
import { preview } from './core/schedule/preview.ts';
import { occurrenceRecord, pauseRecord, type ScheduleRecord, scheduleRecord } from './core/schedule/record.ts';
import type { Rule, Schedule, SchedulePause } from './core/schedule/schedule.ts';
import { zoneOf } from './core/schedule/schedules.ts';
import { checkWhen, zoneMistake } from './core/schedule/when.ts';
import type { Actor, TaskView } from './facade.ts';
import type { Ledger } from './history/ledger.ts';
import { checkParamsOf } from './placed-tasks.ts';
import { lostPipeline, type PutSchedulesParts, timeIsFixed, workOf } from './put-schedules.ts';
import type { Recorder } from './recorder.ts';
import type {
  Collision,
  PauseRequest,
  PreviewView,
  RanView,
  ScheduleQuery,
  SchedulerView,
  SchedulesFacade,
} from './schedules-facade.ts';

export interface SchedulesDeskParts extends PutSchedulesParts {
  readonly recorder: Pick<Recorder, 'recordGroup'>;
  readonly ledger: Pick<Ledger, 'page'>;
  /** @throws Refusal `unknown_type` for one that nobody handles */
  readonly checkType: (type: string) => void;
  /** @throws Refusal when nothing new is taken now */
  readonly mayChange: () => void;
  readonly task: (id: string) => Promise<TaskView | null>;
  /** Resolves when what has been written down is on disk; what is due sooner is seen to. */
  readonly settled: () => Promise<void>;
}

const collisionsMax = 20;
const collisionMs = 60_000;
const previewCount = 10;

export class SchedulesDesk implements SchedulesFacade {
  readonly #parts: SchedulesDeskParts;

  constructor(parts: SchedulesDeskParts) {
    this.#parts = parts;
  }

  async list({ limit, after, state, q }: ScheduleQuery) {
    const wanted = q?.toLowerCase();
    const all = [...this.#schedules.byId.values()].filter((schedule) => {
      if (state !== undefined && (schedule.pause ? 'paused' : 'active') !== state) return false;
      const { name, task, run, note } = schedule.rule;
      return wanted === undefined || `${name}\n${task ?? run}\n${note}`.toLowerCase().includes(wanted);
    });
    const from = after === null ? 0 : all.findIndex(({ id }) => id > after);
    const some = from < 0 ? [] : all.slice(from, from + limit);
    const next = from >= 0 && from + limit < all.length ? (some.at(-1)?.id ?? null) : null;
    const items = some.map((schedule) => this.#record(schedule));
    await this.#parts.settled();
    return { items, next, total: all.length };
  }

  async show(which: string): Promise<ScheduleRecord> {
    const record = this.#record(this.#find(which));
    await this.#parts.settled();
    return record;
  }

  async create(given: unknown, actor: Actor): Promise<ScheduleRecord> {
    const { rule } = await this.#checked(given, this.#now);
    const id = this.#parts.ids.next(this.#now);
    await this.#carryOut(createSchedule(this.#schedules, { id, rule }, askedBy(actor)));
    return this.show(id);
  }

  async change(which: string, changes: unknown, since: number | null, actor: Actor): Promise<ScheduleRecord> {
    const { id } = this.#seen(which, since);
    if (typeof changes !== 'object' || changes === null || Array.isArray(changes))
      throw mistaken('$', 'must be an object with the members to change');
    const before = this.#find(id).rule;
    const merged: Record<string, unknown> = { ...definitionOf(before), ...changes };
    // One takes the place of the other.
    if (given(changes, 'run') && !given(changes, 'task')) delete merged['task'];
    if (given(changes, 'task') && !given(changes, 'run')) delete merged['run'];
    const moves = 'when' in changes || (merged['timezone'] ?? null) !== before.timezone;
    // One that is over may still get another name or note.
    const { rule } = await this.#checked(merged, moves ? this.#now : null);
    await this.#become(this.#seen(id, since), rule, actor);
    return this.show(id);
  }

  async #become(schedule: Schedule, rule: Rule, actor: Actor): Promise<void> {
    const fixed = timeIsFixed(schedule, rule, this.#parts.timeKeyOf(schedule));
    if (fixed) throw fixed;
    const turns = changesTiming(schedule, rule) && !isTaken(this.#schedules, rule.name, schedule);
    const turn = this.#turn(schedule, turns);
    await this.#carryOut(changeSchedule(this.#schedules, schedule, rule, turn, askedBy(actor)));
  }

  async remove(which: string, since: number | null, actor: Actor): Promise<void> {
    const schedule = this.#seen(which, since);
    await this.#carryOut(deleteSchedule(schedule, this.#turn(schedule, true), askedBy(actor)));
  }

  async pause(which: string, asked: PauseRequest, actor: Actor): Promise<ScheduleRecord> {
    const schedule = this.#find(which);
    this.#parts.scheduler.look(schedule, this.#now);
    const given = this.#pauseOf(asked, schedule.pause, zoneOf(schedule, this.#schedules));
    await this.#carryOut(pauseSchedule(schedule, given, askedBy(actor)));
    return this.show(schedule.id);
  }

  async resume(which: string, catchUp: boolean, actor: Actor): Promise<ScheduleRecord> {
    const schedule = this.#find(which);
    await this.#carryOut(resumeSchedule(schedule, catchUp, this.#now, askedBy(actor)));
    return this.show(schedule.id);
  }

  async pauseAll(asked: PauseRequest, actor: Actor): Promise<SchedulerView> {
    this.#parts.scheduler.tick();
    const given = this.#pauseOf(asked, this.#schedules.pausedAll, this.#schedules.zone ?? 'UTC');
    await this.#carryOut(pauseAll(this.#schedules, given, askedBy(actor)));
    return this.status();
  }

  async resumeAll(catchUp: boolean, actor: Actor): Promise<SchedulerView> {
    await this.#carryOut(resumeAll(this.#schedules, catchUp, this.#now, askedBy(actor)));
    return this.status();
  }

  async run(which: string, actor: Actor): Promise<RanView> {
    const { scheduler, mayChange, task, settled } = this.#parts;
    mayChange();
    const schedule = this.#find(which);
    const now = this.#now;
    const refused = scheduler.runNow(schedule, now, actor.origin);
    if (refused !== null) {
      await settled();
      throw new Refusal(
        'conflict',
        `${schedule.rule.name} does not run now: ${refused} (overlap: ${schedule.rule.overlap})`,
      );
    }
    const { last, waiting } = schedule;
    const occurrence = waiting.find(({ plannedAt }) => plannedAt === now) ?? last;
    await settled();
    const id = occurrence && 'taskId' in occurrence ? occurrence.taskId : undefined;
    return {
      occurrence: occurrenceRecord(occurrence ?? { plannedAt: now, outcome: 'queued' }),
      task: id === undefined ? null : await task(id),
    };
  }

  async occurrences(which: string, page: { limit: number; after: string | null }) {
    const schedule = this.#schedules.byId.get(which) ?? this.#schedules.byName.get(which);
    const waiting = schedule && page.after === null ? schedule.waiting.toReversed() : [];
    await this.#parts.settled();
    const found = await this.#parts.ledger.page(schedule?.id ?? which, page).catch((error) => {
      throw error instanceof RangeError ? mistaken('cursor', 'is not one that was given out here') : error;
    });
    if (!schedule && found.occurrences.length === 0) throw notFound(which);
    return { items: [...waiting, ...found.occurrences].map(occurrenceRecord), next: found.next };
  }

  async next(which: string, count: number): Promise<PreviewView> {
    const schedule = this.#find(which);
    // One whose jitter has not passed is yet to come, although its planned time is over.
    const from = this.#starts(schedule) ? schedule.settledTo : Math.max(schedule.settledTo, this.#now);
    return this.#preview(schedule.rule.when, zoneOf(schedule, this.#schedules), from, count, schedule);
  }

  async preview(given: unknown): Promise<PreviewView> {
    const { when, timezone, after, count } = (given ?? {}) as Record<string, unknown>;
    const mistakes: Mistake[] = [];
    const checked = checkWhen(when, { minIntervalMs: this.#parts.minIntervalMs() });
    if (!checked.ok) mistakes.push(...checked.mistakes);
    const wrongZone = timezone == null ? null : zoneMistake(timezone);
    if (wrongZone) mistakes.push(wrongZone);
    const zone = typeof timezone === 'string' ? timezone : (this.#schedules.zone ?? 'UTC');
    if (
      count !== undefined &&
      (!Number.isInteger(count) || (count as number) < 1 || (count as number) > previewTimesMax)
    )
      mistakes.push({ path: '$.count', message: `must be a whole number from 1 to ${previewTimesMax}` });
    if (after !== undefined && (typeof after !== 'string' || !readMoment(after)))
      mistakes.push({ path: '$.after', message: 'must be a time, e.g. "2026-12-01T08:00:00Z"' });
    if (!checked.ok || mistakes.length > 0) throw refusalOf(mistakes);
    const from = typeof after === 'string' ? momentAt(after, zone) : this.#now;
    return this.#preview(checked.value, zone, from, (count as number | undefined) ?? previewCount, null);
  }

  async status(): Promise<SchedulerView> {
    const { scheduler, settled } = this.#parts;
    const { byId, pausedAll, offSince, zone } = this.#schedules;
    const nextAt = scheduler.nextAt;
    await settled();
    return {
      enabled: offSince === null,
      paused: pauseRecord(pausedAll),
      lookedAt: scheduler.lookedAt === null ? null : iso(scheduler.lookedAt),
      nextAt: Number.isFinite(nextAt) ? iso(nextAt) : null,
      schedules: byId.size,
      timezone: zone ?? 'UTC',
    };
  }

  #preview(when: Rule['when'], zone: string, from: number, count: number, own: Schedule | null): PreviewView {
    const { next, sentence } = preview(when, zone, from, count);
    const minutes = new Set(next.map(({ at }) => Math.floor(at / collisionMs)));
    const collisions: Collision[] = [];
    for (const { id, planned, rule, pause } of this.#schedules.byId.values()) {
      if (collisions.length >= collisionsMax) break;
      if (id === own?.id || pause || planned === null || !minutes.has(Math.floor(planned / collisionMs))) continue;
      collisions.push({ id, name: rule.name, at: iso(planned) });
    }
    return { next: next.map((one) => ({ ...one, at: iso(one.at) })), sentence, timezone: zone, collisions };
  }

  get #schedules() {
    return this.#parts.state.schedules;
  }

  get #now(): number {
    return this.#parts.clock.wall();
  }

  #record(schedule: Schedule): ScheduleRecord {
    if (this.#schedules.stale.has(schedule)) this.#parts.scheduler.plan(schedule);
    return scheduleRecord(schedule, this.#schedules, this.#parts.state.flags);
  }

  #find(which: string): Schedule {
    const found = this.#schedules.byId.get(which) ?? this.#schedules.byName.get(which);
    if (!found) throw notFound(which);
    return found;
  }

  #seen(which: string, since: number | null): Schedule {
    const schedule = this.#find(which);
    if (since !== null && since !== schedule.ruleSeq)
      throw new Refusal(
        'precondition_failed',
        `the schedule has changed since: version ${schedule.ruleSeq} is in force, not ${since}`,
      );
    return schedule;
  }

  /** What is due by then is settled first: a change or a deletion is never about what should have started before. */
  #turn(schedule: Schedule, whatever: boolean): Turn {
    const turn = { now: this.#now, zone: zoneOf(schedule, this.#schedules) };
    this.#parts.scheduler.look(schedule, turn.now, { whatever });
    return turn;
  }

  async #checked(given: unknown, now: number | null): Promise<ScheduleInput> {
    const { mayChange, minIntervalMs, checkType, checkParams, pipelines } = this.#parts;
    mayChange();
    const zone = this.#schedules.zone ?? 'UTC';
    const checked = checkSchedule(given, { minIntervalMs: minIntervalMs(), zone, now });
    if (!checked.ok) throw refusalOf(checked.mistakes);
    const { task } = checked.value;
    const lost = lostPipeline(checked.value, '$', pipelines);
    if (lost) throw refusalOf([lost]);
    if (task) checkType(task.type);
    await checkParamsOf(workOf(checked.value, '$', pipelines), checkParams);
    return checked.value;
  }

  #starts({ id, planned, rule }: Schedule): boolean {
    return planned !== null && planned + jitterOffsetMs(id, rule.jitterMs) > this.#now;
  }

  #pauseOf({ reason, until }: PauseRequest, known: SchedulePause | null, zone: string) {
    return {
      reason: reason ?? known?.reason ?? '',
      until: until === undefined ? (known?.until ?? null) : this.#untilOf(until, zone),
      now: this.#now,
    };
  }

  #untilOf(until: string | null, zone: string): number | null {
    if (until === null) return null;
    const text = /^\d{4}-\d{2}-\d{2}$/.test(until) ? `${until}T00:00:00` : until;
    if (!readMoment(text))
      throw mistaken('$.until', 'must be a day or a time, e.g. "2026-12-27" or "2026-12-27T08:00:00Z"');
    return momentAt(text, zone);
  }

  async #carryOut(decision: readonly Event[] | Refusal): Promise<void> {
    if (decision instanceof Refusal) {
      await this.#parts.settled();
      throw decision;
    }
    this.#parts.recorder.recordGroup(decision);
    await this.#parts.settled();
  }
}

/** As somebody would write it, so that changes can be put over it. */
function definitionOf(rule: Rule): Record<string, unknown> {
  const { task, run, startDeadlineMs, jitterMs, ...same } = rule;
  return {
    ...same,
    ...(task !== null && { task: JSON.parse(task) }),
    ...(run !== undefined && { run: JSON.parse(run) }),
    startDeadline: startDeadlineMs === null ? null : formatDuration(startDeadlineMs),
    jitter: jitterMs === 0 ? null : formatDuration(jitterMs),
  };
}

function given(changes: object, member: string): boolean {
  return (changes as Record<string, unknown>)[member] != null;
}

function notFound(which: string): Refusal {
  return new Refusal('not_found', `there is no schedule ${which}`);
}
