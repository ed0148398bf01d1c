/** The promises of history: nothing that was handed over is lost, written twice, or hidden by damage elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import t from 'tap';
import { Fault } from '../../supervisor/core/fault.ts';
import { type Bench, dayMs, idOf, november, openBench, seqs, walk } from './endings.ts';
import { freshFolder, ScriptedDisk, until } from './scripted-disk.ts';

// Real files by the thousand: on a machine busy with other things this takes its time.

const october = Date.UTC(2026, 9, 20);
const month = (folder: string, name = '2026-11') => join(folder, 'history', `${name}.ndjson`);
const index = (folder: string) => join(folder, 'history', 'index');

async function flipBit(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
}

t.test('a finished task is found at once, before anything is written', async (t) => {
  const bench = await openBench(await freshFolder(t));
  const id = bench.add({ seq: 7, state: 'failed' });
  t.match(await bench.history.get(id), { id, seq: 7, state: 'failed', params: { text: 'größer 下载' } });
  t.equal((await bench.history.list({ limit: 5, order: 'newest' })).items[0]?.id, id);
  t.equal(bench.disk.calls.filter((call) => call.startsWith('write')).length, 0, 'answered from memory');
  t.equal(await bench.history.get(idOf(november)), null, 'an id that never was');
  t.equal(await bench.history.get('no id at all'), null);
  await bench.history.close();
});

t.test('it is found again after a restart, with the totals and the last sequence number', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  const ids = ['succeeded', 'failed', 'canceled', 'succeeded'].map((state, at) => first.add({ seq: at + 1, state }));
  await first.history.close();
  const lines = (await readFile(month(folder), 'utf8')).trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line).id),
    ids,
    'plain JSON, a line each',
  );
  const body = (lines[0] as string).slice(0, -',"crc":"00000000"}'.length);
  t.equal(
    JSON.parse(lines[0] as string).crc,
    crc32(body).toString(16).padStart(8, '0'),
    'the crc is of the bytes before it',
  );

  const again = await openBench(folder);
  t.equal(again.history.lastSeq, 4);
  t.same(again.history.totals, { succeeded: 2, failed: 1, canceled: 1 });
  for (const id of ids) t.equal((await again.history.get(id))?.id, id);
  t.notOk('crc' in ((await again.history.get(ids[0] as string)) ?? {}), 'the framing is no part of the record');
  t.same([again.damage, again.troubles, again.history.cuts], [[], [], []]);
  await again.history.close();
});

t.test('a task that failed, was retried under its id and succeeded has both endings, the newest first', async (t) => {
  const folder = await freshFolder(t);
  const bench = await openBench(folder);
  const id = idOf(october);
  bench.add({ seq: 1, id, state: 'failed', finishedAt: october });
  bench.add({ seq: 2, finishedAt: october + 1 });
  bench.add({ seq: 3, id, state: 'failed', finishedAt: october + dayMs });
  bench.add({ seq: 4, id, state: 'succeeded', finishedAt: november });
  const check = async ({ history }: Bench, when: string) => {
    t.same(seqs(await history.endings(id)), [4, 3, 1], when);
    t.equal((await history.get(id))?.state, 'succeeded', when);
    const failed = await history.list({ limit: 9, order: 'oldest', states: ['failed'] });
    t.same(failed.items, [], `an older ending does not show in lists: ${when}`);
    t.same(seqs((await history.list({ limit: 9, order: 'oldest' })).items).sort(), [2, 4], when);
  };
  await check(bench, 'from memory');
  await bench.history.close();
  const again = await openBench(folder);
  await check(again, 'from the index, over two months');
  await again.history.close();
});

t.test('a line torn by a crash is cut off, said, and appended again', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  for (const seq of [1, 2, 3]) first.add({ seq });
  await first.history.close();
  const size = (await readFile(month(folder))).length;
  await appendFile(month(folder), '{"seq":4,"id":"0193');
  const again = await openBench(folder, { provenSeq: 2 });
  t.equal(again.history.lastSeq, 3);
  t.match(again.history.cuts, [{ offset: size, bytes: 19, why: 'torn', keptAs: null }]);
  t.notOk(await readdir(join(folder, 'quarantine')).catch(() => null), 'half a line is not worth keeping');
  for (const seq of [2, 3, 4, 5]) again.add({ seq });
  await again.history.close();
  const lines = (await readFile(month(folder), 'utf8')).trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line).seq),
    [1, 2, 3, 4, 5],
    'each once',
  );
});

t.test('an entry that ended many tasks and was torn among them is completed, none of them twice', async (t) => {
  const folder = await freshFolder(t);
  const tasks = ['a', 'b', 'c', 'd'].map((_, nth) => ({ seq: 9, id: idOf(november, nth), state: 'canceled' }));
  const first = await openBench(folder);
  first.add({ seq: 8 });
  for (const task of tasks.slice(0, 2)) first.add(task);
  await first.history.close();
  const again = await openBench(folder);
  t.same(
    tasks.map(({ seq, id }) => again.history.holds(seq, id)),
    [true, true, false, false],
  );
  for (const task of tasks) again.add(task);
  t.same(again.history.totals, { succeeded: 1, failed: 0, canceled: 4 });
  again.add({ seq: 10 });
  t.throws(
    () => again.add({ seq: 9, id: idOf(november, 99) }),
    /by sequence/,
    'a late one would be hidden by `lastSeq`',
  );
  await again.history.close();
});

t.test('a record whose entry the journal lost is taken back, and its sequence number given again', async (t) => {
  for (const orderly of [true, false]) {
    const folder = await freshFolder(t);
    const first = await openBench(folder);
    for (let seq = 1; seq <= 5; seq++) first.add({ seq });
    const lost = [6, 7].map((seq) => first.add({ seq, finishedAt: seq === 6 ? november : Date.UTC(2026, 11, 1) }));
    if (orderly) await first.history.close();
    else await first.history.sync();
    const again = await openBench(folder, { journalSeq: 5 });
    t.equal(again.history.lastSeq, 5);
    t.match(again.history.cuts, [{ why: 'ahead of the journal' }, { why: 'ahead of the journal', offset: 0 }]);
    t.match(await readFile(again.history.cuts[0]?.keptAs as string, 'utf8'), lost[0] as string, 'and kept for people');
    for (const id of lost) t.equal(await again.history.get(id), null);
    const id = again.add({ seq: 6, id: idOf(november, 77) });
    await again.history.close();
    const third = await openBench(folder, { journalSeq: 6 });
    t.equal((await third.history.get(id))?.seq, 6);
    t.same(seqs(await walk(third, { limit: 9, order: 'oldest' })).sort(), [1, 2, 3, 4, 5, 6]);
    t.same([third.history.cuts, third.damage], [[], []]);
    await third.history.close();
    if (!orderly) await first.history.close().catch(() => {});
  }
});

t.test('a history far ahead of its journal stops the start instead of being cut', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  for (let seq = 1; seq <= 70; seq++) first.add({ seq, text: 'x'.repeat(1_000_000) });
  await first.history.close();
  const size = (await readFile(month(folder))).length;
  await t.rejects(openBench(folder, { journalSeq: 1 }), /do not belong together/);
  t.equal((await readFile(month(folder))).length, size, 'untouched');
});

t.test('damage above what is proven is cut there, because the journal still holds the rest', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  const offsets: number[] = [];
  for (let seq = 1; seq <= 10; seq++) {
    offsets.push((await readFile(month(folder)).catch(() => Buffer.of())).length);
    first.add({ seq });
    await first.history.sync();
  }
  await first.history.close();
  await rm(index(folder), { recursive: true });
  await flipBit(month(folder), (offsets[6] as number) + 30);
  const again = await openBench(folder, { provenSeq: 5 });
  t.equal(again.history.lastSeq, 6);
  const [cut] = again.history.cuts;
  t.match(cut, { offset: offsets[6], why: 'damaged' });
  const kept = await readFile(cut?.keptAs as string);
  t.equal(kept.length, cut?.bytes, 'what was cut is kept for people');
  for (let seq = 5; seq <= 10; seq++) again.add({ seq });
  t.equal((await walk(again, { limit: 3, order: 'oldest' })).length, 10);
  await again.history.close();
});

t.test('damage in what is proven is named and isolated, the records around it stay', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  for (let seq = 1; seq <= 10; seq++) first.add({ seq });
  await first.history.close();
  await rm(index(folder), { recursive: true });
  const text = await readFile(month(folder), 'utf8');
  const at = Buffer.byteLength(text.slice(0, text.indexOf('{"seq":4')));
  await flipBit(month(folder), at + 40);
  for (const start of ['first', 'second'] as const) {
    const again = await openBench(folder, { provenSeq: 10 });
    t.equal(again.history.lastSeq, 10);
    t.same(again.history.cuts, []);
    t.match(again.damage, [{ file: '2026-11.ndjson', what: /1 unreadable line/ }], `at the ${start} start`);
    if (start === 'first') t.equal(again.damage[0]?.offset, at);
    t.same(seqs(await walk(again, { limit: 4, order: 'oldest' })), [1, 2, 3, 5, 6, 7, 8, 9, 10]);
    await again.history.close();
  }
});

t.test('a flipped bit in an old month costs that record alone, whether or not the index knows', async (t) => {
  for (const indexed of [true, false]) {
    const folder = await freshFolder(t);
    const first = await openBench(folder);
    const ids = [1, 2, 3].map((seq) => first.add({ seq, finishedAt: october + seq }));
    const newest = first.add({ seq: 4, finishedAt: november });
    await first.history.close();
    const text = await readFile(month(folder, '2026-10'), 'utf8');
    const at = Buffer.byteLength(text.slice(0, text.indexOf('{"seq":2')));
    await flipBit(month(folder, '2026-10'), at + 60);
    if (!indexed) await rm(index(folder), { recursive: true });
    // The check of an index's end lies in the last 4 KiB, so the flip above also makes this index be made again.
    const again = await openBench(folder, { provenSeq: 4 });
    t.equal(again.history.lastSeq, 4);
    t.equal(await again.history.get(ids[1] as string), null);
    t.match(again.damage, [{ file: '2026-10.ndjson', offset: at }]);
    t.ok(await again.history.get(ids[0] as string));
    t.ok(await again.history.get(ids[2] as string));
    t.ok(await again.history.get(newest));
    await again.history.close();
  }
});

t.test('a flipped bit far from the end of a file is named when its record is read', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  const ids = Array.from({ length: 50 }, (_, at) => first.add({ seq: at + 1, text: 'x'.repeat(300) }));
  await first.history.close();
  await flipBit(month(folder), 100);
  const again = await openBench(folder, { provenSeq: 50 });
  t.same(again.damage, []);
  t.equal(await again.history.get(ids[0] as string), null);
  t.match(again.damage, [{ file: '2026-11.ndjson', offset: 0, what: new RegExp(ids[0] as string) }]);
  t.equal((await again.history.list({ limit: 100, order: 'oldest' })).items.length, 49);
  await again.history.close();
});

t.test('a month cut or deleted by hand is named and stops nothing', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  for (let seq = 1; seq <= 20; seq++) first.add({ seq, finishedAt: Date.UTC(2026, seq <= 10 ? 8 : 9, seq) });
  const newest = first.add({ seq: 21 });
  await first.history.close();
  await rm(month(folder, '2026-09'));
  const cut = (await readFile(month(folder, '2026-10'))).length - 30;
  await truncate(month(folder, '2026-10'), cut);
  const again = await openBench(folder, { provenSeq: 21 });
  t.match(again.damage, [
    { file: '2026-09.ndjson', what: /gone/ },
    { file: '2026-10.ndjson', offset: cut, bytes: 30, what: /shorter/ },
  ]);
  t.equal(again.history.lastSeq, 21);
  t.ok(await again.history.get(newest));
  t.same(seqs(await walk(again, { limit: 4, order: 'oldest' })), [11, 12, 13, 14, 15, 16, 17, 18, 19, 21]);
  t.match(again.damage.at(-1), { file: '2026-10.ndjson', what: '1 unreadable line' });
  await again.history.close();
});

t.test('an index deleted, damaged or left half-written is made again from the data', async (t) => {
  const folder = await freshFolder(t);
  const first = await openBench(folder);
  const ids = Array.from({ length: 300 }, (_, at) => first.add({ seq: at + 1, finishedAt: october + at }));
  first.add({ seq: 301 });
  await first.history.close();
  const breaks: Record<string, (path: string) => Promise<void>> = {
    deleted: (path) => rm(path),
    emptied: (path) => truncate(path, 0),
    'cut short': (path) => truncate(path, 1_000),
    'flipped in a row': (path) => flipBit(path, 130 * 40),
    'flipped in a fence': (path) => flipBit(path, 300 * 40 + 3),
    'flipped in the footer': async (path) => flipBit(path, (await readFile(path)).length - 200),
    'half-written': (path) => writeFile(`${path}.tmp`, 'rubbish'),
  };
  for (const [name, damage] of Object.entries(breaks)) {
    const run = (await readdir(index(folder))).find((file) => file.startsWith('2026-10')) as string;
    await damage(join(index(folder), run));
    const again = await openBench(folder, { provenSeq: 301 });
    for (const id of [ids[0], ids[150], ids[299]]) t.ok(await again.history.get(id as string), `${name}: found`);
    t.equal((await walk(again, { limit: 100, order: 'newest' })).length, 301, name);
    t.same(again.history.totals, { succeeded: 301, failed: 0, canceled: 0 }, name);
    t.same(again.damage, [], `${name}: the data is whole`);
    await again.history.close();
    t.same(
      (await readdir(index(folder))).filter((file) => file.endsWith('.tmp')),
      [],
      `${name}: nothing is left over`,
    );
  }
});

t.test('files that are not of history are left alone', async (t) => {
  const folder = await freshFolder(t);
  await mkdir(index(folder), { recursive: true });
  await writeFile(join(folder, 'history', 'notes.txt'), 'mine');
  await writeFile(join(index(folder), 'also.mine'), 'mine');
  const bench = await openBench(folder);
  bench.add({ seq: 1 });
  await bench.history.close();
  t.equal(await readFile(join(folder, 'history', 'notes.txt'), 'utf8'), 'mine');
  t.equal(await readFile(join(index(folder), 'also.mine'), 'utf8'), 'mine');
});

t.test('a full disk loses nothing: cut back, kept, written again, and said once', async (t) => {
  const folder = await freshFolder(t);
  const bench = await openBench(folder);
  bench.add({ seq: 1 });
  await bench.history.sync();
  const size = (await readFile(month(folder))).length;
  let writes = 0;
  bench.disk.fault = (call, name) => {
    if (call !== 'write' || !name.endsWith('.ndjson')) return null;
    writes += 1;
    return writes % 2 === 1 ? { short: 10 } : { code: 'ENOSPC' };
  };
  const id = bench.add({ seq: 2 });
  await until(() => bench.troubles.length > 0);
  t.match(bench.troubles, [{ operation: 'write', code: 'ENOSPC', fatal: false }]);
  t.equal((await readFile(month(folder))).length, size + 10, 'ten bytes have got through');
  t.equal((await bench.history.get(id))?.seq, 2, 'answered from what is pending');
  await t.rejects(bench.history.sync(), { code: 'ENOSPC' });
  for (let seq = 3; seq <= 500; seq++) bench.add({ seq });
  bench.clock.pass(1_000);
  await until(() => writes === 6);
  t.equal(bench.troubles.length, 1, 'said once');
  bench.disk.fault = () => null;
  await until(() => bench.clock.waiting > 0);
  bench.clock.pass(1_000);
  await until(() => bench.recovered.length > 0);
  await bench.history.sync();
  t.equal(bench.history.pendingBytes, 0);
  await bench.history.close();
  const again = await openBench(folder);
  t.same(
    seqs(await walk(again, { limit: 200, order: 'oldest' })),
    Array.from({ length: 500 }, (_, at) => at + 1),
  );
  t.same([again.damage, again.history.cuts], [[], []]);
  await again.history.close();
});

t.test(
  'after a failed sync nothing is ever called synced again, and the next start writes that end anew',
  async (t) => {
    const folder = await freshFolder(t);
    const bench = await openBench(folder);
    bench.add({ seq: 1 });
    bench.disk.fault = (call) => (call === 'datasync' ? { code: 'EIO' } : null);
    const fault = await bench.history.sync().catch((error: unknown) => error);
    t.ok(fault instanceof Fault && fault.exit === 'diskFailed');
    t.match(bench.troubles, [{ operation: 'sync', code: 'EIO', fatal: true }]);
    bench.disk.fault = () => null;
    await t.rejects(bench.history.sync(), /failed to sync/, 'the kernel may have marked the pages clean');
    await t.rejects(bench.history.close(), /failed to sync/);

    const disk = new ScriptedDisk();
    const again = await openBench(folder, { disk });
    t.equal(again.history.lastSeq, 1);
    disk.calls.length = 0;
    await again.history.sync();
    t.same(
      disk.calls.filter((call) => /^(write|datasync)/.test(call)),
      ['write 2026-11.ndjson', 'datasync 2026-11.ndjson'],
    );
    disk.calls.length = 0;
    await again.history.sync();
    t.same(disk.calls, [], 'once is enough, and nothing new means no call at all');
    await again.history.close();
  },
);

t.test('a file moved away while it is written to is noticed at the next sync', async (t) => {
  const folder = await freshFolder(t);
  const bench = await openBench(folder);
  bench.add({ seq: 1 });
  await bench.history.sync();
  await rm(month(folder));
  bench.add({ seq: 2 });
  await t.rejects(bench.history.sync(), /0 bytes, but \d+ were written/);
  await bench.history.close().catch(() => {});
});

t.test('a month is on disk before the next one is begun, also when the clock goes back', async (t) => {
  const bench = await openBench(await freshFolder(t));
  bench.add({ seq: 1, finishedAt: october });
  bench.add({ seq: 2, finishedAt: november });
  bench.add({ seq: 3, finishedAt: october + 1 });
  bench.add({ seq: 4, finishedAt: november + 1 });
  await bench.history.sync();
  const calls = bench.disk.calls.filter((call) => /^(write|datasync) 2026-1.\.ndjson$/.test(call));
  let unsynced = '';
  for (const call of calls) {
    const [what, file] = call.split(' ') as [string, string];
    if (what === 'write') t.ok(unsynced === '' || unsynced === file, `${calls.join(', ')}`);
    unsynced = what === 'write' ? file : unsynced === file ? '' : unsynced;
  }
  t.equal(calls.filter((call) => call.startsWith('write')).length, 4);
  t.same(seqs(await walk(bench, { limit: 1, order: 'oldest' })).sort(), [1, 2, 3, 4]);
  await bench.history.close();
});

t.test('whichever disk call fails for good, what a next start finds is a true line of what was appended', async (t) => {
  let failing = 0;
  for (let ended = false; !ended; failing++) {
    const folder = await freshFolder(t);
    const disk = new ScriptedDisk();
    let calls = 0;
    disk.fault = () => (calls++ >= failing ? { code: 'EIO' } : null);
    const bench = await openBench(folder, { disk }).catch(() => null);
    const made = Array.from({ length: 30 }, (_, at) => ({ seq: at + 1, finishedAt: at < 15 ? october : november }));
    let synced = 0;
    if (bench) {
      for (const one of made) {
        bench.add(one);
        if (
          one.seq % 10 === 0 &&
          (await bench.history.sync().then(
            () => true,
            () => false,
          ))
        )
          synced = one.seq;
      }
      await bench.history.close().catch(() => {});
      ended = calls < failing;
    }
    const again = await openBench(folder, { provenSeq: synced });
    const { lastSeq } = again.history;
    if (lastSeq < synced) t.fail(`call ${failing}: synced ${synced}, found ${lastSeq}`);
    for (const one of made) again.add(one);
    const all = seqs(await walk(again, { limit: 50, order: 'oldest' })).sort((a, b) => a - b);
    if (all.join() !== seqs(made).join()) t.same(all, seqs(made), `call ${failing}`);
    if (again.damage.length > 0) t.same(again.damage, [], `call ${failing}`);
    await again.history.close();
    for (const name of ['2026-10', '2026-11']) {
      const lines = (await readFile(month(folder, name), 'utf8')).trimEnd().split('\n');
      if (lines.length !== 15) t.equal(lines.length, 15, `call ${failing}: each once in ${name}`);
    }
  }
  t.ok(failing > 20, `${failing} calls tried`);
});

async function killWhileAppending(folder: string, afterMs: number): Promise<{ synced: number }> {
  const program = fileURLToPath(new URL('./append-until-killed.js', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [synced, said] = [0, ''];
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [word, seq] = line.split(' ') as [string, string];
    if (word === 'synced') synced = Number(seq);
    if (word === 'found') setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== null) throw new Error(`the child ended by itself: ${said}`);
  return { synced };
}

t.test(
  'killed with SIGKILL while appending, again and again, it loses nothing synced and doubles nothing',
  async (t) => {
    const folder = await freshFolder(t);
    for (const afterMs of [5, 60, 120, 200, 33]) {
      const { synced } = await killWhileAppending(folder, afterMs);
      const bench = await openBench(folder);
      const { lastSeq } = bench.history;
      t.ok(lastSeq >= synced, `synced ${synced}, found ${lastSeq}`);
      t.same(bench.damage, []);
      const all = seqs(await walk(bench, { limit: 500, order: 'oldest' }));
      t.equal(all.length, lastSeq, 'every record up to the last is there');
      t.ok(
        all.every((seq, at) => seq === at + 1),
        'in a true line',
      );
      await bench.history.close();
    }
    let lines = 0;
    for (const name of await readdir(join(folder, 'history'))) {
      if (name.endsWith('.ndjson'))
        lines += (await readFile(join(folder, 'history', name), 'utf8')).split('\n').length - 1;
    }
    const bench = await openBench(folder);
    t.equal(lines, bench.history.lastSeq, 'not one line twice');
    await bench.history.close();
  },
);
