/** The journal from append to restart, on a disk in memory: what is acknowledged comes back, what is damaged stops the start. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Clock } from '../../supervisor/clock.ts';
import { Fault } from '../../supervisor/core/fault.ts';
import { fillChecksums } from '../../supervisor/journal/entry.ts';
import { openJournal } from '../../supervisor/journal/open.ts';
import { readJournal } from '../../supervisor/journal/read-journal.ts';
import { verifyFolder } from '../../supervisor/journal/verify.ts';
import { FaultyDisk } from '../helpers/faulty-disk.ts';
import { compare, Keeper, Ledger, Life, type LifeOptions } from './model.ts';

// Tens of thousands of replays of a small folder: a loaded machine needs more than the usual half minute.

const dir = '/data';
const first = `${dir}/journal/0000000000000001-e000001.ndjson`;

function freshDisk(): FaultyDisk {
  const disk = new FaultyDisk({ totalBytes: 2_000_000 });
  disk.makeFolder(dir);
  return disk;
}

/** A clock that stands still until it is moved. */
class ManualClock implements Clock {
  now = 1_000_000;
  #timers: { at: number; call: () => void }[] = [];

  wall(): number {
    return 1_800_000_000_000 + this.now;
  }

  monotonic(): number {
    return this.now;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.now + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get armed(): number {
    return this.#timers.length;
  }

  /** Moves on and lets everything that follows from it happen. */
  async advance(ms: number): Promise<void> {
    this.now += ms;
    for (const timer of this.#timers.filter(({ at }) => at <= this.now)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.call();
    }
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  }
}

/** Restarts as after kill -9, compares with the ledger and stops as asked. */
async function restart(ledger: Ledger, disk: FaultyDisk, more: Partial<LifeOptions> = {}): Promise<Life> {
  const life = await Life.open(ledger, { dir, disk, ...more });
  await life.readBack();
  await life.journal.close();
  return life;
}

async function damage(run: () => Promise<unknown>): Promise<Fault> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Fault && error.exitCode === 65) return error;
    throw error;
  }
  throw new Error('it did not stop');
}

t.test('what is acknowledged comes back after a kill and after a stop as asked', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk });
  t.equal(life.report.verdict, 'fresh');
  await life.add('a', { text: 'é漢😀' });
  life.put('b', [1, 2, 3]);
  await life.acknowledge(life.put('a', { text: 'again' }));
  t.equal(life.journal.durableSeq, 3);
  t.equal(life.journal.durable(3), undefined, 'what is durable already needs no promise');
  const killed = disk.killed();
  const after = await Life.open(ledger, { dir, disk: killed });
  t.match(after.report, {
    verdict: 'clean',
    entries: 3,
    lastSeq: 3,
    cleanStop: false,
    sameBoot: true,
    droppedBytes: 0,
    lastAt: 1_800_000_000_003,
  });
  t.equal(after.journal.epoch, 2);
  await after.readBack();
  await after.add('c', null);
  await after.journal.close();
  t.equal(killed.openHandles, 0, 'every file is closed');
  const { report } = await restart(ledger, killed);
  t.match(report, { verdict: 'clean', entries: 4, cleanStop: true, notes: [] });
  t.match(verifyFolder({ dir, disk: killed, bootId: 'boot-1' }), { ok: true, lastSeq: 4 });
});

t.test('every line is JSON, in sequence, with its checksum last', async (t) => {
  const disk = freshDisk();
  const life = await Life.open(new Ledger(), { dir, disk });
  await life.add('a', 'x');
  life.put('b', 'y');
  await life.add('c', 'z');
  life.putGroup(['d', 'e'], 1);
  await life.acknowledge();
  await life.journal.close();
  const lines = disk.content(first).toString().trimEnd().split('\n');
  const values = lines.map((line) => JSON.parse(line));
  t.match(values[0], { t: 'head', v: 1, min: 1, epoch: 1, first: 1, fsync: 'always', prev: null, boot: 'boot-1' });
  t.match(values[1], { seq: 1, d: 0, at: Number, e: 'put', id: 'a', crc: /^[0-9a-f]{8}$/ });
  t.match(values[2], { seq: 2, d: 1 });
  t.notOk('d' in values[3], 'only the first line of a batch says what was on disk');
  t.same(values[5].g, ['g1', 1, 2]);
  t.match(values.at(-1), { t: 'seal', seq: 5, clean: true, sha256: /^[0-9a-f]{64}$/ });
  for (const line of lines) t.match(line, /,"crc":"[0-9a-f]{8}"\}$/);
});

