/** Handlers of the library in a real worker, with a catalog in memory and a run around them. */
import type { CallItem, CountItem } from '../../../workers/contract.ts';
import type { NextWork } from '../../../workers/define.ts';
import type { Source } from '../../../workers/library-contract.ts';
import { MemoryLibrary } from '../../helpers/memory-library.ts';
import { ordersFor } from '../../helpers/orders.ts';
import { bed, builtIn, type TestPool } from '../thread-pool.ts';

export interface Work extends NextWork {
  readonly params: Record<string, unknown>;
}

export interface Done {
  readonly outcome: string;
  readonly result: Record<string, unknown>;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  /** What it added to stages, each key once. */
  readonly works: readonly Work[];
  readonly counts: Pick<CountItem, 'processed' | 'succeeded' | 'failed'> | undefined;
}

export const source = (name: string, more: Partial<Source>): Source => ({
  name,
  kind: 'feed',
  url: null,
  path: null,
  groups: [],
  headers: {},
  limit: null,
  ...more,
});

export class LibraryBed {
  readonly library = new MemoryLibrary();
  readonly pool: TestPool;
  readonly dataDir: string;
  /** Stages of the run; null: there is none. */
  stages: readonly string[] | null = ['collect', 'sync', 'download', 'upload'];
  settings: Record<string, string> = {};
  /** Asked before each put: what it throws, the put fails with. */
  beforePut: () => void = () => {};

  private constructor(pool: TestPool, dataDir: string) {
    this.pool = pool;
    this.dataDir = dataDir;
  }

  static async make(t: { teardown(call: () => unknown): void }): Promise<LibraryBed> {
    const { pool, dataDir } = await bed(t, builtIn('library.sync'));
    return new LibraryBed(pool, dataDir);
  }

  async perform(type: string, params: object = {}): Promise<Done> {
    const stage = type.replace('library.', '').replace('catalog', 'sync');
    const works: Work[] = [];
    this.pool.answer = (item: CallItem) => {
      const { request } = item;
      if (request.name === 'library') {
        if (request.ask.act === 'put') this.beforePut();
        return this.library.answer(request.ask);
      }
      return request.name === 'next' ? this.#add(request.work as Work, stage, works) : null;
    };
    const run = this.stages === null ? null : { id: 'r', stage };
    const order = ordersFor(builtIn(type), type)(params, { settings: this.settings, run });
    const { outcome, result, error, retryable, retryAfterMs } = await this.pool.outcome(order);
    const counts = this.pool.items.filter((item) => item.kind === 'count' && item.taskId === order.taskId).at(-1);
    return {
      outcome,
      result: JSON.parse(result ?? 'null'),
      error,
      retryable,
      retryAfterMs,
      works,
      counts: counts as CountItem,
    };
  }

  /** Collects a source and syncs what it gives. */
  async syncAll(name: string): Promise<readonly Done[]> {
    const collected = await this.perform('library.collect', { source: name });
    if (collected.outcome !== 'succeeded') throw new Error(`${collected.error?.code}: ${collected.error?.message}`);
    const done: Done[] = [];
    for (const { params } of collected.works) done.push(await this.perform('library.sync', params));
    return done;
  }

  #add(work: Work, own: string, works: Work[]): { added: boolean } {
    const stages = this.stages ?? [];
    const stage = work.stage ?? stages[stages.indexOf(own) + 1];
    if (stage === undefined || !stages.includes(stage))
      throw Object.assign(new Error('there is no such stage'), { code: 'no_stage' });
    const added = !works.some((one) => one.key === work.key);
    if (added) works.push(work);
    return { added };
  }
}
