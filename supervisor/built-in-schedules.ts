/**
 * Built-in schedules are made once each; who deletes one does not get it back. `TASK_<NAME>_TIME` moves one for as long
 * as it stands in the settings; without it, the time that a person has given it stays.
 */
import type { Clock } from './clock.ts';
import { changeSchedule, createSchedule } from './core/decide/schedules.ts';
import type { Event } from './core/event.ts';
import type { IdMaker } from './core/id.ts';
import { Refusal } from './core/refusal.ts';
import { BUILT_INS, type BuiltIn, timeKeyOf } from './core/schedule/built-ins.ts';
import { checkSchedule } from './core/schedule/input.ts';
import type { Rule, Schedule } from './core/schedule/schedule.ts';
import { zoneOf } from './core/schedule/schedules.ts';
import type { State } from './core/state.ts';
import type { Recorder } from './recorder.ts';
import type { Scheduler } from './scheduler.ts';

export interface BuiltInSchedulesParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'recordGroup'>;
  readonly scheduler: Pick<Scheduler, 'look'>;
  readonly ids: IdMaker;
  readonly clock: Clock;
}

const BY_US = { by: 'nightshift' };
const BY_SETTINGS = { by: 'settings' };

export class BuiltInSchedules {
  readonly #parts: BuiltInSchedulesParts;
  #times: ReadonlyMap<string, string> = new Map();

  constructor(parts: BuiltInSchedulesParts) {
    this.#parts = parts;
  }

  /** @param times from the settings, by name of the built-in */
  adopt(times: ReadonlyMap<string, string>): void {
    this.#times = times;
    const { schedules } = this.#parts.state;
    for (const one of BUILT_INS) {
      if (schedules.builtIns.has(one.name)) this.#move(one);
      // A person's own schedule of that name is let be, and the built-in comes once the name is free.
      else if (!schedules.byName.has(one.name)) this.#make(one);
    }
  }

  /** The key of the settings that says when it is due; null when a person may say it. */
  timeKeyOf({ builtIn }: Schedule): string | null {
    return builtIn !== null && this.#times.has(builtIn) ? timeKeyOf(builtIn) : null;
  }

  #make(one: BuiltIn): void {
    const { state, ids, clock } = this.#parts;
    const at = this.#times.get(one.name);
    const id = ids.next(clock.wall());
    const timeKey = at === undefined ? undefined : timeKeyOf(one.name);
    this.#record(createSchedule(state.schedules, { id, rule: ruleOf(one, at), builtIn: one.name, timeKey }, BY_US));
  }

  #move(one: BuiltIn): void {
    const { state, scheduler, clock } = this.#parts;
    const { schedules } = state;
    const schedule = [...schedules.byId.values()].find(({ builtIn }) => builtIn === one.name);
    const at = this.#times.get(one.name);
    if (!schedule || (at === undefined && schedule.timeKey === null)) return;
    const { when } = ruleOf(one, at);
    if (JSON.stringify(when) === JSON.stringify(schedule.rule.when)) return;
    const now = clock.wall();
    scheduler.look(schedule, now, { whatever: true });
    const rule = { ...schedule.rule, when };
    const turn = { now, zone: zoneOf(schedule, schedules) };
    const timeKey = at === undefined ? undefined : timeKeyOf(one.name);
    this.#record(changeSchedule(schedules, schedule, rule, turn, BY_SETTINGS, timeKey));
  }

  #record(decision: readonly Event[] | Refusal): void {
    // There are as many schedules as may be: it comes when there is room.
    if (decision instanceof Refusal) return;
    this.#parts.recorder.recordGroup(decision);
  }
}

function ruleOf({ name, work, when, flag, note }: BuiltIn, at = when.at): Rule {
  const given = { name, ...work, note, when: { ...when, at }, ...(flag !== undefined && { flag }) };
  const checked = checkSchedule(given, { minIntervalMs: 0, zone: 'UTC', now: null });
  if (!checked.ok) throw new Error(`the built-in schedule ${name} is not one: ${JSON.stringify(checked.mistakes)}`);
  return checked.value.rule;
}
