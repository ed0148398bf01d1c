/**
 * Whatever is submitted, ends, is canceled, retried and put aside, and wherever crashes, stops and snapshots fall in
 * between: lists, pages and counts are those of a model that is a map and nothing else.
 */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import type { TaskFilter, TaskView } from '../../supervisor/facade.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import { anybody, openTestSupervisor, removeFolder, type TestSupervisor, task } from '../helpers/open-supervisor.ts';

interface Known {
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';
  readonly tag: string;
  readonly retryOf: string | null;
  retriedAs: string | null;
  /** Only in the history. */
  gone: boolean;
}

type Step =
  | { readonly do: 'submit'; readonly tags: readonly string[] }
  | { readonly do: 'start' | 'succeed' | 'fail' | 'cancel' | 'retry' | 'put aside'; readonly nth: number }
  | { readonly do: 'crash' | 'stop' | 'snapshot' };

const nth = fc.nat({ max: 50 });
const tag = fc.constantFrom('a', 'b');
const one = <Name extends Extract<Step, { nth: number }>['do']>(name: Name, weight: number) => ({
  arbitrary: fc.tuple(fc.constant(name), nth).map(([act, which]): Step => ({ do: act, nth: which })),
  weight,
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      arbitrary: fc.array(tag, { minLength: 1, maxLength: 5 }).map((tags): Step => ({ do: 'submit', tags })),
      weight: 6,
    },
    one('start', 4),
    one('succeed', 4),
    one('fail', 6),
    one('cancel', 2),
    one('retry', 4),
    one('put aside', 4),
    { arbitrary: fc.constantFrom<Step>({ do: 'crash' }, { do: 'stop' }, { do: 'snapshot' }), weight: 2 },
  ),
  { minLength: 10, maxLength: 60 },
);

class World {
  readonly #dir = mkdtempSync(join(tmpdir(), 'nightshift-model-'));
  readonly #model = new Map<string, Known>();
  #supervisor: TestSupervisor | null = null;

