/** One wish for many tasks: by ids or by filter, each told apart, bounded by what was there at the call. */
import { Refusal } from './core/refusal.ts';
import type { ManyAnswer, PageRequest, TaskFilter, TaskPage, TaskView } from './facade.ts';

export type Which = { readonly ids: readonly string[] } | { readonly filter: TaskFilter };

const pageLimit = 500;
const perCallMax = 10_000;
const sampleMax = 20;

export interface ManyParts {
  readonly page: (request: PageRequest) => Promise<TaskPage>;
  readonly one: (id: string) => Promise<TaskView | null>;
}

/**
 * @param able whether the wish makes sense for a task; by filter others are passed over, by id they are named
 * @param carryOut throws a `Refusal` where it cannot be done after all
 */
export async function forMany(
  parts: ManyParts,
  which: Which,
  dryRun: boolean,
  able: (task: TaskView) => boolean,
  carryOut: (id: string) => Promise<unknown>,
): Promise<ManyAnswer> {
  const { tasks, missing, next } =
    'ids' in which ? await byIds(parts, which.ids) : await byFilter(parts, which.filter, able);
  const skipped = missing.map((id) => ({ id, code: 'not_found' }));
  const chosen = tasks.filter((task) => {
    if (!able(task)) skipped.push({ id: task.id, code: 'conflict' });
    return able(task);
  });
  if (dryRun) return { matched: chosen.length, changed: 0, skipped, next, sample: chosen.slice(0, sampleMax) };
  let changed = 0;
  const outcomes = await Promise.allSettled(chosen.map(({ id }) => carryOut(id)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') changed++;
    else if (outcome.reason instanceof Refusal)
      skipped.push({ id: (chosen[index] as TaskView).id, code: outcome.reason.code });
    else throw outcome.reason;
  }
  return { matched: chosen.length, changed, skipped, next };
}

async function byIds(parts: ManyParts, ids: readonly string[]) {
  const unique = [...new Set(ids)];
  const tasks: TaskView[] = [];
  const missing: string[] = [];
  for (const id of unique) {
    const task = await parts.one(id);
    if (task) tasks.push(task);
    else missing.push(id);
  }
  return { tasks, missing, next: null };
}

/** Newest first from the newest there is now: what is added meanwhile sorts before it and is not met. */
async function byFilter(parts: ManyParts, filter: TaskFilter, able: (task: TaskView) => boolean) {
  const tasks: TaskView[] = [];
  let after: string | null = null;
  do {
    const page: TaskPage = await parts.page({ filter, after, limit: pageLimit, order: 'newest' });
    tasks.push(...page.items.filter(able));
    after = page.next;
  } while (after !== null && tasks.length < perCallMax);
  return { tasks, missing: [] as string[], next: after };
}
