/**
 * Makes the golden folders of the present format, `node build/test/golden/make.js`: data folders as a supervisor leaves
 * them, and what can be seen of them. They are checked in, so that later versions are held to reading them. Made anew only
 * for a new format, which gets a folder of its own beside the others.
 */
import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { formatVersion } from '../../supervisor/journal/version.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import { anybody, freshFolder, removeFolder, type TestSupervisor, task, until } from '../helpers/open-supervisor.ts';
import { copyOf, KEPT, look, openStill } from './look.ts';

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
const dayMs = 86_400_000;
/** Some of each life finishes in a month of its own. */
const lives = [Date.UTC(2026, 7, 20, 9), Date.UTC(2026, 8, 22, 21), Date.UTC(2026, 9, 24, 23, 30)];
const lookedAt = Date.UTC(2026, 9, 26);

async function work(supervisor: TestSupervisor, life: number): Promise<readonly string[]> {
  const { front, schedules, store } = supervisor;
  const inputs = [
    ...[1, 2, 3].map((value) => ({ params: { end: 'ok', value, text: 'größer 下载' }, tags: ['golden'] })),
    { params: { end: 'permanent', log: 'about to fail' }, idempotencyKey: `key-${life}` },
    { params: { end: 'fail' }, maxAttempts: 2, backoff: { kind: 'fixed', base: '10ms', jitter: 0 } },
    { params: { text: 'never begins' }, delay: '365d', priority: 7, group: 'example.org' },
    { params: { text: 'is canceled' }, delay: '365d', tags: ['golden', 'gone'] },
  ];
  const { ids } = await front.submit(inputs.map(task), anybody);
  await front.cancel(ids[6] as string, anybody);
  for (const id of ids.slice(0, 5)) await until(supervisor, id, ({ finishedAt }) => finishedAt !== null);
  await store.set({ key: `life/${life}`, value: { life, text: 'größer' } }, anybody);
  await store.set({ key: 'latest', value: life, ttl: '3650d' }, anybody);
  if (life === 0) {
    const when = { kind: 'daily', at: '02:30' };
    await schedules.create({ name: 'Nightly', task: { type: 'scripted' }, when, timezone: 'Europe/Berlin' }, anybody);
  }
  const { task: ran } = await schedules.run('Nightly', anybody);
  await until(supervisor, ran?.id as string, ({ finishedAt }) => finishedAt !== null);
  return ids;
}

async function snapshot({ state, clock, journal, recorder, history, ledger }: TestSupervisor & { clock: never }) {
  const walk = new StateWalk(state, clock, async () => {
    await recorder.departed();
    await Promise.all([history.sync(), ledger.sync()]);
  });
  await journal.snapshot(walk, state.seq);
}

async function make(name: string, packs: boolean): Promise<void> {
  const dataDir = freshFolder();
  // Stacks would tell where it was made.
  appendFileSync(join(dataDir, 'handlers', 'scripted.mjs'), 'Error.stackTraceLimit = 0;\n');
  let failed: string | undefined;
  for (const [life, at] of lives.entries()) {
    const supervisor = await openStill(dataDir, at);
    supervisor.begin();
    if (failed) await supervisor.front.retry(failed, anybody, '{"end":"ok","value":"run again"}');
    failed = (await work(supervisor, life))[3];
    if (life === 1) await snapshot({ ...supervisor, clock: { wall: () => at, monotonic: () => 0 } as never });
    if (packs) await supervisor.history.clean(at, { archiveAfterMs: 10 * dayMs, retentionMs: null });
    await supervisor.stop();
  }
  const golden = join(root, 'test', 'golden', String(formatVersion), name);
  rmSync(golden, { recursive: true, force: true });
  mkdirSync(golden, { recursive: true });
  for (const part of KEPT)
    if (existsSync(join(dataDir, part))) cpSync(join(dataDir, part), join(golden, part), { recursive: true });
  removeFolder(dataDir);

  const copy = copyOf(golden);
  const opened = await openStill(copy, lookedAt);
  writeFileSync(join(golden, 'expected.json'), `${JSON.stringify({ lookedAt, ...(await look(opened)) }, null, 1)}\n`);
  await opened.crash();
  removeFolder(copy);
}

await make('plain', false);
await make('packed', true);
