/** The promises of history's lists: each task once, in order of id, whatever happens meanwhile; and what they cost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { HistoryQuery } from '../../supervisor/history/query.ts';
import { type Bench, dayMs, idOf, openBench, seqs, walk } from './endings.ts';
import { freshFolder, seeded } from './scripted-disk.ts';

// Real files by the thousand: on a machine busy with other things this takes its time.

/** Tens of thousands of numbers are compared faster than they are printed. */
function sameLine(t: Test, found: readonly unknown[], wanted: readonly unknown[], name: string): void {
  const at = wanted.findIndex((value, index) => value !== found[index]);
  if (at >= 0) t.equal(found[at], wanted[at], `${name}, at place ${at}`);
  else t.equal(found.length, wanted.length, name);
}

/** What lists must say, from a plain array. */
class Model {
  readonly newest = new Map<string, { id: string; seq: number; state: string; type: string }>();

  add(one: { id: string; seq: number; state: string; type: string }): void {
    this.newest.set(one.id, one);
  }

  list(query: Omit<HistoryQuery, 'limit' | 'after'>): number[] {
    const { order, from = 0, to = Number.POSITIVE_INFINITY, states, types } = query;
    const at = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
    return [...this.newest.values()]
      .filter(({ id }) => at(id) >= from && at(id) < to)
      .filter(({ state, type }) => (states?.includes(state) ?? true) && (types?.includes(type) ?? true))
      .sort((a, b) => (a.id < b.id === (order === 'oldest') ? -1 : 1))
      .map(({ seq }) => seq);
  }
}

/** Tasks over three months that finish in another order than they were made, some of them twice. */
function fill(bench: Bench, model: Model, count: number, chance: () => number): void {
  const ids: string[] = [];
  for (let seq = bench.history.lastSeq + 1, last = seq + count; seq < last; seq++) {
    const finishedAt = Date.UTC(2026, 8, 1) + (seq * 40 * dayMs) / 22_000;
    const again = ids.length > 0 && chance() < 0.02 ? ids[Math.floor(chance() * ids.length)] : undefined;
    const id = again ?? idOf(finishedAt - chance() ** 4 * 20 * dayMs, seq);
    const state = ['succeeded', 'succeeded', 'failed', 'canceled'][Math.floor(chance() * 4)] as string;
    const type = chance() < 0.01 ? 'rare.type' : 'common.type';
    const made = { seq, id, state, type, finishedAt, text: '' };
    bench.add(made);
    model.add(made);
    ids.push(id);
  }
}

const QUERIES: readonly Omit<HistoryQuery, 'limit' | 'after'>[] = [
  { order: 'newest' },
  { order: 'oldest' },
  { order: 'newest', states: ['failed', 'canceled'] },
  { order: 'oldest', types: ['rare.type'] },
  {
    order: 'newest',
    types: ['rare.type'],
    states: ['succeeded'],
    from: Date.UTC(2026, 8, 20),
    to: Date.UTC(2026, 9, 12),
  },
  { order: 'oldest', from: Date.UTC(2026, 8, 29), to: Date.UTC(2026, 9, 2) },
];

t.test('pages over months give each task once, in order of id, as a plain list would', async (t) => {
  const folder = await freshFolder(t);
  const [model, chance] = [new Model(), seeded(42)];
  const first = await openBench(folder);
  fill(first, model, 18_000, chance);
  await first.history.close();
  const bench = await openBench(folder);
  fill(bench, model, 4_000, chance);
  for (const query of QUERIES) {
    const limit = query.types ? 7 : 499;
    sameLine(t, seqs(await walk(bench, { ...query, limit })), model.list(query), JSON.stringify(query));
  }
  t.equal(
    Object.values(bench.history.totals).reduce((sum, total) => sum + total, 0),
    22_000,
  );
  await bench.history.close();

  const again = await openBench(folder);
  for (const query of QUERIES.slice(3)) {
    sameLine(
      t,
      seqs(await walk(again, { ...query, limit: 500 })),
      model.list(query),
      `from disk: ${JSON.stringify(query)}`,
    );
  }
  await again.history.close();
});

t.test('a walk through pages while tasks finish shows each that was there, once', async (t) => {
  const bench = await openBench(await freshFolder(t));
  const [model, chance] = [new Model(), seeded(7)];
  fill(bench, model, 6_000, chance);
  for (const order of ['newest', 'oldest'] as const) {
    const before = new Set([...model.newest.keys()]);
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = await bench.history.list({ limit: 400, order, after });
      seen.push(...page.items.map(({ id }) => id));
      fill(bench, model, 120, chance);
      await turnOfLoop();
      if (page.next === null) break;
      after = page.next;
    }
    t.same(
      seen,
      [...new Set(seen)].sort((a, b) => (a < b === (order === 'oldest') ? -1 : 1)),
      `${order}: in order, none twice`,
    );
    const shown = new Set(seen);
    t.same(
      [...before].filter((id) => !shown.has(id)),
      [],
      `${order}: none missing`,
    );
  }
  await bench.history.close();
});

t.test('a page can be narrowed by anything, and ends early rather than read without end', async (t) => {
  const bench = await openBench(await freshFolder(t));
  const ids = Array.from({ length: 200 }, (_, at) =>
    bench.add({ seq: at + 1, text: at % 50 === 0 ? 'needle' : 'hay' }),
  );
  const { history } = bench;
  const needles = await history.list({ limit: 9, order: 'oldest', matchBytes: (line) => line.includes('needle') });
  t.same(seqs(needles.items), [1, 51, 101, 151]);
  t.equal(needles.next, null);
  const odd = await history.list({ limit: 3, order: 'newest', match: ({ seq }) => seq % 2 === 1 });
  t.same([seqs(odd.items), odd.next], [[199, 197, 195], ids[194]]);
  const live = new Set(ids.slice(190));
  t.same(seqs((await history.list({ limit: 2, order: 'newest', exclude: (id) => live.has(id) })).items), [190, 189]);
  const short = await history.list({ limit: 9, order: 'oldest', match: () => false, readMax: 120 });
  t.same(short, { items: [], next: ids[119] });
  const stop = new AbortController();
  stop.abort(new Error('the client has left'));
  await t.rejects(history.list({ limit: 1, order: 'newest', signal: stop.signal }), /the client has left/);
  t.same(await history.list({ limit: 1, order: 'newest', after: 'nonsense' }), { items: [], next: null });
  await history.close();
});

t.test('what it costs, reported', async (t) => {
  // In a process of its own: tap watches every promise, which costs more than what is measured.
  const program = fileURLToPath(new URL('./cost.js', import.meta.url));
  const child = spawn(process.execPath, [program, await freshFolder(t)], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => t.comment(line));
  const [code] = (await once(child, 'close')) as [number | null];
  t.equal(code, 0);
});
