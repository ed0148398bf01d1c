/**
 * How many tasks a filter matches, where that costs little: what counters know, what the index tells within a bounded
 * look, or what a page proves. Else how many there are at least.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { State } from './core/state.ts';
import { isFinished } from './core/task.ts';
import type { PageRequest, TaskFilter, TaskPage } from './facade.ts';
import type { History } from './history/history.ts';
import { finishedStates, idsFrom, indexQuery, type Listed, mayMatch } from './listing.ts';

/** So many live tasks, and so many rows of the index, are looked at for a total: some 20 ms. */
export const rowsCountedMax = 50_000;
const perTurn = 5_000;

export type Total = Pick<TaskPage, 'total' | 'totalAtLeast'>;

export interface CountingParts {
  readonly state: State;
  readonly history: Pick<History, 'count' | 'endingsCount'>;
}

/**
 * Of tasks that come or go while it counts, some may be counted twice or not at all.
 * @param page as the request was answered
 */
export async function totalOf(parts: CountingParts, request: PageRequest, { records, next }: Listed): Promise<Total> {
  const { filter, after, counted = false } = request;
  const known = await knownTotal(parts, filter);
  if (known !== null) return { total: known };
  if (after !== null || !counted) return {};
  if (next === null) return { total: records.length };
  return (isOfIndex(filter) && (await countAll(parts, filter))) || { totalAtLeast: records.length };
}

/** Where counters know it: everything that was ever accepted and is still there, or states that only live tasks have. */
async function knownTotal({ state, history }: CountingParts, filter: TaskFilter): Promise<number | null> {
  const { state: states, ...others } = filter;
  if (Object.values(others).some((value) => value !== undefined)) return null;
  if (states?.some((name) => isFinished(name))) return null;
  if (states) return states.reduce((sum, name) => sum + state.counts[name], 0);
  const { accepted, succeeded, failed, canceled } = state.totals;
  // Months may have been removed, by age or by hand: then the counters know of more than there is.
  return (await history.endingsCount()) === succeeded + failed + canceled ? accepted : null;
}

/** Whether a filter asks for nothing but what a row of the index tells. */
function isOfIndex({ state: _state, type: _type, from: _from, to: _to, ...others }: TaskFilter): boolean {
  return Object.values(others).every((value) => value === undefined);
}

async function countAll(parts: CountingParts, filter: TaskFilter): Promise<Total> {
  const { state, history } = parts;
  const live = await countLive(state, filter);
  const none = finishedStates(filter)?.length === 0;
  const finished = none ? { count: 0, whole: true } : await history.count(indexQuery(state, filter), rowsCountedMax);
  const count = live.count + finished.count;
  return live.whole && finished.whole ? { total: count } : { totalAtLeast: count };
}

async function countLive(state: State, filter: TaskFilter): Promise<{ count: number; whole: boolean }> {
  let [count, seen] = [0, 0];
  for (const id of idsFrom(state, { filter, after: null, order: 'newest' })) {
    if (seen === rowsCountedMax) return { count, whole: false };
    seen++;
    const task = state.tasks.get(id);
    if (task && mayMatch(task, filter)) count++;
    if (seen % perTurn === 0) await nextTurn();
  }
  return { count, whole: true };
}
