/** The promises of attempt logs: lines are kept as they come, found again, bounded, and never in the way of the work. */
import { appendFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { LogPlace } from '../../supervisor/core/task.ts';
import { AttemptLog, attemptLogBytesMax } from '../../supervisor/history/attempt-log.ts';
import type { DiskTrouble } from '../../supervisor/history/disk.ts';
import type { LogLine } from '../../supervisor/history/log-line.ts';
import { dayMs, idOf, november } from './endings.ts';
import { freshFolder, ManualClock, ScriptedDisk, until } from './scripted-disk.ts';

const [task, other] = [idOf(november, 1), idOf(november, 2)];
const today = '2026-11-10.ndjson';
const line = (text: string, level = 'info'): LogLine => ({ at: november, level, text });
const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

interface Given {
  readonly clock?: ManualClock;
  readonly disk?: ScriptedDisk;
  readonly retentionMs?: number | null;
  readonly bytesMax?: number;
}

async function openLogs(folder: string, given: Given = {}) {
  const { clock = new ManualClock(november), disk = new ScriptedDisk(), retentionMs = null, bytesMax } = given;
  const [troubles, recovered]: [DiskTrouble[], string[]] = [[], []];
  const logs = await AttemptLog.open({
    folder: join(folder, 'logs'),
    clock,
    disk,
    retentionMs: () => retentionMs,
    trouble: (trouble) => troubles.push(trouble),
    recovered: (file) => recovered.push(file),
    ...(bytesMax !== undefined && { bytesMax }),
  });
  const find = (place: LogPlace | null, id = task, attempt = 1) =>
    logs.read(id, attempt, place, november, november + dayMs);
  return { logs, clock, disk, troubles, recovered, find };
}

const filesIn = async (folder: string) => (await readdir(join(folder, 'logs'), { recursive: true })).sort();

t.test('lines of attempts that run at once stand mixed in the file of the day, and come back apart', async (t) => {
  const folder = await freshFolder(t);
  const { logs, find } = await openLogs(folder);
  logs.write(other, 1, line('before'));
  for (let nth = 0; nth < 3; nth++) {
    logs.write(task, 1, line(`größer ${nth}\n"下载"`, 'stdout'));
    logs.write(task, 2, line(`second attempt ${nth}`));
    logs.write(other, 1, line(`other ${nth}`));
  }
  t.same(texts(await find(null)), texts([0, 1, 2].map((nth) => line(`größer ${nth}\n"下载"`))), 'while it runs');
  const place = logs.end(task, 1) as LogPlace;
  t.equal(place.file, today);
  t.same(
    await find(place),
    [0, 1, 2].map((nth) => line(`größer ${nth}\n"下载"`, 'stdout')),
    'once it has ended',
  );
  await logs.close();
  const bytes = await readFile(join(folder, 'logs', today));
  const span = bytes.subarray(place.offset, place.offset + place.bytes).toString();
  t.ok(span.startsWith('{') && span.endsWith('}\n'), 'the place runs from its first line to its last');
  for (const each of bytes.toString().trimEnd().split('\n')) t.type(JSON.parse(each).text, 'string');

  const again = await openLogs(folder);
  t.equal((await again.find(place)).length, 3, 'after a restart');
  t.same(
    texts(await again.find(null, task, 2)),
    ['second attempt 0', 'second attempt 1', 'second attempt 2'],
    'without a place',
  );
  t.same(await again.find({ ...place, file: '../../etc/passwd' }), []);
  await again.logs.close();
});

t.test('an attempt that writes nothing leaves nothing, and an idle log makes no call', async (t) => {
  const folder = await freshFolder(t);
  const { logs, disk, find } = await openLogs(folder);
  disk.calls.length = 0;
  t.equal(logs.end(task, 1), null);
  t.same(await find(null), []);
  await logs.close();
  t.same(await filesIn(folder), ['big']);
  t.same(disk.calls, []);
});

t.test('the log of an attempt cut off by a crash is there, torn lines cost only themselves', async (t) => {
  const folder = await freshFolder(t);
  const first = await openLogs(folder);
  first.logs.write(task, 1, line('one'));
  first.logs.write(task, 1, line('two'));
  await until(() => first.disk.calls.includes(`write ${today}`));
  await first.logs.close();
  await appendFile(join(folder, 'logs', today), `{"at":1,"task":"${task}","attempt":1,"level":"info","te`);
  const again = await openLogs(folder);
  again.logs.write(task, 2, line('after the crash'));
  t.same(texts(await again.find(null)), ['one', 'two']);
  t.same(texts(await again.find(again.logs.end(task, 2), task, 2)), ['after the crash']);
  await again.logs.close();
});

t.test('a long log goes on in a file of its own and ends with how much was left out', async (t) => {
  const folder = await freshFolder(t);
  const { logs, find, clock } = await openLogs(folder);
  const text = 'x'.repeat(10_000);
  let given = 0;
  for (; given * 10_000 < attemptLogBytesMax + 500_000; given++) {
    logs.write(task, 1, line(`${given} ${text}`));
    if (given === 20) logs.write(other, 1, line('short'));
  }
  const place = logs.end(task, 1) as LogPlace;
  t.ok(place.bytes <= 64 * 1024, `${place.bytes} bytes in the file of the day`);
  const lines = await find(place);
  const last = lines.at(-1);
  t.match(last, { level: 'warn', at: clock.now });
  const kept = lines.length - 1;
  t.match(last?.text, new RegExp(`^${given - kept} lines \\(\\d+ bytes\\) more were not kept$`));
  t.equal(logs.leftOutLines, given - kept);
  t.ok(
    lines.slice(0, -1).every(({ text }, nth) => text.startsWith(`${nth} `)),
    'in their order',
  );
  await logs.close();
  t.same(await filesIn(folder), [today, 'big', `big/2026-11-10-${task}-1.ndjson`]);
  const size = (await readFile(join(folder, 'logs', `big/2026-11-10-${task}-1.ndjson`))).length + place.bytes;
  t.ok(size <= attemptLogBytesMax && size > attemptLogBytesMax - 20_000, `${size} bytes`);
  const again = await openLogs(folder);
  t.equal((await again.find(place)).length, lines.length, 'after a restart');
  t.equal((await again.find(null)).length, lines.length, 'without a place');
  await again.logs.close();
});

t.test('one endless line is clipped', async (t) => {
  const { logs, find } = await openLogs(await freshFolder(t));
  logs.write(task, 1, line('y'.repeat(1_000_000)));
  const [only] = await find(logs.end(task, 1));
  t.ok((only?.text.length ?? 0) < 20_000);
  t.match(only?.text, /… \(1000000 characters\)$/);
  await logs.close();
});

t.test('an attempt that lasts past midnight keeps to the file of its first line', async (t) => {
  const folder = await freshFolder(t);
  const { logs, clock, find } = await openLogs(folder);
  logs.write(task, 1, line('evening'));
  clock.now += dayMs;
  logs.write(other, 1, line('morning'));
  logs.write(task, 1, line('night'));
  const place = logs.end(task, 1);
  t.equal(place?.file, today);
  t.same(texts(await find(place)), ['evening', 'night']);
  t.equal(logs.end(other, 1)?.file, '2026-11-11.ndjson');
  await logs.close();
});

t.test('who follows an attempt gets every line once, from the first one to the last', async (t) => {
  const { logs } = await openLogs(await freshFolder(t));
  const [early, late, stopped]: string[][] = [[], [], []];
  let ends = 0;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      ends += 1;
      if (ends === 2) resolve();
    };
    logs.follow(task, 1, ({ text }) => early?.push(text), end);
    logs.write(task, 1, line('one'));
    logs.write(task, 1, line('two'));
    logs.follow(task, 1, ({ text }) => late?.push(text), end);
  });
  const stop = logs.follow(
    task,
    1,
    ({ text }) => stopped?.push(text),
    () => t.fail('has stopped'),
  );
  logs.write(task, 1, line('three'));
  await until(() => late?.length === 3 && stopped?.length === 3);
  stop();
  logs.write(task, 1, line('four'));
  logs.write(other, 1, line('not this'));
  logs.end(task, 1);
  await ended;
  t.same(early, ['one', 'two', 'three', 'four']);
  t.same(late, ['one', 'two', 'three', 'four']);
  t.same(stopped, ['one', 'two', 'three']);
  await logs.close();
});