t.test('an entry that is out of order, or too long, is refused', async (t) => {
  const life = await Life.open(new Ledger(), { dir, disk: freshDisk() });
  t.throws(() => life.journal.append(2, 0, '"e":"x"'), { message: /cannot follow/ });
  t.throws(() => life.journal.append(1, 0, '"e":"x"', { group: { id: 'g', index: 1, count: 2 } }), {
    message: /group/,
  });
  t.throws(() => life.journal.append(1, 0, `"e":"${'漢'.repeat(400_000)}"`), RangeError);
  await life.add('a', '漢'.repeat(300_000));
  await life.readBack();
  await life.journal.close();
});

t.test('one promise serves a whole batch, and listeners hear of each batch once, before the callers', async (t) => {
  const life = await Life.open(new Ledger(), { dir, disk: freshDisk() });
  const heard: (number | string)[] = [];
  life.journal.onDurable((seq) => heard.push(seq));
  const promises = ['a', 'b', 'c'].map((id) => life.journal.durable(life.put(id, 1)));
  t.equal(promises[0], promises[2]);
  await promises[0]?.then(() => heard.push('caller'));
  t.same(heard, [3, 'caller']);
  await life.journal.close();
});

t.test('a quiet journal writes one mark, and then nothing at all', async (t) => {
  for (const fsync of ['always', 'everysec', 'no'] as const) {
    const disk = freshDisk();
    const clock = new ManualClock();
    const life = await Life.open(new Ledger(), { dir, disk, clock, fsync });
    await life.add('a', 1);
    await clock.advance(200);
    await life.add('b', 1);
    for (let step = 0; step < 4; step++) await clock.advance(200);
    t.match(JSON.parse(disk.content(first).toString().trimEnd().split('\n').at(-1) ?? ''), { t: 'mark', d: 2 }, fsync);
    const calls = disk.calls.length;
    for (let second = 0; second < 100; second++) await clock.advance(1_000);
    t.equal(disk.calls.length, calls, 'an idle disk is left alone');
    t.equal(clock.armed, 0, 'no timer is armed');
    await life.journal.close();
  }
});

t.test('an entry nobody waits for rides along, or goes by itself after a moment', async (t) => {
  const disk = freshDisk();
  const clock = new ManualClock();
  const life = await Life.open(new Ledger(), { dir, disk, clock });
  life.journal.append(1, 0, '"e":"progress","id":"a"', { lazy: true });
  await clock.advance(10);
  t.equal(life.journal.durableSeq, 0);
  await clock.advance(300);
  t.equal(life.journal.durableSeq, 1);
  life.journal.append(2, 0, '"e":"progress","id":"a"', { lazy: true });
  life.journal.append(3, 0, '"e":"progress","id":"a"');
  await life.journal.durable(3);
  t.equal(life.journal.durableSeq, 3);
  await life.journal.close();
});

t.test('segments rotate, are sealed and chained, and all of them are replayed', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk, segmentBytesMax: 2_000 });
  for (let n = 0; n < 50; n++) await life.add(`k${n}`, 'x'.repeat(100));
  for (let n = 0; n < 50; n++) life.put(`m${n}`, 'y'.repeat(100));
  await life.acknowledge();
  life.putGroup(
    Array.from({ length: 40 }, (_, n) => `g${n}`),
    'z'.repeat(100),
  );
  await life.acknowledge();
  t.ok(life.journal.stats().segments > 5);
  await life.readBack();
  const after = await restart(ledger, disk.killed(), { segmentBytesMax: 2_000 });
  t.equal(after.report.entries, 140);
  await life.journal.close();
  t.match(verifyFolder({ dir, disk, bootId: 'boot-1' }), { ok: true, lastSeq: 140 });
});

