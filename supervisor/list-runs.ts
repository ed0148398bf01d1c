/** Lists of runs, live and past together, newest first. */
import type { RunRecord } from './core/run/record.ts';
import type { RunQuery } from './runs-facade.ts';

export interface RunPage {
  readonly items: readonly RunRecord[];
  /** Id to give as `after`; null at the end. */
  readonly next: string | null;
}

/** @param live all of them, looked at before the history is: one that is put aside in between is met twice, never not at all */
export async function listRuns(
  live: readonly RunRecord[],
  past: { list(query: RunQuery): Promise<RunPage> },
  query: RunQuery,
): Promise<RunPage> {
  const { limit, after } = query;
  const found = live.filter((run) => (after === null || run.id < after) && matchesRun(run, query));
  const page = await past.list({ ...query, limit: limit + 1 });
  const known = new Set(found.map(({ id }) => id));
  // A search through much history may end early: beyond where it has come, nothing may be shown yet.
  const reached = page.items.length <= limit ? page.next : null;
  const all = [...found, ...page.items.filter(({ id }) => !known.has(id))]
    .filter(({ id }) => reached === null || id >= reached)
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  const items = all.slice(0, limit);
  return { items, next: all.length > limit ? (items.at(-1)?.id ?? null) : reached };
}

export function matchesRun({ state, pipeline }: RunRecord, query: Pick<RunQuery, 'state' | 'pipeline'>): boolean {
  return (query.state?.includes(state) ?? true) && (query.pipeline?.includes(pipeline) ?? true);
}
