/** The journal on a disk that fails: nothing acknowledged is lost, nothing is done twice, and a failed sync is final. */
import t from 'tap';
import { Fault } from '../../supervisor/core/fault.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { type FaultPlan, FaultyDisk } from '../helpers/faulty-disk.ts';
import { Ledger, Life, type LifeOptions } from './model.ts';

// Thousands of short lives: a loaded machine needs more than the usual half minute.

const dir = '/data';

function freshDisk(options = {}): FaultyDisk {
  const disk = new FaultyDisk({ totalBytes: 2_000_000, ...options });
  disk.makeFolder(dir);
  disk.calls.length = 0;
  return disk;
}

function on(disk: FaultyDisk, more: Partial<LifeOptions> = {}): LifeOptions {
  return { dir, disk, segmentBytesMax: 1_500, ...more };
}

/** One of everything: entries, a list, rotations, a snapshot while entries arrive, removals, a stop as asked. */
async function story(ledger: Ledger, options: LifeOptions): Promise<void> {
  const life = await Life.open(ledger, options);
  try {
    await life.add('a', { n: 1 });
    await life.add('b', { text: 'é漢'.repeat(20) });
    life.putGroup(['c', 'd', 'e'], { list: true });
    await life.acknowledge();
    for (let n = 0; n < 3; n++) await life.add(`f${n}`, { n, fill: 'x'.repeat(250) });
    life.keeper.between = () => life.put('during', { seq: life.journal.nextSeq });
    await life.snapshot().catch((error: unknown) => {
      if (error instanceof Fault) throw error;
    });
    life.keeper.between = null;
    await life.add('b', null);
    for (let n = 0; n < 3; n++) await life.add(`g${n}`, { n, fill: 'y'.repeat(250) });
    await life.snapshot().catch(() => {});
    await life.add('z', 'last');
  } finally {
    await life.journal.close().catch(() => {});
  }
}

async function survives(plan: FaultPlan): Promise<{ failed: number; calls: number }> {
  const disk = freshDisk();
  disk.plan = plan;
  const ledger = new Ledger();
  await story(ledger, on(disk)).catch((error: unknown) => {
    if (!(error instanceof Fault) && !(error instanceof Refusal) && !(error as NodeJS.ErrnoException).code) throw error;
  });
  const after = disk.killed();
  const life = await Life.open(ledger, on(after));
  await life.add('after', 1);
  await life.readBack();
  await life.journal.close();
  return { failed: disk.failed, calls: disk.calls.length };
}

t.test('whichever call fails, once or for good, nothing acknowledged is lost', async (t) => {
  for (const code of ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'EBADF']) {
    for (const sticky of [false, true]) {
      let at = 1;
      for (; ; at++) {
        const { failed } = await survives({ at, code, sticky });
        if (failed === 0) break;
      }
      t.ok(at > 100, `${code}${sticky ? ' for good' : ''}: each of ${at - 1} calls failed in turn`);
    }
  }
});

t.test('writes that take only some of the bytes lose none', async (t) => {
  for (const writes of [() => 1, (bytes: number) => bytes - 1, (bytes: number) => Math.ceil(bytes / 3)]) {
    const disk = freshDisk({ writes });
    const ledger = new Ledger();
    await story(ledger, on(disk));
    const life = await Life.open(ledger, on(disk.killed()));
    await life.readBack();
    t.match(life.report, { cleanStop: true, lastSeq: ledger.acknowledged, droppedBytes: 0 });
    await life.journal.close();
  }
});

t.test('a failed sync is final: no acknowledgement, no second sync, exit 74', async (t) => {
  for (const code of ['EIO', 'ENOSPC']) {
    const disk = freshDisk();
    const life = await Life.open(new Ledger(), { dir, disk });
    await life.add('a', 1);
    disk.plan = { at: 1, call: 'fdatasync', code };
    const waits = [life.journal.durable(life.put('b', 1)), life.journal.durable(life.put('c', 1))];
    for (const wait of waits) await t.rejects(Promise.resolve(wait), { name: 'Refusal', code: 'outcome_unknown' });
    t.equal(life.faults[0]?.exitCode, 74);
    t.equal(life.journal.durableSeq, 1);
    const calls = disk.calls.length;
    await t.rejects(Promise.resolve(life.journal.durable(life.put('d', 1))), { code: 'outcome_unknown' });
    await t.rejects(life.journal.close(), { name: 'Fault', message: /sync/ });
    t.equal(
      disk.calls.slice(calls).filter(({ call }) => call === 'write' || call === 'fdatasync').length,
      0,
      'nothing more is written',
    );
  }
});