t.test(
  'a snapshot is taken while entries arrive, and the journal before the one before it goes to the trash',
  async (t) => {
    const ledger = new Ledger();
    const disk = freshDisk();
    const life = await Life.open(ledger, { dir, disk, segmentBytesMax: 2_000, snapshotBytesMin: 5_000 });
    life.keeper.sliceLines = 10;
    for (let round = 0; round < 4; round++) {
      t.equal(life.journal.snapshotDue, false);
      for (let n = 0; n < 30; n++) await life.add(`k${n % 20}`, `${round} ${'x'.repeat(100)}`);
      t.equal(life.journal.snapshotDue, true);
      let arrived = 0;
      life.keeper.between = () => {
        life.put(`during${arrived++}`, round);
        life.put(`k${arrived}`, null);
        life.put(`k${arrived}`, 'back');
      };
      await life.snapshot();
      life.keeper.between = null;
      t.equal(life.keeper.publishedCount, round + 1);
      await life.readBack();
    }
    t.equal(disk.list(`${dir}/snapshots`).length, 2, 'two generations stay');
    const oldest =
      disk
        .list(`${dir}/journal`)
        .filter((name) => name.endsWith('ndjson'))
        .sort()[0] ?? '';
    t.not(oldest, '0000000000000001-e000001.ndjson');
    t.ok(disk.list(`${dir}/trash`).length > 0, 'one old generation is kept in the trash');
    const after = await restart(ledger, disk.killed());
    t.ok(after.report.snapshotSeq > 0);
    t.ok(after.report.entries < 60, 'only what came after the snapshot is replayed');
    await life.journal.close();
    await restart(ledger, disk);
    t.match(verifyFolder({ dir, disk, bootId: 'boot-1' }), { ok: true });
  },
);

t.test('a damaged or missing newest snapshot costs a longer replay, and is reported', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk, segmentBytesMax: 2_000 });
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 20; n++) await life.add(`k${n}`, `${round} ${'x'.repeat(100)}`);
    await life.snapshot();
  }
  await life.add('z', 1);
  const newest = disk.list(`${dir}/snapshots`).sort().at(-1) ?? '';
  const path = `${dir}/snapshots/${newest}`;
  const flipped = disk.killed();
  const bytes = flipped.content(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  flipped.put(path, bytes);
  t.match((await restart(ledger, flipped)).report, { snapshotSeq: 40, notes: [/is damaged/] });
  t.equal(verifyFolder({ dir, disk: flipped, bootId: 'boot-1' }).findings[0]?.file, path);
  const gone = disk.killed();
  gone.remove(path);
  t.match((await restart(ledger, gone)).report, { snapshotSeq: 40, notes: [/is missing/] });
  await life.journal.close();
});

t.test('under everysec and no, a kill loses nothing, and a power cut reports the window', async (t) => {
  for (const fsync of ['everysec', 'no'] as const) {
    const ledger = new Ledger();
    const disk = freshDisk();
    const clock = new ManualClock();
    const life = await Life.open(ledger, { dir, disk, clock, fsync });
    t.equal(life.journal.durability, 'os');
    await life.add('a', 1);
    await clock.advance(1_100);
    await life.add('b', 1);
    await clock.advance(10);
    await life.add('c', 1);
    t.equal((await restart(ledger, disk.killed(), { clock, fsync })).report.lostWindow, undefined);
    // After a power cut the promise is weaker, and said so.
    const cut = disk.powerCut();
    ledger.acknowledged = 1;
    const keeper = new Keeper();
    const report = await readJournal({ dir, disk: cut, bootId: 'boot-2', replayer: keeper });
    compare(ledger, report, keeper);
    t.match(report.lostWindow, { afterSeq: report.lastSeq, fsync });
    await life.journal.close();
  }
});

