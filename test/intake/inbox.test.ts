import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { machineFiles } from '../../supervisor/intake/files.ts';
import {
  batchFilesMax,
  growingMs,
  inlineBytesMax,
  lateMs,
  nameBytesMax,
} from '../../supervisor/intake/intake-limits.ts';
import { numbered, shortened, startOfDay } from '../../supervisor/intake/names.ts';
import { Pace } from '../../supervisor/intake/pace.ts';
import { removeOldDays } from '../../supervisor/intake/retention.ts';
import { Settling } from '../../supervisor/intake/settling.ts';
import { Watch } from '../../supervisor/intake/watch.ts';
import { needs } from '../helpers/needs.ts';
import {
  bench,
  DyingDisk,
  drop,
  dropFour,
  faultsOf,
  longAgo,
  makeDataDir,
  makeInbox,
  mistakesOf,
  names,
  Remembering,
  stillClock,
  task,
} from './inbox-parts.ts';

const run = promisify(execFile);
const day = 86_400_000;
const linux = process.platform === 'linux' ? {} : { skip: 'reads /proc' };

t.test('a dropped file becomes tasks and moves to the folder of its day', async (t) => {
  const { dir, supervisor, inbox } = await bench(t, {
    clock: { ...machineClock, wall: () => Date.parse('2026-11-22T23:59:00Z') },
  });
  await drop(dir, 'one.json', task('a'));
  await drop(dir, 'more.yaml', '- type: b\n- type: c\n');
  await inbox.rescan();
  t.same(supervisor.files(), ['more.yaml: b c', 'one.json: a']);
  t.same((await readdir(join(dir, 'accepted', '2026-11-22'))).sort(), ['more.yaml', 'one.json']);
  t.same(await names(dir, 'inbox'), []);
  t.same(supervisor.ids.size, 0, 'once they are moved their ids may be forgotten');
  t.match(inbox.stats(), { accepted: 2, rejected: 0, tasks: 3, waiting: 0 });
});

t.test('a file with any mistake submits nothing and moves to rejected beside what is wrong', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  await drop(dir, 'feed.json', `[${task('a')},\n {"type":"b","prio":1}]`);
  await inbox.rescan();
  t.same(supervisor.files(), []);
  t.same(await names(dir, 'rejected'), ['feed.json', 'feed.json.error.json']);
  const error = JSON.parse(await readFile(join(dir, 'rejected', 'feed.json.error.json'), 'utf8'));
  t.match(error, {
    file: 'feed.json',
    at: /^\d{4}-.*Z$/,
    mistakes: [{ code: 'validation', path: '$[1].prio', line: 2, column: 14, message: /not a member/ }],
  });
  t.match(supervisor.health.get('inbox_rejected'), { severity: 'warning', message: /^feed\.json in rejected/ });
  await rm(join(dir, 'rejected', 'feed.json.error.json'));
  await inbox.rescan();
  t.notOk(supervisor.health.has('inbox_rejected'), 'the notice ends when the list of mistakes is deleted');
});

t.test('files of the same name get along, accepted and rejected', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  for (const text of [task('a'), task('b'), '{', '[', task('c')]) {
    await drop(dir, 'x.json', text);
    await inbox.rescan();
  }
  t.same(supervisor.files(), ['x.json: a', 'x.json: b', 'x.json: c'], 'the same file dropped again is new work');
  t.same(await names(dir, 'accepted'), ['x.2.json', 'x.3.json', 'x.json']);
  t.same(await names(dir, 'rejected'), ['x.2.json', 'x.2.json.error.json', 'x.json', 'x.json.error.json']);
});

t.test('files that are there at the start are taken', async (t) => {
  const dir = await makeDataDir(t);
  await mkdir(join(dir, 'inbox'));
  await drop(dir, 'one.json', task('a'));
  const supervisor = new Remembering();
  const inbox = makeInbox(dir, supervisor);
  t.teardown(() => inbox.stop());
  await inbox.start();
  t.same(supervisor.files(), ['one.json: a']);
});

