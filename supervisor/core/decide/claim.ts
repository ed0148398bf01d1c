/**
 * Which task runs next.
 *
 * After a crash, what was running is under suspicion and runs first, one task at a time with nothing beside it but tasks
 * that have already proved themselves: so a task that kills the supervisor is found, and its neighbours are not blamed.
 */
import { blockOf, type FreeLanes } from '../gate.ts';
import type { State } from '../state.ts';
import type { Task } from '../task.ts';

/**
 * How long a suspect runs alone before others may join it; four times as long after each further crash it was running in,
 * alone or not: else one that kills the supervisor a while after its probation would do so for ever.
 */
export const soloProbationMs = 30_000;
export const soloProbationMsMax = 3_600_000;

export function probationMs(task: Task): number {
  return Math.min(soloProbationMs * 4 ** Math.max(0, (task.life?.suspicions ?? 0) - 1), soloProbationMsMax);
}

export interface Claim {
  readonly task: Task;
  readonly solo: boolean;
}

export function claimTask(state: State, now: number, free: FreeLanes): Claim | null {
  if (state.draining || state.pausedAll !== null) return null;
  if (state.suspects.size > 0) {
    if (soloUnderWay(state)) return null;
    const suspect = leastSuspect(state, now);
    if (suspect) return alone(state) && free(suspect.options.type) ? { task: suspect, solo: true } : null;
  }
  const task = state.ready.first(now, (line) => {
    const block = blockOf(state, line, now);
    if (block !== null) return block;
    return free(line.type) ? null : `lane:${state.lanes?.get(line.type)}`;
  });
  return task && { task, solo: false };
}

/** The one with the fewest crashes goes first: whoever kills the supervisor does not keep its neighbors from ending. */
function leastSuspect(state: State, now: number): Task | null {
  let least: Task | null = null;
  for (const task of state.suspects) {
    if (task.state !== 'queued' || !mayRun(state, task, now)) continue;
    if (!least || (task.life?.crashes ?? 0) < (least.life?.crashes ?? 0)) least = task;
  }
  return least;
}

/** Whether queued work is held back until suspects have proved themselves. */
export function heldBySuspects(state: State, now: number): boolean {
  if (state.suspects.size === 0) return false;
  return soloUnderWay(state) || [...state.suspects].some((task) => task.state === 'queued' && mayRun(state, task, now));
}

/** Until when the suspect under way runs alone at most, ms since 1970; null while none is. */
export function soloUntil(state: State): number | null {
  for (const task of state.suspects) if (task.state === 'running') return task.at + probationMs(task);
  return null;
}

function mayRun(state: State, task: Task, now: number): boolean {
  return blockOf(state, task.options, now) === null;
}

function soloUnderWay(state: State): boolean {
  for (const task of state.suspects) if (task.state === 'running') return true;
  return false;
}

function alone(state: State): boolean {
  for (const task of state.running) if (!task.life?.cleared) return false;
  return true;
}