t.test('a batch torn by a kill is dropped and counted; the list it was part of goes whole', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk });
  await life.add('a', 1);
  const acknowledged = disk.content(first).length;
  life.put('b', 'x'.repeat(50));
  life.putGroup(['c', 'd', 'e'], 'y'.repeat(50));
  await life.journal.durable(5);
  const whole = disk.content(first);
  for (let size = acknowledged; size < whole.length; size++) {
    const torn = disk.killed();
    torn.put(first, whole.subarray(0, size));
    const copy = Object.assign(new Ledger(), { submitted: [...ledger.submitted], acknowledged: 1 });
    const { report } = await restart(copy, torn);
    const accepted = whole.indexOf(`{"seq":${report.lastSeq + 1},`);
    if (report.droppedBytes !== size - accepted)
      t.fail(`cut at ${size}: ${report.droppedBytes} dropped after ${accepted}`);
    if (report.lastSeq > 2) t.fail(`cut at ${size}: a part of a list was accepted`);
    if (size > accepted && (report.verdict !== 'torn' || report.droppedLines === 0))
      t.fail(`cut at ${size}: ${report.verdict}`);
  }
  ledger.submitted.length = 6;
  await life.journal.close();
});

t.test('sectors lost in a power cut are a tear; the same zeros without one stop the start', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk });
  await life.add('a', 1);
  disk.plan = { at: 1, call: 'fdatasync', code: 'EIO' };
  for (let n = 0; n < 40; n++) life.put(`b${n}`, 'x'.repeat(100));
  await t.rejects(Promise.resolve(life.journal.durable(41)), { code: 'outcome_unknown' });
  for (let lost = 1; lost < 10; lost++) {
    const cut = disk.powerCut((path, sector) => path === first && sector !== lost);
    const keeper = new Keeper();
    const report = await readJournal({ dir, disk: cut, bootId: 'boot-2', replayer: keeper });
    compare(ledger, report, keeper);
    t.equal(report.verdict, 'torn by power loss');
    t.ok(report.droppedBytes > 0 && report.droppedLines > 0);
    t.match(await damage(() => readJournal({ dir, disk: cut, bootId: 'boot-1', replayer: new Keeper() })), {
      message: /neither a kill nor a power cut/,
    });
  }
});

t.test('an unproven tail is written again and synced before anything new', async (t) => {
  const ledger = new Ledger();
  const disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk });
  await life.add('a', 1);
  await life.add('b', 2);
  const killed = disk.killed();
  const before = killed.content(first);
  const after = await Life.open(ledger, { dir, disk: killed });
  const second = `${dir}/journal/0000000000000002-e000002.ndjson`;
  t.match(
    killed.content(second).toString(),
    /"seq":2,.*"id":"b"/,
    'the last batch was acknowledged, but nothing after it proved it',
  );
  t.ok(killed.powerCut().content(second).equals(killed.content(second)));
  t.ok(killed.content(first).equals(before), 'the old file is as it was');
  await after.readBack();
  await after.journal.close();
  await life.journal.close();
});

t.test('ten starts in a row find the same state and leave old files as they are', async (t) => {
  const ledger = new Ledger();
  let disk = freshDisk();
  const life = await Life.open(ledger, { dir, disk, segmentBytesMax: 1_500 });
  for (let n = 0; n < 30; n++) await life.add(`k${n}`, 'x'.repeat(50));
  await life.snapshot();
  for (let n = 0; n < 30; n++) await life.add(`m${n}`, 'x'.repeat(50));
  const known = new Map<string, Buffer>();
  for (let round = 0; round < 10; round++) {
    disk = disk.killed();
    for (const path of disk.files.keys()) if (path.endsWith('.ndjson')) known.set(path, disk.content(path));
    await Life.open(ledger, { dir, disk });
    for (const [path, content] of known) {
      // A segment of which nothing was proven is gone once its entries stand in the next one.
      if (disk.files.has(path) && !disk.content(path).equals(content)) t.fail(`${path} was changed`);
    }
  }
  t.equal(
    disk.list(`${dir}/journal`).filter((name) => /-e0000(0[2-9]|10)/.test(name)).length,
    0,
    'starts after which nothing happened leave nothing',
  );
});

