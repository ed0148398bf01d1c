/** The promises of months that are moved aside: found as before, whole at every moment, and none of them costs another. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readEnd } from '../../supervisor/history/archive-format.ts';
import type { Ages } from '../../supervisor/history/cleaner.ts';
import { type Bench, dayMs, idOf, november, openBench, seqs, walk } from './endings.ts';
import { type Fault, freshFolder, ScriptedDisk, seeded } from './scripted-disk.ts';

// Real files by the thousand: on a machine busy with other things this takes its time.

const after90d: Ages = { archiveAfterMs: 90 * dayMs, retentionMs: null };
const december = Date.UTC(2026, 11, 15);
const plain = (folder: string, name: string) => join(folder, 'history', `${name}.ndjson`);
const packed = (folder: string, name: string) => join(folder, 'history', 'archive', `${name}.ndjson.gz`);
const there = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Ten tasks in each month from June to November; those of June say a lot, in words that cannot be packed well. */
function fill(bench: Bench, chance = seeded(3)): string[] {
  const noise = (length: number) => Array.from({ length }, () => Math.floor(chance() * 36).toString(36)).join('');
  return Array.from({ length: 60 }, (_, at) => {
    const month = 5 + Math.floor(at / 10);
    const finishedAt = Date.UTC(2026, month, 10, at % 10);
    const state = at % 4 === 0 ? 'failed' : 'succeeded';
    return bench.add({ seq: at + 1, finishedAt, state, text: month === 5 ? noise(30_000) : `größer ${at}` });
  });
}

async function filled(t: Test): Promise<{ folder: string; ids: string[] }> {
  const folder = await freshFolder(t);
  const bench = await openBench(folder);
  const ids = fill(bench);
  await bench.history.close();
  return { folder, ids };
}

async function archived(t: Test): Promise<{ folder: string; ids: string[] }> {
  const made = await filled(t);
  const bench = await openBench(made.folder, { provenSeq: 60 });
  await bench.history.clean(december, after90d);
  await bench.history.close();
  return made;
}

async function flipBit(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
}

/** Everything that may be asked, as answers. */
async function answers(bench: Bench, ids: readonly string[]) {
  const { history } = bench;
  return {
    newest: await walk(bench, { limit: 7, order: 'newest' }),
    failed: seqs(await walk(bench, { limit: 7, order: 'oldest', states: ['failed'] })),
    some: seqs((await history.list({ limit: 9, order: 'oldest', from: Date.UTC(2026, 6, 1), to: december })).items),
    each: await Promise.all(ids.map((id) => history.get(id))),
    totals: history.totals,
  };
}

t.test('months that are old enough are packed, and everything is found as before, also after a restart', async (t) => {
  const { folder, ids } = await filled(t);
  const bench = await openBench(folder, { provenSeq: 60 });
  const before = await answers(bench, ids);
  const june = await readFile(plain(folder, '2026-06'));
  const { archived, removed } = await bench.history.clean(december, after90d);
  t.same(
    archived.map(({ month, records }) => [month, records]),
    [
      ['2026-06', 10],
      ['2026-07', 10],
      ['2026-08', 10],
    ],
  );
  t.ok(archived.every(({ bytes, archiveBytes }) => archiveBytes < bytes));
  t.same(removed, []);
  t.same(
    (await readdir(join(folder, 'history'))).filter((name) => name.endsWith('.ndjson')),
    ['2026-09.ndjson', '2026-10.ndjson', '2026-11.ndjson'],
  );
  const { stdout } = spawnSync('zcat', [packed(folder, '2026-06')], { maxBuffer: 1e8 });
  t.ok(stdout.equals(june), 'any gzip gives the month back, byte for byte');
  t.same(await answers(bench, ids), before);
  t.same(await bench.history.clean(december, after90d), { archived: [], removed: [] }, 'once is enough');
  await bench.history.close();

  const disk = new ScriptedDisk();
  const again = await openBench(folder, { provenSeq: 60, disk });
  t.notOk(
    disk.calls.some((call) => call.startsWith('write')),
    'the index stays good',
  );
  t.equal(again.history.lastSeq, 60);
  t.same(await answers(again, ids), before, 'after a restart');
  await again.history.close();
  await rm(join(folder, 'history', 'index'), { recursive: true });
  const third = await openBench(folder, { provenSeq: 60 });
  t.same(await answers(third, ids), before, 'and without the index, as after a restore');
  t.same([again.damage, again.troubles, third.damage, third.troubles], [[], [], [], []]);
  await third.history.close();
});

