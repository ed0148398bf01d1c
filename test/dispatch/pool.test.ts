import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { type Lost, Pool, type PoolListener } from '../../supervisor/dispatch/pool.ts';
import { type Flight, type Slot, threadOf } from '../../supervisor/dispatch/slot.ts';
import { MEMORY, type Order, type OutcomeItem } from '../../workers/contract.ts';
import { versionOf } from '../../workers/load.ts';
import { fixture } from '../workers/thread-pool.ts';

const scripted = await fixture('scripted.mjs');
const version = versionOf(readFileSync(scripted));

class Heard implements PoolListener {
  readonly outcomes: OutcomeItem[] = [];
  readonly losses: Lost[] = [];
  readonly spoken = new Set<string>();

  outcome(item: OutcomeItem): void {
    this.outcomes.push(item);
  }

  lost(lost: Lost): void {
    this.losses.push(lost);
  }

  item({ taskId }: { readonly taskId: string }): void {
    this.spoken.add(taskId);
  }

  room(): void {}
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
  readonly order: (params: unknown) => Order;
  /** Lets the time pass after which idle threads end. */
  readonly rest: () => void;
  readonly now: { wall: number };
}

async function bed(t: { teardown(end: () => unknown): void }): Promise<Bed> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nightshift-pool-'));
  mkdirSync(join(dataDir, 'scratch'));
  const heard = new Heard();
  const now = { wall: Date.UTC(2026, 10, 22, 12) };
  const resting = new Set<() => void>();
  const pool = new Pool({
    workerFile: fileURLToPath(new URL('../../workers/worker.js', import.meta.url)),
    setup: { incarnation: 'test', scratchDir: join(dataDir, 'scratch'), dataDir, graceMs: 60_000 },
    threads: 2,
    ioThreads: 1,
    ioConcurrency: 4,
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
  let tasks = 0;
  const order = (params: unknown): Order => ({
    taskId: `00000000-0000-7000-8000-${String(++tasks).padStart(12, '0')}`,
    type: 'scripted',
    attempt: 1,
    params: JSON.stringify(params),
    createdAt: now.wall,
    priority: 5,
    tags: [],
    group: null,
    run: null,
    timeoutMs: null,
    resume: null,
    handlerUrl: pathToFileURL(scripted).href,
    handlerVersion: version,
    settings: {},
  });
  return {
    pool,
    heard,
    order,
    now,
    slot: (id) => pool.slots.find((slot) => slot.id === id) as Slot,
    rest: () => {
      for (const call of resting) call();
    },
  };
}

t.test(
  'what runs finishes on the old threads, however long it takes, while new ones take the next tasks',
  async (t) => {
    // Half a minute, after which Piscina would end threads under what runs, is over at once.
    const { setTimeout: inTime } = timers;
    timers.setTimeout = ((ms: number, ...more: []) => inTime(ms >= 30_000 ? 0 : ms, ...more)) as typeof inTime;
    t.teardown(() => {
      timers.setTimeout = inTime;
    });
    const { pool, heard, slot, order } = await bed(t);
    const [long, next] = [order({ do: 'stopped-well' }), order({ do: 'value', value: 7 })];
    pool.run(slot('cpu-1'), [long]);
    await until(() => heard.spoken.has(long.taskId));
    const [old] = pool.workers;
    pool.recycle(slot('cpu-2'));
    t.equal(old?.generation?.retired, true, 'the threads of the cpu lane are replaced together');
    pool.run(slot('cpu-2'), [next]);
    await until(() => heard.outcomes.length === 1);
    t.match(heard.outcomes, [{ taskId: next.taskId, outcome: 'succeeded' }]);
    t.not(pool.workers[1]?.generation, old?.generation, 'on threads of its own');
    pool.stop(long.taskId, 'canceled');
    await until(() => heard.outcomes.length + heard.losses.length === 2);
    t.match(heard.outcomes[1], { taskId: long.taskId, outcome: 'succeeded' }, 'it ended by itself');
    t.same(heard.losses, []);
    await until(() => old?.generation?.threads.size === 0);
    t.pass('then the old threads end');
  },
);

t.test('threads that are replaced while nothing runs on them end at once', async (t) => {
  const { pool, heard, slot, order } = await bed(t);
  pool.run(slot('io-1'), [order({ do: 'nothing' })]);
  await until(() => heard.outcomes.length === 1 && slot('io-1').flights.size === 0);
  const old = pool.workers[2]?.generation;
  pool.recycle(slot('io-1'));
  t.match(pool.workers[2], { generation: null, memory: null });
  await until(() => old?.threads.size === 0);
});

t.test('threads that are still loading when the pool closes load first, and begin nothing more', async (t) => {
  for (let round = 0; round < 3; round++) {
    const { pool, heard, slot, order } = await bed(t);
    pool.run(slot('cpu-1'), [order({ do: 'flood', lines: 1 })]);
    const [{ generation } = {}] = pool.workers;
    await pool.close();
    t.equal(generation?.threads.size, 0);
    t.same([...heard.spoken, ...heard.outcomes, ...heard.losses], []);
  }
});

t.test(
  'a worker is as old as its threads, and has none before its first task and after a while without one',
  async (t) => {
    const { pool, heard, slot, order, now, rest } = await bed(t);
    t.match(pool.workers, [{ generation: null, memory: null }, { generation: null }, { generation: null }]);
    now.wall += 3_600_000;
    pool.run(slot('cpu-1'), [order({ do: 'nothing' })]);
    t.match(pool.workers, [{ generation: { startedAt: now.wall }, memory: null }, {}, { generation: null }]);
    await until(() => heard.outcomes.length === 1 && slot('cpu-1').flights.size === 0);
    rest();
    t.match(pool.workers, [{ generation: null }, { generation: null }, { generation: null }]);
    now.wall += 3_600_000;
    pool.run(slot('cpu-1'), [order({ do: 'nothing' })]);
    t.match(pool.workers, [{ generation: { startedAt: now.wall } }]);
    await until(() => heard.outcomes.length === 2);
  },
);

t.test('each thread is counted once, beside the slot whose task it runs', async (t) => {
  const { pool, heard, slot, order } = await bed(t);
  const long = order({ do: 'until-stopped' });
  pool.run(slot('cpu-2'), [long]);
  await until(() => heard.spoken.has(long.taskId) && pool.workers[0]?.memory !== null);
  const [idle, busy] = pool.workers;
  t.ok((busy?.memory?.[MEMORY.heapBytes] ?? 0) > 1_000_000, 'a heap is more than a megabyte');
  t.not(idle?.memory, busy?.memory);
  t.equal(idle?.generation, busy?.generation);
  const running = [...slot('cpu-2').flights][0] as Flight;
  t.equal(busy?.memory, busy?.generation?.threads.get(threadOf(running)));
  pool.stop(long.taskId, 'canceled');
  await until(() => heard.outcomes.length === 1);
});