t.test('any single flipped bit stops the start or has no effect', async (t) => {
  const ledger = new Ledger();
  const origin = freshDisk();
  const life = await Life.open(ledger, { dir, disk: origin, segmentBytesMax: 900 });
  await life.add('a', 'x');
  await life.add('b', 'x'.repeat(150));
  await life.snapshot();
  await life.add('c', 'é');
  await life.add('d', 'last, acknowledged, and no mark says so');
  const disk = origin.killed();
  let flips = 0;
  let stops = 0;
  for (const [path, file] of disk.files) {
    if (!path.endsWith('json')) continue;
    for (let bit = 0; bit < file.size * 8; bit++) {
      const byte = bit >> 3;
      file.bytes[byte] = (file.bytes[byte] as number) ^ (1 << (bit & 7));
      const keeper = new Keeper();
      try {
        compare(
          ledger,
          await readJournal({ dir, disk, bootId: bit & 1 ? 'boot-1' : 'boot-2', replayer: keeper }),
          keeper,
        );
      } catch (error) {
        if (!(error instanceof Fault) || error.exitCode !== 65)
          throw new Error(`${path}, bit ${bit}`, { cause: error });
        stops++;
      }
      file.bytes[byte] = (file.bytes[byte] as number) ^ (1 << (bit & 7));
      flips++;
    }
  }
  t.ok(flips > 10_000 && stops > flips / 4, `${stops} of ${flips} flips stopped the start, the others changed nothing`);
  t.equal(disk.openHandles, 0);
  await life.journal.close();
});

/** A folder with a sealed segment, a closed one and an active one, all of it acknowledged and proven. */
async function provenFolder(): Promise<{ ledger: Ledger; disk: FaultyDisk }> {
  const ledger = new Ledger();
  const origin = freshDisk();
  const clock = new ManualClock();
  const life = await Life.open(ledger, { dir, disk: origin, clock, segmentBytesMax: 1_000 });
  for (let n = 0; n < 9; n++) await life.add(`k${n}`, 'x'.repeat(60));
  await clock.advance(600);
  const disk = origin.killed();
  await life.journal.close();
  return { ledger, disk };
}

type Change = (lines: string[]) => string[] | string;
const CHANGES: readonly [string, Change][] = [
  ['a deleted line', (lines) => lines.toSpliced(1, 1)],
  ['a doubled line', (lines) => lines.toSpliced(1, 0, lines[1] as string)],
  ['two swapped lines', (lines) => lines.with(1, lines[2] as string).with(2, lines[1] as string)],
  ['a line cut in the middle', (lines) => lines.with(1, (lines[1] as string).slice(0, 30))],
  ['a file cut in the middle of a proven line', (lines) => lines.join('\n').slice(0, 560)],
  ['CRLF line ends', (lines) => lines.map((line) => `${line}\r`)],
  ['a byte order mark', (lines) => lines.with(0, `\ufeff${lines[0]}`)],
  ['a deleted header', (lines) => lines.slice(1)],
  ['a pretty-printed line', (lines) => lines.with(1, (lines[1] as string).replace('"at":', '"at": '))],
  ['nothing left', () => ''],
];