t.test('what is not meant for it is left alone', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  for (const name of ['.hidden.json', 'a.json.tmp', 'b.json.part', 'c.JSON.PART', 'notes.txt'])
    await drop(dir, name, task('a'));
  await mkdir(join(dir, 'inbox', 'folder.json'));
  await inbox.rescan();
  t.same(supervisor.files(), []);
  t.equal((await readdir(join(dir, 'inbox'))).length, 7, 'all of them and .taking');
  const { message = '' } = supervisor.health.get('inbox_left_alone') ?? {};
  t.match(message, /notes\.txt/);
  t.match(message, /folder\.json \(a folder\)/);
  t.notMatch(message, /hidden|tmp|part/i);
  await rm(join(dir, 'inbox', 'folder.json'), { recursive: true });
  await rename(join(dir, 'inbox', 'notes.txt'), join(dir, 'notes.txt'));
  await inbox.rescan();
  t.notOk(supervisor.health.has('inbox_left_alone'));
});

t.test('links, pipes and sockets are rejected, never followed or waited for', needs('mkfifo'), async (t) => {
  const { dir, supervisor, inbox } = await bench(t, { settleMs: 0 });
  const secret = join(dir, 'secret.json');
  await writeFile(secret, task('stolen'));
  await symlink(secret, join(dir, 'inbox', 'link.json'));
  await symlink('/nowhere', join(dir, 'inbox', 'broken.json'));
  await run('mkfifo', [join(dir, 'inbox', 'pipe.json')]);
  const server = createServer().listen(join(dir, 'inbox', 'socket.json'));
  await new Promise((resolve) => server.once('listening', resolve));
  await inbox.rescan();
  await new Promise((resolve) => server.close(resolve));
  t.same(supervisor.files(), []);
  for (const [name, what] of [
    ['link', 'symbolic link'],
    ['broken', 'symbolic link'],
    ['pipe', 'pipe'],
    ['socket', 'socket'],
  ]) {
    t.match(await mistakesOf(dir, `${name}.json`), [{ path: '$', line: null, message: `is a ${what}, not a file` }]);
  }
  t.ok((await lstat(join(dir, 'rejected', 'link.json'))).isSymbolicLink(), 'the link itself is moved');
  t.equal(await readFile(secret, 'utf8'), task('stolen'));
});

t.test('files of strangers are rejected, those of listed owners are taken', async (t) => {
  const owners: Record<string, number> = { 'stranger.json': 4321, 'friend.json': 1234, 'root.json': 0 };
  const files = {
    ...machineFiles,
    readSmall(path: string, bytesMax: number) {
      const read = machineFiles.readSmall(path, bytesMax);
      return { ...read, status: { ...read.status, uid: owners[path.slice(path.lastIndexOf('-') + 1)] ?? -1 } };
    },
  };
  const { dir, supervisor, inbox } = await bench(t, { files, owners: [1234] });
  for (const name of Object.keys(owners)) await drop(dir, name, task('a'));
  await inbox.rescan();
  t.same(supervisor.files(), ['friend.json: a', 'root.json: a']);
  t.match(await mistakesOf(dir, 'stranger.json'), [{ message: /belongs to user 4321, .* INBOX_OWNERS/ }]);
});

t.test('a file that may not be read is rejected with the reason', async (t) => {
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  const files = {
    ...machineFiles,
    readSmall(path: string, bytesMax: number) {
      if (path.endsWith('locked.json')) throw denied;
      return machineFiles.readSmall(path, bytesMax);
    },
  };
  const { dir, supervisor, inbox } = await bench(t, { files });
  await drop(dir, 'locked.json', task('a'));
  await chmod(join(dir, 'inbox', 'locked.json'), 0o000);
  await drop(dir, 'open.json', task('b'));
  await inbox.rescan();
  t.same(supervisor.files(), ['open.json: b']);
  t.match(await mistakesOf(dir, 'locked.json'), [{ message: /EACCES/ }]);
});

