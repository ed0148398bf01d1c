/** `backup.paths` in a worker thread, on real folders; its archives are read by the machine's own tar. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import type { Order } from '../../workers/contract.ts';
import { statOf } from '../../workers/executable.ts';
import { needs } from '../helpers/needs.ts';
import { bed, builtIn } from '../workers/thread-pool.ts';

const file = builtIn('backup.paths');
/** One thread for all tests: loading validation takes longer than most of them. */
const shared = await bed(t, file);
const backups = join(realpathSync(shared.dataDir), 'backups');

interface Done {
  readonly path: string;
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  readonly databases: number;
  readonly leftOut: number;
  readonly removed: readonly string[];
}

/** A folder outside of the data folder. */
function folder(t: Test): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-paths-')));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function fill(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

/** An order that may read what it asks for, unless told otherwise. */
function orderFor(params: { paths: readonly string[] } & Record<string, unknown>, allowed = params.paths, on = shared) {
  return on.order({ name: 'x', ...params }, { settings: { BACKUP_PATHS: allowed.join(','), LIBRARY_DIR: 'library' } });
}

async function done(order: Order, on = shared): Promise<Done> {
  const { outcome, error, result } = await on.pool.outcome(order);
  if (outcome !== 'succeeded') throw new Error(`${outcome}: ${error?.message}`);
  return JSON.parse(result ?? '{}');
}

async function failure(order: Order, on = shared) {
  const { outcome, error, retryable } = await on.pool.outcome(order);
  return { outcome, code: error?.code, message: error?.message ?? '', retryable };
}

const lines = (order: Order) => shared.pool.log(order).map(({ text }) => text);

/** Unpacked by the machine's own tar. @returns where the given path is then */
function unpacked(t: Test, archive: string, path = ''): string {
  const out = folder(t);
  execFileSync('tar', ['-xpzf', archive, '-C', out]);
  return join(out, path);
}

/** Everything below a folder but sockets, as text to compare. */
function listed(dir: string, below = ''): string[] {
  return readdirSync(join(dir, below), { withFileTypes: true })
    .filter((entry) => !entry.isSocket())
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => {
      const path = join(below, name);
      const stats = lstatSync(join(dir, path));
      const facts = `${path} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid} ${Math.floor(stats.mtimeMs / 1_000)}`;
      if (stats.isSymbolicLink()) return [`${facts} → ${readlinkSync(join(dir, path))}`];
      if (stats.isDirectory()) return [facts, ...listed(dir, path)];
      return [`${facts} ${readFileSync(join(dir, path)).toString('base64')}`];
    });
}

const names = (dir: string) => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();

t.test('tar brings everything back as it was: names, content, rights, times, links and empty folders', async (t) => {
  const dir = folder(t);
  const deep = ['中'.repeat(85), 'ü'.repeat(100)].join('/');
  fill(dir, {
    'it\'s "quoted".txt': 'a',
    'two\nlines': 'b',
    '-rf': 'c',
    '🎵 émile=1.mp3': 'd',
    'back\\slash ': 'e',
    [`${deep}/f`]: 'f',
    'empty file': '',
    'large.bin': 'large '.repeat(400_000),
    '.hidden/.file': 'g',
  });
  mkdirSync(join(dir, 'empty folder'));
  linkSync(join(dir, '-rf'), join(dir, 'the same'));
  symlinkSync('-rf', join(dir, 'link'));
  symlinkSync(`nowhere/${'long/'.repeat(40)}`, join(dir, 'long link'));
  symlinkSync('empty folder', join(dir, 'link to a folder'));
  chmodSync(join(dir, '-rf'), 0o750);
  chmodSync(join(dir, 'empty folder'), 0o700);
  utimesSync(join(dir, 'empty file'), -86_400, -86_400);
  lutimesSync(join(dir, 'link'), 1_000_000_000, 1_000_000_000);
  const server = createServer().listen(join(dir, 'socket'));
  await once(server, 'listening');
  t.teardown(() => server.close());
  const before = listed(dir);

  const order = orderFor({ paths: [dir] });
  const result = await done(order);
  t.match(result, { files: 10, folders: 5, links: 3, databases: 0, leftOut: 1, removed: [] });
  t.match(basename(result.path), /^x-\d{4}-\d\d-\d\dT\d{6}Z\.tar\.gz$/);
  t.equal(lstatSync(result.path).mode & 0o777, 0o600);
  t.match(lines(order).join('\n'), /socket was left out: it is a socket/);
  t.same(listed(unpacked(t, result.path, dir)), before);
});