t.test('lines or files that are changed by hand stop the start, and nothing is touched', async (t) => {
  const { ledger, disk: origin } = await provenFolder();
  const segments = [...origin.files.keys()].filter((path) => /journal\/\d/.test(path)).sort();
  t.ok(segments.length >= 3);
  for (const path of segments) {
    for (const [name, change] of CHANGES) {
      const disk = origin.killed();
      const changed = change(disk.content(path).toString().split('\n'));
      disk.put(path, Buffer.from(typeof changed === 'string' ? changed : changed.join('\n')));
      // Cut inside what no line proves is a tear, and allowed; the last segment's mark proves all but itself.
      if (name.startsWith('a file cut') && path === segments.at(-1))
        disk.put(path, disk.content(path).subarray(0, 560));
      const before = new Map([...disk.files.keys()].map((file) => [file, disk.content(file)]));
      const fault = await damage(() => Life.open(ledger, { dir, disk })).catch((error: Error) => error.message);
      if (name.startsWith('a file cut') && path === segments.at(-1)) continue;
      if (typeof fault === 'string') t.fail(`${name} in ${path}: ${fault}`);
      for (const [file, content] of before)
        if (!disk.content(file).equals(content)) t.fail(`${name}: ${file} was touched`);
    }
    const gone = origin.killed();
    gone.remove(path);
    t.match(await damage(() => Life.open(ledger, { dir, disk: gone })), { message: /is missing/ });
  }
  const swapped = origin.killed();
  swapped.put(segments[0] as string, origin.content(segments[1] as string));
  swapped.put(segments[1] as string, origin.content(segments[0] as string));
  await damage(() => Life.open(ledger, { dir, disk: swapped }));
});

t.test('a stranger among the files is left alone and noted', async (t) => {
  const { ledger, disk } = await provenFolder();
  disk.put(`${dir}/journal/notes.txt`, Buffer.from('mine'));
  disk.put(`${dir}/journal/0000000000000001-e000000.ndjson`, Buffer.from('{}\n'));
  disk.put(`${dir}/snapshots/0000000000000900-e000009.ndjson`, Buffer.from('{}\n'));
  const { report } = await restart(ledger, disk);
  t.equal(report.notes.length, 3);
  t.ok(disk.files.has(`${dir}/journal/notes.txt`) && disk.files.has(`${dir}/journal/0000000000000001-e000000.ndjson`));
  t.ok(disk.files.has(`${dir}/snapshots/0000000000000900-e000009.ndjson`));
});

t.test('without its manifest a journal starts from the copy; without both it stops', async (t) => {
  const { ledger, disk } = await provenFolder();
  const manifest = `${dir}/journal/MANIFEST.json`;
  const torn = disk.killed();
  torn.put(manifest, torn.content(manifest).subarray(0, 50));
  t.match((await restart(ledger, torn)).report.notes, [/MANIFEST\.prev\.json is used/]);
  const gone = disk.killed();
  gone.remove(manifest);
  await restart(ledger, gone);
  const both = disk.killed();
  both.remove(manifest);
  both.remove(`${dir}/journal/MANIFEST.prev.json`);
  t.match(await damage(() => restart(ledger, both)), { message: /list of files is missing/ });
  const older = disk.killed();
  older.put(manifest, older.content(`${dir}/journal/MANIFEST.prev.json`));
  await restart(ledger, older);
});

/** The same file as a later version would have written it: its first line of another format, with the right checksum. */
function ofFormat3(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\n') + 1;
  const line = Buffer.from(bytes.subarray(0, end).toString().replace('"v":1,"min":1', '"v":3,"min":2'));
  // The checksum of a manifest is seeded with 0.
  const epoch = Number(/"t":"head".*"epoch":(\d+)/.exec(line.toString())?.[1] ?? 0);
  fillChecksums(line, 0, line.length, epoch);
  return Buffer.concat([line, bytes.subarray(end)]);
}

