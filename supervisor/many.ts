/** One wish for many tasks: by ids or by filter, each told apart, bounded by what was there at the first call. */
import type { KnownRecord } from './core/record.ts';
import { Refusal } from './core/refusal.ts';
import type { TaskState } from './core/task.ts';
import type { ManyAnswer, PageRequest, TaskView, Which } from './facade.ts';
import type { Listed } from './listing.ts';

const pageLimit = 500;
/** By filter; what is left is reached by `next`. */
export const tasksPerCallMax = 10_000;
const sampleMax = 20;
/** Of those a filter passes over because they have been run again, so many are named. */
export const resolvedNamedMax = 1_000;

export interface ManyParts {
  readonly page: (request: PageRequest) => Promise<Listed>;
  /** In the order of the ids; null for one that never was. */
  readonly named: (ids: readonly string[]) => Promise<readonly (KnownRecord | null)[]>;
  readonly viewOf: (record: KnownRecord) => TaskView;
}

/** Null when it was done, a `Refusal` when it could not be; anything else is thrown on. */
export type Outcome = unknown;

/** Of a call for one task, never rejecting. */
export function outcomeOf(doing: Promise<unknown>): Promise<Outcome> {
  return doing.then(
    () => null,
    (error: unknown) => error,
  );
}

/** How long a task is put off, ms; null for not at all. Called once a task, in their order. */
export type Delays = () => number | null;
const atOnce: Delays = () => null;

export interface Wish {
  /** States a filter narrows down to: tasks in others are not meant. */
  readonly states: readonly TaskState[];
  /** Whether it makes sense for a task named by its id. */
  readonly able: (task: KnownRecord) => boolean;
  /** What a filter passes over, as it has been done already. */
  readonly resolved: (task: KnownRecord) => boolean;
  /** @returns what came of each. `delays` are for wishes that are spread over time. */
  readonly carryOut: (tasks: readonly KnownRecord[], delays: Delays) => Promise<readonly Outcome[]>;
  /** Spreads what one call does evenly over so long. */
  readonly overMs?: number | null;
}

type Answer = { -readonly [Member in keyof ManyAnswer]: ManyAnswer[Member] } & {
  readonly skipped: { id: string; code: string }[];
};

/** Page by page: ten thousand tasks with their params are not held at once. */
export async function forMany(parts: ManyParts, which: Which, dryRun: boolean, wish: Wish): Promise<ManyAnswer> {
  const answer: Answer = { matched: 0, changed: 0, skipped: [], next: null };
  const sample: KnownRecord[] = [];
  const delays = dryRun || wish.overMs == null ? atOnce : await spread(parts, which, wish, wish.overMs);
  for await (const tasks of 'ids' in which
    ? named(parts, which.ids, wish, answer)
    : matching(parts, which, wish, answer)) {
    answer.matched += tasks.length;
    if (dryRun) sample.push(...tasks.slice(0, sampleMax - sample.length));
    else await carryOut(tasks, wish, delays, answer);
  }
  return dryRun ? { ...answer, sample: sample.map((record) => parts.viewOf(record)) } : answer;
}

/** How far apart they are is known once they have been counted. */
async function spread(parts: ManyParts, which: Which, wish: Wish, overMs: number): Promise<Delays> {
  const { matched } = await forMany(parts, which, true, wish);
  let done = 0;
  return () => Math.floor((overMs * Math.min(done++, matched)) / Math.max(1, matched));
}

async function carryOut(tasks: readonly KnownRecord[], wish: Wish, delays: Delays, answer: Answer): Promise<void> {
  for (const [index, outcome] of (await wish.carryOut(tasks, delays)).entries()) {
    if (outcome === null) answer.changed++;
    else if (outcome instanceof Refusal)
      answer.skipped.push({ id: (tasks[index] as KnownRecord).id, code: outcome.code });
    else throw outcome;
  }
}

async function* named(
  parts: ManyParts,
  ids: readonly string[],
  wish: Wish,
  { skipped }: Answer,
): AsyncGenerator<readonly KnownRecord[]> {
  const unique = [...new Set(ids)];
  for (let from = 0; from < unique.length; from += pageLimit) {
    const some = unique.slice(from, from + pageLimit);
    const tasks: KnownRecord[] = [];
    for (const [index, task] of (await parts.named(some)).entries()) {
      if (task && wish.able(task)) tasks.push(task);
      else skipped.push({ id: some[index] as string, code: task ? 'conflict' : 'not_found' });
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
): AsyncGenerator<readonly KnownRecord[]> {
  const state = wish.states.filter((name) => filter.state?.includes(name) ?? true);
  if (state.length === 0) return;
  answer.next = after;
  do {
    const limit = Math.min(pageLimit, tasksPerCallMax - answer.matched);
    const page = await parts.page({ filter: { ...filter, state }, after: answer.next, limit, order: 'newest' });
    answer.next = page.next;
    yield page.records.filter((task) => !wish.resolved(task));
    for (const { id } of page.records.filter(wish.resolved))
      if (answer.skipped.length < resolvedNamedMax) answer.skipped.push({ id, code: 'resolved' });
  } while (answer.next !== null && answer.matched < tasksPerCallMax);
}
