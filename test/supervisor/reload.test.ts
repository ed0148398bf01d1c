/** Handlers that change while tasks of theirs are on the way to a worker: each runs once, on the version its history names. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  anybody,
  freshFolder,
  openTestSupervisor,
  removeFolder,
  type TestSupervisor,
  task,
  until,
} from '../helpers/open-supervisor.ts';

// What tap preloads into every process would make each of them cost a second.
process.env['NODE_OPTIONS'] = '';
process.execArgv.length = 0;

const ranIn = (dataDir: string) => join(dataDir, 'ran');

/** Says in a file that it runs, then tells its version and where. */
function write(dataDir: string, value: string, lane = 'cpu'): void {
  const source = `import { appendFileSync } from 'node:fs';
    export default { type: 'counted', lane: '${lane}', run(_params, ctx) {
      appendFileSync(${JSON.stringify(ranIn(dataDir))}, ctx.task.id + '\\n');
      return { value: '${value}', process: process.pid };
    } };`;
  writeFileSync(join(dataDir, 'handlers', 'counted.mjs'), source);
}

async function opened(t: Test, lane: string): Promise<TestSupervisor> {
  const dataDir = freshFolder();
  write(dataDir, 'first', lane);
  appendFileSync(ranIn(dataDir), '');
  const supervisor = await openTestSupervisor(dataDir, { settings: 'WORKERS=2\nPROCESS_WORKERS=2' });
  t.teardown(async () => {
    await supervisor.stop();
    removeFolder(dataDir);
  });
  return supervisor;
}

async function submit(supervisor: TestSupervisor, count: number): Promise<readonly string[]> {
  const given = Array.from({ length: count }, () => task({ type: 'counted' }));
  return (await supervisor.front.submit(given, anybody)).ids;
}

const ended = (supervisor: TestSupervisor, id: string) =>
  until(supervisor, id, ({ state }) => state === 'succeeded' || state === 'failed');
const ran = ({ dataDir }: TestSupervisor) => readFileSync(ranIn(dataDir), 'utf8').trim().split('\n');

/** From now on nothing becomes durable for those who wait, until it is let go. */
function holdTheDisk({ journal }: TestSupervisor): () => void {
  const durable = journal.durable.bind(journal);
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  Object.assign(journal, { durable: (seq: number) => held.then(() => durable(seq)) });
  return () => {
    Object.assign(journal, { durable });
    letGo();
  };
}

/** Each returns where tasks of the type run from then on; null when nowhere. */
type Change = (supervisor: TestSupervisor) => Promise<'thread' | 'process' | null>;

const CHANGES: Readonly<Record<string, readonly [lane: string, change: Change]>> = {
  'a claimed task whose handler is changed, and changed again before it leaves runs once, as it was claimed': [
    'cpu',
    async (supervisor) => {
      for (const value of ['second', 'last']) {
        write(supervisor.dataDir, value);
        await supervisor.handlers.look();
      }
      return 'thread';
    },
  ],
  'a claimed task whose handler moves to a lane that is less safe before it leaves runs once, as it was claimed': [
    'process',
    async (supervisor) => {
      write(supervisor.dataDir, 'last', 'cpu');
      await supervisor.handlers.look();
      return 'thread';
    },
  ],
  'a claimed task whose handler is taken away before it leaves runs once, as it was claimed': [
    'io',
    async (supervisor) => {
      rmSync(join(supervisor.dataDir, 'handlers', 'counted.mjs'));
      await supervisor.handlers.look();
      return null;
    },
  ],
};

for (const [promise, [lane, change]] of Object.entries(CHANGES))
  t.test(promise, async (t) => {
    const supervisor = await opened(t, lane);
    const first = supervisor.handlers.of('counted')?.version;
    const ids = await submit(supervisor, 20);
    const letGo = holdTheDisk(supervisor);
    supervisor.begin();
    const claimed = new Set([...supervisor.state.running].map(({ id }) => id));
    t.ok(claimed.size >= 2 && claimed.size < ids.length, 'some are claimed and wait for the disk, others are not');
    const then = await change(supervisor);
    t.equal(ran(supervisor).join(), '', 'nothing has begun');
    letGo();
    const now = supervisor.handlers.of('counted')?.version;
    for (const id of ids) {
      if (!claimed.has(id) && then === null) {
        t.match(await supervisor.front.task(id), { state: 'queued', waiting: { reason: 'no-handler' }, attempts: [] });
        continue;
      }
      const [value, version] = claimed.has(id) ? ['first', first] : ['last', now];
      const view = await ended(supervisor, id);
      t.match(view, { state: 'succeeded', result: { value }, attempts: [{ handlerVersion: version }] });
      t.equal(view.attempts.length, 1);
      const inThread = (view.result as { process: number }).process === process.pid;
      t.equal(inThread, claimed.has(id) ? lane !== 'process' : then === 'thread', 'it runs where its version asks to');
    }
    const expected = then === null ? ids.filter((id) => claimed.has(id)) : ids;
    t.same([...ran(supervisor)].sort(), [...expected].sort(), 'each once');
  });

t.test('whoever asks while a change of handlers is written down meets all of what served before', async (t) => {
  const supervisor = await opened(t, 'cpu');
  const { handlers, state } = supervisor;
  supervisor.begin();
  const seen = new Set<string>();
  const ask = () => seen.add(`${handlers.of('counted') !== undefined} ${state.lanes?.get('counted')}`);
  for (const [make, after] of [
    [() => write(supervisor.dataDir, 'second', 'process'), 'true process'],
    [() => rmSync(join(supervisor.dataDir, 'handlers', 'counted.mjs')), 'false undefined'],
    [() => write(supervisor.dataDir, 'third'), 'true cpu'],
  ] as const) {
    seen.clear();
    ask();
    const [before] = seen;
    make();
    let looking = true;
    const done = handlers.look().finally(() => (looking = false));
    while (looking) {
      ask();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await done;
    t.same([...seen], [before, after]);
  }
  const [id] = await submit(supervisor, 1);
  t.match(await ended(supervisor, id as string), { result: { value: 'third' } });
});