t.test('a file of a newer format is refused by name, and every file left as it is', async (t) => {
  const { ledger, disk: origin } = await provenFolder();
  for (const path of [...origin.files.keys()].filter((name) => /MANIFEST\.json|journal\/\d/.test(name))) {
    const disk = origin.killed();
    disk.put(path, ofFormat3(disk.content(path)));
    const before = new Map([...disk.files.keys()].map((name) => [name, Buffer.from(disk.content(name))] as const));
    const fault = await damage(() => Life.open(ledger, { dir, disk }));
    t.match(fault.message, new RegExp(`${path}.*format 3`));
    t.same([...disk.files.keys()].sort(), [...before.keys()].sort());
    for (const [name, bytes] of before) t.ok(disk.content(name).equals(bytes), name);
  }
});

t.test(
  'an older copy put back in place of a segment stops the start; of a snapshot, the one before it is used',
  async (t) => {
    const { ledger, disk: origin } = await provenFolder();
    const files = [...origin.files.keys()].sort();
    const segments = files.filter((name) => /journal\/\d/.test(name));
    for (const path of segments.slice(0, -1)) {
      const disk = origin.killed();
      const whole = disk.content(path);
      disk.put(path, whole.subarray(0, whole.lastIndexOf('\n', whole.length - 2) + 1));
      const fault = await damage(() => Life.open(ledger, { dir, disk }));
      t.match(fault.message, new RegExp(path), 'a segment as it was before its last lines came');
    }
  },
);

t.test(
  'an older copy put back in place of the newest snapshot is noticed, and the one before it is used',
  async (t) => {
    const ledger = new Ledger();
    const origin = freshDisk();
    const life = await Life.open(ledger, { dir, disk: origin, segmentBytesMax: 1_000 });
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 4; n++) await life.add(`k${round}${n}`, 'x'.repeat(60));
      await life.snapshot();
    }
    await life.journal.close();
    const disk = origin.killed();
    const [older, newest] = [...disk.files.keys()].filter((name) => /snapshots\/\d/.test(name)).sort() as [
      string,
      string,
    ];
    disk.put(newest, disk.content(older));
    const { report } = await restart(ledger, disk);
    t.match(report.notes, [/snapshot .* is damaged: an older one and a longer replay are used/]);
  },
);

const golden = fileURLToPath(new URL('../../../test/fixtures/golden-v1/', import.meta.url));

/** A folder as an earlier release left it, on a disk in memory. */
function goldenDisk(name: string): FaultyDisk {
  const disk = freshDisk();
  for (const path of readdirSync(join(golden, name), { recursive: true, encoding: 'utf8' })) {
    if (/\.(ndjson|json)$/.test(path) && path !== 'expected.json')
      disk.put(`${dir}/${path}`, readFileSync(join(golden, name, path)));
  }
  return disk;
}

t.test('folders of format 1, a stopped one and a torn one, open as they did when they were written', async (t) => {
  for (const name of ['stopped', 'torn']) {
    const { state, ...expected } = JSON.parse(readFileSync(join(golden, name, 'expected.json'), 'utf8'));
    const disk = goldenDisk(name);
    const keeper = new Keeper();
    t.match(await readJournal({ dir, disk, bootId: 'boot-1', replayer: keeper }), expected, name);
    t.same(Object.fromEntries(keeper.state()), state);
    t.ok(verifyFolder({ dir, disk, bootId: 'boot-1' }).ok);
    const opened = new Keeper();
    const { journal } = await openJournal({
      dir,
      disk,
      incarnation: 'i',
      version: '9.9.9',
      bootId: 'boot-3',
      fsync: 'always',
      replayer: opened,
    });
    t.same(Object.fromEntries(opened.state()), state);
    await journal.close();
  }
});

t.test('a reader changes nothing, not even in a folder that cannot be written to', async (t) => {
  const disk = goldenDisk('torn');
  disk.before = (call) => {
    if (!['open', 'read', 'fstat', 'scandir', 'close'].includes(call)) t.fail(`a reader called ${call}`);
  };
  const report = await readJournal({ dir, disk, bootId: 'boot-1', replayer: new Keeper() });
  t.equal(report.verdict, 'torn');
  t.equal(disk.openHandles, 0);
});