t.test('the plain file goes only after the archive is on the disk under its name', async (t) => {
  const { folder } = await filled(t);
  const disk = new ScriptedDisk();
  const bench = await openBench(folder, { provenSeq: 60, disk });
  disk.calls.length = 0;
  await bench.history.clean(Date.UTC(2026, 9, 5), after90d);
  const wanted = [
    'datasync 2026-06.ndjson.gz.tmp',
    'rename 2026-06.ndjson.gz',
    'syncFolder archive',
    'remove 2026-06.ndjson',
  ];
  t.same(
    disk.calls.filter((call) => wanted.includes(call)),
    wanted,
  );
  await bench.history.close();
});

t.test('the month written last stays, however old, and a month not yet over long enough as well', async (t) => {
  const { folder, ids } = await filled(t);
  const bench = await openBench(folder, { provenSeq: 60 });
  const none: Ages = { archiveAfterMs: 0, retentionMs: null };
  await bench.history.clean(Date.UTC(2026, 6, 1), after90d);
  t.ok(await there(plain(folder, '2026-06')));
  await bench.history.clean(Date.UTC(2036, 0, 1), none);
  t.ok(await there(plain(folder, '2026-11')));
  t.same((await readdir(join(folder, 'history', 'archive'))).length, 5);
  await bench.history.close();
  const again = await openBench(folder, { provenSeq: 60 });
  t.ok(again.history.holds(60, ids[59] as string));
  await again.history.close();
});

t.test('what a clock that went back says belongs to an archived month goes to the next one', async (t) => {
  const { folder } = await archived(t);
  const bench = await openBench(folder, { provenSeq: 60 });
  const id = bench.add({ seq: 61, finishedAt: Date.UTC(2026, 5, 20), text: 'late' });
  bench.add({ seq: 62, finishedAt: november });
  await bench.history.close();
  t.match(await readFile(plain(folder, '2026-09'), 'utf8'), id);
  const again = await openBench(folder, { provenSeq: 62 });
  t.match(await again.history.get(id), { seq: 61, params: { text: 'late' } });
  t.equal((await walk(again, { limit: 50, order: 'oldest' })).length, 62);
  await again.history.close();
});

t.test(
  'months past their retention are removed whole, archived or not, and nothing is said of damage then',
  async (t) => {
    const { folder, ids } = await archived(t);
    const bench = await openBench(folder, { provenSeq: 60 });
    const { removed, archived: packedNow } = await bench.history.clean(december, {
      archiveAfterMs: 60 * dayMs,
      retentionMs: 100 * dayMs,
    });
    t.same(
      removed.map(({ month, records }) => [month, records]),
      [
        ['2026-06', 10],
        ['2026-07', 10],
        ['2026-08', 10],
      ],
    );
    t.same(
      packedNow.map(({ month }) => month),
      ['2026-09'],
    );
    const left = await answers(bench, ids.slice(30));
    t.equal(await bench.history.get(ids[0] as string), null);
    t.same(bench.history.totals, { succeeded: 23, failed: 7, canceled: 0 });
    await bench.history.close();
    const again = await openBench(folder, { provenSeq: 60 });
    t.same(await answers(again, ids.slice(30)), left);
    t.same([again.damage, again.history.cuts], [[], []]);
    t.same(await readdir(join(folder, 'history', 'archive')), ['2026-09.ndjson.gz']);
    const all = await again.history.clean(Date.UTC(2036, 0, 1), { archiveAfterMs: null, retentionMs: dayMs });
    t.same(
      all.removed.map(({ month }) => month),
      ['2026-09', '2026-10'],
      'but the last one',
    );
    await again.history.close();
  },
);

