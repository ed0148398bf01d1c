import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { type Lost, Pool, type PoolListener } from '../../supervisor/dispatch/pool.ts';
import type { Slot } from '../../supervisor/dispatch/slot.ts';
import { NOTES, type OutcomeItem } from '../../workers/contract.ts';
import { type MakeOrder, ordersFor } from '../helpers/orders.ts';
import { fixture } from '../workers/thread-pool.ts';

const scripted = await fixture('scripted.mjs');

class Heard implements PoolListener {
  readonly outcomes: OutcomeItem[] = [];
  readonly losses: Lost[] = [];
  readonly spoken = new Set<string>();
  rooms = 0;

  outcome(item: OutcomeItem): void {
    this.outcomes.push(item);
  }

  lost(lost: Lost): void {
    this.losses.push(lost);
  }

  item({ taskId }: { readonly taskId: string }): void {
    this.spoken.add(taskId);
  }

  printed(): void {}

  room(): void {
    this.rooms++;
  }
}

function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const turn = () => (condition() ? resolve() : setImmediate(turn));
    turn();
  });
}

interface Bed {
  readonly pool: Pool;
  readonly heard: Heard;
  readonly slot: (id: string) => Slot;
  readonly order: MakeOrder;
  /** Lets the time pass after which idle threads end. */
  readonly rest: () => void;
  readonly now: { wall: number };
}

const room = { threads: 2, ioThreads: 1, ioConcurrency: 4, processes: 0 };

async function bed(t: { teardown(end: () => unknown): void }, { graceMs = 60_000 } = {}): Promise<Bed> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nightshift-pool-'));
  mkdirSync(join(dataDir, 'scratch'));
  const heard = new Heard();
  const now = { wall: Date.UTC(2026, 10, 22, 12) };
  const resting = new Set<() => void>();
  const pool = new Pool({
    workerFile: fileURLToPath(new URL('../../workers/worker.js', import.meta.url)),
    processFile: fileURLToPath(new URL('../../workers/worker-process.js', import.meta.url)),
    setup: { incarnation: 'test', scratchDir: join(dataDir, 'scratch'), dataDir, graceMs },
    ...room,
    processMemoryMb: 128,
    clock: {
      ...machineClock,
      wall: () => now.wall,
      after(delayMs, call) {
        if (delayMs < 60_000) return machineClock.after(delayMs, call);
        resting.add(call);
        return () => resting.delete(call);
      },
    },
    listener: heard,
  });
  t.teardown(async () => {
    await pool.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    pool,
    heard,
    order: ordersFor(scripted, 'scripted', { createdAt: now.wall }),
    now,
    slot: (id) => pool.slots.find((slot) => slot.id === id) as Slot,
    rest: () => {
      for (const call of resting) call();
    },
  };
}

t.test(
  'what runs finishes on the old thread, however long it takes, while a new one takes the next tasks',
  async (t) => {
    const { pool, heard, slot, order } = await bed(t);
    const [long, next, other] = [
      order({ do: 'stopped-well' }),
      order({ do: 'value', value: 7 }),
      order({ do: 'nothing' }),
    ];
    pool.run(slot('io-1'), [long]);
    pool.run(slot('cpu-1'), [other]);
    await until(() => heard.spoken.has(long.taskId) && heard.outcomes.length === 1);
    const [old, neighbor] = [slot('io-1').thread, slot('cpu-1').thread];
    pool.recycle(slot('io-1'));
    t.equal(old?.retired, true);
    t.equal(neighbor?.retired, false, 'other workers are left alone');
    pool.run(slot('io-1'), [next]);
    await until(() => heard.outcomes.length === 2);
    t.match(heard.outcomes[1], { taskId: next.taskId, outcome: 'succeeded' });
    t.not(slot('io-1').thread, old, 'on a thread of its own');
    pool.stop(long.taskId, 'canceled');
    await until(() => heard.outcomes.length + heard.losses.length === 3);
    t.match(heard.outcomes[2], { taskId: long.taskId, outcome: 'succeeded' }, 'it ended by itself');
    t.same(heard.losses, []);
    await until(() => old?.notes === null);
    t.pass('then the old thread ends');
  },
);

