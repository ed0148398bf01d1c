/** `TASK_<NAME>_TIME=HH:MM`: moves a built-in schedule to another time of day. */
import { BUILT_INS, timeKeyOf } from '../core/schedule/built-ins.ts';

const NAMES: ReadonlyMap<string, string> = new Map(BUILT_INS.map(({ name }) => [timeKeyOf(name), name]));
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

export const TIME_KEYS: readonly string[] = [...NAMES.keys()];

/** Name of the built-in schedule that a key moves, or null. */
export function taskOfTime(key: string): string | null {
  return NAMES.get(key) ?? null;
}

/** Whether somebody must have meant one of these keys. */
export function looksLikeTime(key: string): boolean {
  return /^TASKS?_.*TIME$/.test(key);
}

/** @returns what is wrong with a text, as `must be …`; null for a time */
export function timeProblem(text: string): string | null {
  return TIME.test(text) ? null : 'must be a time of day as HH:MM in 24 hours, e.g. 04:30';
}
