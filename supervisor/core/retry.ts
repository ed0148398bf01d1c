/** When a failed task is tried again. Chance is an argument: a number from 0 up to 1. */
import { durationMsMax } from './limits.ts';
import type { Backoff } from './task.ts';

/**
 * @param spent attempts that counted so far, from 1
 * @param chance from 0 up to 1; 0.5 takes nothing away and adds nothing
 * @returns milliseconds to wait; never above `maxMs`, jitter included
 */
export function backoffMs(backoff: Backoff, spent: number, chance: number): number {
  const doublings = Math.min(spent - 1, 52);
  const delay = backoff.kind === 'fixed' ? backoff.baseMs : backoff.baseMs * 2 ** doublings;
  const capped = Math.min(delay, backoff.maxMs);
  const spread = capped * backoff.jitter * (2 * chance - 1);
  return Math.round(Math.min(Math.max(0, capped + spread), backoff.maxMs));
}

/** A handler may ask for more patience than a clock has; what waits, waits no longer than any duration a task may name. */
export function withinReach(at: number, now: number): number {
  return Math.min(at, now + durationMsMax);
}