t.test('a thread that is replaced while nothing runs on it ends at once', async (t) => {
  const { pool, heard, slot, order } = await bed(t);
  pool.run(slot('io-1'), [order({ do: 'nothing' })]);
  await until(() => heard.outcomes.length === 1 && slot('io-1').flights.size === 0);
  const old = slot('io-1').thread;
  pool.recycle(slot('io-1'));
  t.equal(slot('io-1').thread, null);
  await until(() => old?.notes === null);
});

t.test('a thread that is still loading when the pool closes loads first, and begins nothing more', async (t) => {
  for (let round = 0; round < 3; round++) {
    const { pool, heard, slot, order } = await bed(t);
    pool.run(slot('cpu-1'), [order({ do: 'flood', lines: 1 })]);
    const { thread } = slot('cpu-1');
    await pool.close();
    await pool.gone();
    t.equal(thread?.notes, null);
    t.same([...heard.spoken, ...heard.outcomes, ...heard.losses], []);
  }
});

t.test(
  'a worker is as old as its thread, and has none before its first task and after a while without one',
  async (t) => {
    const { pool, heard, slot, order, now, rest } = await bed(t);
    const started = () => pool.slots.map(({ thread }) => thread?.startedAt ?? null);
    t.same(started(), [null, null, null, null]);
    now.wall += 3_600_000;
    pool.run(slot('cpu-2'), [order({ do: 'nothing' })]);
    t.same(started(), [null, now.wall, null, null]);
    await until(() => heard.outcomes.length === 1 && slot('cpu-2').flights.size === 0);
    rest();
    t.same(started(), [null, null, null, null]);
    now.wall += 3_600_000;
    pool.run(slot('cpu-2'), [order({ do: 'nothing' })]);
    t.same(started(), [null, now.wall, null, null]);
    await until(() => heard.outcomes.length === 2);
  },
);

t.test('a thread notes its memory, also while its task leaves it no moment to answer', async (t) => {
  const { pool, heard, slot, order } = await bed(t);
  const long = order({ do: 'until-stopped' });
  pool.run(slot('cpu-2'), [long]);
  await until(() => heard.spoken.has(long.taskId));
  t.ok((slot('cpu-2').thread?.notes?.[NOTES.heapBytes] ?? 0) > 1_000_000, 'a heap is more than a megabyte');
  pool.stop(long.taskId, 'canceled');
  await until(() => heard.outcomes.length === 1);
});

t.test('orders that share a thread travel in one batch, and each makes room as it ends', async (t) => {
  const { pool, heard, slot, order } = await bed(t, { graceMs: 300 });
  const [long, short, stubborn] = [
    order({ do: 'stopped-well' }),
    order({ do: 'value', value: 1 }),
    order({ do: 'stubborn' }),
  ];
  const shared = slot('io-own-1');
  pool.run(shared, [long, short, stubborn]);
  t.equal(pool.slotFor('io-own', new Map([[shared, 2]])), null, 'three of its four places are taken');
  await until(() => heard.outcomes.length === 1 && heard.spoken.has(long.taskId) && heard.spoken.has(stubborn.taskId));
  t.match(heard.outcomes, [{ taskId: short.taskId, outcome: 'succeeded' }], 'told while the others go on');
  t.equal(shared.flights.size, 1);
  t.equal(pool.slotFor('io-own', new Map([[shared, 1]])), shared, 'one may come');
  t.ok(heard.rooms > 0, 'which is told');
  const old = shared.thread;
  pool.stop(stubborn.taskId, 'canceled');
  await until(() => heard.losses.length === 1);
  t.match(heard.losses, [{ taskId: stubborn.taskId, why: 'canceled' }]);
  t.equal(pool.slotFor('io-own', new Map([[shared, 2]])), shared, 'the place of one that is given up is free');
  pool.stop(long.taskId, 'canceled');
  await until(() => old?.notes === null);
  t.match(heard.outcomes[1], { taskId: long.taskId, outcome: 'succeeded' }, 'its neighbor has finished');
  t.equal(shared.flights.size, 0, 'with its last order a batch is gone, though its result never comes');
  t.equal(shared.taken, 0);
});

