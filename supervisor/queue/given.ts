/** What a program gives to its queue, checked: each mistake is named, and nothing is ignored. */
import { failed, returned } from '../../workers/outcome.ts';
import type { Ending } from '../core/decide/attempt.ts';
import { parseDuration } from '../core/duration.ts';
import { mistaken, refusalOf } from '../core/refusal.ts';
import { checkTask, isMembers, shown, type TaskInput } from '../core/task-input.ts';
import { QueueError } from './queue-error.ts';

export function readTask(task: unknown, path: string): TaskInput {
  const checked = checkTask(task, path);
  if (!checked.ok) throw refusalOf(checked.mistakes);
  return checked.value;
}

export function readMs(given: unknown, path: string): number {
  const ms = typeof given === 'string' ? parseDuration(given) : given;
  if (typeof ms === 'number' && ms >= 0 && Number.isFinite(ms)) return ms;
  throw mistaken(path, `must be milliseconds or a duration such as "500ms", "30s" or "5m", not ${shown(given)}`);
}

/** @param version undefined where any will do */
export function readVersion(version: unknown): number | null {
  if (version === undefined) return null;
  if (Number.isSafeInteger(version) && (version as number) >= 0) return version as number;
  throw mistaken('ifVersion', 'must be the version that a read has given, or 0 for a key that is not there');
}

/** @param names all there are @throws Refusal for any other: misspelt, it would silently do nothing */
export function readMembers(given: unknown, names: readonly string[], what: string): Record<string, unknown> {
  if (!isMembers(given)) throw mistaken(what, `must be an object, not ${shown(given)}`);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw mistaken(`${what}.${unknown}`, `is not known; known are ${names.join(', ')}`);
  return given;
}

/** @returns how an attempt ends that gave this result */
export function readEnd(result: unknown): Ending {
  const ending = returned(result);
  // A handler's attempt would have failed; here who gave it can give another.
  if (ending.error)
    throw new QueueError(ending.error.code === 'result_too_large' ? 'too_large' : 'validation', ending.error.message);
  return { ...ending, log: null };
}

export function readFailure(how: unknown): Ending {
  const given = how instanceof Error ? { error: how } : readMembers(how, ['error', 'retryable', 'retryAfter'], 'fail');
  const { error = 'its consumer gave no reason', retryable, retryAfter } = given as Record<string, unknown>;
  if (retryable !== undefined && typeof retryable !== 'boolean')
    throw mistaken('fail.retryable', `must be true or false, not ${shown(retryable)}`);
  const ending = failed(typeof error === 'string' ? { message: error } : error, 'failed');
  return {
    ...ending,
    retryable: retryable ?? ending.retryable,
    retryAfterMs: retryAfter === undefined ? ending.retryAfterMs : readMs(retryAfter, 'fail.retryAfter'),
    log: null,
  };
}