t.test('a write that was lost, or one by somebody else, ends in exit 75 before it is acknowledged', async (t) => {
  for (const bytes of [-10, 10]) {
    const disk = freshDisk();
    const life = await Life.open(new Ledger(), { dir, disk });
    await life.add('a', 1);
    disk.before = (call, path) => {
      const file = disk.files.get(path);
      if (call === 'fstat' && file) file.size += bytes;
    };
    await t.rejects(Promise.resolve(life.journal.durable(life.put('b', 1))), { code: 'outcome_unknown' });
    t.equal(life.faults[0]?.exitCode, 75);
    disk.before = null;
    await life.journal.close().catch(() => {});
  }
});

t.test('a full disk refuses new work, writes what is decided, and recovers by itself when there is room', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk({ totalBytes: 400_000 });
  const life = await Life.open(ledger, { dir, disk });
  const heard: boolean[] = [];
  const wait = new Promise<void>((resolve) => {
    life.journal.onSpace((full) => {
      heard.push(full);
      if (!full) resolve();
    });
  });
  t.equal(life.journal.full, false);
  disk.put('/other', Buffer.alloc(disk.space(dir).freeBytes - 300));
  // Decided before anybody knew: it must be written all the same, into the ballast.
  await life.add('a', 'x'.repeat(2_000));
  t.notOk(disk.files.has(`${dir}/reserve.bin`), 'the ballast was given up');
  for (let n = 0; n < 3; n++) await life.add(`b${n}`, 'x'.repeat(1_000));
  await life.journal.snapshot(life.keeper.source(), life.journal.nextSeq - 1).catch(() => {});
  await life.add('c', 1);
  t.equal(life.journal.full, true);
  disk.files.delete('/other');
  await wait;
  t.same(heard, [true, false]);
  t.ok(disk.files.has(`${dir}/reserve.bin`), 'the ballast is back');
  await life.add('d', 1);
  await life.journal.close();
  const after = await Life.open(ledger, { dir, disk: disk.killed() });
  t.equal(after.report.lastSeq, 6);
  await after.journal.close();
});

t.test(
  'a disk so full that even the ballast does not help ends in exit 74, and nothing acknowledged is lost',
  async (t) => {
    const ledger = new Ledger();
    const disk = freshDisk({ totalBytes: 400_000 });
    const life = await Life.open(ledger, { dir, disk });
    await life.add('a', 1);
    disk.put('/other', Buffer.alloc(disk.space(dir).freeBytes));
    await t.rejects(life.add('b', 'x'.repeat(100_000)), { code: 'outcome_unknown' });
    t.match(life.faults, [{ exitCode: 74, action: /make room/ }]);
    await life.journal.close().catch(() => {});
    const after = disk.killed();
    after.files.delete('/other');
    const next = await Life.open(ledger, { dir, disk: after });
    t.match(next.report, { lastSeq: 1 });
    await next.journal.close();
  },
);

t.test('a snapshot that reads back wrong is given up, and everything is still there', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk });
  for (let n = 0; n < 10; n++) await life.add(`k${n}`, n);
  disk.before = (call, path) => {
    const file = disk.files.get(path);
    if (call === 'open' && path.endsWith('.ndjson.tmp') && file) file.bytes[200] = (file.bytes[200] as number) ^ 1;
  };
  await t.rejects(life.snapshot(), { name: 'SnapshotGivenUp' });
  disk.before = null;
  t.equal(disk.list(`${dir}/snapshots`).length, 0);
  await life.snapshot();
  await life.journal.close();
  const next = await Life.open(ledger, { dir, disk: disk.killed() });
  t.equal(next.report.snapshotSeq, 10);
  await next.journal.close();
});

t.test('a snapshot does not give rotten bytes a fresh checksum', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk });
  for (let n = 0; n < 10; n++) await life.add(`k${n}`, 'x'.repeat(50));
  const file = disk.files.get(`${dir}/journal/0000000000000001-e000001.ndjson`);
  const at = (file?.bytes.lastIndexOf('xxx') ?? 0) - 10;
  if (file) file.bytes[at] = 'y'.charCodeAt(0);
  await t.rejects(life.snapshot(), { message: /does not match its checksum/ });
  await life.journal.close();
});