t.test('whichever disk call is the last one before a crash, every record is there once', async (t) => {
  const whole = await filled(t);
  const { ids } = whole;
  const reference = await openBench(whole.folder, { provenSeq: 60 });
  const wanted = await answers(reference, ids);
  await reference.history.close();
  let crashes = 0;
  for (let ended = false; !ended; crashes++) {
    const folder = await freshFolder(t);
    await copyFolder(join(whole.folder, 'history'), join(folder, 'history'));
    const disk = new ScriptedDisk();
    const bench = await openBench(folder, { provenSeq: 60, disk });
    let calls = 0;
    disk.fault = () => (calls++ >= crashes ? { code: 'EIO' } : null);
    await bench.history.clean(Date.UTC(2026, 10, 1), after90d).catch(() => {});
    ended = calls < crashes;
    disk.fault = () => ({ code: 'EIO' });
    await bench.history.close().catch(() => {});
    const again = await openBench(folder, { provenSeq: 60 });
    const found = await answers(again, ids);
    if (JSON.stringify(found) !== JSON.stringify(wanted)) t.same(found, wanted, `after call ${crashes}`);
    if (again.damage.length > 0) t.same(again.damage, [], `after call ${crashes}`);
    await again.history.clean(Date.UTC(2026, 10, 1), after90d);
    t.notOk(await there(plain(folder, '2026-07')), `after call ${crashes}: the next cleanup ends it`);
    const last = await answers(again, ids);
    if (JSON.stringify(last) !== JSON.stringify(wanted)) t.same(last, wanted, `tidied up after call ${crashes}`);
    await again.history.close();
    t.same(await readdir(join(folder, 'history', 'archive')), ['2026-06.ndjson.gz', '2026-07.ndjson.gz']);
    t.notOk(await there(join(folder, 'quarantine')), 'nothing is set aside');
  }
  t.ok(crashes > 30, `${crashes} calls`);
});

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory()) await copyFolder(join(from, entry.name), join(to, entry.name));
    else await copyFile(join(from, entry.name), join(to, entry.name));
  }
}

t.test('a full disk leaves the month as it was, is named, and the next cleanup makes up for it', async (t) => {
  const { folder, ids } = await filled(t);
  const disk = new ScriptedDisk();
  const bench = await openBench(folder, { provenSeq: 60, disk });
  const before = await answers(bench, ids);
  disk.fault = (call, name): Fault =>
    call === 'write' && name === '2026-07.ndjson.gz.tmp' ? { code: 'ENOSPC' } : null;
  await t.rejects(bench.history.clean(december, after90d), /2026-07: ENOSPC/);
  t.same(
    await readdir(join(folder, 'history', 'archive')),
    ['2026-06.ndjson.gz', '2026-08.ndjson.gz'],
    'others are done',
  );
  t.same(await answers(bench, ids), before);
  disk.fault = () => null;
  t.match(await bench.history.clean(december, after90d), { archived: [{ month: '2026-07' }] });
  t.same(await answers(bench, ids), before);
  await bench.history.close();
});

t.test('a disk that gives back other bytes than it was given does not cost the month', async (t) => {
  const { folder, ids } = await filled(t);
  const disk = new ScriptedDisk();
  const bench = await openBench(folder, { provenSeq: 60, disk });
  const before = await answers(bench, ids);
  disk.fault = (call, name) => (call === 'write' && name === '2026-06.ndjson.gz.tmp' ? { flip: 100 } : null);
  await t.rejects(bench.history.clean(december, after90d), /2026-06: .*does not read back/);
  t.ok(await there(plain(folder, '2026-06')));
  t.notOk(await there(packed(folder, '2026-06')));
  t.same(await answers(bench, ids), before);
  await bench.history.close();
});

t.test('who lists while months are packed and removed gets every page', async (t) => {
  const { folder, ids } = await filled(t);
  const bench = await openBench(folder, { provenSeq: 60 });
  let done = false;
  const cleaning = bench.history.clean(december, after90d).finally(() => {
    done = true;
  });
  let rounds = 0;
  for (; !done; rounds++) {
    const all = await walk(bench, { limit: 13, order: rounds % 2 === 0 ? 'oldest' : 'newest' });
    if (all.length !== 60) t.equal(all.length, 60, `round ${rounds}`);
    const id = ids[rounds % 30] as string;
    if ((await bench.history.get(id))?.id !== id) t.fail(`${id} was not found`);
  }
  await cleaning;
  t.ok(rounds > 1, `${rounds} rounds`);
  t.same(bench.damage, []);
  await bench.history.close();
});

