/** The real pool with real processes: what a thread does not contain ends a process, and nothing else. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { slotLane } from '../../supervisor/dispatch/plan.ts';
import { type Lost, Pool, type PoolListener } from '../../supervisor/dispatch/pool.ts';
import { beyondHeapMb, commandFor } from '../../supervisor/dispatch/process-start.ts';
import { ending, RawOutput } from '../../supervisor/dispatch/process-words.ts';
import type { Slot } from '../../supervisor/dispatch/slot.ts';
import { NOTES, type OutcomeItem, type WorkerItem } from '../../workers/contract.ts';
import { type MakeOrder, ordersFor } from '../helpers/orders.ts';
import { fixture } from '../workers/thread-pool.ts';

// What tap preloads into every process would make each of them cost a second.
process.env['NODE_OPTIONS'] = '';

const linux = process.platform === 'linux' ? {} : { skip: 'reads /proc, or what Linux limits' };
const contained = await fixture('contained.mjs');

class Heard implements PoolListener {
  readonly outcomes: OutcomeItem[] = [];
  readonly losses: Lost[] = [];
  readonly items: WorkerItem[] = [];
  readonly lines: string[] = [];
  answer: (item: WorkerItem) => void = () => {};

  outcome(item: OutcomeItem): void {
    this.outcomes.push(item);
  }

  lost(lost: Lost): void {
    this.losses.push(lost);
  }

  item(item: WorkerItem): void {
    this.items.push(item);
    this.answer(item);
  }

  printed(worker: string, _stream: string, text: string): void {
    this.lines.push(`${worker}: ${text}`);
  }

  room(): void {}
}

interface Bed {
  readonly pool: Pool;
  readonly heard: Heard;
  readonly slot: (id: string) => Slot;
  readonly order: MakeOrder;
  readonly dataDir: string;
  /** Lets the time pass after which idle processes end. */
  readonly rest: () => void;
  /** Runs one order and resolves with its result, or with how it was lost. */
  readonly run: (params: object, slotId?: string) => Promise<unknown>;
}

async function bed(t: { teardown(end: () => unknown): void }, { graceMs = 60_000, memoryMb = 64 } = {}): Promise<Bed> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nightshift-process-'));
  mkdirSync(join(dataDir, 'scratch'));
  const heard = new Heard();
  const resting = new Set<() => void>();
  const pool = new Pool({
    workerFile: fileURLToPath(new URL('../../workers/worker.js', import.meta.url)),
    processFile: fileURLToPath(new URL('../../workers/worker-process.js', import.meta.url)),
    setup: { incarnation: 'test', scratchDir: join(dataDir, 'scratch'), dataDir, graceMs },
    ...{ threads: 1, ioThreads: 1, ioConcurrency: 4, processes: 2, processMemoryMb: memoryMb },
    clock: {
      ...machineClock,
      after(delayMs, call) {
        if (delayMs < 60_000) return machineClock.after(delayMs, call);
        resting.add(call);
        return () => resting.delete(call);
      },
    },
    listener: heard,
  });
  // As the dispatcher does once it is written down.
  heard.answer = (item) => {
    if (item.kind === 'call') pool.reply({ ...item, value: true });
  };
  t.teardown(async () => {
    await pool.close();
    await pool.gone();
    await rm(dataDir, { recursive: true, force: true });
  });
  const order = ordersFor(contained, 'contained');
  const slot = (id: string) => pool.slots.find((slot) => slot.id === id) as Slot;
  return {
    pool,
    heard,
    slot,
    order,
    dataDir,
    rest() {
      for (const call of [...resting]) call();
    },
    async run(params, slotId = 'process-1') {
      const given = order(params);
      pool.run(slot(slotId), [given]);
      const mine = ({ taskId }: { readonly taskId: string }) => taskId === given.taskId;
      await until(() => [...heard.outcomes, ...heard.losses].some(mine) && slot(slotId).flights.size === 0);
      const lost = heard.losses.find(mine);
      if (lost) return lost;
      const outcome = heard.outcomes.find(mine) as OutcomeItem;
      return outcome.result === null ? outcome : JSON.parse(outcome.result);
    },
  };
}

