import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { entriesOf } from '../../workers/archive/path-entries.ts';
import { anyOf, patternMistake } from '../../workers/archive/patterns.ts';
import { removeOld } from '../../workers/archive/retention.ts';
import { readTar } from '../../workers/archive/tar-read.ts';
import { type TarEntry, tarOf } from '../../workers/archive/tar-write.ts';
import { Unreadable } from '../../workers/archive/unreadable.ts';
import { type Found, walk } from '../../workers/archive/walk.ts';
import { writeArchive } from '../../workers/archive/write-archive.ts';
import { needsNamespaces } from '../helpers/needs.ts';

const at = new Date('2026-11-27T03:00:00Z');
const signal = new AbortController().signal;

function file(name: string, body: Buffer, more: Partial<TarEntry> = {}): TarEntry {
  return { name, size: body.length, mode: 0o644, mtimeMs: at.getTime(), body: [body], ...more };
}

async function* each(files: readonly TarEntry[]) {
  yield* files;
}

async function bytesOf(files: readonly TarEntry[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of tarOf(each(files))) parts.push(part);
  return Buffer.concat(parts);
}

async function read(bytes: Buffer, pieces: number): Promise<[string, string][]> {
  const cut = Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, index) =>
    bytes.subarray(index * pieces, (index + 1) * pieces),
  );
  const found: [string, string][] = [];
  for await (const { name, body } of readTar(Readable.from(cut))) {
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part);
    found.push([name, Buffer.concat(parts).toString('hex')]);
  }
  return found;
}

t.test('whatever is put into an archive comes out of it, in pieces of any size', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }).filter((text) => !/[\0\n=]/.test(text));
  const content = fc.uint8Array({ maxLength: 2_000 });
  const property = fc.asyncProperty(
    fc.array(fc.tuple(name, content), { maxLength: 5 }),
    fc.integer({ min: 1, max: 3_000 }),
    async (given, pieces) => {
      const files = given.map(([path, body]) => file(path, Buffer.from(body)));
      const wanted = given.map(([path, body]) => [path, Buffer.from(body).toString('hex')]);
      return JSON.stringify(await read(await bytesOf(files), pieces)) === JSON.stringify(wanted);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

t.test('any tar reads it: long names, rights and content', async (t) => {
  const dir = t.testdir();
  const long = `folder/${'long-name-'.repeat(20)}.txt`;
  const files = [
    file('a.txt', Buffer.from('short')),
    file(long, Buffer.from('long')),
    file('run', Buffer.from('x'), { mode: 0o755 }),
  ];
  const { path, files: count } = await writeArchive(each(files), { folder: dir, prefix: 'x', at, signal });
  t.equal(path, join(dir, 'x-2026-11-27T030000Z.tar.gz'));
  t.equal(count, 3);
  const out = join(dir, 'out');
  mkdirSync(out);
  execFileSync('tar', ['-xzf', path, '-C', out]);
  t.equal(readFileSync(join(out, long), 'utf8'), 'long');
  t.match(execFileSync('tar', ['-tvzf', path], { encoding: 'utf8' }), /-rwxr-xr-x .* run/);
});

t.test('folders and links come out as they went in, whoever they belong to and wherever they lead', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }).filter((one) => !/\0|\/$/.test(one));
  const facts = {
    name: text,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    mtimeMs: fc.integer({ min: -(10 ** 9), max: 10 ** 11 }).map((seconds) => seconds * 1_000),
    uid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  };
  const one = fc.oneof(
    fc.record({ ...facts, kind: fc.constant('folder' as const), target: fc.constant('') }),
    fc.record({ ...facts, kind: fc.constant('link' as const), target: text }),
  );
  const said = ({ kind, name, target, mode, mtimeMs, uid, gid }: Omit<TarEntry, 'size' | 'body'>) =>
    JSON.stringify([kind, name, target, mode, mtimeMs, uid, gid]);
  const property = fc.asyncProperty(fc.array(one, { maxLength: 5 }), async (given) => {
    const archive = await bytesOf(given.map((entry) => ({ ...entry, size: 0, body: [] })));
    const found: string[] = [];
    for await (const entry of readTar(Readable.from([archive]))) found.push(said(entry));
    return JSON.stringify(found) === JSON.stringify(given.map(said));
  });
  await fc.assert(property, { numRuns: 100 });
});

t.test('a name that is cut in the header behind a slash is still that of a file', async (t) => {
  const dir = t.testdir({ out: {} });
  const name = `${'a'.repeat(99)}/b`;
  const { path } = await writeArchive(each([file(name, Buffer.from('b'))]), { folder: dir, prefix: 'x', at, signal });
  execFileSync('tar', ['-xzf', path, '-C', join(dir, 'out')]);
  t.equal(readFileSync(join(dir, 'out', name), 'utf8'), 'b');
});

t.test('a file of more than 8 GiB has its size in the archive', async (t) => {
  const size = 9 * 1024 ** 3;
  const head: Buffer[] = [];
  for await (const part of tarOf(each([file('big', Buffer.alloc(0), { size, body: [Buffer.alloc(512)] })]))) {
    head.push(part);
    if (head.length > 4) break;
  }
  for await (const found of readTar(Readable.from(head))) {
    t.equal(found.size, size);
    break;
  }
});

