/** One wish for many tasks: by ids or by filter, each told apart, bounded by what was there at the first call. */
import { Refusal } from './core/refusal.ts';
import type { TaskState } from './core/task.ts';
import type { ManyAnswer, PageRequest, TaskPage, TaskView, Which } from './facade.ts';

const pageLimit = 500;
/** By filter; what is left is reached by `next`. */
export const tasksPerCallMax = 10_000;
const sampleMax = 20;
/** Of those a filter passes over because they have been run again, so many are named. */
export const resolvedNamedMax = 1_000;

export interface ManyParts {
  readonly page: (request: PageRequest) => Promise<TaskPage>;
  readonly one: (id: string) => Promise<TaskView | null>;
}

export interface Wish {
  /** States a filter narrows down to: tasks in others are not meant. */
  readonly states: readonly TaskState[];
  /** Whether it makes sense for a task named by its id. */
  readonly able: (task: TaskView) => boolean;
  /** What a filter passes over, as it has been done already. */
  readonly resolved: (task: TaskView) => boolean;
  /** Throws a `Refusal` where it cannot be done after all. `delayMs` is for wishes that are spread over time. */
  readonly carryOut: (id: string, delayMs: number | null) => Promise<unknown>;
  /** Spreads what one call does evenly over so long. */
  readonly overMs?: number | null;
}

type Answer = { -readonly [Member in keyof ManyAnswer]: ManyAnswer[Member] } & {
  readonly skipped: { id: string; code: string }[];
};

/** Page by page: ten thousand tasks with their params are not held at once. */
export async function forMany(parts: ManyParts, which: Which, dryRun: boolean, wish: Wish): Promise<ManyAnswer> {
  const answer: Answer = { matched: 0, changed: 0, skipped: [], next: null };
  const sample: TaskView[] = [];
  const delays = dryRun || wish.overMs == null ? atOnce : await spread(parts, which, wish, wish.overMs);
  for await (const tasks of 'ids' in which
    ? named(parts, which.ids, wish, answer)
    : matching(parts, which, wish, answer)) {
    answer.matched += tasks.length;
    if (dryRun) sample.push(...tasks.slice(0, sampleMax - sample.length));
    else await carryOut(tasks, wish, delays, answer);
  }
  return dryRun ? { ...answer, sample } : answer;
}

/** Called once a task, in their order. */
type Delays = () => number | null;
const atOnce: Delays = () => null;

/** How far apart they are is known once they have been counted. */
async function spread(parts: ManyParts, which: Which, wish: Wish, overMs: number): Promise<Delays> {
  const { matched } = await forMany(parts, which, true, wish);
  let done = 0;
  return () => Math.floor((overMs * Math.min(done++, matched)) / Math.max(1, matched));
}

async function carryOut(tasks: readonly TaskView[], wish: Wish, delays: Delays, answer: Answer): Promise<void> {
  const outcomes = await Promise.allSettled(tasks.map(({ id }) => wish.carryOut(id, delays())));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') answer.changed++;
    else if (outcome.reason instanceof Refusal)
      answer.skipped.push({ id: (tasks[index] as TaskView).id, code: outcome.reason.code });
    else throw outcome.reason;
  }
}

async function* named(
  parts: ManyParts,
  ids: readonly string[],
  wish: Wish,
  { skipped }: Answer,
): AsyncGenerator<readonly TaskView[]> {
  const unique = [...new Set(ids)];
  for (let from = 0; from < unique.length; from += pageLimit) {
    const tasks: TaskView[] = [];
    for (const id of unique.slice(from, from + pageLimit)) {
      const task = await parts.one(id);
      if (task && wish.able(task)) tasks.push(task);
      else skipped.push({ id, code: task ? 'conflict' : 'not_found' });
    }
    yield tasks;
  }
}

/** Newest first, beginning with the newest there is at the first call: what is added meanwhile sorts before it and is not met. */
async function* matching(
  parts: ManyParts,
  { filter, after = null }: Extract<Which, { filter: unknown }>,
  wish: Wish,
  answer: Answer,
): AsyncGenerator<readonly TaskView[]> {
  const state = wish.states.filter((name) => filter.state?.includes(name) ?? true);
  if (state.length === 0) return;
  answer.next = after;
  do {
    const limit = Math.min(pageLimit, tasksPerCallMax - answer.matched);
    const page = await parts.page({ filter: { ...filter, state }, after: answer.next, limit, order: 'newest' });
    answer.next = page.next;
    yield page.items.filter((task) => !wish.resolved(task));
    for (const { id } of page.items.filter(wish.resolved))
      if (answer.skipped.length < resolvedNamedMax) answer.skipped.push({ id, code: 'resolved' });
  } while (answer.next !== null && answer.matched < tasksPerCallMax);
}