function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const turn = () => (condition() ? resolve() : setTimeout(turn, 5));
    turn();
  });
}

function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

t.test('a process serves one task after another and ends when idle; each slot has its own', linux, async (t) => {
  const { run, rest, slot, heard } = await bed(t);
  const first = await run({ do: 'pid' });
  t.not(first, process.pid);
  t.equal(await run({ do: 'pid' }), first, 'the next task has the same one');
  const other = await run({ do: 'pid' }, 'process-2');
  t.not(other, first);
  t.same(await run({ do: 'facts' }), { send: 'undefined', setup: null, cwd: process.cwd() });
  t.equal(await run({ do: 'fetch' }), 'ECONNREFUSED', 'fetch works under the memory limit');
  const calls = heard.items.filter(({ kind }) => kind === 'call');
  t.equal(calls.length, 5, 'each attempt has its process written down');
  t.match(calls[0], { request: { name: 'child', groupId: Number, startTicks: /^\d+$/ } });
  t.ok((slot('process-1').thread?.notes?.[NOTES.heapBytes] ?? 0) > 1_000_000, 'its memory is known');
  rest();
  t.equal(slot('process-1').thread, null);
  await until(() => isGone(first as number) && isGone(other as number));
  t.not(await run({ do: 'pid' }), first, 'and the next task gets a new one');
});

t.test('what would take the whole program along ends one process, and says so', linux, async (t) => {
  const { run, pool, heard, slot, order } = await bed(t);
  const neighbor = order({ do: 'until-stopped' });
  pool.run(slot('process-2'), [neighbor]);
  const rows: [string, RegExp][] = [
    ['abort', /^its process was ended by SIGABRT$/],
    ['exit', /^its process ended with exit code 3 before its outcome was told$/],
    ['kill', /^its process was ended by SIGKILL, by somebody or by the system for want of memory; it may use 64 MiB/],
    ['heap', /^its process ran out of memory: it was ended by SIG\w+; it may use 64 MiB \(PROCESS_MEMORY\)$/],
  ];
  for (const [deed, message] of rows) {
    t.match(await run({ do: deed }), { why: 'crashed', message, begun: true, worker: 'process' }, deed);
  }
  t.match(await run({ do: 'buffers' }), { outcome: 'failed' }, 'buffers are limited, too: no more are given');
  const said = heard.items.map((item) => (item.kind === 'log' && item.level === 'stderr' ? item.text : ''));
  t.ok(
    said.some((text) => /heap out of memory/.test(text)),
    'its last words stand in the log',
  );
  t.type(await run({ do: 'pid' }), 'number', 'the slot goes on');
  pool.stop(neighbor.taskId, 'canceled');
  await until(() => heard.outcomes.some(({ taskId }) => taskId === neighbor.taskId));
  t.equal(heard.losses.length, rows.length, 'and the neighbor has noticed nothing');
});

t.test('a process that ended tasks have left full of memory takes no other', linux, async (t) => {
  const { run } = await bed(t);
  const full = await run({ do: 'fill' });
  t.not(await run({ do: 'pid' }), full);
  await until(() => isGone(full as number));
});

t.test('who asks for a process gets one; the settings say who else', (t) => {
  const rows = [
    ['cpu', false, 'thread', 'cpu'],
    ['cpu', false, 'process', 'process'],
    ['cpu', true, 'process', 'cpu'],
    ['io', false, 'process', 'io-own'],
    ['io', true, 'process', 'io'],
    ['process', false, 'thread', 'process'],
  ] as const;
  for (const [lane, builtIn, isolation, slot] of rows) t.equal(slotLane(lane, builtIn, isolation), slot);
  t.end();
});

t.test('what a handler leaves running ends before its outcome is told, and its process stays', linux, async (t) => {
  const { run, heard } = await bed(t);
  const before = await run({ do: 'pid' });
  const left = await run({ do: 'leave' });
  t.ok(isGone(left as number));
  t.match(
    heard.items.find((item) => item.kind === 'log'),
    { level: 'warn', text: /left running: 1 of its processes/ },
  );
  t.equal(await run({ do: 'pid' }), before);
});