t.test('patterns include and exclude: by name at any depth, from the given path, folders only', async (t) => {
  const dir = folder(t);
  fill(dir, {
    'a.jpg': '',
    'b.txt': '',
    'cache/c.jpg': '',
    'trip/a.jpg': '',
    'trip/notes.txt': '',
    'trip/cache/d.jpg': '',
    'trip/raw/e (1).NEF': '',
    'other/deep/f.txt': '',
  });
  mkdirSync(join(dir, 'empty'));
  for (const [include, exclude, wanted] of [
    [[], ['*.jpg', 'other', 'raw/'], ['b.txt', 'cache', 'empty', 'trip', 'trip/cache', 'trip/notes.txt']],
    [['*.jpg'], ['cache/'], ['a.jpg', 'trip', 'trip/a.jpg']],
    [['/a.jpg'], [], ['a.jpg']],
    [['trip/*.{txt,jpg}'], [], ['trip', 'trip/a.jpg', 'trip/notes.txt']],
    [['raw', 'other/**'], [], ['other', 'other/deep', 'other/deep/f.txt', 'trip', 'trip/raw', 'trip/raw/e (1).NEF']],
    [['e (1).*'], [], ['trip', 'trip/raw', 'trip/raw/e (1).NEF']],
    [['**/trip/**/d.jpg', 'b.txt/'], [], ['trip', 'trip/cache', 'trip/cache/d.jpg']],
    [['[ab].*'], ['trip/'], ['a.jpg', 'b.txt']],
  ] as const) {
    const { path } = await done(orderFor({ paths: [dir], include, exclude }));
    t.same(names(unpacked(t, path, dir)), wanted, `${include} but ${exclude}`);
  }
});

t.test('what is given twice, or inside of another, is in the archive once', async (t) => {
  const dir = folder(t);
  fill(dir, { 'in/a': 'a', 'in/b': 'b', 'in/only/c': 'c', single: 's' });
  const paths = [dir, `${dir}/`, join(dir, 'in'), join(dir, 'single'), join(dir, 'in', 'only', 'c')];
  const { path, files } = await done(orderFor({ paths, exclude: ['in', 'only', 'single'] }));
  t.equal(files, 4, 'what is given by itself is taken, whatever excludes it from above');
  const list = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
  t.same(list, [...new Set(list)]);
  t.ok(list.includes(`${join(dir, 'in', 'only', 'c').slice(1)}`));
});

t.test('params that make no sense are refused by member', async (t) => {
  for (const [params, why] of [
    [{ paths: ['relative'] }, /paths\[0\].*must be an absolute path/],
    [{ paths: [] }, /paths/],
    [{ name: 'nightshift' }, /name.*must not be "nightshift"/],
    [{ name: '../x' }, /name.*must be up to 64 lower-case/],
    [{ exclude: ['ok', '[a'] }, /exclude\[1\].*cannot be read: Missing closing/],
    [{ include: ['{a,{b,{c,d}}}'] }, /include\[0\].*must not hold \{ \} inside/],
    [{ include: [`${'{a,b}'.repeat(30)}`] }, /include\[0\].*more than 100 names/],
    [{ include: ['a*'.repeat(30)] }, /include\[0\].*at most 4 \*/],
    [{ include: ['../up'] }, /include\[0\].*must not hold \. or \.\./],
    [{ include: ['x'.repeat(1_001)] }, /include\[0\]/],
    [{ keep: 0 }, /keep/],
    [{ maxAge: 'long' }, /maxAge.*duration/],
    [{ dir: '../out' }, /must not leave BACKUP_DIR/],
  ] as const) {
    const { message, retryable } = await failure(orderFor({ paths: ['/srv'], ...params }));
    t.match(message, why);
    t.equal(retryable, false);
  }
});

t.test('only what the settings name is read, and the library, whatever links lead there', async (t) => {
  const dir = folder(t);
  const library = join(realpathSync(shared.dataDir), 'library');
  fill(dir, { 'open/a': '', 'closed/b': '' });
  fill(library, { 'song.mp3': '' });
  symlinkSync(join(dir, 'closed'), join(dir, 'open', 'way out'));
  symlinkSync(join(dir, 'open'), join(dir, 'closed', 'way in'));
  const open = [join(dir, 'open'), join(dir, 'not there')];
  t.match(await done(orderFor({ paths: [library] }, [])), { files: 1 });
  t.match(await done(orderFor({ paths: [join(dir, 'closed', 'way in')] }, open)), { files: 1, links: 1 });
  for (const path of [join(dir, 'closed'), join(dir, 'open', 'way out'), join(dir, 'open', '..'), dir, '/'])
    t.match(await failure(orderFor({ paths: [join(dir, 'open'), path] }, open)), {
      code: 'path_refused',
      message: /may not be read: name it, or a folder above it, in the setting BACKUP_PATHS/,
      retryable: false,
    });
  t.match(await failure(orderFor({ paths: [join(dir, 'open', 'none')] }, open)), {
    code: 'path_missing',
    message: `there is no ${join(dir, 'open', 'none')}: correct "paths", or mount what it is on`,
    retryable: false,
  });
});