t.test('an archive that is cut off anywhere, or changed, is never taken for a whole one', async (t) => {
  const whole = await bytesOf([file('a', Buffer.alloc(700, 'a')), file('b', Buffer.alloc(10, 'b'))]);
  for (let length = 0; length < whole.length - 1_024; length += 97)
    await t.rejects(read(whole.subarray(0, length), 512), /cut off/, `${length} bytes`);
  const changed = Buffer.from(whole);
  changed[3] = 120;
  await t.rejects(read(changed, 512), /damaged/);
});

t.test('a full disk and a file that changes leave nothing behind, and say so', async (t) => {
  const dir = t.testdir();
  async function* full() {
    yield file('a', Buffer.from('a'));
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  }
  const options = { folder: dir, prefix: 'x', at, signal };
  await t.rejects(writeArchive(full(), options), { code: 'disk_full', message: /no room for the archive/ });
  const shrunk = file('a', Buffer.from('a'), { size: 5 });
  await t.rejects(writeArchive(each([shrunk]), options), /a changed while it was copied/);
  const stopped = AbortSignal.abort();
  await t.rejects(writeArchive(each([file('a', Buffer.from('a'))]), { ...options, signal: stopped }));
  t.same(readdirSync(dir), []);
});

t.test('on a file system that really is full nothing is left of it', needsNamespaces('-Urm'), (t) => {
  const dir = t.testdir();
  const { href } = new URL('../../workers/archive/write-archive.js', import.meta.url);
  const script = `
    import { randomBytes } from 'node:crypto';
    import { readdirSync } from 'node:fs';
    import { writeArchive } from ${JSON.stringify(href)};
    const body = [randomBytes(8 * 1024 * 1024)];
    const files = (async function* () {
      yield { name: 'a', size: body[0].length, mode: 0o600, mtimeMs: 0, body };
    })();
    const options = { folder: process.argv[1], prefix: 'x', at: new Date(), signal: new AbortController().signal };
    const code = await writeArchive(files, options).catch((error) => error.code);
    console.log(JSON.stringify({ code, left: readdirSync(process.argv[1]) }));`;
  const mounted = `mount -t tmpfs -o size=2m tmpfs ${dir} && exec "$@"`;
  const node = [process.execPath, '--input-type=module', '-e', script, dir];
  const said = execFileSync('unshare', ['-Urm', 'sh', '-c', mounted, 'sh', ...node], { encoding: 'utf8' });
  t.same(JSON.parse(said), { code: 'disk_full', left: [] });
  t.end();
});

t.test('what an attempt that was killed has left goes with the next one, and nothing else', async (t) => {
  const left = '.x-2026-11-26T030000Z.tar.gz.part';
  const dir = t.testdir({ [left]: 'half', '.other.part': 'mine', 'x-2026-11-27T030000Z.tar.gz': 'of the same second' });
  const { path } = await writeArchive(each([]), { folder: dir, prefix: 'x', at, signal });
  t.notOk(existsSync(join(dir, left)));
  t.equal(readFileSync(join(dir, '.other.part'), 'utf8'), 'mine');
  t.equal(path, join(dir, 'x-2026-11-27T030000Z-2.tar.gz'));
  t.equal(gunzipSync(readFileSync(path)).length, 1_024);
});

t.test('the newest are kept, too old ones go, and what somebody else put there stays', async (t) => {
  const days = ['01', '10', '20', '25', '26'].map((day) => `x-2026-11-${day}T030000Z.tar.gz`);
  const fill = (dir: string) => {
    for (const name of [...days, 'x-notes.tar.gz', 'y-2026-11-01T030000Z.tar.gz']) writeFileSync(join(dir, name), '');
  };
  const dir = t.testdir({ count: {}, age: {} });
  fill(join(dir, 'count'));
  fill(join(dir, 'age'));
  const made = days[4] as string;
  const byCount = await removeOld(join(dir, 'count', made), join(dir, 'count'), 'x', at.getTime(), {
    keep: 2,
  });
  t.same(byCount, days.slice(0, 3));
  t.same(readdirSync(join(dir, 'count')).length, 4);
  const week = 7 * 86_400_000;
  const byAge = await removeOld(join(dir, 'age', made), join(dir, 'age'), 'x', at.getTime() + week * 10, {
    keep: 9,
    maxAge: '7d',
  });
  t.same(byAge, days.slice(0, 4), 'the new one stays, whatever the clock says');
});

/** Everything as it is found and taken, with what was told on the way. */
function taking(dir: string) {
  const told: string[] = [];
  const unreadable = new Unreadable();
  const leave = (line: string) => void told.push(line);
  const nothing = () => null;
  const walking = { roots: [dir], include: null, exclude: () => false, leftOut: nothing, leave, unreadable, signal };
  return { told, walking, parts: { leave, unreadable, copyDatabase: async () => null } };
}