t.test('cancel, timeout and the end of the pool end a process with all it has started', linux, async (t) => {
  const { pool, heard, slot, order, dataDir, run } = await bed(t, { graceMs: 200 });
  const begin = async (name: string, more = {}) => {
    const file = join(dataDir, name);
    const given = { ...order({ do: 'family', file }), ...more };
    pool.run(slot('process-1'), [given]);
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    return { given, pids: readFileSync(file, 'utf8').trim().split('\n').map(Number) };
  };
  const canceled = await begin('canceled');
  pool.stop(canceled.given.taskId, 'canceled');
  await until(() => heard.losses.length === 1);
  t.match(heard.losses[0], { why: 'canceled', worker: 'process' });
  t.ok(canceled.pids.every(isGone), 'when the outcome is told, nothing of it is left');
  const late = await begin('late', { timeoutMs: 100 });
  await until(() => heard.losses.length === 2);
  t.match(heard.losses[1], { why: 'timed_out' });
  t.ok(late.pids.every(isGone));
  const polite = order({ do: 'until-stopped' });
  pool.run(slot('process-1'), [polite]);
  await until(() => heard.items.some(({ kind, taskId }) => kind === 'log' && taskId === polite.taskId));
  const { thread } = slot('process-1');
  pool.stop(polite.taskId, 'canceled');
  await until(() => heard.outcomes.length === 1);
  t.equal(slot('process-1').thread, thread, 'who stops by itself keeps its process');
  t.match(await run({ do: 'context' }), { attempt: 1, resume: null });
  const cut = await begin('cut');
  await pool.close();
  await pool.gone();
  t.ok(cut.pids.every(isGone));
});

t.test('one that cannot start is told as crashed, or its task would be tried for ever', async (t) => {
  const { run, pool, slot } = await bed(t);
  Object.assign(pool, { processMemoryMb: Number.NaN });
  t.match(await run({ do: 'pid' }), { why: 'crashed', message: /^its process could not be started: / });
  t.equal(slot('process-1').thread, null);
  Object.assign(pool, { processMemoryMb: 64 });
  t.type(await run({ do: 'pid' }), 'number');
});

t.test('an order that is taken back before its process is up does not run', async (t) => {
  const { pool, heard, slot, order } = await bed(t);
  const early = order({ do: 'pid' });
  pool.run(slot('process-1'), [early]);
  pool.stop(early.taskId, 'canceled');
  t.match(heard.losses, [{ taskId: early.taskId, why: 'canceled', message: 'it had not begun', begun: false }]);
  await until(() => slot('process-1').flights.size === 0);
  t.same([...heard.outcomes, ...heard.items], []);
});

t.test('how an end is told, and what limits there are', (t) => {
  const told = (exitCode: number, signal: string | null, word: string | null) =>
    ending({ exitCode, signal, told: true }, word, 64);
  t.equal(
    told(133, 'SIGTRAP', '# Fatal JavaScript invalid size error 169220804'),
    'was ended by SIGTRAP: Fatal JavaScript invalid size error 169220804',
  );
  const lastWord = (line: string) => {
    const raw = new RawOutput();
    t.equal(raw.take(line), line);
    return raw.lastWord;
  };
  const last = ['FATAL ERROR: x', '# Fatal JavaScript invalid size error 1', 'terminate called recursively'];
  for (const line of last) t.equal(lastWord(line), line);
  for (const line of ['# Fatal error in , line 0', '#', 'an error', '<--- Last few GCs --->'])
    t.equal(lastWord(line), null);
  const raw = new RawOutput();
  const kept = Array.from({ length: 1_000 }, (_, number) => raw.take(`line ${number}`)).filter((line) => line !== null);
  t.equal(kept.length, 200, 'what it says past Node is bounded');
  t.match(kept.at(-1), /left out from here on/);
  raw.newOrder();
  t.equal(raw.take('again'), 'again');
  t.same(commandFor(['node', 'x'], 100, 'darwin'), ['node', 'x']);
  t.match(commandFor(['node', 'x'], 100, 'linux'), [
    '/bin/sh',
    '-c',
    /ulimit -S -d/,
    'sh',
    String((100 + beyondHeapMb) * 1024),
    'node',
    'x',
  ]);
  t.end();
});