  get #open(): TestSupervisor {
    return this.#supervisor as TestSupervisor;
  }

  async open(): Promise<void> {
    this.#supervisor = await openTestSupervisor(this.#dir, { settings: 'SCHEDULER_ENABLED=false\n' });
  }

  async end(): Promise<void> {
    await this.#open.crash();
    removeFolder(this.#dir);
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'submit') return this.#submit(step.tags);
    if ('nth' in step) return this.#act(step.do, step.nth);
    if (step.do === 'snapshot') return this.#snapshot();
    const underWay = this.#ids(({ state }) => state === 'running');
    // An orderly stop would wait for what runs, and nobody here ends it.
    await (step.do === 'stop' && underWay.length === 0 ? this.#open.stop() : this.#open.crash());
    for (const id of underWay) this.#known(id).state = 'queued';
    await this.open();
  }

  async #submit(tags: readonly string[]): Promise<void> {
    const { ids } = await this.#open.front.submit(
      tags.map((name) => task({ type: 'echo', params: { name }, tags: [name] })),
      anybody,
    );
    for (const [index, id] of ids.entries())
      this.#model.set(id, { state: 'queued', tag: tags[index] as string, retryOf: null, retriedAs: null, gone: false });
  }

  async #act(what: string, which: number): Promise<void> {
    const able: Readonly<Record<string, (known: Known) => boolean>> = {
      start: ({ state }) => state === 'queued',
      succeed: ({ state }) => state === 'running',
      fail: ({ state }) => state === 'running',
      cancel: ({ state }) => state === 'queued',
      retry: ({ state }) => state === 'failed',
      'put aside': ({ state, gone }) => state === 'failed' && !gone,
    };
    const ids = this.#ids(able[what] as (known: Known) => boolean);
    const id = ids[which % ids.length];
    if (id === undefined) return;
    const known = this.#known(id);
    const { recorder, front } = this.#open;
    if (what === 'start') {
      recorder.record({
        e: 'attempt.started',
        id,
        n: this.#attempts(id) + 1,
        worker: 'cpu-1',
        handler: null,
        solo: false,
      });
      known.state = 'running';
    } else if (what === 'succeed' || what === 'fail') {
      const outcome = what === 'succeed' ? 'succeeded' : 'failed';
      recorder.record({ e: 'attempt.ended', id, n: this.#attempts(id), outcome, next: outcome });
      Object.assign(known, { state: outcome, gone: what === 'succeed' });
    } else if (what === 'cancel') {
      await front.cancel(id, anybody);
      Object.assign(known, { state: 'canceled', gone: true });
    } else if (what === 'retry') await this.#retry(id, known);
    else {
      recorder.record({ e: 'task.archived', ids: [id] });
      known.gone = true;
    }
  }

  async #retry(id: string, known: Known): Promise<void> {
    const answer = await this.#open.front.retry(id, anybody);
    if (answer.task.id === id) {
      known.state = 'queued';
      return;
    }
    known.retriedAs = answer.task.id;
    this.#model.set(answer.task.id, { state: 'queued', tag: known.tag, retryOf: id, retriedAs: null, gone: false });
  }

  async #snapshot(): Promise<void> {
    const { state, history, journal } = this.#open;
    await journal.snapshot(new StateWalk(state, machineClock, () => history.sync()), state.seq);
  }

  #attempts(id: string): number {
    return this.#open.state.tasks.get(id)?.life?.attempts.at(-1)?.number ?? 0;
  }

  #known(id: string): Known {
    return this.#model.get(id) as Known;
  }

  #ids(able: (known: Known) => boolean): readonly string[] {
    return [...this.#model].flatMap(([id, known]) => (able(known) ? [id] : [])).sort();
  }

  /** Compares all that can be listed. */
  async compare(): Promise<void> {
    const filters: readonly TaskFilter[] = [
      {},
      { state: ['queued'] },
      { state: ['failed'] },
      { state: ['succeeded', 'canceled'] },
      { state: ['failed', 'running'], tag: ['a'] },
      { q: '"name":"b"' },
    ];
    for (const filter of filters)
      for (const order of ['newest', 'oldest'] as const) {
        const ids = this.#ids(
          (known) =>
            (filter.state?.includes(known.state) ?? true) &&
            (filter.tag?.includes(known.tag) ?? true) &&
            (filter.q === undefined || known.tag === 'b'),
        );
        const wanted = (order === 'newest' ? [...ids].reverse() : ids).map((id) => this.#said(id));
        deepStrictEqual(await this.#walk(filter, order, ids.length), wanted);
      }
    const { counts } = this.#open.state;
    for (const state of ['queued', 'running'] as const)
      strictEqual(counts[state], this.#ids((known) => known.state === state).length, `${state} now`);
  }

  #said(id: string) {
    const { state, tag: name, retryOf, retriedAs } = this.#known(id);
    return { id, state, tags: [name], retryOf, retriedAs };
  }

  async #walk(filter: TaskFilter, order: 'newest' | 'oldest', many: number) {
    const seen: TaskView[] = [];
    for (let after: string | null = null; ; ) {
      const request = { filter, limit: 3, after, order, counted: true };
      const page = await this.#open.front.tasks(request);
      if (page.total !== undefined && page.total !== many) throw new Error(`total is ${page.total}, not ${many}`);
      if ((page.totalAtLeast ?? 0) > many) throw new Error(`at least ${page.totalAtLeast}, but there are ${many}`);
      seen.push(...page.items);
      after = page.next;
      if (after === null) break;
    }
    return seen.map(({ id, state, tags, retryOf, retriedAs }) => ({ id, state, tags, retryOf, retriedAs }));
  }
}

t.test('any sequence of what can happen gives the lists, pages and counts of the model', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const world = new World();
      await world.open();
      try {
        for (const step of taken) await world.take(step);
        await world.compare();
        await world.take({ do: 'crash' });
        await world.compare();
      } finally {
        await world.end();
      }
    }),
    { numRuns: Number(process.env.MODEL_RUNS ?? 8) },
  );
});