t.test('the data folder and archives are never in an archive, the library in it is', async (t) => {
  const dir = folder(t);
  const dataDir = join(dir, 'data');
  fill(dir, {
    'data/nightshift.env': 'secret',
    'data/journal/1': '',
    'data/library/song.mp3': '',
    'data/backups/old.tar.gz': '',
    'data/scratch/1': '',
    beside: '',
  });
  const here = await bed(t, file, { dataDir, scratchDir: join(dataDir, 'scratch') });
  for (const [path, why] of [
    [dataDir, /own files: backup\.create copies them/],
    [join(dataDir, 'journal'), /own files/],
    [join(dataDir, 'nightshift.env'), /own files/],
    [join(dataDir, 'backups'), /own files/],
  ] as const)
    t.match(await failure(orderFor({ paths: [path] }, ['/'], here), here), { code: 'path_refused', message: why });

  const around = orderFor({ paths: [dir] }, [dir], here);
  const { path, leftOut } = await done(around, here);
  t.same(names(unpacked(t, path, dir)), ['beside', 'data', 'data/library', 'data/library/song.mp3']);
  const said = here.pool.log(around).map(({ text }) => text);
  t.ok(said.includes(`${dataDir} was left out, but for the library: backup.create copies it`));
  t.ok(said.includes(`${join(dataDir, 'backups')} was left out: archives are written there`));
  t.ok(leftOut <= 3, 'not a line for each of its files');

  const order = orderFor({ paths: [dir] }, [dir], here);
  const elsewhere = {
    ...order,
    settings: { ...order.settings, BACKUP_DIR: join(dir, 'to'), LIBRARY_DIR: join(dir, 'l') },
  };
  fill(dir, { 'to/old.tar.gz': '' });
  const made = await done(elsewhere, here);
  t.equal(dirname(made.path), join(dir, 'to'));
  t.same(names(unpacked(t, made.path, dir)), ['beside']);
  const into = { ...orderFor({ paths: [join(dir, 'to')] }, [dir], here), settings: elsewhere.settings };
  t.match(await failure(into, here), { code: 'path_refused', message: /is where archives are written/ });
});

t.test('old archives of its name go, those of others stay', async (t) => {
  const dir = folder(t);
  fill(dir, { a: '' });
  const place = join(backups, 'kept');
  const others = ['nightshift-2020-01-01T000000Z.tar.gz', 'x-y-2020-01-01T000000Z.tar.gz', 'x-notes.tar.gz'];
  const old = ['x-2020-01-01T000000Z.tar.gz', 'x-2020-01-02T000000Z.tar.gz', 'x-2020-01-03T000000Z.tar.gz'];
  fill(place, Object.fromEntries([...others, ...old].map((name) => [name, ''])));
  const { path, removed } = await done(orderFor({ paths: [dir], dir: 'kept', keep: 3 }));
  t.same(removed, old.slice(0, 1));
  t.same(readdirSync(place).sort(), [...others, ...old.slice(1), basename(path)].sort());
  const young = await done(orderFor({ paths: [dir], dir: 'kept', maxAge: '90d' }));
  t.same(young.removed, old.slice(1));
});

t.test('where there is nothing to back up, good archives stay as they are', async (t) => {
  const dir = folder(t);
  fill(dir, { 'mounted/a': '' });
  const first = await done(orderFor({ paths: [join(dir, 'mounted')], dir: 'nothing', keep: 1 }));
  rmSync(join(dir, 'mounted', 'a'));
  const order = orderFor({ paths: [join(dir, 'mounted')], dir: 'nothing', keep: 1 });
  t.match(await failure(order), { code: 'nothing_to_back_up', message: /there is no file; no archive was made/ });
  fill(dir, { 'mounted/b': '' });
  t.match(await failure(orderFor({ paths: [join(dir, 'mounted')], dir: 'nothing', keep: 1, include: ['*.jpg'] })), {
    code: 'nothing_to_back_up',
    message: /nothing there matches "include"/,
  });
  t.same(readdirSync(dirname(first.path)), [basename(first.path)]);
  const both = orderFor({ paths: [join(dir, 'mounted'), join(dir, 'mounted', 'b')], dir: 'nothing' });
  await done(both);
  t.match(lines(both).join('\n'), /mounted holds nothing to back up/);
});

