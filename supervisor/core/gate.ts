/** What keeps a queued task from running: one rule for the claim and for the answer to "why is this not running?". */
import type { State } from './state.ts';

/** Free room by lane, as the pool tells it. */
export type FreeLanes = (type: string) => boolean;

/**
 * @returns the first thing in the way, as `kind:name`, or null. Under this name a line is parked in the ready queue.
 */
export function blockOf(state: State, type: string, group: string | null, now: number): string | null {
  if (state.lanes && !state.lanes.has(type)) return `handler:${type}`;
  if (state.pausedTypes.has(type)) return `pause:${type}`;
  if (state.switchedOff.has(type)) return `flag:${type}`;
  const typeMax = state.limits.concurrencyByType.get(type);
  if (typeMax !== undefined && (state.runningByType.get(type) ?? 0) >= typeMax) return `type:${type}`;
  if (group === null) return null;
  const groupMax = state.limits.concurrencyByGroup.get(group);
  if (groupMax !== undefined && (state.runningByGroup.get(group) ?? 0) >= groupMax) return `group:${group}`;
  const window = state.rates.get(group);
  if (window && window.nextAt() > now) return `rate:${group}`;
  return null;
}

/** The moment the earliest rate limit that holds something back lets go; Infinity for none. */
export function nextRateAt(state: State): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const [group, window] of state.rates) {
    if (state.ready.isParked(`rate:${group}`)) earliest = Math.min(earliest, window.nextAt());
  }
  return earliest;
}

/** Lets go what a rate limit held back and no longer does. */
export function releaseRates(state: State, now: number): void {
  for (const [group, window] of state.rates) {
    if (window.nextAt() <= now) state.ready.release(`rate:${group}`, Number.POSITIVE_INFINITY, now);
  }
}
