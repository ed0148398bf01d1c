/**
 * Runs that ended longer ago than failed tasks are kept, in `history/runs`: files like those of finished tasks, whose type is
 * the pipeline. A run is put there once, by the entry that lets it leave memory.
 */
import type { HistoryRecord } from './core/record.ts';
import type { RunRecord } from './core/run/record.ts';
import type { RunState } from './core/run/run-state.ts';
import type { History } from './history/history.ts';
import { matchesRun, type RunPage } from './list-runs.ts';
import type { RunQuery } from './runs-facade.ts';

const ENDED: ReadonlySet<RunState> = new Set(['succeeded', 'partially_failed', 'failed', 'canceled']);

export class PastRuns {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  /** What a start found already is passed over. @param at when it was put aside, ms since 1970: decides the month */
  append(seq: number, at: number, record: RunRecord): void {
    const { id, pipeline: type, state, ...rest } = record;
    const ending = { seq, id, type, state, finishedAt: at, durationMs: null, rewritten: false };
    this.#history.append(ending, JSON.stringify({ id, type, state, ...rest }));
  }

  get records(): number {
    return this.#history.records;
  }

  async get(id: string): Promise<RunRecord | null> {
    const kept = await this.#history.get(id);
    return kept && recordOf(kept);
  }

  async list({ limit, after, state, pipeline }: RunQuery): Promise<RunPage> {
    const states = state?.filter((name) => ENDED.has(name));
    if (states?.length === 0) return { items: [], next: null };
    const asked = { ...(states && { state: states }), ...(pipeline && { pipeline }) };
    const page = await this.#history.list({
      ...{ limit, after, order: 'newest' },
      ...(states && { states }),
      ...(pipeline && { types: pipeline }),
      // The index tells them apart only roughly.
      match: (kept) => matchesRun(recordOf(kept), asked),
    });
    return { items: page.items.map(recordOf), next: page.next };
  }

  sync(): Promise<void> {
    return this.#history.sync();
  }

  clean(...given: Parameters<History['clean']>): ReturnType<History['clean']> {
    return this.#history.clean(...given);
  }

  close(): Promise<void> {
    return this.#history.close();
  }
}

function recordOf(kept: HistoryRecord): RunRecord {
  const { seq: _, type: pipeline, id, ...rest } = kept;
  return { id, pipeline, ...rest } as unknown as RunRecord;
}