t.test('a large file is read beside the others and taken as well', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  const lines = Array.from({ length: 3_000 }, (_, index) =>
    JSON.stringify({ type: 'big', params: { index, pad: 'x'.repeat(40) } }),
  );
  t.ok(lines.join('\n').length > inlineBytesMax);
  await drop(dir, 'big.ndjson', lines.join('\n'));
  await drop(dir, 'bigwrong.ndjson', [...lines, '{"typ":1}'].join('\n'));
  await drop(dir, 'huge.json', new Uint8Array(33 * 1024 * 1024));
  await drop(dir, 'small.json', task('a'));
  await inbox.rescan();
  t.same(
    supervisor.journaled.map(({ name, types }) => [name, types.length]),
    [
      ['small.json', 1],
      ['big.ndjson', 3_000],
    ],
  );
  t.match(await mistakesOf(dir, 'bigwrong.ndjson'), [
    { line: 3_001, column: 1 },
    { line: 3_001, column: 2 },
  ]);
  t.match(await mistakesOf(dir, 'huge.json'), [{ message: /at most 33554432 are read/ }]);
});

t.test('a file someone still writes to after it was taken is read again until it is still', async (t) => {
  let reads = 0;
  const files = {
    ...machineFiles,
    readSmall(path: string, bytesMax: number) {
      const read = machineFiles.readSmall(path, bytesMax);
      return reads++ === 0 ? { ...read, bytes: new Uint8Array(Buffer.from('{ "ty')), still: false } : read;
    },
  };
  const { dir, supervisor, inbox } = await bench(t, { files, settleMs: 1 });
  await drop(dir, 'late.json', task('a'));
  await inbox.rescan();
  t.equal(reads, 2);
  t.same(supervisor.files(), ['late.json: a']);
});

t.test('a read notices that the file changed meanwhile', async (t) => {
  const dir = await makeDataDir(t);
  const path = join(dir, 'x');
  await writeFile(path, 'x'.repeat(1_000_000));
  t.match(await machineFiles.read(path, 2_000_000), { still: true, status: { kind: 'file', bytes: 1_000_000 } });
  t.match(await machineFiles.read(path, 10), { bytes: null, status: { bytes: 1_000_000 } });
  t.match(machineFiles.readSmall(path, 10), { bytes: null });
  const reading = machineFiles.read(path, 2_000_000);
  await Promise.all([reading, appendFile(path, 'more'), utimes(path, 1, 1)]);
  const { still, bytes } = await reading;
  t.ok(still ? bytes?.length !== 1_000_000 || (await machineFiles.read(path, 2_000_000)).still : true);
});

t.test('a file settles when size and time stay the same, or were old when first seen', async (t) => {
  const settling = new Settling(() => 500);
  const look = (signature: string, modifiedAt: number, at: number): number =>
    settling.look({ name: 'x', signature, modifiedAt }, { wall: 1_000_000 + at, monotonic: at });
  t.equal(look('1', 1_000_000 - 500, 0), 0, 'old when first seen');
  t.equal(look('1', 1_000_000, 100), 400, 'new: until it is old enough');
  t.equal(look('2', 1_000_300, 300), 500, 'changed: again from now');
  t.equal(look('2', 1_000_300, 700), 100);
  t.equal(look('2', 1_000_300, 800), 0);
  t.equal(look('3', 9_000_000, 1_000), 500, 'a time in the future says nothing: it is watched');
  t.equal(look('3', 9_000_000, 1_499), 1);
  t.equal(look('3', 9_000_000, 1_500), 0);
});

