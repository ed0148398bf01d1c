/** The promises of what history knows without reading it: statistics by day, counts, and months that are passed over. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { typesCountedMax } from '../../supervisor/history/contents.ts';
import { bucketOf, durationErrorMax, percentile } from '../../supervisor/history/durations.ts';
import type { StatsQuery, TypeStats } from '../../supervisor/history/stats.ts';
import { type Bench, dayMs, ending, idOf, type MadeUp, openBench, seqs, walk } from './endings.ts';
import { freshFolder, ScriptedDisk, seeded } from './scripted-disk.ts';

// Real files, and many of them: on a machine busy with other things this takes its time.

function rankOf(durations: readonly number[], share: number): number | null {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

t.test('a percentile of the sketch is off by no more than it says, whatever the durations', async (t) => {
  const duration = fc.oneof(fc.nat(50), fc.nat(100_000), fc.maxSafeNat());
  const share = fc.constantFrom(0, 0.01, 0.5, 0.95, 1);
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), share, (durations, share) => {
      const sketch = new Map<number, number>();
      for (const ms of durations) sketch.set(bucketOf(ms), (sketch.get(bucketOf(ms)) ?? 0) + 1);
      const [told, wanted] = [percentile(sketch, share), rankOf(durations, share)];
      return Math.abs((told as number) - (wanted as number)) <= (wanted as number) * (durationErrorMax + 1e-9);
    }),
  );
  t.equal(percentile(new Map(), 0.5), null);
});

/** What statistics must say, from a plain list, with days as Intl tells them. */
function plainly(all: readonly MadeUp[], { types, zone, now, days }: StatsQuery) {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  const dayOf = (at: number) => format.format(at);
  const first = new Date(Date.parse(dayOf(now)) - (days - 1) * dayMs).toISOString().slice(0, 10);
  const found = new Map<string, MadeUp[]>();
  for (const one of all) {
    const { type = '', finishedAt = 0, retriedAs } = one;
    const day = dayOf(finishedAt);
    if (retriedAs || day < first || day > dayOf(now) || !(types?.includes(type) ?? true)) continue;
    for (const key of [`${type} all`, `${type} ${day}`]) found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}

function sameFigures(t: Test, stats: readonly TypeStats[], all: readonly MadeUp[], query: StatsQuery, name: string) {
  const wanted = plainly(all, query);
  const told = new Map<string, Omit<TypeStats, 'type' | 'days'>>(
    stats.flatMap(({ type, days, ...figures }) => [
      [`${type} all`, figures] as const,
      ...days.map(({ day, ...ofDay }) => [`${type} ${day}`, ofDay] as const),
    ]),
  );
  t.same([...told.keys()].sort(), [...wanted.keys()].sort(), `${name}: the same types and days`);
  for (const [key, some] of wanted) {
    const { p50Ms, p95Ms, ...counts } = told.get(key) as Omit<TypeStats, 'type' | 'days'>;
    const inState = (name: string) => some.filter(({ state }) => state === name);
    const [succeeded, failed, canceled] = ['succeeded', 'failed', 'canceled'].map((name) => inState(name).length);
    t.same(counts, { finished: some.length, succeeded, failed, canceled }, `${name}, ${key}: counts`);
    const durations = inState('succeeded').flatMap(({ durationMs }) => durationMs ?? []);
    for (const [ms, share] of [[p50Ms, 0.5] as const, [p95Ms, 0.95] as const]) {
      const right = rankOf(durations, share);
      // Told in whole milliseconds.
      const near =
        ms === null || right === null ? ms === right : Math.abs(ms - right) <= right * durationErrorMax + 0.5;
      if (!near) t.equal(ms, right, `${name}, ${key}: ${share}`);
    }
  }
}

const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Pacific/Auckland', 'America/St_Johns'];

/** Endings of three months in which clocks change, some told once more. */
function someEndings(chance: () => number, from: number, count: number): MadeUp[] {
  return Array.from({ length: count }, (_, at) => {
    const seq = from + at;
    const finishedAt = Date.UTC(2026, 8, 1) + Math.floor((seq * 80 * dayMs) / 3_000 + chance() * 3_600_000);
    const state = ['succeeded', 'succeeded', 'failed', 'canceled'][Math.floor(chance() * 4)] as string;
    const type = `type.${Math.floor(chance() ** 2 * 4)}`;
    const durationMs = Math.floor(chance() ** 6 * 5_000_000);
    const attempts = 1 + Math.floor(chance() * 2);
    return { seq, finishedAt, state, type, durationMs, attempts, ...(chance() < 0.03 && { retriedAs: idOf(0) }) };
  });
}

t.test(
  'statistics are those of a plain recomputation, in every zone, after restarts, a crash and a removal',
  async (t) => {
    const chance = seeded(11);
    const folder = await freshFolder(t);
    const queries = zones.map((zone, at) => ({
      zone,
      now: Date.UTC(2026, 10, 19, 5 * at, 17),
      days: [1, 12, 20, 45, 90][at] as number,
      types: at % 2 === 1 ? ['type.0', 'type.2', 'none'] : null,
    }));
    const all = someEndings(chance, 1, 1_800);
    const compare = async ({ history }: Bench, some: readonly MadeUp[], name: string) => {
      for (const query of queries) sameFigures(t, await history.stats(query), some, query, `${name}, ${query.zone}`);
    };
    const first = await openBench(folder);
    for (const one of all) first.add(one);
    await compare(first, all, 'as they come');
    await first.history.close();
    const crashed = await freshFolder(t);
    await cp(folder, crashed, { recursive: true });

    const second = await openBench(folder);
    await compare(second, all, 'after a restart');
    const more = someEndings(chance, 1_801, 1_200);
    for (const one of more) second.add(one);
    await second.history.sync();
    await cp(folder, crashed, { recursive: true, filter: (path) => !path.endsWith('index') });
    const afterCrash = await openBench(crashed, { provenSeq: 2_000 });
    await compare(afterCrash, [...all, ...more], 'killed between a record and what is made of it');
    await afterCrash.history.close();

    const ages = { archiveAfterMs: 30 * dayMs, retentionMs: 45 * dayMs };
    const { removed, archived } = await second.history.clean(Date.UTC(2026, 10, 18), ages);
    t.match([removed, archived], [[{ month: '2026-09' }], []]);
    const left = [...all, ...more].filter(({ finishedAt = 0 }) => finishedAt >= Date.UTC(2026, 9, 1));
    await compare(second, left, 'after September was removed');
    await second.history.clean(Date.UTC(2026, 11, 5), ages);
    await compare(second, left, 'from an archive');
    await second.history.close();
  },
);

t.test('a month that holds none of what is asked for is not read', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  for (let seq = 1; seq <= 600; seq++) {
    const month = Math.ceil(seq / 200);
    const state = month === 2 && seq % 50 === 0 ? 'failed' : 'succeeded';
    first.add({ seq, state, type: `type.${month}`, finishedAt: Date.UTC(2026, 6 + month, 2) + seq });
  }
  await first.history.close();
  const disk = new ScriptedDisk();
  const bench = await openBench(folder, { disk, provenSeq: 600 });
  const reads = () => new Set(disk.calls.filter((call) => call.startsWith('read ')).map((call) => call.slice(5, 12)));
  disk.calls.length = 0;
  t.same(seqs(await walk(bench, { limit: 9, order: 'newest', states: ['failed'] })), [400, 350, 300, 250]);
  t.same([...reads()], ['2026-09'], 'by state: told by what is in memory');
  t.equal((await walk(bench, { limit: 9, order: 'newest', states: ['canceled'] })).length, 0);
  t.same(await bench.history.count({ types: ['type.2'], states: ['failed'] }, 1_000), { count: 4, whole: true });
  disk.calls.length = 0;
  t.equal((await walk(bench, { limit: 500, order: 'oldest', types: ['type.3'] })).length, 200);
  t.same(await bench.history.count({ types: ['type.1'] }, 1_000), { count: 200, whole: true });
  t.notOk(reads().has('2026-09'), 'by type: told once, and known from then on');
  await bench.history.close();
});

