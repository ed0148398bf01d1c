/** The journal on a disk that fails: nothing acknowledged is lost, nothing is done twice, and a failed sync is final. */
import t from 'tap';
import { Fault } from '../../supervisor/core/fault.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { type FaultPlan, FaultyDisk } from '../helpers/faulty-disk.ts';
import { Ledger, Life, type LifeOptions } from './model.ts';

const dir = '/data';

function freshDisk(options = {}): FaultyDisk {
  const disk = new FaultyDisk(options);
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
    for (let n = 0; n < 8; n++) await life.add(`f${n}`, { n, fill: 'x'.repeat(100) });
    life.keeper.between = () => life.put('during', { seq: life.journal.nextSeq });
    await life.journal.snapshot(life.keeper, life.journal.nextSeq - 1).catch((error: unknown) => {
      if (error instanceof Fault) throw error;
    });
    life.keeper.between = null;
    await life.add('b', null);
    for (let n = 0; n < 8; n++) await life.add(`g${n}`, { n, fill: 'y'.repeat(100) });
    await life.journal.snapshot(life.keeper, life.journal.nextSeq - 1).catch(() => {});
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