t.test('a file that grows for a minute is waited for, and said so', async (t) => {
  const clock = stillClock();
  const { dir, supervisor, inbox } = await bench(t, { clock });
  const path = join(dir, 'inbox', 'slow.ndjson');
  await writeFile(path, '');
  for (let at = 0; at <= growingMs + 1_000; at += 400) {
    await appendFile(path, `${task('a')}\n`);
    const written = new Date(clock.wall());
    await utimes(path, written, written);
    await inbox.rescan();
    clock.move(400);
  }
  t.same(supervisor.files(), []);
  t.match(supervisor.health.get('inbox_growing'), { severity: 'info', message: /slow\.ndjson/ });
  clock.move(500);
  await inbox.rescan();
  t.equal(supervisor.journaled[0]?.types.length, 153, 'whole, once it is still');
  await inbox.rescan();
  t.notOk(supervisor.health.has('inbox_growing'));
});

t.test('a file that somebody only pauses writing is taken once it is closed, whole', linux, async (t) => {
  const clock = stillClock();
  const { dir, supervisor, inbox } = await bench(t, { clock });
  const path = join(dir, 'inbox', 'feed.ndjson');
  const writer = spawn('/bin/sh', [
    '-c',
    'exec 3>>"$0"; echo "$1" >&3; echo paused; read go; echo "$1" >&3',
    path,
    task('a'),
  ]);
  t.teardown(() => writer.kill('SIGKILL'));
  await once(writer.stdout, 'data');
  await utimes(path, longAgo, longAgo);
  await drop(dir, 'other.json', task('b'));
  await inbox.rescan();
  t.same(supervisor.files(), ['other.json: b'], 'nothing else waits for it');
  clock.move(growingMs);
  await inbox.rescan();
  await inbox.rescan();
  t.match(supervisor.health.get('inbox_open'), { severity: 'info', message: /^feed\.ndjson .*open for writing/ });
  writer.stdin.end('go\n');
  await once(writer, 'exit');
  await utimes(path, longAgo, longAgo);
  clock.move(growingMs);
  await inbox.rescan();
  t.same(supervisor.files(), ['feed.ndjson: a a', 'other.json: b']);
  await inbox.rescan();
  t.notOk(supervisor.health.has('inbox_open'));
});

t.test('a file that somebody only reads, or another one of its name, keeps nobody waiting', linux, async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  await drop(dir, 'one.json', task('a'));
  const reader = await open(join(dir, 'inbox', 'one.json'), 'r');
  const elsewhere = await open(join(dir, 'one.json'), 'w');
  t.teardown(() => Promise.all([reader.close(), elsewhere.close()]));
  await inbox.rescan();
  t.same(supervisor.files(), ['one.json: a']);
});

t.test('who writes is asked once for all files about to be taken, and not at all when there are none', async (t) => {
  const asked: number[] = [];
  const files = {
    ...machineFiles,
    async openForWriting(paths: readonly string[]) {
      asked.push(paths.length);
      return new Set<string>();
    },
  };
  const { dir, inbox } = await bench(t, { files });
  for (let file = 0; file < 50; file++) await drop(dir, `${file}.json`, task('a'));
  await inbox.rescan();
  await inbox.rescan();
  t.same(asked, [50]);
});

t.test('what is added to a file after it was taken is not lost in silence', async (t) => {
  const clock = stillClock();
  const { dir, supervisor, inbox } = await bench(t, { clock });
  await drop(dir, 'feed.ndjson', `${task('a')}\n`);
  await drop(dir, 'still.json', task('b'));
  await inbox.rescan();
  const accepted = join(dir, 'accepted', '2026-11-22', 'feed.ndjson');
  await appendFile(accepted, `${task('late')}\n`);
  await inbox.rescan();
  clock.move(lateMs);
  await inbox.rescan();
  t.match(supervisor.health.get('inbox_late'), {
    severity: 'warning',
    message: /^accepted\/2026-11-22\/feed\.ndjson was written to after it had been taken, .* was not taken$/,
  });
  clock.move(lateMs);
  await inbox.rescan();
  t.ok(supervisor.health.has('inbox_late'), 'until somebody has seen to it');
  t.same(supervisor.files(), ['feed.ndjson: a', 'still.json: b']);
  await rm(accepted);
  await inbox.rescan();
  t.notOk(supervisor.health.has('inbox_late'));
});