t.test('a stop breaks packing off and leaves no half of an archive', async (t) => {
  const { folder, ids } = await filled(t);
  const bench = await openBench(folder, { provenSeq: 60 });
  const cleaning = bench.history.clean(december, after90d).catch((error: Error) => error.message);
  await bench.history.close();
  t.match(await cleaning, /stop/);
  const again = await openBench(folder, { provenSeq: 60 });
  t.equal((await answers(again, ids)).newest.length, 60);
  t.notOk((await readdir(join(folder, 'history', 'archive')).catch(() => [])).some((name) => name.endsWith('.tmp')));
  await again.history.close();
});

t.test('a damaged archive is named, costs what cannot be unpacked, and no other month', async (t) => {
  const breaks: Record<string, (path: string, size: number) => Promise<void>> = {
    'flipped in a member': (path) => flipBit(path, 20_000),
    'flipped in a header': (path) => flipBit(path, 1),
    'flipped in the table': async (path) => flipBit(path, (readEnd(await readFile(path))?.tableAt ?? 0) + 20),
    'flipped in the summary': (path, size) => flipBit(path, size - 100),
    'cut short': (path, size) => truncate(path, size - 200_000),
    'cut to nothing': (path) => truncate(path, 0),
    'written over': (path) => writeFile(path, 'not an archive at all'),
  };
  for (const [how, damage] of Object.entries(breaks)) {
    for (const indexed of [true, false]) {
      const { folder, ids } = await archived(t);
      await damage(packed(folder, '2026-06'), (await stat(packed(folder, '2026-06'))).size);
      if (!indexed) await rm(join(folder, 'history', 'index'), { recursive: true });
      const bench = await openBench(folder, { provenSeq: 60 });
      const { newest } = await answers(bench, ids);
      const others = newest.filter(({ seq }) => seq > 10);
      const name = `${how}, ${indexed ? 'with' : 'without'} its index`;
      t.equal(others.length, 50, `${name}: other months are whole`);
      if (how !== 'flipped in the table') {
        t.ok(bench.damage.length > 0 && bench.damage.every(({ file }) => file === 'archive/2026-06.ndjson.gz'), name);
      }
      if (how === 'flipped in the table' || how === 'flipped in the summary')
        t.equal(newest.length, 60, `${name}: nothing is lost`);
      if (how === 'flipped in a member' && indexed) t.ok(newest.length > 54, `${name}: the others of its month stay`);
      await bench.history.close();
    }
  }
});

t.test('an archive deleted by hand is named and stops nothing', async (t) => {
  const { folder, ids } = await archived(t);
  await rm(packed(folder, '2026-07'));
  const bench = await openBench(folder, { provenSeq: 60 });
  t.match(bench.damage, [{ file: '2026-07.ndjson', what: /gone/ }]);
  t.equal(await bench.history.get(ids[10] as string), null);
  t.equal((await walk(bench, { limit: 50, order: 'oldest' })).length, 50);
  await bench.history.close();
});

t.test('a month cut or deleted by hand while it is in use is named and costs no other', async (t) => {
  const { folder, ids } = await archived(t);
  const bench = await openBench(folder, { provenSeq: 60 });
  await rm(packed(folder, '2026-07'));
  await truncate(plain(folder, '2026-10'), 0);
  t.equal((await walk(bench, { limit: 7, order: 'oldest' })).length, 40);
  t.same([...new Set(bench.damage.map(({ file }) => file))].sort(), ['2026-10.ndjson', 'archive/2026-07.ndjson.gz']);
  t.equal(await bench.history.get(ids[10] as string), null);
  await t.rejects(bench.history.clean(Date.UTC(2027, 1, 1), after90d), /2026-10: /);
  t.ok(await there(packed(folder, '2026-09')), 'others are packed all the same');
  await bench.history.close();
});

t.test('an index that cannot be read anymore is made again from the archive', async (t) => {
  const { folder, ids } = await archived(t);
  const disk = new ScriptedDisk();
  const bench = await openBench(folder, { provenSeq: 60, disk });
  disk.fault = (call, name) => (call === 'read' && name.startsWith('2026-07.0-') ? { code: 'EIO' } : null);
  const first = bench.history.get(ids[10] as string);
  await bench.history.get(ids[0] as string);
  disk.fault = () => null;
  t.equal((await first)?.id, ids[10]);
  t.match(bench.troubles, [{ operation: 'index', file: /2026-07/ }]);
  t.same([(await walk(bench, { limit: 7, order: 'oldest' })).length, bench.damage], [60, []]);
  await bench.history.close();
});

