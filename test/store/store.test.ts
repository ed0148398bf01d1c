/** The store in a whole supervisor: on disk before anybody hears of it, back after a crash, and at hand for handlers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { TaskView } from '../../supervisor/facade.ts';
import {
  anybody,
  freshFolder,
  openTestSupervisor,
  removeFolder,
  type TestSupervisor,
  task,
  until,
} from '../helpers/open-supervisor.ts';
import { refusedBy } from '../helpers/schedules-bed.ts';

// What tap preloads into every process would make each of them cost a second.
process.env['NODE_OPTIONS'] = '';
process.execArgv.length = 0;

function folderOf(t: Test): string {
  const dataDir = freshFolder();
  t.teardown(() => removeFolder(dataDir));
  return dataDir;
}

async function heldBy(supervisor: TestSupervisor, key: string): Promise<unknown> {
  const stored = await supervisor.store.get(key);
  return stored && JSON.parse(stored.value);
}

t.test('what has been acknowledged is there after a crash, a stop, and from a snapshot', async (t) => {
  const dataDir = folderOf(t);
  const first = await openTestSupervisor(dataDir);
  const { stored } = await first.store.set({ key: 'kept', value: { ok: true }, ttl: '7d' }, anybody);
  t.ok(first.journal.durableSeq >= stored.version, 'it is on disk');
  await Promise.all(Array.from({ length: 100 }, () => first.store.increment({ key: 'hits' }, anybody)));
  await first.store.set({ key: 'gone', value: 1 }, anybody);
  await first.store.delete('gone', null, anybody);
  await first.crash();
  const second = await openTestSupervisor(dataDir);
  t.same(await second.store.get('kept'), stored);
  t.equal(await heldBy(second, 'hits'), 100);
  t.equal(await heldBy(second, 'gone'), null);
  await second.store.increment({ key: 'hits' }, anybody);
  await second.stop();
  const third = await openTestSupervisor(dataDir);
  t.equal(await heldBy(third, 'hits'), 101);
  const { version } = (await third.store.get('hits')) ?? { version: 0 };
  await third.store.set({ key: 'hits', value: 5, condition: version }, anybody);
  t.match(await refusedBy(third.store.set({ key: 'hits', value: 6, condition: version }, anybody)), {
    code: 'precondition_failed',
  });
  await third.stop();
});

t.test('the size is a setting', async (t) => {
  const dataDir = folderOf(t);
  const supervisor = await openTestSupervisor(dataDir, { settings: 'STORE_SIZE=1\n' });
  t.teardown(() => supervisor.crash());
  const set = (n: number) => supervisor.store.set({ key: `k${n}`, value: 'v'.repeat(65_000) }, anybody);
  for (let n = 0; n < 16; n++) await set(n);
  t.match(await refusedBy(set(16)), { code: 'conflict', message: /at most 1048576 are kept \(STORE_SIZE\)/ });
});

const HANDLER = (lane: string) => `
export default {
  type: 'storing.${lane}',
  lane: '${lane}',
  maxAttempts: 2,
  async run({ act }, { store, attempt, task }) {
    if (act === 'all') {
      const made = await store.set('${lane}/a', { at: [1, null] }, { ttl: '1h' });
      const read = await store.get('${lane}/a');
      const none = await store.get('${lane}/none');
      const counts = await Promise.all(Array.from({ length: 50 }, () => store.increment('${lane}/hits', 2)));
      await store.set('${lane}/b', 'b');
      const page = await store.list('${lane}/', { limit: 2 });
      const rest = await store.list('${lane}/', { after: page.next });
      const lost = await store.set('${lane}/b', 'c', { ifVersion: made.version }).catch(({ code }) => code);
      const fresh = await store.set('${lane}/b', 'c', { ifVersion: 0 }).catch(({ code }) => code);
      const deleted = [await store.delete('${lane}/b'), await store.delete('${lane}/b')];
      const keys = [...page.items, ...rest.items].map(({ key }) => key);
      return { made, read, none, counts: counts.map(({ value }) => value), keys, lost, fresh, deleted };
    }
    if (act === 'twice') {
      await store.increment('${lane}/twice');
      if (attempt === 1) throw Object.assign(new Error('cut after it counted'), { code: 'cut' });
      return (await store.get('${lane}/twice')).value;
    }
    if (act === 'forgotten') { void store.set('${lane}/forgotten', 'kept'); return 'not waited for'; }
    if (act === 'refused') void store.set('${lane}/refused', 1, { ttl: 0 });
    if (act === 'undefined') await store.set('${lane}/undefined', undefined);
    if (act === 'control') await store.get('a\\u0000');
  },
};
`;

for (const lane of ['cpu', 'io', 'process']) {
  t.test(`a handler of the lane ${lane} shares data with the others`, async (t) => {
    const dataDir = folderOf(t);
    writeFileSync(join(dataDir, 'handlers', 'storing.mjs'), HANDLER(lane));
    const supervisor = await openTestSupervisor(dataDir);
    t.teardown(() => supervisor.stop());
    supervisor.begin();
    const run = async (act: string): Promise<TaskView> => {
      const backoff = { kind: 'fixed', base: '1ms' };
      const given = task({ type: `storing.${lane}`, params: { act }, backoff });
      const { ids } = await supervisor.supervisor.accept([given], 'http');
      return until(supervisor, ids[0] as string, ({ finishedAt }) => finishedAt !== null);
    };

    const all = await run('all');
    const result = all.result as Record<string, unknown> & { counts: number[] };
    t.match(all, { state: 'succeeded' }, JSON.stringify(all.error));
    t.match(result, {
      made: { key: `${lane}/a`, value: { at: [1, null] }, expiresAt: /^20.*Z$/ },
      none: null,
      keys: [`${lane}/a`, `${lane}/b`, `${lane}/hits`],
      lost: 'precondition_failed',
      fresh: 'precondition_failed',
      deleted: [true, false],
    });
    t.same(result['read'], result['made']);
    t.same(
      result.counts,
      Array.from({ length: 50 }, (_, n) => (n + 1) * 2),
      'each call is counted, in its order',
    );
    t.equal(await heldBy(supervisor, `${lane}/hits`), 100);
    const set = supervisor.front.events.since(0)?.find(({ name }) => name === 'store.set');
    t.match(set?.data, { key: `${lane}/a`, by: `handler:${all.id}` });
    t.notOk('value' in (set?.data ?? {}), 'who watches events is told of the key, not of what it holds');

    t.match(await run('twice'), { state: 'succeeded', result: 2 }, 'an attempt that runs again counts again');
    t.match(await run('forgotten'), { state: 'succeeded', result: 'not waited for' });
    t.equal(await heldBy(supervisor, `${lane}/forgotten`), 'kept', 'the attempt has waited for it');
    t.match(await run('refused'), { state: 'failed', error: { code: 'validation', message: /\$\.ttl must be more/ } });
    t.match(await run('undefined'), { state: 'failed', error: { code: 'value_not_json' } });
    t.match(await run('control'), { state: 'failed', error: { code: 'validation', message: /control characters/ } });
  });
}

t.test('store.cleanup clears what has expired, and says how much', async (t) => {
  const dataDir = folderOf(t);
  const supervisor = await openTestSupervisor(dataDir);
  t.teardown(() => supervisor.stop());
  supervisor.begin();
  for (let n = 0; n < 3; n++) await supervisor.store.set({ key: `k${n}`, value: n, ttl: 0.001 }, anybody);
  while ((await supervisor.store.get('k2')) !== null);
  const { ids } = await supervisor.supervisor.accept([task({ type: 'store.cleanup' })], 'http');
  const done = await until(supervisor, ids[0] as string, ({ finishedAt }) => finishedAt !== null);
  t.match(done, { state: 'succeeded', result: { keys: 3, bytes: 9 } });
  t.equal(supervisor.state.store.byKey.size, 0);
});