t.test('a file that is written to while it is being taken counts as read', async (t) => {
  let append = async (): Promise<void> => {};
  const files = {
    ...machineFiles,
    async move(from: string, to: string) {
      if (to.includes('accepted')) await append();
      await machineFiles.move(from, to);
    },
  };
  const clock = stillClock();
  const { dir, supervisor, inbox } = await bench(t, { clock, files });
  await drop(dir, 'feed.ndjson', `${task('a')}\n`);
  append = async () => {
    const [name = ''] = await readdir(join(dir, 'inbox', '.taking'));
    await appendFile(join(dir, 'inbox', '.taking', name), `${task('late')}\n`);
  };
  await inbox.rescan();
  clock.move(lateMs);
  await inbox.rescan();
  t.same(supervisor.files(), ['feed.ndjson: a']);
  t.match(supervisor.health.get('inbox_late'), { message: /feed\.ndjson/ });
});

t.test('a disk that is full or a supervisor that drains puts files off; they lose nothing', async (t) => {
  const clock = stillClock();
  const { dir, supervisor, inbox } = await bench(t, { clock });
  supervisor.onSubmit = () => {
    throw new Refusal('disk_full', 'the disk is full');
  };
  await drop(dir, 'one.json', task('a'));
  await inbox.rescan();
  await inbox.rescan();
  t.match(inbox.stats(), { accepted: 0, waiting: 1 });
  t.match(supervisor.health.get('inbox_waiting'), { severity: 'warning', message: /one\.json \(the disk is full\)/ });
  t.same(await names(dir, 'rejected'), []);
  supervisor.onSubmit = () => {};
  await inbox.rescan();
  t.same(supervisor.files(), ['one.json: a']);
  t.notOk(supervisor.health.has('inbox_waiting'));
  t.same(await names(dir, 'accepted'), ['one.json']);
});

t.test('a refusal of the tasks themselves rejects the file, at the line of the task', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  supervisor.onSubmit = () => {
    throw new Refusal('conflict', 'the key is taken', [
      { path: '$[1].idempotencyKey', message: 'is known with other params' },
    ]);
  };
  await drop(dir, 'one.ndjson', `${task('a')}\n{"type":"b","idempotencyKey":"k"}`);
  await inbox.rescan();
  t.match(await mistakesOf(dir, 'one.ndjson'), [
    { code: 'conflict', line: 2, column: 13, message: 'is known with other params' },
  ]);
  supervisor.onSubmit = () => {
    throw new Refusal('conflict', 'the key is taken');
  };
  await drop(dir, 'two.json', task('a'));
  await inbox.rescan();
  t.match(await mistakesOf(dir, 'two.json'), [
    { code: 'conflict', path: '$', message: /\(conflict\): the key is taken/ },
  ]);
});

t.test('an unknown outcome is left for the next start, which knows', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  const ids = new Set<string>();
  supervisor.onSubmit = () => {
    throw new Refusal('outcome_unknown', 'the disk failed');
  };
  await drop(dir, 'one.json', task('a'));
  await drop(dir, 'two.json', task('b'));
  await inbox.rescan();
  supervisor.onSubmit = () => {};
  await inbox.rescan();
  t.same(supervisor.files(), [], 'not tried again in this life');
  t.match(supervisor.health.get('inbox_stuck'), { severity: 'error', message: /one\.json .*the next start decides/ });
  await inbox.stop();
  const [first = ''] = (await readdir(join(dir, 'inbox', '.taking'))).filter((name) => name.endsWith('one.json'));
  ids.add(first.slice(0, 36));
  for (const id of ids) supervisor.ids.add(id);
  const next = makeInbox(dir, supervisor);
  t.teardown(() => next.stop());
  await next.start();
  await next.rescan();
  t.same(supervisor.files(), ['two.json: b'], 'the one whose id is known is only moved on');
  t.same(await names(dir, 'accepted'), ['one.json', 'two.json']);
  t.equal(supervisor.ids.size, 0);
});

