/** Copies of a data folder whose supervisor goes on working, restored and opened again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { unpackBackup } from '../../cli/unpack-backup.ts';
import { machineClock } from '../../supervisor/clock.ts';
import { freshState } from '../../supervisor/core/state.ts';
import { readJournal } from '../../supervisor/journal/read-journal.ts';
import { makeLog } from '../../supervisor/log.ts';
import { Replay } from '../../supervisor/replay.ts';
import { pauseRestored } from '../../supervisor/restored.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import { openData, tarFiles } from '../../workers/archive/data-files.ts';
import { writeArchive } from '../../workers/archive/write-archive.ts';
import {
  anybody,
  freshFolder,
  openTestSupervisor,
  removeFolder,
  type TestSupervisor,
  task,
  until,
} from '../helpers/open-supervisor.ts';
import { openBench } from '../history/endings.ts';

const signal = new AbortController().signal;
const silent = makeLog('silent');

async function opened(t: Test, dataDir = freshFolder()): Promise<TestSupervisor> {
  const supervisor = await openTestSupervisor(dataDir);
  t.teardown(async () => {
    await supervisor.crash();
    removeFolder(dataDir);
  });
  return supervisor;
}

async function copyOf(dataDir: string, folder: string): Promise<string> {
  const copy = await openData(dataDir, new Date());
  try {
    return (
      await writeArchive(
        tarFiles(dataDir, copy, () => {}),
        { folder, prefix: 'x', at: new Date(), signal },
      )
    ).path;
  } finally {
    await copy.close();
  }
}

async function refusedRestore(archive: string, dir: string): Promise<string> {
  const error = await unpackBackup(archive, dir).catch((thrown) => thrown);
  return (error as Error).message;
}

/** Ids of all tasks that a folder knows of, live or finished. */
async function tasksIn(dir: string): Promise<ReadonlySet<string>> {
  const replay = new Replay(() => freshState());
  await readJournal({ dir, bootId: 'boot-2', replayer: replay });
  const months = existsSync(join(dir, 'history')) ? readdirSync(join(dir, 'history')) : [];
  const finished = months
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) =>
      readFileSync(join(dir, 'history', name), 'utf8')
        .split('\n')
        .slice(0, -1),
    )
    .map((line) => /"id":"([0-9a-f-]{36})"/.exec(line)?.[1] ?? '');
  const ended = replay.endings.flatMap((ending) => ('task' in ending ? [ending.task.id] : []));
  return new Set([...[...replay.state.tasks.values()].map(({ id }) => id), ...finished, ...ended]);
}

t.test(
  'what was acknowledged before a backup began is in it, whatever is written and snapshotted meanwhile',
  async (t) => {
    const supervisor = await opened(t);
    const { dataDir, front, journal, state } = supervisor;
    const walk = () =>
      new StateWalk(state, machineClock, async () => {
        await supervisor.recorder.departed();
        await supervisor.history.sync();
      });
    supervisor.begin();
    const acknowledged: string[] = [];
    const submit = async (count: number) => {
      const { ids } = await front.submit(
        Array.from({ length: count }, () => task({ params: { end: 'ok' } })),
        anybody,
      );
      acknowledged.push(...ids);
    };
    const folder = t.testdir({});
    await submit(20);
    const archives: { path: string; ids: string[] }[] = [];
    for (let round = 0; round < 3; round++) {
      const snapshot = journal.snapshot(walk(), state.seq);
      const ids = [...acknowledged];
      const [path] = await Promise.all([copyOf(dataDir, folder), submit(50), snapshot]);
      archives.push({ path, ids });
      await journal.snapshot(walk(), state.seq);
      await submit(30);
    }
    for (const [index, { path, ids }] of archives.entries()) {
      const dir = join(folder, `restored-${index}`);
      await unpackBackup(path, dir);
      const known = await tasksIn(dir);
      const missing = ids.filter((id) => !known.has(id));
      t.same(missing, [], `none of ${ids.length} is missing from backup ${index}`);
    }
  },
);