t.test(
  'a task is listed and counted by its newest ending, also where that lies in a month that is passed over',
  async (t) => {
    const bench = await openBench(await freshFolder(t));
    const at = Date.UTC(2026, 8, 10);
    const id = bench.add({ seq: 1, id: idOf(at, 1), state: 'failed', finishedAt: at });
    const other = bench.add({ seq: 2, id: idOf(at, 2), state: 'failed', finishedAt: at });
    bench.add({ seq: 3, id, state: 'succeeded', finishedAt: Date.UTC(2026, 9, 3) });
    for (const types of [undefined, ['http.download']]) {
      const query = { states: ['failed'], ...(types && { types }) };
      t.same(
        (await walk(bench, { limit: 9, order: 'oldest', ...query })).map((one) => one.id),
        [other],
      );
      t.same(await bench.history.count(query, 100), { count: 1, whole: true });
    }
    t.same(await bench.history.count({}, 100), { count: 2, whole: true });
    await bench.history.close();
  },
);

t.test('counting ends where it has looked at so many, and says so', async (t) => {
  const bench = await openBench(await freshFolder(t));
  for (let seq = 1; seq <= 300; seq++) bench.add({ seq, state: seq % 3 === 0 ? 'failed' : 'succeeded' });
  t.same(await bench.history.count({ states: ['failed'] }, 301), { count: 100, whole: true });
  t.match(await bench.history.count({ states: ['failed'] }, 200), { count: 67, whole: false });
  t.same(await bench.history.count({ states: ['failed'], exclude: () => true }, 301), { count: 0, whole: true });
  await bench.history.close();
});

