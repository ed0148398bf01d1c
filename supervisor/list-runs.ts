/** Lists of runs, live and past together, newest first. */
import type { RunRecord } from './core/run/record.ts';
import { pageOf } from './live-and-past.ts';
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
  const { records, next } = pageOf({ live: found, liveGoesOn: false, past: page }, { limit, order: 'newest' });
  return { items: records, next };
}

export function matchesRun({ state, pipeline }: RunRecord, query: Pick<RunQuery, 'state' | 'pipeline'>): boolean {
  return (query.state?.includes(state) ?? true) && (query.pipeline?.includes(pipeline) ?? true);
}
