/** A schedule as somebody wrote it: checked as a whole, its mistakes named together, each with what would be right. */
import { parseDuration } from '../duration.ts';
import { durationMsMax, nameCharsMax } from '../limits.ts';
import type { Mistake } from '../refusal.ts';
import { checkRun, type RunInput } from '../run/input.ts';
import { checkTask, isMembers, type Members, shown, type TaskInput } from '../task-input.ts';
import type { CatchUp } from './missed.ts';
import { plannedAfter } from './next.ts';
import { CATCH_UPS, OVERLAPS, type Overlap, type Rule } from './schedule.ts';
import { checkWhen, type When, zoneMistake } from './when.ts';
import { isZone } from './zone.ts';

export const catchUpLimitMax = 1_000;
export const defaultCatchUpLimit = 10;
export const noteCharsMax = 2_000;
const failuresMax = 1_000;
const jitterMsMax = 24 * 3_600_000;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._:/@+-]*$/u;
const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const FLAG = /^[A-Z][A-Z0-9_]{0,99}$/;

/** What the surroundings say where a rule is silent or where its values have to be judged. */
export interface ScheduleContext {
  readonly minIntervalMs: number;
  /** Zone of schedules that name none. */
  readonly zone: string;
  /** What is planned for later than this; null for one that may be over. */
  readonly now: number | null;
}

export interface ScheduleInput {
  readonly rule: Rule;
  /** The task as the first occurrence would submit it; null where it starts a run. */
  readonly task: TaskInput | null;
  /** The run as the first occurrence would start it; null where it submits a task. */
  readonly run: RunInput | null;
}

export type CheckedSchedule =
  | { readonly ok: true; readonly value: ScheduleInput }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export const SCHEDULE_MEMBERS = [
  'name',
  'task',
  'run',
  'when',
  'timezone',
  'catchUp',
  'catchUpLimit',
  'startDeadline',
  'overlap',
  'jitter',
  'pauseAfterFailures',
  'flag',
  'note',
] as const;

/** When it is due is what a schedule is for, and each of its occurrences is a task of its own. */
const NOT_IN_TASK = ['runAt', 'delay', 'idempotencyKey'];

/** @param path where the schedule stands in its document, `$` for the whole */
export function checkSchedule(value: unknown, context: ScheduleContext, path = '$'): CheckedSchedule {
  if (!isMembers(value)) {
    const message = 'expected a schedule, an object with "name", "task" or "run", and "when"';
    return { ok: false, mistakes: [{ path, message }] };
  }
  const check = new Checking(value, path);
  for (const member of Object.keys(value)) {
    if ((SCHEDULE_MEMBERS as readonly string[]).includes(member)) continue;
    check.mistake(member, `is not a member of a schedule; known are ${SCHEDULE_MEMBERS.join(', ')}`);
  }
  const timezone = check.zone('timezone');
  const startsRun = value['run'] != null;
  const task = startsRun ? null : check.task('task');
  const run = startsRun ? check.run('run') : null;
  const rule: Rule = {
    name: check.name('name'),
    ...(startsRun
      ? { task: null, run: JSON.stringify(value['run']) }
      : { task: JSON.stringify(value['task'] ?? null) }),
    when: check.when('when', { ...context, zone: timezone ?? context.zone }),
    timezone,
    catchUp: check.oneOf<CatchUp>('catchUp', CATCH_UPS, 'latest'),
    catchUpLimit: check.integer('catchUpLimit', 1, catchUpLimitMax) ?? defaultCatchUpLimit,
    startDeadlineMs: check.duration('startDeadline', 1, durationMsMax),
    overlap: check.oneOf<Overlap>('overlap', OVERLAPS, 'skip'),
    jitterMs: check.duration('jitter', 0, jitterMsMax) ?? 0,
    pauseAfterFailures: check.integer('pauseAfterFailures', 1, failuresMax),
    flag: check.flag('flag'),
    note: check.note('note'),
  };
  const { mistakes } = check;
  if (mistakes.length > 0 || !(task || run)) return { ok: false, mistakes };
  return { ok: true, value: { rule, task, run } };
}

/** Reads one member after the other; what is wrong is noted, and the schedule is not used then. */
class Checking {
  readonly mistakes: Mistake[] = [];
  readonly #given: Members;
  readonly #path: string;

  constructor(given: Members, path: string) {
    this.#given = given;
    this.#path = path;
  }

