/** What the passing of time brings: tasks that are due, failed ones and expired keys that leave memory. */
import { nextDue, stillWaits } from '../due.ts';
import type { Event } from '../event.ts';
import type { State } from '../state.ts';
import { clearExpired, nextClearing } from './store.ts';

/** So many ids fit one entry. */
const idsPerEntryMax = 10_000;
/** More failed tasks than this are not kept live, however young they are: the history has them. */
export const failedLiveMax = 10_000;

export function passTime(state: State, now: number): readonly Event[] {
  const events: Event[] = [];
  const due = dueTasks(state, now);
  for (let from = 0; from < due.length; from += idsPerEntryMax) {
    events.push({ e: 'task.due', ids: due.slice(from, from + idsPerEntryMax) });
  }
  const archived = oldFailures(state, now);
  if (archived.length > 0) events.push({ e: 'task.archived', ids: archived });
  if (nextClearing(state.store) <= now) events.push(...clearExpired(state.store, now));
  return events;
}

/** The next moment at which `passTime` has something to say; Infinity for never. */
export function nextMoment(state: State): number {
  const [oldest] = state.failed.values();
  const archive = oldest ? oldest.at + state.limits.failedLiveMs : Number.POSITIVE_INFINITY;
  return Math.min(nextDue(state), archive, nextClearing(state.store));
}

function dueTasks(state: State, now: number): string[] {
  const ids: string[] = [];
  while (state.due.earliest <= now) {
    const entry = state.due.pop();
    if (entry && stillWaits(entry)) ids.push(entry.task.id);
  }
  return [...new Set(ids)];
}

function oldFailures(state: State, now: number): string[] {
  const ids: string[] = [];
  for (const task of state.failed.values()) {
    if (ids.length >= idsPerEntryMax) break;
    const crowded = state.failed.size - ids.length > failedLiveMax;
    if (!crowded && task.at + state.limits.failedLiveMs > now) break;
    ids.push(task.id);
  }
  return ids;
}
