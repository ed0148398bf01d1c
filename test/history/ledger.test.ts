import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Occurrence } from '../../supervisor/core/schedule/schedule.ts';
import type { DiskTrouble } from '../../supervisor/history/disk.ts';
import { Ledger, type LedgerLine } from '../../supervisor/history/ledger.ts';
import { freshFolder, ManualClock, ScriptedDisk, until } from './scripted-disk.ts';

const november = Date.parse('2026-11-26T12:00:00Z');
const december = Date.parse('2026-12-03T12:00:00Z');
const january = Date.parse('2027-01-03T12:00:00Z');

function line(seq: number, at = november, schedule = 'a', rows = 1): LedgerLine {
  const occurrences = Array.from({ length: rows }, (_, index): Occurrence => {
    return { plannedAt: seq * 1_000 + index, outcome: 'missed' };
  });
  return { seq, at, schedule, occurrences };
}

class Bed {
  readonly disk = new ScriptedDisk();
  readonly clock = new ManualClock(november);
  readonly troubles: DiskTrouble[] = [];
  recovered = 0;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, 'ledger');
  }

  open(journalSeq: number, provenSeq = 0): Promise<Ledger> {
    return Ledger.open({
      folder: this.#folder,
      provenSeq,
      journalSeq,
      clock: this.clock,
      disk: this.disk,
      trouble: (trouble) => this.troubles.push(trouble),
      recovered: () => this.recovered++,
    });
  }

  path(month: string): string {
    return join(this.#folder, `${month}.ndjson`);
  }

  get months(): readonly string[] {
    return readdirSync(this.#folder).sort();
  }

  seqs(month: string): readonly number[] {
    const lines = readFileSync(this.path(month), 'utf8').split('\n').slice(0, -1);
    return lines.map((text) => JSON.parse(text).seq);
  }

  /** Written by an earlier incarnation. */
  async with(...lines: readonly LedgerLine[]): Promise<void> {
    const ledger = await this.open(1_000);
    for (const one of lines) ledger.append(one);
    await ledger.sync();
    await ledger.close();
  }
}

async function plannedOf(ledger: Ledger, schedule: string, limit: number): Promise<readonly (readonly number[])[]> {
  const pages: number[][] = [];
  for (let after: string | null = null; ; ) {
    const { occurrences, next } = await ledger.page(schedule, { limit, after });
    if (occurrences.length > 0) pages.push(occurrences.map(({ plannedAt }) => plannedAt));
    if (next === null) return pages;
    after = next;
  }
}

t.test(
  'a torn last line is cut off and comes again from the journal; what is whole is not written twice',
  async (t) => {
    const bed = new Bed(await freshFolder(t));
    await bed.with(line(1), line(2), line(3));
    truncateSync(bed.path('2026-11'), readFileSync(bed.path('2026-11')).length - 5);
    const ledger = await bed.open(3);
    t.equal(ledger.lastSeq, 2);
    for (const seq of [1, 2, 3]) ledger.append(line(seq));
    await ledger.sync();
    t.strictSame(bed.seqs('2026-11'), [1, 2, 3]);
    await ledger.close();
  },
);

t.test('lines that the journal does not vouch for are cut off, also a whole month of them', async (t) => {
  const bed = new Bed(await freshFolder(t));
  await bed.with(line(1), line(2), line(3), line(4, december), line(5, december));
  const ledger = await bed.open(2);
  ledger.append(line(3, december, 'b'));
  await ledger.sync();
  t.strictSame(bed.seqs('2026-11'), [1, 2]);
  t.strictSame(bed.seqs('2026-12'), [3]);
  t.strictSame(await plannedOf(ledger, 'a', 10), [[2_000, 1_000]]);
  t.strictSame(await plannedOf(ledger, 'b', 10), [[3_000]]);
  await ledger.close();
});

t.test('a clock that goes back over the end of a month goes on in the later one', async (t) => {
  const bed = new Bed(await freshFolder(t));
  const ledger = await bed.open(0);
  ledger.append(line(1));
  ledger.append(line(2, december));
  ledger.append(line(3, november));
  await ledger.sync();
  await ledger.close();
  t.strictSame(bed.seqs('2026-12'), [2, 3]);
  const again = await bed.open(3);
  t.equal(again.lastSeq, 3);
  again.append(line(4, november));
  await again.sync();
  t.strictSame(bed.seqs('2026-12'), [2, 3, 4]);
  t.strictSame(await plannedOf(again, 'a', 10), [[4_000, 3_000, 2_000, 1_000]]);
  await again.close();
});

t.test('page after page, newest first, nothing comes twice and nothing is left out', async (t) => {
  const bed = new Bed(await freshFolder(t));
  const ledger = await bed.open(0);
  let seq = 0;
  const expected: number[] = [];
  for (const at of [november, december, january]) {
    for (const rows of [1, 7, 3, 1_000, 2]) {
      const mine = line(++seq, at, 'a', rows);
      ledger.append(mine);
      ledger.append(line(++seq, at, 'another', 5));
      expected.unshift(...mine.occurrences.map(({ plannedAt }) => plannedAt).reverse());
    }
  }
  for (const limit of [1, 3, 7, 500, 5_000]) {
    const pages = await plannedOf(ledger, 'a', limit);
    t.strictSame(pages.flat(), expected, `${limit} a page`);
    t.ok(pages.slice(0, -1).every((page) => page.length === limit));
  }
  await ledger.sync();
  await ledger.close();
  const again = await bed.open(seq);
  t.strictSame((await plannedOf(again, 'a', 100)).flat(), expected, 'and from the disk');
  await again.close();
});

t.test('what is not a cursor of its own is refused', async (t) => {
  const bed = new Bed(await freshFolder(t));
  const ledger = await bed.open(0);
  ledger.append(line(1));
  for (const after of ['', 'x', '2026-11', '2026-11:-1:0', '2026-11:0:0:0', '../2026-11:0:0'])
    await t.rejects(ledger.page('a', { limit: 1, after }), RangeError, after);
  await ledger.close();
});

t.test('a full disk loses no line and writes none twice', async (t) => {
  const bed = new Bed(await freshFolder(t));
  const ledger = await bed.open(0);
  let full = true;
  bed.disk.fault = (call) => (call === 'write' && full ? { short: 20 } : null);
  let writes = 0;
  bed.disk.fault = (call) => {
    if (call !== 'write' || !full) return null;
    return writes++ % 2 === 0 ? { short: 20 } : { code: 'ENOSPC' };
  };
  ledger.append(line(1));
  await until(() => bed.troubles.length > 0);
  ledger.append(line(2));
  t.strictSame((await plannedOf(ledger, 'a', 10)).flat(), [2_000, 1_000], 'they can be read all the same');
  full = false;
  bed.clock.pass(1_000);
  await until(() => bed.recovered > 0);
  await ledger.sync();
  t.strictSame(bed.seqs('2026-11'), [1, 2]);
  await ledger.close();
});

t.test('after a failed sync nothing counts as safe, and a restart has it again from the journal', async (t) => {
  const bed = new Bed(await freshFolder(t));
  const ledger = await bed.open(0);
  ledger.append(line(1));
  bed.disk.fault = (call) => (call === 'datasync' ? { code: 'EIO' } : null);
  await t.rejects(ledger.sync());
  bed.disk.fault = () => null;
  await t.rejects(ledger.sync(), 'the next one might say yes to pages that are lost');
  t.match(bed.troubles, [{ operation: 'sync', fatal: true }]);
  await ledger.close();
  const again = await bed.open(1);
  again.append(line(1));
  await again.sync();
  t.strictSame(bed.seqs('2026-11'), [1]);
  await again.close();
});

t.test('a month is on disk before the next one begins', async (t) => {
  const bed = new Bed(await freshFolder(t));
  const ledger = await bed.open(0);
  ledger.append(line(1));
  ledger.append(line(2, december));
  await ledger.sync();
  const synced = bed.disk.calls.indexOf('datasync 2026-11.ndjson');
  t.ok(synced >= 0 && synced < bed.disk.calls.indexOf('write 2026-12.ndjson'));
  t.strictSame(bed.months, ['2026-11.ndjson', '2026-12.ndjson']);
  await ledger.close();
});

t.test('other files in the folder are left alone, and damage in the middle hides only its line', async (t) => {
  const bed = new Bed(await freshFolder(t));
  await bed.with(line(1));
  appendFileSync(bed.path('2026-11'), 'not a line of a ledger\n');
  appendFileSync(bed.path('notes'), 'mine');
  appendFileSync(bed.path('2026-11'), `${JSON.stringify(line(3))}\n`);
  const ledger = await bed.open(3);
  t.equal(ledger.lastSeq, 3);
  t.strictSame((await plannedOf(ledger, 'a', 10)).flat(), [3_000, 1_000]);
  t.ok(existsSync(bed.path('notes')));
  await ledger.close();
});