t.test('what ends while its beginning is still being read is followed to its end', async (t) => {
  const { logs } = await openLogs(await freshFolder(t));
  for (const text of ['one', 'two']) logs.write(task, 1, line(text));
  const seen: string[] = [];
  const ended = new Promise<void>((resolve) => logs.follow(task, 1, ({ text }) => seen.push(text), resolve));
  logs.write(task, 1, line('three'));
  logs.end(task, 1);
  await ended;
  t.same(seen, ['one', 'two', 'three']);
  const silent = new Promise<void>((resolve) => logs.follow(other, 1, () => t.fail('said nothing'), resolve));
  logs.end(other, 1);
  await silent;
  await logs.close();
});

t.test(
  'old days go by age, then the oldest until all are within the limit; days in use and strange files stay',
  async (t) => {
    const folder = await freshFolder(t);
    await mkdir(join(folder, 'logs', 'big'), { recursive: true });
    const put = (name: string, bytes: number) => writeFile(join(folder, 'logs', name), 'x'.repeat(bytes));
    for (const day of ['01', '02', '03', '04', '05', '06', '07', '08', '09']) await put(`2026-11-${day}.ndjson`, 1_000);
    await put(join('big', `2026-11-01-${task}-1.ndjson`), 5_000);
    await put(join('big', `2026-11-09-${task}-1.ndjson`), 5_000);
    await put('notes.txt', 10);
    const { logs } = await openLogs(folder, { retentionMs: 6 * dayMs, bytesMax: 10_000 });
    t.equal(logs.bytes, 19_000);
    t.same(await logs.purge(november), { files: 6, bytes: 10_000 });
    t.equal(logs.bytes, 9_000, 'well below the limit, so that it is not reached again at once');
    const days = ['06', '07', '08', '09'].map((day) => `2026-11-${day}.ndjson`);
    t.same(await filesIn(folder), [...days, 'big', `big/2026-11-09-${task}-1.ndjson`, 'notes.txt']);
    await logs.close();
  },
);

