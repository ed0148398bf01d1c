import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

async function opened(t: Test, settings = 'WORKERS=2'): Promise<TestSupervisor> {
  const dataDir = freshFolder();
  const supervisor = await openTestSupervisor(dataDir, { settings });
  t.teardown(async () => {
    await supervisor.stop();
    removeFolder(dataDir);
  });
  supervisor.begin();
  return supervisor;
}

function write({ dataDir }: TestSupervisor, name: string, source: string): void {
  writeFileSync(join(dataDir, 'handlers', name), source);
}

async function submit({ front }: TestSupervisor, type: string, params: Record<string, unknown> = {}): Promise<string> {
  const { ids } = await front.submit([task({ type, params })], anybody);
  return ids[0] as string;
}

t.test('many reloads leave no threads and no copies behind', async (t) => {
  const supervisor = await opened(t);
  const reloads = 40;
  for (let number = 1; number <= reloads; number++) {
    write(supervisor, 'counts.mjs', `export default { type: 'counts', run: () => ${number} }`);
    await supervisor.handlers.look();
    const id = await submit(supervisor, 'counts');
    const { result } = await until(supervisor, id, ({ state }) => state === 'succeeded');
    t.equal(result, number);
  }
  const copies = readdirSync(join(supervisor.dataDir, 'served')).filter((name) => name.startsWith('counts.mjs@'));
  t.ok(copies.length <= 2, copies.join(' '));
  // Those that are on their way out have nothing left to do.
  t.ok(supervisor.pool.threads <= 4, `${supervisor.pool.threads} threads`);
});

t.test('a slot has at most three threads, however often handlers change under what lasts', async (t) => {
  const supervisor = await opened(t);
  const go = join(supervisor.dataDir, 'go');
  const source = (version: number) => `import { existsSync } from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    export default { type: 'waits', lane: 'io', async run({ go }) { while (!existsSync(go)) await wait(5); return ${version}; } }`;
  const ids: string[] = [];
  for (let version = 1; version <= 5; version++) {
    write(supervisor, 'waits.mjs', source(version));
    await supervisor.handlers.look();
    const id = await submit(supervisor, 'waits', { go });
    ids.push(id);
    await until(supervisor, id, ({ state }) => state === 'running');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const slot = supervisor.pool.slots.find(({ lane }) => lane === 'io-own');
  const flights = [...(slot?.flights ?? [])];
  t.equal(flights.length, 5, 'they share the room of the slot');
  t.equal(new Set(flights.map(({ thread }) => thread)).size, 3);
  writeFileSync(go, '');
  for (const [index, id] of ids.entries())
    t.equal((await until(supervisor, id, ({ state }) => state === 'succeeded')).result, index + 1);
});

t.test('a look that is cut short by a stop changes nothing', async (t) => {
  const supervisor = await opened(t);
  write(supervisor, 'hangs.mjs', 'await new Promise(() => {})');
  const looking = supervisor.handlers.look();
  const before = supervisor.handlers.catalog;
  await supervisor.handlers.end();
  t.equal(await looking, null);
  t.equal(supervisor.handlers.catalog, before);
});

t.test('a file that took long to fail is not tried again until it changes', async (t) => {
  const supervisor = await opened(t);
  const tried = join(supervisor.dataDir, 'tried');
  const hangs = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(tried)}, 'x');`;
  write(supervisor, 'hangs.mjs', `${hangs} await new Promise(() => {});`);
  await supervisor.handlers.look();
  write(supervisor, 'other.mjs', `export default { type: 'other', run() {} }`);
  await supervisor.handlers.look();
  t.ok(supervisor.handlers.of('other'));
  t.match(supervisor.handlers.catalog.failures, [{ message: /did not finish loading/ }]);
  t.equal(readFileSync(tried, 'utf8'), 'x');
  write(supervisor, 'hangs.mjs', `export default { type: 'hangs', run() {} }`);
  await supervisor.handlers.look();
  t.same(supervisor.handlers.catalog.failures, []);
});

t.test('a list of handlers that is not as it was written is passed over', async (t) => {
  const dataDir = freshFolder();
  t.teardown(() => removeFolder(dataDir));
  const first = await openTestSupervisor(dataDir);
  const list = join(dataDir, 'served', 'handlers.json');
  t.ok(existsSync(list));
  await first.stop();
  writeFileSync(list, '[{');
  const next = await openTestSupervisor(dataDir);
  t.ok(next.handlers.of('scripted'));
  await next.stop();
  rmSync(join(dataDir, 'served'), { recursive: true });
  const last = await openTestSupervisor(dataDir);
  t.ok(last.handlers.of('scripted'), 'nor is the folder needed');
  await last.stop();
});