t.test('what cannot be read fails the task for good, by name, and nothing is written', async (t) => {
  const dir = folder(t);
  fill(dir, { 'open/a': '', 'secret/file': '', 'closed/file': '', file: '' });
  // Some file systems refuse such a name themselves.
  const odd = Buffer.concat([Buffer.from(`${dir}/open/odd`), Buffer.from([0xff])]);
  if (tryTo(() => writeFileSync(odd, ''))) {
    t.match(await failure(orderFor({ paths: [dir] })), {
      code: 'unreadable',
      message: /^cannot read .*open\/odd\ufffd \(its name is not UTF-8\): no archive was made; .* or exclude them$/,
      retryable: false,
    });
    rmSync(odd);
  }
  for (const name of ['secret', 'closed', 'file']) chmodSync(join(dir, name), 0);
  const place = join(backups, 'nobody');
  mkdirSync(place);
  await asNobody([dir, shared.dataDir, backups, place], async () => {
    const closed = ['closed', 'secret'].map((name) => `${join(dir, name)} (EACCES)`);
    for (const [exclude, which] of [
      [['file/', '/file'], closed.join(', ')],
      [['closed', 'secret'], `${join(dir, 'file')} (EACCES)`],
    ] as const) {
      const { code, message, retryable } = await failure(orderFor({ paths: [dir], exclude, dir: 'nobody' }));
      t.same([code, retryable], ['unreadable', false]);
      t.ok(message.startsWith(`cannot read ${which}: no archive was made`), message);
    }
    t.same(readdirSync(place), []);
    t.match(await done(orderFor({ paths: [dir], exclude: ['closed', 'secret/', '/file'], dir: 'nobody' })), {
      files: 1,
    });
  });
});

function tryTo(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** As a user who may not read everything; root may. */
async function asNobody(folders: readonly string[], act: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) for (const path of folders) chmodSync(path, 0o777);
  if (isRoot) process.seteuid?.(65_534);
  try {
    await act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

t.test('a cancel in the middle ends it, and nothing half stays', async (t) => {
  const dir = folder(t);
  fill(dir, { huge: '' });
  truncateSync(join(dir, 'huge'), 20 * 1024 ** 3);
  const order = orderFor({ paths: [dir], dir: 'canceled' });
  const ended = shared.pool.outcome(order);
  const isCopying = () =>
    shared.pool.items.some((item) => item.kind === 'progress' && item.taskId === order.taskId && item.done > 0);
  await shared.pool.until(isCopying);
  t.match(readdirSync(join(backups, 'canceled')), [/^\.x-.*\.part$/]);
  shared.pool.stop(order, 'canceled');
  t.match(await ended, { outcome: 'canceled' });
  t.same(readdirSync(join(backups, 'canceled')), []);
});

const sqlite = (database: string, ...asked: string[]) =>
  execFileSync('sqlite3', [database, ...asked], { encoding: 'utf8' }).trim();

/** A second program that keeps a database open. @returns asks it something and waits for the answer */
function opened(t: Test, database: string): { ask: (sql: string) => Promise<string>; program: ChildProcess } {
  const program = spawn('sqlite3', ['-batch', database], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => program.kill());
  const said = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  return {
    program,
    async ask(sql) {
      program.stdin.write(`${sql}\nSELECT 'done';\n`);
      for (const answers: string[] = []; ; ) {
        const { value, done } = await said.next();
        if (done || value === 'done') return answers.join('\n');
        answers.push(value);
      }
    },
  };
}

t.test(
  'a database that a program writes to is copied whole, with all it had committed',
  needs('sqlite3'),
  async (t) => {
    const dir = folder(t);
    const name = 'it\'s "ours"\n?#%41 né.db';
    const { ask } = opened(t, join(dir, name));
    await ask('PRAGMA journal_mode = wal; PRAGMA synchronous = off; CREATE TABLE rows (id INTEGER PRIMARY KEY, text);');
    const insert = 'INSERT INTO rows (text) VALUES (hex(randomblob(2000)));';
    await ask(insert.repeat(2_000));
    fill(dir, { 'plain-wal': 'no database beside it' });
    chmodSync(join(dir, name), 0o640);
    const committed = Number(await ask('SELECT count(*) FROM rows;'));
    const order = orderFor({ paths: [dir], dir: 'database' });
    let ended = false;
    const ending = done(order).finally(() => (ended = true));
    while (!ended) await ask(insert.repeat(20));
    const result = await ending;
    t.match(result, { files: 2, databases: 1, leftOut: 2 });
    const out = unpacked(t, result.path, dir);
    t.same(readdirSync(out).sort(), [name, 'plain-wal'].sort(), 'without what belongs to the database');
    t.equal(sqlite(join(out, name), 'PRAGMA integrity_check'), 'ok');
    const copied = Number(sqlite(join(out, name), 'SELECT count(*) FROM rows'));
    t.ok(copied >= committed, `${copied} of ${committed} rows`);
    t.equal(lstatSync(join(out, name)).mode & 0o777, 0o640);
    t.ok(Number(await ask('SELECT count(*) FROM rows;')) > committed, 'and the writer was not disturbed');
    t.match(lines(order).join('\n'), /-wal was left out: the copy of .* holds what it holds/s);
    t.same(readdirSync(join(shared.dataDir, 'scratch')), []);
  },
);

t.test('a database at rest is left as it was, with nothing beside it', needs('sqlite3'), async (t) => {
  const dir = folder(t);
  sqlite(join(dir, 'wal.db'), 'PRAGMA journal_mode = wal', 'CREATE TABLE a (b)', "INSERT INTO a VALUES ('wal')");
  sqlite(join(dir, 'plain.db'), 'CREATE TABLE a (b)', "INSERT INTO a VALUES ('plain')");
  const before = listed(dir);
  const { path, databases } = await done(orderFor({ paths: [dir], dir: 'rest' }));
  t.equal(databases, 2);
  t.same(listed(dir), before);
  const out = unpacked(t, path, dir);
  for (const kind of ['wal', 'plain']) t.equal(sqlite(join(out, `${kind}.db`), 'SELECT b FROM a'), kind);

  chmodSync(dir, 0o555);
  for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o444);
  await asNobody([shared.dataDir, backups, join(backups, 'rest'), join(shared.dataDir, 'scratch')], async () => {
    t.match(await done(orderFor({ paths: [dir], dir: 'rest' })), { databases: 2 }, 'also where nothing can be written');
  });
  chmodSync(dir, 0o755);
});

/** One that has ended and waits for its parent to notice is gone. */
function livingIn(group: number): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    const stat = statOf(Number(pid));
    return stat?.group === group && stat.state !== 'Z';
  });
}