t.test('who does not stop when asked to is given up, and its neighbors on the thread finish', async (t) => {
  const { pool, heard, slot, order } = await bed(t, { graceMs: 300 });
  const [stubborn, neighbor] = [order({ do: 'stubborn' }), order({ do: 'stopped-well' })];
  for (const one of [stubborn, neighbor]) pool.run(slot('io-own-1'), [one]);
  await until(() => heard.spoken.has(stubborn.taskId) && heard.spoken.has(neighbor.taskId));
  const old = slot('io-own-1').thread;
  pool.stop(stubborn.taskId, 'canceled');
  await until(() => heard.losses.length === 1);
  t.match(heard.losses, [
    { taskId: stubborn.taskId, why: 'canceled', message: /^did not end within [\d.]+ s after it was canceled$/ },
  ]);
  t.equal(slot('io-own-1').flights.size, 1, 'its place is free again');
  const next = order({ do: 'value', value: 1 });
  pool.run(slot('io-own-1'), [next]);
  await until(() => heard.outcomes.length === 1);
  t.match(heard.outcomes, [{ taskId: next.taskId }], 'a new thread takes what comes next');
  pool.stop(neighbor.taskId, 'canceled');
  await until(() => heard.outcomes.length === 2);
  t.match(heard.outcomes[1], { taskId: neighbor.taskId, outcome: 'succeeded' });
  await until(() => old?.notes === null);
  t.pass('with the last neighbor the old thread ends, and the stubborn one with it');
});

t.test('who blocks its thread takes its neighbors along, which are told by whom and run again', async (t) => {
  const { pool, heard, slot, order } = await bed(t, { graceMs: 300 });
  const [neighbor, blocker] = [order({ do: 'until-stopped' }), order({ do: 'spin', ms: 1e9 })];
  pool.run(slot('io-own-1'), [neighbor]);
  await until(() => heard.spoken.has(neighbor.taskId));
  pool.run(slot('io-own-1'), [{ ...blocker, timeoutMs: 100 }]);
  await until(() => heard.losses.length === 2);
  const byTask = (id: string) => heard.losses.find(({ taskId }) => taskId === id);
  t.match(byTask(blocker.taskId), { why: 'timed_out' });
  t.match(byTask(neighbor.taskId), { why: 'interrupted', begun: false, message: new RegExp(blocker.taskId) });
  t.equal(slot('io-own-1').flights.size, 0);
});

t.test('what runs on a slot that is taken out still ends there, by itself or by its timeout', async (t) => {
  const { pool, heard, slot, order } = await bed(t, { graceMs: 100 });
  const [stubborn, well] = [order({ do: 'stubborn' }), order({ do: 'until-stopped' })];
  pool.run(slot('cpu-1'), [well]);
  pool.run(slot('cpu-2'), [{ ...stubborn, timeoutMs: 100 }]);
  pool.resize({ ...room, threads: 1, ioConcurrency: 2 });
  t.same(
    pool.slots.map(({ id, capacity }) => [id, capacity]),
    [
      ['cpu-1', 1],
      ['io-1', 2],
      ['io-own-1', 2],
    ],
  );
  await until(() => heard.losses.length === 1);
  t.match(heard.losses, [{ taskId: stubborn.taskId, why: 'timed_out' }]);
  pool.resize({ ...room, ioConcurrency: 2 });
  pool.run(slot('cpu-2'), [order({ do: 'nothing' })]);
  await until(() => heard.outcomes.length === 1);
  await until(() => heard.spoken.has(well.taskId));
  pool.stop(well.taskId, 'canceled');
  await until(() => heard.outcomes.length === 2);
  t.equal(heard.losses.length, 1, 'the slot that stayed kept its thread');
});
