/** `history.cleanup` in a whole supervisor: what it packs is shown and run again as before, and what it did is told. */
import { existsSync, renameSync, rmSync } from 'node:fs';
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

// Each test starts the whole supervisor twice or more.

const history = (dataDir: string, name: string) => join(dataDir, 'history', name);

async function finished(supervisor: TestSupervisor, given: Record<string, unknown>): Promise<string> {
  const { ids } = await supervisor.front.submit([task(given)], anybody);
  const id = ids[0] as string;
  await until(supervisor, id, ({ state }) => state === 'succeeded' || state === 'failed');
  return id;
}

async function ended(supervisor: TestSupervisor): Promise<void> {
  if (!existsSync(supervisor.dataDir)) return;
  await supervisor.crash();
  removeFolder(supervisor.dataDir);
}

/** A folder with one task that finished in January 2020, and the supervisor that has just started on it. */
async function aged(t: Test, settings = ''): Promise<{ supervisor: TestSupervisor; old: string }> {
  const dataDir = freshFolder();
  const first = await openTestSupervisor(dataDir);
  first.begin();
  const old = await finished(first, { params: { end: 'ok', value: 7 } });
  await first.stop();
  const month = new Date().toISOString().slice(0, 7);
  renameSync(history(dataDir, `${month}.ndjson`), history(dataDir, '2020-01.ndjson'));
  rmSync(history(dataDir, 'index'), { recursive: true });
  const supervisor = await openTestSupervisor(dataDir, { settings });
  t.teardown(() => ended(supervisor));
  supervisor.begin();
  await finished(supervisor, { params: { end: 'ok' } });
  return { supervisor, old };
}

t.test(
  'old months are packed by a task that says which, and their tasks are shown and run again as before',
  async (t) => {
    const { supervisor, old } = await aged(t);
    const before = await supervisor.front.task(old);
    const cleanup = await finished(supervisor, { type: 'history.cleanup' });
    const { result } = (await supervisor.front.task(cleanup)) ?? {};
    t.match(result, { archived: [{ month: '2020-01', records: 1 }], removed: [] });
    t.match((await supervisor.front.log(cleanup, null))?.lines, [{ text: /^2020-01 was packed: 1 records, / }]);
    t.notOk(existsSync(history(supervisor.dataDir, '2020-01.ndjson')));
    t.same(await supervisor.front.task(old), before);
    const listed = await supervisor.front.tasks({ filter: {}, after: null, limit: 50, order: 'oldest' });
    t.equal(listed.items[0]?.id, old);
    const { task: again } = await supervisor.front.retry(old, anybody);
    t.match(await until(supervisor, again.id, ({ state }) => state === 'succeeded'), { result: { value: 7 } });
  },
);

t.test('HISTORY_RETENTION removes old months, and the task says which', async (t) => {
  const { supervisor, old } = await aged(t, 'HISTORY_RETENTION=365d\n');
  const cleanup = await finished(supervisor, { type: 'history.cleanup' });
  const { result } = (await supervisor.front.task(cleanup)) ?? {};
  t.match(result, { archived: [], removed: [{ month: '2020-01', records: 1 }] });
  t.match((await supervisor.front.log(cleanup, null))?.lines, [{ text: /^2020-01 was removed: 1 records, / }]);
  t.equal(await supervisor.front.task(old), null);
});

t.test('no month is removed while the keys of its tasks are still known', async (t) => {
  const { supervisor, old } = await aged(t, 'HISTORY_RETENTION=30d\nIDEMPOTENCY_WINDOW=3650d\nARCHIVE_AFTER=forever\n');
  const cleanup = await finished(supervisor, { type: 'history.cleanup' });
  t.match(await supervisor.front.task(cleanup), { result: { archived: [], removed: [] } });
  t.equal((await supervisor.front.task(old))?.id, old);
});

t.test('an old month deleted by hand is a health item, and does not keep the start', async (t) => {
  const { supervisor, old } = await aged(t);
  const { dataDir } = supervisor;
  await supervisor.stop();
  const copy = `${dataDir}-again`;
  renameSync(dataDir, copy);
  rmSync(history(copy, '2020-01.ndjson'));
  const again = await openTestSupervisor(copy);
  t.teardown(() => ended(again));
  again.begin();
  const { health } = await again.front.status();
  t.match(
    health.find(({ code }) => code.startsWith('history-damage:')),
    { severity: 'error', message: /2020-01\.ndjson .*gone/, action: /backup/ },
  );
  t.equal(await again.front.task(old), null);
});