t.test(
  'what came when there were too many types is found, counted together, and never taken for nothing',
  async (t) => {
    const folder = await freshFolder(t);
    const first = await openBench(folder);
    const count = typesCountedMax + 20;
    for (let seq = 1; seq <= count; seq++) first.add({ seq, type: `type.${seq}`, durationMs: 10 });
    await first.history.close();
    const bench = await openBench(folder, { provenSeq: count });
    for (const seq of [1, count]) {
      t.same(seqs(await walk(bench, { limit: 9, order: 'newest', types: [`type.${seq}`] })), [seq]);
      t.same(await bench.history.count({ types: [`type.${seq}`] }, 5_000), { count: 1, whole: true });
    }
    const stats = await bench.history.stats({ types: null, zone: 'UTC', now: Date.UTC(2026, 10, 20), days: 30 });
    t.match([stats.length, stats.at(-1)], [typesCountedMax + 1, { type: null, finished: 20 }]);
    await bench.history.close();
  },
);

t.test('a record written in another order of members counts the same', async (t) => {
  const folder = await freshFolder(t);
  const { history } = await openBench(folder);
  for (const [at, odd] of [false, true].entries()) {
    const { ending: told, json } = ending({ seq: at + 1, durationMs: 4_000, attempts: 2 });
    const members = Object.entries(JSON.parse(json) as Record<string, unknown>);
    history.append(told, JSON.stringify(Object.fromEntries(odd ? members.reverse() : members)));
  }
  await history.sync();
  const copy = await freshFolder(t);
  await cp(join(folder, 'history', '2026-11.ndjson'), join(copy, 'history', '2026-11.ndjson'));
  const again = await openBench(copy, { provenSeq: 2 });
  const query = { types: null, zone: 'UTC', now: Date.UTC(2026, 10, 20), days: 30 };
  t.same(await again.history.stats(query), await history.stats(query));
  t.match(await again.history.stats(query), [{ succeeded: 2 }]);
  await history.close();
  await again.history.close();
});