t.test('a month with damage is not packed: it stays to be looked at', async (t) => {
  const { folder } = await filled(t);
  await flipBit(plain(folder, '2026-07'), 60);
  await rm(join(folder, 'history', 'index'), { recursive: true });
  const bench = await openBench(folder, { provenSeq: 60 });
  const { archived } = await bench.history.clean(december, after90d);
  t.same(
    archived.map(({ month }) => month),
    ['2026-06', '2026-08'],
  );
  t.match(bench.damage, [{ file: '2026-07.ndjson', what: '1 unreadable line' }]);
  await bench.history.close();
});

t.test(
  'a month brought back beside its damaged archive is used, and packed again; the archive is kept aside',
  async (t) => {
    const { folder, ids } = await filled(t);
    await copyFile(plain(folder, '2026-06'), join(folder, 'backup'));
    const first = await openBench(folder, { provenSeq: 60 });
    const before = await answers(first, ids);
    await first.history.clean(december, after90d);
    await first.history.close();
    await truncate(packed(folder, '2026-06'), 50_000);
    await copyFile(join(folder, 'backup'), plain(folder, '2026-06'));
    const bench = await openBench(folder, { provenSeq: 60 });
    t.same(await answers(bench, ids), before);
    t.match(await bench.history.clean(december, after90d), { archived: [{ month: '2026-06' }] });
    t.same(await answers(bench, ids), before);
    t.same(await readdir(join(folder, 'quarantine')), ['history-2026-06.1.ndjson.gz']);
    await bench.history.close();
  },
);

t.test('any row of finishing, packing, removing, crashing and starting gives what a plain list would', async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    const folder = await freshFolder(t);
    const chance = seeded(seed);
    const model = new Map<string, { seq: number; id: string; month: string }>();
    let [seq, now, made] = [0, Date.UTC(2026, 0, 3), 0];
    let disk = new ScriptedDisk();
    let bench = await openBench(folder, { disk });
    const known = async () => {
      const all = await walk(bench, { limit: 40, order: 'newest' });
      const wanted = [...model.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
      const [found, expected] = [all.map((one) => `${one.id} ${one.seq}`), wanted.map((one) => `${one.id} ${one.seq}`)];
      if (found.join() !== expected.join()) t.same(found, expected, `seed ${seed}, ${seq} records`);
      const [one] = wanted.slice(Math.floor(chance() * wanted.length));
      if (one && (await bench.history.get(one.id))?.seq !== one.seq) t.fail(`seed ${seed}: ${one.id} is not found`);
      if (bench.damage.length > 0) t.same(bench.damage, [], `seed ${seed}`);
    };
    for (let round = 0; round < 25; round++) {
      now += chance() * 25 * dayMs;
      const finishedAt = chance() < 0.1 ? now - 200 * dayMs : now;
      for (let count = Math.floor(chance() * 30); count > 0; count--) {
        const [older] = [...model.values()].slice(Math.floor(chance() * model.size));
        const id = older && chance() < 0.1 ? older.id : idOf(now - chance() * 5 * dayMs, made++);
        seq += 1;
        bench.add({ seq, id, finishedAt, text: 'x'.repeat(chance() * 3_000) });
        model.set(id, { seq, id, month: '' });
      }
      await bench.history.sync();
      const step = chance();
      if (step < 0.5) {
        let calls = Math.floor(chance() * 120);
        if (step < 0.25) disk.fault = () => (calls-- < 0 ? { code: 'EIO' } : null);
        await bench.history.clean(now, { archiveAfterMs: 45 * dayMs, retentionMs: null }).catch(() => {});
      }
      if (step < 0.25 || step > 0.75) {
        if (chance() < 0.7) disk.fault = () => ({ code: 'EIO' });
        await bench.history.close().catch(() => {});
        disk = new ScriptedDisk();
        bench = await openBench(folder, { provenSeq: seq, journalSeq: seq, disk });
      }
      disk.fault = () => null;
      await known();
    }
    await bench.history.close();
    t.pass(`seed ${seed}: ${model.size} tasks, ${seq} records`);
  }
});
