/**
 * `{ "schedule": { … } }` in a file. What is wrong by itself is found here, so that it is named together with the mistakes
 * of tasks; what the settings and the handlers say of it, the supervisor knows.
 */
import type { Mistake } from '../core/refusal.ts';
import { checkSchedule } from '../core/schedule/input.ts';

export interface FileSchedule {
  /** As it stands in the file. */
  readonly value: unknown;
  /** Number of its entry, counted over tasks and schedules from 0. */
  readonly at: number;
}

const ANY = { minIntervalMs: 0, zone: 'UTC', now: null };

/** A task has a type and no schedule; with both, it is a task with a member too many. */
export function isScheduleEntry(value: unknown): value is { readonly schedule: unknown } {
  return isObject(value) && Object.hasOwn(value, 'schedule') && !Object.hasOwn(value, 'type');
}

/** @param names of the schedules before it in the file */
export function checkScheduleEntry(
  entry: { readonly schedule: unknown },
  path: string,
  names: Set<string>,
): readonly Mistake[] {
  const { schedule, ...others } = entry;
  const mistakes: Mistake[] = Object.keys(others).map((member) => ({
    path: `${path}.${member}`,
    message: 'cannot stand beside "schedule"; what belongs to the schedule stands in it',
  }));
  const checked = checkSchedule(schedule, ANY, `${path}.schedule`);
  if (!checked.ok) mistakes.push(...checked.mistakes);
  const name = isObject(schedule) ? (schedule as { readonly name?: unknown }).name : null;
  if (typeof name !== 'string') return mistakes;
  if (names.has(name))
    mistakes.push({
      path: `${path}.schedule.name`,
      message: `${JSON.stringify(name)} is the name of another schedule earlier in this file`,
    });
  names.add(name);
  return mistakes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