t.test('a move the disk refuses is tried again and forgets nothing until then', async (t) => {
  let full = true;
  const files = {
    ...machineFiles,
    async move(from: string, to: string) {
      if (full && to.includes('accepted')) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      await machineFiles.move(from, to);
    },
  };
  const { dir, supervisor, inbox } = await bench(t, { files, clock: stillClock() });
  await drop(dir, 'one.json', task('a'));
  await inbox.rescan();
  t.equal(supervisor.ids.size, 1, 'its id is still known');
  await inbox.rescan();
  t.match(supervisor.health.get('inbox_stuck'), { message: /one\.json \(ENOSPC\)/ });
  full = false;
  await inbox.rescan();
  t.equal(supervisor.ids.size, 0);
  t.same(supervisor.files(), ['one.json: a']);
  t.same(await names(dir, 'accepted'), ['one.json']);
  await inbox.rescan();
  t.notOk(supervisor.health.has('inbox_stuck'));
});

t.test('a folder that was deleted comes back and is watched again', async (t) => {
  let heard = (_name: string): void => {};
  const { dir, supervisor, inbox } = await bench(t, {
    settleMs: 10,
    watch: (folder, hints) => new Watch(folder, hints),
  });
  const dropAndHear = (name: string): Promise<string> =>
    new Promise((resolve, reject) => {
      heard = resolve;
      writeFile(join(dir, 'inbox', name), task('a')).catch(reject);
    });
  supervisor.onSubmit = (name) => heard(name);
  t.equal(await dropAndHear('first.json'), 'first.json', 'news of a file is enough, nobody needs to ask');
  await rm(join(dir, 'inbox'), { recursive: true });
  await inbox.rescan();
  t.equal(await dropAndHear('second.json'), 'second.json');
});

t.test('any name will do; very long ones are shortened, beginning and ending kept', async (t) => {
  const long = `${'ä'.repeat(120)}.json`;
  t.ok(Buffer.byteLength(shortened(long)) <= nameBytesMax);
  t.match(shortened(long), /^ä+~\.json$/);
  t.same(
    [numbered('a.json', 1), numbered('a.json', 2), numbered('a', 3), numbered('.json', 2)],
    ['a.json', 'a.2.json', 'a.3', '.2.json'],
  );
  const { dir, supervisor, inbox } = await bench(t);
  await drop(dir, long, task('a'));
  await drop(dir, '日本 & "x"\n.json', task('b'));
  await inbox.rescan();
  await drop(dir, `${'a'.repeat(250)}.json`, '{');
  await inbox.rescan();
  t.same(supervisor.files(), [`${shortened(long)}: a`, '日本 & "x"\n.json: b'].sort());
  t.same(await names(dir, 'rejected'), [`${'a'.repeat(194)}~.json`, `${'a'.repeat(194)}~.json.error.json`]);
});