t.test('a file that grows is taken to the size it had, one that shrinks is never taken for whole', async (t) => {
  const dir = t.testdir({ from: { large: '' }, to: {} });
  const large = join(dir, 'from', 'large');
  const options = { folder: join(dir, 'to'), prefix: 'x', at, signal };
  const { walking, parts } = taking(join(dir, 'from'));
  const during = (act: () => void) =>
    (async function* () {
      writeFileSync(large, Buffer.alloc(3 * 1024 ** 2, 'a'));
      for await (const found of walk(join(dir, 'from'), walking))
        for await (const entry of entriesOf(found, parts)) {
          if (entry.size > 0) act();
          yield entry;
        }
    })();
  const grown = await writeArchive(
    during(() => appendFileSync(large, 'more')),
    options,
  );
  t.match(execFileSync('tar', ['-tvzf', grown.path], { encoding: 'utf8' }), / 3145728 .*large/);
  const shrunk = during(() => truncateSync(large, 2 * 1024 ** 2));
  await t.rejects(writeArchive(shrunk, options), /large changed while it was copied: 2097152 bytes of 3145728/);
  t.same(readdirSync(join(dir, 'to')), [basename(grown.path)]);
});

t.test('what is gone, or something else, when its turn comes is left out and told', async (t) => {
  const dir = t.testdir({
    gone: 'a',
    swapped: 'b',
    small: 'c',
    sub: { d: 'd' },
    way: { e: 'e' },
    elsewhere: { f: 'f' },
  });
  const { walking, parts, told } = taking(dir);
  const found: Found[] = [];
  for await (const one of walk(dir, { ...walking, exclude: (path) => path === 'elsewhere' })) {
    // The folders inside have been listed by the time the first file is told, and are entered after the files.
    if (found.length === 1) {
      rmSync(join(dir, 'sub'), { recursive: true });
      renameSync(join(dir, 'way'), join(dir, 'elsewhere', 'way'));
      symlinkSync('elsewhere', join(dir, 'way'));
    }
    found.push(one);
  }
  t.same(found.map(({ path }) => basename(path)).sort(), [basename(dir), 'gone', 'small', 'swapped'].sort());
  rmSync(join(dir, 'gone'));
  rmSync(join(dir, 'swapped'));
  symlinkSync('elsewhere/f', join(dir, 'swapped'));
  writeFileSync(join(dir, 'small'), 'now it is longer');
  const taken: (readonly [string, number])[] = [];
  for (const one of found) for await (const { name, size } of entriesOf(one, parts)) taken.push([basename(name), size]);
  t.same(taken, [
    [basename(dir), 0],
    ['small', 16],
  ]);
  const left = ['gone', 'sub', 'swapped', 'way'].map((name) => `${join(dir, name)} is gone and was left out`);
  t.same([...told].sort(), left.sort());
});

t.test('a disk that fails ends it for good by name, a share that is away for a moment does not', async (t) => {
  const unreadable = new Unreadable();
  const code = (name: string) => Object.assign(new Error(name), { code: name });
  t.ok(unreadable.isGone('/a', code('ENOENT')));
  unreadable.throwAny();
  t.throws(() => unreadable.isGone('/a', code('ESTALE')), { code: 'ESTALE' });
  for (let number = 1; number <= 7; number++) t.notOk(unreadable.isGone(`/${number}`, code('EIO')));
  t.throws(() => unreadable.throwAny(), {
    code: 'unreadable',
    retryable: false,
    message: /^cannot read \/1 \(EIO\), .*, \/5 \(EIO\) and 2 more: no archive was made/,
  });
});

t.test('no pattern takes long on any name, and none is taken for what it is not', async (t) => {
  const unlucky = `${'a'.repeat(255)}`;
  const path = Array.from({ length: 16 }, () => unlucky).join('/');
  for (const pattern of ['**/*a*a/**/*a*a/**/*a*a/**/*a*b', '*a*a*b', `${'{a,a}'.repeat(6)}b`, '(a+)+b', '+(+(a))b']) {
    t.equal(patternMistake(pattern), null, pattern);
    t.equal(anyOf([pattern])(path, false), false, pattern);
  }
  for (const [pattern, matches, others] of [
    ['a+(b|c)"d".txt', ['a+(b|c)"d".txt'], ['ab.txt', 'a+bd.txt']],
    ['!a', ['!a'], ['b']],
    ['a\\*', ['a*'], ['ab']],
    ['**', ['a', 'a/b\nc/d'], []],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a/c']],
    ['a/**/b', ['a/b', 'a/x/y/b'], ['a/bb', 'b']],
    ['*', ['.hidden', 'a/b'], []],
    ['/*', ['a'], ['a/b']],
    ['[!a]?', ['bé'], ['ab', 'b']],
    ['*.{jpg,png}', ['a.jpg', 'b/c.png'], ['jpg', 'a.gif']],
  ] as const) {
    t.equal(patternMistake(pattern), null, pattern);
    for (const name of matches) t.ok(anyOf([pattern])(name, false), `${pattern} matches ${name}`);
    for (const name of others) t.notOk(anyOf([pattern])(name, false), `${pattern} does not match ${name}`);
  }
});