t.test('a purge leaves the day of an attempt under way alone', async (t) => {
  const folder = await freshFolder(t);
  const { logs, clock, find } = await openLogs(folder, { retentionMs: dayMs });
  logs.write(task, 1, line('long ago'));
  clock.now += 40 * dayMs;
  t.same(await logs.purge(clock.now), { files: 0, bytes: 0 });
  logs.write(task, 1, line('today'));
  t.same(texts(await find(logs.end(task, 1))), ['long ago', 'today']);
  t.match(await logs.purge(clock.now), { files: 1 });
  t.same(await filesIn(folder), ['big']);
  t.equal(logs.bytes, 0);
  await logs.close();
});

t.test('a full folder takes no more lines, says so once, and counts them', async (t) => {
  const { logs, troubles, find } = await openLogs(await freshFolder(t), { bytesMax: 2_000 });
  for (let nth = 0; nth < 100; nth++) logs.write(task, 1, line(`line ${nth}`));
  t.match(troubles, [{ code: 'LIMIT', fatal: false }]);
  const lines = await find(logs.end(task, 1));
  t.equal(lines.length + logs.leftOutLines, 100);
  t.ok(lines.length > 5 && logs.bytes <= 2_000);
  await logs.close();
});

t.test(
  'a failing disk hurts nobody: said once, kept in memory for a while, then left out; it heals by itself',
  async (t) => {
    const folder = await freshFolder(t);
    const { logs, disk, clock, troubles, recovered, find } = await openLogs(folder);
    disk.fault = (call) => (call === 'write' ? { code: 'ENOSPC' } : null);
    for (let nth = 0; nth < 10; nth++) logs.write(task, 1, line(`line ${nth}`));
    await until(() => troubles.length > 0);
    t.match(troubles, [{ operation: 'write', code: 'ENOSPC', fatal: false }]);
    t.equal((await find(null)).length, 10, 'read from memory meanwhile');
    const place = logs.end(task, 1);
    for (let attempt = 1; attempt <= 3; attempt++) {
      for (let nth = 0; nth < 900; nth++) logs.write(other, attempt, line('z'.repeat(10_000)));
    }
    t.ok(logs.leftOutLines > 500, `${logs.leftOutLines} left out, memory is bounded`);
    disk.fault = () => null;
    clock.pass(1_000);
    await until(() => recovered.length > 0);
    t.equal((await find(place)).length, 10, 'places have not moved');
    await logs.close();
  },
);

t.test('logs removed or cut by hand read as what is left', async (t) => {
  const folder = await freshFolder(t);
  const first = await openLogs(folder);
  for (let nth = 0; nth < 10; nth++) first.logs.write(task, 1, line(`line ${nth}`));
  const place = first.logs.end(task, 1) as LogPlace;
  await first.logs.close();
  await truncate(join(folder, 'logs', today), place.bytes / 2 + 3);
  const again = await openLogs(folder);
  t.equal((await again.find(place)).length, 5);
  await rm(join(folder, 'logs', today));
  t.same(await again.find(place), []);
  await rm(join(folder, 'logs'), { recursive: true });
  await writeFile(join(folder, 'logs'), 'a file where the folder was');
  await again.logs.close();
  const broken = await openLogs(folder);
  t.match(broken.troubles, [{ operation: 'read' }]);
  broken.logs.write(task, 1, line('nowhere to go'));
  t.equal((await broken.find(null)).length, 1, 'the work goes on');
  await broken.logs.close();
});
