/**
 * What a task's attempts say of its failures. The record has no mark where somebody retried it, but a retry shows: it
 * goes on after its last try, or after it was canceled, and counts from nothing again.
 */
import type { Outcome } from '../../supervisor/core/task.ts';
import type { TaskView } from '../../supervisor/facade.ts';

/** Interruptions are nobody's fault. */
const COUNTED: ReadonlySet<Outcome | null> = new Set(['failed', 'timed_out', 'worker_crashed']);
const UNDER_WAY: readonly string[] = ['queued', 'running', 'scheduled'];

/** @returns how many of its `maxAttempts` are used up, since it was last retried by hand */
export function failuresUsed({ attempts, maxAttempts, state }: TaskView): number {
  let used = 0;
  for (const { outcome } of attempts) {
    if (used >= maxAttempts) used = 0;
    if (outcome === 'canceled') used = 0;
    else if (COUNTED.has(outcome)) used++;
  }
  return used >= maxAttempts && UNDER_WAY.includes(state) ? 0 : used;
}

/** Why the last try failed; while a task waits for another one, only its attempt knows. */
export function lastError({ error, attempts, state }: TaskView): TaskView['error'] {
  if (state === 'succeeded') return null;
  return error ?? (state === 'running' ? null : (attempts.at(-1)?.error ?? null));
}