  mistake(member: string, message: string): null {
    this.mistakes.push({ path: `${this.#path}.${member}`, message });
    return null;
  }

  /** Members that may be left out may also be null. */
  #optional(member: string): unknown {
    return this.#given[member] ?? undefined;
  }

  name(member: string): string {
    const value = this.#given[member];
    if (typeof value === 'string' && ID.test(value)) {
      this.mistake(member, `must not look like an id, not ${shown(value)}: a schedule is named by its name or its id`);
      return '';
    }
    if (typeof value === 'string' && value.length <= nameCharsMax && NAME.test(value) && value === value.trim())
      return value;
    const wants = `a name of letters, digits, spaces and . _ : / @ + -, at most ${nameCharsMax} long`;
    this.mistake(member, value === undefined ? `is required: ${wants}` : `must be ${wants}, not ${shown(value)}`);
    return '';
  }

  task(member: string): TaskInput | null {
    const value = this.#given[member];
    if (value === undefined)
      return this.mistake(
        member,
        'is required: the task to submit, e.g. { "type": "http.request", "params": {} }; or "run", the run to start',
      );
    const checked = checkTask(value, `${this.#path}.${member}`);
    if (!checked.ok) this.mistakes.push(...checked.mistakes);
    for (const not of NOT_IN_TASK) {
      if (isMembers(value) && value[not] !== undefined)
        this.mistake(
          `${member}.${not}`,
          'cannot stand in the task of a schedule: each occurrence is a task of its own',
        );
    }
    return checked.ok ? checked.value : null;
  }

  /** The run that takes the place of a task. */
  run(member: string): RunInput | null {
    if (this.#given['task'] != null)
      return this.mistake(member, 'stands beside "task": a schedule submits a task or starts a run, not both');
    const checked = checkRun(this.#given[member], `${this.#path}.${member}`);
    if (checked.ok) return checked.value;
    this.mistakes.push(...checked.mistakes);
    return null;
  }

  when(member: string, { minIntervalMs, zone, now }: ScheduleContext): When {
    const path = `${this.#path}.${member}`;
    const checked = checkWhen(this.#given[member], { minIntervalMs, path });
    if (!checked.ok) this.mistakes.push(...checked.mistakes);
    else if (now !== null && isZone(zone) && plannedAfter(checked.value, zone, now) === null)
      this.mistakes.push({ path: `${path}.at`, message: `is over: it is ${new Date(now).toISOString()} now` });
    return checked.ok ? checked.value : (null as never);
  }

  zone(member: string): string | null {
    const value = this.#optional(member);
    if (value === undefined) return null;
    const mistake = zoneMistake(value, `${this.#path}.${member}`);
    if (!mistake) return value as string;
    this.mistakes.push(mistake);
    return null;
  }

  oneOf<T extends string>(member: string, choices: readonly T[], otherwise: T): T {
    const value = this.#optional(member);
    if (value === undefined) return otherwise;
    if (choices.includes(value as T)) return value as T;
    this.mistake(member, `must be one of ${choices.join(', ')}, not ${shown(value)}`);
    return otherwise;
  }

  integer(member: string, least: number, most: number): number | null {
    const value = this.#optional(member);
    if (value === undefined) return null;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    return this.mistake(member, `must be a whole number from ${least} to ${most}, not ${shown(value)}`);
  }

  duration(member: string, leastMs: number, mostMs: number): number | null {
    const value = this.#optional(member);
    if (value === undefined) return null;
    const ms = typeof value === 'string' ? parseDuration(value) : null;
    if (ms === null) return this.mistake(member, `must be a duration such as "10m" or "2h", not ${shown(value)}`);
    if (ms < leastMs) return this.mistake(member, 'must be more than 0');
    if (ms > mostMs) return this.mistake(member, `must be at most ${Math.round(mostMs / 3_600_000)} hours`);
    return ms;
  }

  flag(member: string): string | null {
    const value = this.#optional(member);
    if (value === undefined) return null;
    if (typeof value === 'string' && FLAG.test(value)) return value;
    return this.mistake(
      member,
      `must be the name of a feature flag without FLAG_, e.g. "NEW_LAYOUT", not ${shown(value)}`,
    );
  }

  note(member: string): string {
    const value = this.#optional(member);
    if (value === undefined) return '';
    if (typeof value === 'string' && value.length <= noteCharsMax) return value;
    this.mistake(member, `must be text of at most ${noteCharsMax} characters`);
    return '';
  }
}