t.test(
  'a locked database is waited for, a cancel ends the wait, and the program with it',
  needs('sqlite3'),
  async (t) => {
    const dir = folder(t);
    const { ask } = opened(t, join(dir, 'locked.db'));
    await ask('CREATE TABLE a (b); BEGIN EXCLUSIVE;');
    const order = orderFor({ paths: [dir], dir: 'locked' });
    const ended = shared.pool.outcome(order);
    const child = () => shared.pool.items.find((item) => item.kind === 'call' && item.taskId === order.taskId);
    await shared.pool.until(() => child() !== undefined);
    shared.pool.stop(order, 'canceled');
    t.match(await ended, { outcome: 'canceled' });
    const call = child();
    const group = call?.kind === 'call' && call.request.name === 'child' ? call.request.groupId : 0;
    t.ok(group > 0, 'it was told before it began');
    await shared.pool.until(() => livingIn(group).length === 0);
    t.same(readdirSync(join(backups, 'locked')), []);
  },
);

t.test('a database that is damaged fails by name', needs('sqlite3'), async (t) => {
  const dir = folder(t);
  fill(dir, { 'bad.db': `SQLite format 3\0${'x'.repeat(5_000)}` });
  t.match(await failure(orderFor({ paths: [dir] })), {
    code: 'sqlite_failed',
    message: /^sqlite3 could not copy the database .*bad\.db: .*not a database.*; mend it, or name it in "exclude"$/,
    retryable: false,
  });
});

t.test('without the program sqlite3 a database is refused, never copied as a file', async (t) => {
  const empty = folder(t);
  const without = await bed(t, file, {}, { env: { ...process.env, PATH: empty } });
  const dir = folder(t);
  fill(dir, { 'app.db': 'SQLite format 3\0', other: '' });
  t.match(await failure(orderFor({ paths: [dir] }, [dir], without), without), {
    code: 'sqlite3_missing',
    message: /app\.db is a SQLite database.* install the package sqlite3, or name the file in "exclude"$/,
    retryable: false,
  });
  t.same(readdirSync(join(without.dataDir, 'backups')), []);
  t.match(await done(orderFor({ paths: [dir], exclude: ['*.db'] }, [dir], without), without), { files: 1 });
});
