/** Runs that ended longer ago than FAILED_LIVE: out of memory and of snapshots, in the history, found again for good. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { RunQuery } from '../../supervisor/runs-facade.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import {
  anybody,
  openTestSupervisor,
  type TestSupervisor,
  task,
  testFolder,
  until,
} from '../helpers/open-supervisor.ts';

function folder(t: Test): string {
  const dataDir = testFolder(t);
  mkdirSync(join(dataDir, 'pipelines'));
  for (const name of ['one', 'two'])
    writeFileSync(
      join(dataDir, 'pipelines', `${name}.yaml`),
      'stages: [{ name: only, type: scripted, maxAttempts: 1 }]',
    );
  return dataDir;
}

async function open(dataDir: string, settings = 'FAILED_LIVE=0s'): Promise<TestSupervisor> {
  const opened = await openTestSupervisor(dataDir, { settings });
  opened.begin();
  return opened;
}

/** Starts one and waits until it has left memory. */
async function past(opened: TestSupervisor, pipeline: string, end: 'ok' | 'fail'): Promise<string> {
  const { id } = await opened.runs.start({ pipeline, params: { end } }, anybody);
  await new Promise<void>((resolve) => {
    const look = () => {
      if (opened.state.runs.byId.get(id)?.endedAt === null) return;
      stop();
      resolve();
    };
    const stop = opened.front.events.subscribe(look);
    look();
  });
  // Looks at what is due now, as it does once a minute at least.
  opened.timekeeper.begin();
  return id;
}

async function pages(opened: TestSupervisor, query: Partial<RunQuery>): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  for (let after: string | null = null; ; ) {
    const page = await opened.runs.list({ limit: 2, ...query, after });
    found.push(...page.items);
    if (page.next === null) return found;
    after = page.next;
  }
}

const idsOf = (runs: readonly RunRecord[]) => runs.map(({ id }) => id);

t.test('a run that ended long ago leaves memory, and is listed and found by its id also after a restart', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir);
  const ids = [
    await past(opened, 'one', 'ok'),
    await past(opened, 'two', 'fail'),
    await past(opened, 'one', 'fail'),
    await past(opened, 'two', 'ok'),
  ].reverse();
  const [lastOk = '', oneFailed = '', twoFailed = ''] = ids;
  await opened.runs.pause(
    (await opened.runs.start({ pipeline: 'two', params: { end: 'hang' } }, anybody)).id,
    'stays',
    anybody,
  );
  const live = [...opened.state.runs.byId.keys()];
  for (const name of ['as it was', 'after a crash', 'after a stop']) {
    if (name === 'after a crash') await opened.crash();
    if (name === 'after a stop') await opened.stop();
    if (name !== 'as it was') opened = await open(dataDir);
    t.same([...opened.state.runs.byId.keys()], live, `${name}: memory has the live one only`);
    t.same(idsOf(await pages(opened, {})), [...live, ...ids], `${name}: all of them, once, newest first`);
    t.equal((await opened.runs.list({ limit: 1, after: null })).total, 5);
    t.same(idsOf(await pages(opened, { state: ['failed'] })), [oneFailed, twoFailed]);
    t.same(idsOf(await pages(opened, { state: ['failed'], pipeline: ['two'] })), [twoFailed]);
    t.same(idsOf(await pages(opened, { state: ['partially_failed'] })), []);
    t.same(idsOf(await pages(opened, { pipeline: ['one'], limit: 1 })), [oneFailed, ids[3]]);
    const shown = await opened.runs.show(lastOk);
    t.match(shown, { pipeline: 'two', state: 'succeeded', retryable: false, counts: { succeeded: 1 } });
    t.match(shown.stages, [{ name: 'only', state: 'ended' }]);
  }
  await opened.crash();
});

t.test('nothing is asked of it any more, and the answer says why', async (t) => {
  const opened = await open(folder(t));
  const id = await past(opened, 'one', 'fail');
  const conflict = { code: 'conflict', message: /ended longer ago than FAILED_LIVE/ };
  await t.rejects(opened.runs.pause(id, '', anybody), conflict);
  await t.rejects(opened.runs.resume(id, anybody), conflict);
  await t.rejects(opened.runs.cancel(id, anybody), conflict);
  await t.rejects(opened.runs.retry(id, { stage: null, filter: {}, task: null, force: false }, anybody), conflict);
  await t.rejects(opened.runs.cancel('nothing', anybody), { code: 'not_found' });
  await opened.stop();
});

t.test('what the journal says was put aside comes again where its history was not yet written', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir);
  const ids = [await past(opened, 'one', 'fail'), await past(opened, 'two', 'ok')].reverse();
  const before = await pages(opened, {});
  await opened.crash();
  rmSync(join(dataDir, 'history', 'runs'), { recursive: true });
  opened = await open(dataDir);
  t.same(idsOf(await pages(opened, {})), ids);
  t.same(await pages(opened, {}), before, 'the same to the last member');
  await opened.stop();
});

t.test('a snapshot holds no run that has been put aside, and its history is on disk before', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir);
  const id = await past(opened, 'one', 'ok');
  const { state, history, pastRuns, recorder, journal } = opened;
  const walk = new StateWalk(state, machineClock, async () => {
    await recorder.departed();
    await history.sync();
    await pastRuns.sync();
  });
  await journal.snapshot(walk, state.seq);
  const months = readdirSync(join(dataDir, 'history', 'runs')).filter((name) => name.endsWith('.ndjson'));
  t.match(
    months.map((name) => readFileSync(join(dataDir, 'history', 'runs', name), 'utf8')),
    [new RegExp(`^\\{"seq":\\d+,"id":"${id}","type":"one","state":"succeeded"`)],
  );
  const snapshots = readdirSync(join(dataDir, 'snapshots')).map((name) =>
    readFileSync(join(dataDir, 'snapshots', name), 'utf8'),
  );
  t.equal(snapshots.length, 1);
  t.notMatch(snapshots[0], '"k":"run"');
  await opened.crash();
  opened = await open(dataDir);
  t.match(await opened.runs.show(id), { state: 'succeeded' });
  await opened.stop();
});

t.test('old months of runs are packed with those of tasks, and removed as HISTORY_RETENTION says', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir);
  const old = await past(opened, 'one', 'ok');
  await opened.stop();
  const runs = join(dataDir, 'history', 'runs');
  const [month = ''] = readdirSync(runs).filter((name) => name.endsWith('.ndjson'));
  writeFileSync(join(runs, '2020-01.ndjson'), readFileSync(join(runs, month)));
  rmSync(join(runs, month));
  rmSync(join(runs, 'index'), { recursive: true });
  opened = await open(dataDir);
  await past(opened, 'two', 'ok');
  const clean = async () => {
    const { ids } = await opened.front.submit([task({ type: 'history.cleanup' })], anybody);
    return (await until(opened, ids[0] as string, ({ state }) => state === 'succeeded')).result;
  };
  t.match(await clean(), { archived: [{ month: 'runs/2020-01', records: 1 }], removed: [] });
  t.ok(existsSync(join(runs, 'archive', '2020-01.ndjson.gz')));
  t.match(await opened.runs.show(old), { state: 'succeeded' });
  await opened.stop();
  opened = await open(dataDir, 'FAILED_LIVE=0s\nHISTORY_RETENTION=365d\n');
  t.match(await clean(), { archived: [], removed: [{ month: 'runs/2020-01', records: 1 }] });
  await t.rejects(opened.runs.show(old), { code: 'not_found' });
  await opened.stop();
});
