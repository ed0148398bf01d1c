/**
 * What waits for its moment. A task that moves on before, because somebody cancels it or wants it now, leaves its entry
 * behind: it is passed over when its turn comes, and let go of earlier when such entries are the greater part.
 */
import type { State } from './state.ts';
import type { Task } from './task.ts';

const slackMin = 1_024;

export interface Due {
  readonly at: number;
  readonly task: Task;
}

export function stillWaits({ at, task }: Due): boolean {
  return waitsForMoment(task) && task.at === at;
}

export function waitsForMoment({ state }: Task): boolean {
  return state === 'scheduled' || state === 'retrying';
}

/** When the next of them is due, ms since 1970; Infinity for never. */
export function nextDue({ due }: State): number {
  while (due.first && !stillWaits(due.first)) due.pop();
  return due.earliest;
}

/** Called when one of them has moved on. */
export function compactDue({ due, counts }: State): void {
  if (due.size > (counts.scheduled + counts.retrying) * 2 + slackMin) due.keep(stillWaits);
}
