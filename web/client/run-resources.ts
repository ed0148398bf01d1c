/** What the pages of runs ask of the API, and which events make the answer another one. */
import type { PipelineRecord, RunRecord } from '../../supervisor/core/run/record.ts';
import type { PipelineFailure } from '../../supervisor/runs-facade.ts';
import { get } from './api.ts';
import type { LiveOptions } from './live.ts';
import { runPath } from './router.ts';
import type { LiveEvent } from './stream.ts';

export interface RunPage {
  readonly items: readonly RunRecord[];
  readonly next: string | null;
  /** Only without a filter. */
  readonly total?: number;
}

export interface Pipelines {
  readonly items: readonly PipelineRecord[];
  readonly failures: readonly PipelineFailure[];
}

/** Events of tasks do not say of which run they are. */
function changesRuns({ name }: LiveEvent): boolean {
  return /^(run\.|task\.|attempt\.(started|ended)$)/.test(name);
}

export function runsLive(query: string): LiveOptions<RunPage> {
  return { load: (signal) => get<RunPage>(`runs?${query}`, signal), concerns: changesRuns, everyMs: 1_000 };
}

export function runLive(id: string): LiveOptions<RunRecord> {
  return {
    load: async (signal) => (await get<{ run: RunRecord }>(runPath(id), signal)).run,
    concerns: changesRuns,
    everyMs: 500,
  };
}

export const pipelinesLive: LiveOptions<Pipelines> = {
  load: (signal) => get<Pipelines>('pipelines', signal),
  concerns: ({ name }) => /^(pipelines|handlers|supervisor)\./.test(name),
  everyMs: 1_000,
};
