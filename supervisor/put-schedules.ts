/**
 * Schedules given by their names, as files give them: each is made, or the one of its name becomes it. A list of them is
 * taken as a whole or not at all, in one group with whatever else stands in it.
 */
import type { Clock } from './clock.ts';
import { changeSchedule, changesTiming, createSchedule, schedulesMax } from './core/decide/schedules.ts';
import type { AskedBy, Event } from './core/event.ts';
import type { IdMaker } from './core/id.ts';
import { type Mistake, Refusal } from './core/refusal.ts';
import { checkSchedule, type ScheduleInput } from './core/schedule/input.ts';
import { movesTimes } from './core/schedule/once.ts';
import type { Rule, Schedule } from './core/schedule/schedule.ts';
import { zoneOf } from './core/schedule/schedules.ts';
import type { State } from './core/state.ts';
import type { TaskInput } from './core/task-input.ts';
import type { PipelinesFolder } from './pipelines-folder.ts';
import { checkParamsOf, type PlacedTask } from './placed-tasks.ts';
import { firstTask, noPipeline } from './put-runs.ts';
import type { Scheduler } from './scheduler.ts';

export interface PutSchedulesParts {
  readonly state: State;
  readonly scheduler: Scheduler;
  readonly ids: IdMaker;
  readonly clock: Clock;
  readonly minIntervalMs: () => number;
  /** The key of the settings that says when it is due; null when a person may say it. */
  readonly timeKeyOf: (schedule: Schedule) => string | null;
  /** Asks handlers about params; null when none has to be asked. @throws Refusal `validation` */
  readonly checkParams: (inputs: readonly TaskInput[]) => Promise<void> | null;
  readonly pipelines: Pick<PipelinesFolder, 'of' | 'all'>;
}

export interface GivenSchedule {
  readonly value: unknown;
  /** Where it stands in what was given, e.g. `$[3].schedule`; mistakes begin with it. */
  readonly path: string;
}

export type PlacedInput = ScheduleInput & Pick<GivenSchedule, 'path'>;

export class PutSchedules {
  readonly #parts: PutSchedulesParts;

  constructor(parts: PutSchedulesParts) {
    this.#parts = parts;
  }

  /** A type that nobody handles is no mistake. @throws Refusal `validation` that names every mistake */
  async check(given: readonly GivenSchedule[]): Promise<readonly PlacedInput[]> {
    const inputs: PlacedInput[] = [];
    const mistakes: Mistake[] = [];
    for (const { value, path } of given) {
      const checked = this.#check(value, path);
      if (!checked.ok) mistakes.push(...checked.mistakes);
      else {
        const lost = lostPipeline(checked.value, path, this.#parts.pipelines);
        if (lost) mistakes.push(lost);
        inputs.push({ ...checked.value, path });
      }
    }
    const [first] = mistakes;
    if (first) throw new Refusal('validation', `${first.path} ${first.message}`, mistakes);
    const { pipelines, checkParams } = this.#parts;
    await checkParamsOf(
      inputs.flatMap((input) => workOf(input, input.path, pipelines)),
      checkParams,
    );
    return inputs;
  }

  /** Taken in the turn in which it is written down. What is due by the old rules is settled before it. */
  decide(inputs: readonly PlacedInput[], by: AskedBy): readonly Event[] | Refusal {
    const { state, scheduler, clock, ids, timeKeyOf } = this.#parts;
    const all = state.schedules;
    const now = clock.wall();
    const events: Event[] = [];
    let fresh = 0;
    for (const { rule, path } of inputs) {
      const known = all.byName.get(rule.name);
      const fixed = known ? timeIsFixed(known, rule, timeKeyOf(known), path) : null;
      if (fixed) return fixed;
      if (known) scheduler.look(known, now, { whatever: changesTiming(known, rule) });
      else if (all.byId.size + ++fresh > schedulesMax) return tooMany();
      const decision = known
        ? changeSchedule(all, known, rule, { now, zone: zoneOf(known, all) }, by)
        : createSchedule(all, { id: ids.next(now), rule }, by);
      if (decision instanceof Refusal) return decision;
      events.push(...decision);
    }
    return events;
  }

  /** One that is there may be over, so that its file can be given again; but no change moves it into the past. */
  #check(value: unknown, path: string) {
    const { state, clock, minIntervalMs } = this.#parts;
    const name = (value as { readonly name?: unknown } | null)?.name;
    const known = typeof name === 'string' ? state.schedules.byName.get(name) : undefined;
    const context = { minIntervalMs: minIntervalMs(), zone: state.schedules.zone ?? 'UTC' };
    const checked = checkSchedule(value, { ...context, now: known ? null : clock.wall() }, path);
    return checked.ok && known && movesTimes(known.rule, checked.value.rule)
      ? checkSchedule(value, { ...context, now: clock.wall() }, path)
      : checked;
  }
}

/**
 * A time that the settings give would come back with the next start.
 * @returns null when it may be changed, or is not
 */
export function timeIsFixed(schedule: Schedule, { when }: Rule, key: string | null, path = '$'): Refusal | null {
  if (key === null || JSON.stringify(when) === JSON.stringify(schedule.rule.when)) return null;
  const mistake = {
    path: `${path}.when`,
    message: `comes from ${key} in the settings: change it there, or take it out first`,
  };
  return new Refusal('conflict', `${mistake.path} ${mistake.message}`, [mistake]);
}

/** @param path where the schedule stands */
export function lostPipeline(
  { run }: ScheduleInput,
  path: string,
  pipelines: PutSchedulesParts['pipelines'],
): Mistake | null {
  return run === null || pipelines.of(run.pipeline) ? null : noPipeline(pipelines, run.pipeline, `${path}.run`);
}

/** The task that it submits, or that its run begins with. */
export function workOf(
  { task, run }: ScheduleInput,
  path: string,
  pipelines: PutSchedulesParts['pipelines'],
): readonly PlacedTask[] {
  if (task) return [{ task, path: `${path}.task` }];
  const found = run && pipelines.of(run.pipeline);
  return found ? firstTask({ input: run, path: `${path}.run`, pipeline: found.pipeline }) : [];
}

function tooMany(): Refusal {
  return new Refusal('conflict', `there would be more than ${schedulesMax} schedules, and no more are kept`);
}