t.test('a month that is packed while a backup is made is in it, whole, however the two fall together', async (t) => {
  const dir = t.testdir({});
  const journal = { 'MANIFEST.json': JSON.stringify({ segments: [], active: null, snapshots: [] }) };
  for (let round = 0; round < 8; round++) {
    const dataDir = join(dir, `data-${round}`);
    mkdirSync(join(dataDir, 'journal'), { recursive: true });
    writeFileSync(join(dataDir, 'journal', 'MANIFEST.json'), journal['MANIFEST.json']);
    const bench = await openBench(dataDir);
    const ids = Array.from({ length: 40 }, (_, at) => {
      const finishedAt = Date.UTC(2026, Math.floor(at / 10), 5);
      return bench.add({ seq: at + 1, finishedAt, text: 'x'.repeat(20_000) });
    });
    await bench.history.sync();
    const cleaning = bench.history.clean(Date.UTC(2027, 0, 1), { archiveAfterMs: 0, retentionMs: null });
    for (let turn = 0; turn < round * 12; turn++) await new Promise((resolve) => setImmediate(resolve));
    const archive = await copyOf(dataDir, dir);
    await cleaning;
    await bench.history.close();
    const restored = join(dir, `restored-${round}`);
    await unpackBackup(archive, restored);
    const again = await openBench(restored, { provenSeq: 40 });
    const found = await again.history.list({ limit: 100, order: 'oldest' });
    t.same(
      found.items.map(({ id }) => id),
      [...ids].sort(),
      `round ${round}`,
    );
    t.same([again.damage, again.history.cuts], [[], []]);
    await again.history.close();
  }
});