t.test('old days of accepted files are removed, and nothing else is', async (t) => {
  const dir = await makeDataDir(t);
  const accepted = join(dir, 'accepted');
  for (const name of ['2026-10-22', '2026-10-23', '2026-11-22', '2026-02-31', 'keep', '2026-1-1']) {
    await mkdir(join(accepted, name), { recursive: true });
    await writeFile(join(accepted, name, 'x.json'), '{}');
  }
  await symlink(accepted, join(accepted, '2025-01-01'));
  const removed = await removeOldDays(accepted, 30 * day, Date.parse('2026-11-22T12:00:00Z'), machineFiles);
  t.same(removed, ['2026-10-22']);
  t.equal((await readdir(accepted)).length, 6);
  t.equal(startOfDay('2026-02-31'), null);
  const supervisor = new Remembering();
  const inbox = makeInbox(dir, supervisor, {
    retentionMs: day,
    clock: { ...stillClock(), wall: () => Date.parse('2026-11-25T12:00:00Z') },
  });
  t.teardown(() => inbox.stop());
  await inbox.start();
  t.same(
    (await readdir(accepted)).sort(),
    ['2025-01-01', '2026-02-31', '2026-1-1', 'keep'],
    'by the inbox itself, too',
  );
});

t.test('passes follow one another, and a stir in a pass brings the next one at once', async (t) => {
  let now = 0;
  const timers: { at: number; call: () => void }[] = [];
  const clock = {
    wall: () => now,
    monotonic: () => now,
    after(delayMs: number, call: () => void) {
      const timer = { at: now + delayMs, call };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
  };
  const passes: number[] = [];
  let pace: Pace;
  pace = new Pace(clock, async () => {
    passes.push(now);
    if (passes.length === 2) pace.stir();
    return 60_000;
  });
  const fire = async (): Promise<void> => {
    const timer = timers.shift();
    now = timer?.at ?? now;
    timer?.call();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await pace.now();
  t.equal(timers.length, 1);
  await fire();
  await fire();
  t.same(passes, [0, 60_000, 60_025], 'a little rest between two');
  pace.stir();
  pace.stir();
  t.equal(timers.length, 1, 'only one is armed');
  await pace.stop();
  t.equal(timers.length, 0);
});

t.test('many files at once are all taken, each once', async (t) => {
  const { dir, supervisor, inbox } = await bench(t, { settleMs: 0 });
  const many = batchFilesMax + 100;
  await Promise.all(
    Array.from({ length: many }, (_, index) => writeFile(join(dir, 'inbox', `${index}.json`), task(`t${index}`))),
  );
  await inbox.rescan();
  while (supervisor.journaled.length < many) await inbox.rescan();
  t.equal(new Set(supervisor.files()).size, many);
  t.equal((await names(dir, 'accepted')).length, many);
  t.equal(supervisor.ids.size, 0);
});

t.test('a stop waits for what is under way and takes nothing more', async (t) => {
  const { dir, supervisor, inbox } = await bench(t);
  await drop(dir, 'one.json', task('a'));
  let release = (): void => {};
  const submitting = new Promise<void>((submitted) => {
    supervisor.onSubmit = () => {
      submitted();
      return new Promise((resolve) => {
        release = resolve;
      });
    };
  });
  void inbox.rescan();
  await submitting;
  const stopped = inbox.stop();
  await drop(dir, 'two.json', task('b'));
  release();
  await stopped;
  t.same(supervisor.files(), ['one.json: a']);
  t.same(await names(dir, 'accepted'), ['one.json']);
  t.same(await names(dir, 'inbox'), ['two.json']);
});

t.test('a data folder where the folders cannot be made ends the start with exit code 72', async (t) => {
  const dir = await makeDataDir(t);
  await writeFile(join(dir, 'inbox'), 'a file');
  await t.rejects(makeInbox(dir, new Remembering()).start(), { exitCode: 72, message: /ENOTDIR|not a folder/ });
});

/** One life until the disk dies (or not, at infinity), as far as it goes. */
async function live(dir: string, supervisor: Remembering, disk: DyingDisk): Promise<void> {
  const inbox = makeInbox(dir, supervisor, { files: disk, clock: stillClock(), settleMs: 0 });
  await Promise.race([disk.died, inbox.start().then(() => inbox.rescan())]);
  await disk.quiet();
}

async function prepared(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-inbox-'));
  await mkdir(join(dir, 'inbox'));
  await dropFour(dir);
  return dir;
}

const forever = Number.POSITIVE_INFINITY;

/** How many calls of the disk a whole life makes. */
async function callsOfALife(): Promise<number> {
  const dir = await prepared();
  const disk = new DyingDisk(forever);
  await live(dir, new Remembering(), disk);
  await rm(dir, { recursive: true });
  return disk.calls;
}

t.test('killed at any call of the disk, each file counts once, even if the power fails after that', async (t) => {
  const calls = await callsOfALife();
  t.ok(calls > 40, `${calls} calls`);
  const all: string[] = [];
  for (let dieAt = 1; dieAt <= calls; dieAt++) {
    const dir = await prepared();
    const supervisor = new Remembering();
    const killed = new DyingDisk(dieAt);
    await live(dir, supervisor, killed);
    const recovered = new DyingDisk(forever, killed);
    await live(dir, supervisor, recovered);
    const faults = await faultsOf(dir, supervisor.files(), supervisor.ids.size);
    all.push(...faults.map((fault) => `killed at call ${dieAt}: ${fault}`));
    await recovered.lose(() => true);
    await live(dir, supervisor, new DyingDisk(forever));
    const later = await faultsOf(dir, supervisor.files(), supervisor.ids.size);
    all.push(...later.map((fault) => `killed at call ${dieAt}, then cut off: ${fault}`));
    await rm(dir, { recursive: true });
  }
  t.same(all, []);
});

t.test(
  'killed or cut off at any call and again while recovering, with unsynced renames taken back, each file counts once',
  async (t) => {
    const all: string[] = [];
    let seed = 20_261_122;
    const chance = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    for (let round = 0; round < 60; round++) {
      const dir = await prepared();
      const supervisor = new Remembering();
      const cuts = [1 + chance(70), 1 + chance(70), 1 + chance(40)].slice(0, 1 + chance(3));
      let disk: DyingDisk | null = null;
      for (const dieAt of cuts) {
        disk = new DyingDisk(dieAt, disk);
        await live(dir, supervisor, disk);
        const mood = chance(3);
        if (mood > 0) await disk.lose(() => mood === 1 || chance(2) === 0);
      }
      await live(dir, supervisor, new DyingDisk(forever, disk));
      const faults = await faultsOf(dir, supervisor.files(), supervisor.ids.size);
      all.push(...faults.map((fault) => `round ${round}, cuts ${cuts}: ${fault}`));
      await rm(dir, { recursive: true });
    }
    t.same(all, []);
  },
);

t.test('a process killed with SIGKILL between any two steps takes each file once, over its lives', async (t) => {
  const child = fileURLToPath(new URL('./inbox-child.js', import.meta.url));
  const start = (dir: string, dieAt = 0): Promise<{ stdout: string; signal: string | null }> =>
    run(process.execPath, [child, dir, String(dieAt)]).then(
      ({ stdout }) => ({ stdout, signal: null }),
      (error) => ({ stdout: '', signal: error.signal }),
    );
  const first = await prepared();
  const steps = Number((await start(first)).stdout);
  t.ok(steps >= 15, `${steps} steps`);
  await rm(first, { recursive: true });
  for (let dieAt = 2; dieAt <= steps; dieAt += 3) {
    const dir = await prepared();
    t.equal((await start(dir, dieAt)).signal, 'SIGKILL');
    t.equal((await start(dir)).signal, null);
    const entries = (await readFile(join(dir, 'journal.ndjson'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const tasks = entries.filter(({ settled }) => !settled).map(({ name, types }) => `${name}: ${types.join(' ')}`);
    const known = new Set(entries.map(({ id }) => id));
    for (const { id, settled } of entries) if (settled) known.delete(id);
    t.same(await faultsOf(dir, tasks.sort(), known.size), [], `killed after step ${dieAt}`);
    await rm(dir, { recursive: true });
  }
});