t.test(
  'a restored folder starts with all schedules and runs paused, and makes no backup of its own accord',
  async (t) => {
    const first = await opened(t);
    first.builtIns.adopt(new Map());
    first.begin();
    const { ids } = await first.front.submit([task({ params: { end: 'ok', value: 7, log: 'hello' } })], anybody);
    const id = ids[0] as string;
    await until(first, id, ({ state }) => state === 'succeeded');
    writeFileSync(join(first.dataDir, 'handlers', 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    mkdirSync(join(first.dataDir, 'pipelines'));
    writeFileSync(join(first.dataDir, 'sources.yaml'), '- { name: News, kind: feed, url: "https://example.org/f" }\n');
    writeFileSync(join(first.dataDir, 'pipelines', 'night.yaml'), 'stages: [{ name: only, type: noop }]\n');
    writeFileSync(join(first.dataDir, 'pipelines', 'long.yaml'), 'stages: [{ name: only, type: scripted }]\n');
    await first.pipelines.look();
    await first.front.pause('scripted', 'so that it is still under way', anybody);
    const going = await first.runs.start({ pipeline: 'long' }, anybody);
    const held = await first.runs.start({ pipeline: 'long' }, anybody);
    await first.runs.pause(held.id, 'loud', anybody);
    const backup = await first.schedules.run('backup', anybody);
    const { result } = await until(first, backup.task?.id ?? '', ({ state }) => state === 'succeeded');
    const { path } = result as { path: string };
    t.equal(join(first.dataDir, 'backups'), join(path, '..'));
    t.equal(statSync(path).mode & 0o777, 0o600);

    const dir = join(t.testdir({}), 'data');
    await unpackBackup(path, dir);
    t.equal(statSync(join(dir, 'nightshift.env')).mode & 0o077, 0);
    t.equal(statSync(join(dir, 'handlers', 'tool')).mode & 0o777, 0o700);
    const names = readdirSync(dir);
    for (const out of ['backups', 'scratch', 'served', 'token', 'LOCK']) t.notOk(names.includes(out), `without ${out}`);
    const second = await openTestSupervisor(dir);
    t.teardown(() => second.crash());
    await pauseRestored(dir, second, silent);
    second.begin();
    t.match((await second.schedules.status()).paused, {
      reason: /^restored from nightshift-\d{4}-\d\d-\d\dT\d{6}Z\.tar\.gz, made at \d{4}-.*Z$/,
    });
    const paused = (await second.schedules.status()).paused?.reason;
    t.match(await second.runs.show(going.id), { state: 'paused', paused: { reason: paused, by: 'restore' } });
    t.match(
      await second.runs.show(held.id),
      { state: 'paused', paused: { reason: 'loud' } },
      'a pause of before stays',
    );
    t.match(await second.supervisor.task(id), { state: 'succeeded', result: { value: 7 } });
    t.ok(second.pipelines.of('night'));
    t.match(second.sources.on, [{ name: 'News' }]);
    t.match(await second.supervisor.task(backup.task?.id ?? ''), { state: 'canceled' });
    t.match(await second.schedules.show('backup'), { builtIn: true, held: /all schedules are paused: restored from/ });
    t.notOk(readdirSync(dir).includes('restored.json'), 'only once');
  },
);

t.test('a restore never touches what is there, and leaves nothing of an archive that is none or cut off', async (t) => {
  const manifest = JSON.stringify({ segments: [], active: null, snapshots: [] });
  const running = { journal: { 'MANIFEST.json': manifest }, 'supervisor.json': JSON.stringify({ pid: process.pid }) };
  const dir = t.testdir({ used: { note: 'mine' }, text: 'no archive', running });
  const dataDir = join(dir, 'running');
  const whole = await copyOf(dataDir, dir);
  t.match(await refusedRestore(whole, join(dir, 'used')), /is not empty: it holds note/);
  writeFileSync(join(dataDir, 'supervisor.json'), JSON.stringify({ pid: process.pid }));
  t.match(await refusedRestore(whole, dataDir), /a supervisor runs there/);
  const cut = join(dir, 'cut.tar.gz');
  writeFileSync(cut, readFileSync(whole).subarray(0, -200));
  mkdirSync(join(dir, 'empty'));
  for (const [archive, why] of [
    [cut, /not restored: .*(unexpected end|cut off)/],
    [join(dir, 'text'), /not restored: .*header/],
    [join(dir, 'none'), /not restored: ENOENT/],
  ] as const) {
    t.match(await refusedRestore(archive, join(dir, 'empty')), why);
    t.same(readdirSync(join(dir, 'empty')), []);
  }
});

t.test('an archive of somebody else’s making cannot write outside of the folder', async (t) => {
  const dir = t.testdir({});
  const body = Buffer.from('{"nightshift":1,"madeAt":"x"}');
  for (const name of ['../out', '/out', 'a//b', 'a/../../out']) {
    async function* files() {
      for (const one of ['backup.json', name])
        yield { name: one, size: body.length, mode: 0o600, mtimeMs: 0, body: [body] };
    }
    const { path } = await writeArchive(files(), { folder: dir, prefix: 'x', at: new Date(), signal });
    t.match(await refusedRestore(path, join(dir, 'data')), /it holds a file with the name/);
  }
  t.notOk(readdirSync(dir).includes('out'));
});

t.test('an archive that holds anything but regular files is restored by nobody', async (t) => {
  const dir = t.testdir({});
  const body = Buffer.from('{"nightshift":1,"madeAt":"x"}');
  const facts = { mode: 0o600, mtimeMs: 0 };
  for (const kind of ['folder', 'link'] as const) {
    async function* entries() {
      yield { ...facts, name: 'backup.json', size: body.length, body: [body] };
      yield { ...facts, kind, name: 'odd', target: '/etc', size: 0, body: [] };
    }
    const { path } = await writeArchive(entries(), { folder: dir, prefix: 'x', at: new Date(), signal });
    t.match(await refusedRestore(path, join(dir, 'data')), /the archive holds odd, which is no regular file/);
    t.same(readdirSync(join(dir, 'data')), []);
  }
});
