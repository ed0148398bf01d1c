import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { removeOld } from '../../workers/archive/retention.ts';
import { readTar } from '../../workers/archive/tar-read.ts';
import { type TarFile, tarOf } from '../../workers/archive/tar-write.ts';
import { writeArchive } from '../../workers/archive/write-archive.ts';
import { needsNamespaces } from '../helpers/needs.ts';

const at = new Date('2026-11-27T03:00:00Z');
const signal = new AbortController().signal;

function file(name: string, body: Buffer, more: Partial<TarFile> = {}): TarFile {
  return { name, size: body.length, mode: 0o644, mtimeMs: at.getTime(), body: [body], ...more };
}

async function* each(files: readonly TarFile[]) {
  yield* files;
}

async function bytesOf(files: readonly TarFile[]): Promise<Buffer> {
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
    maxAgeMs: null,
  });
  t.same(byCount, days.slice(0, 3));
  t.same(readdirSync(join(dir, 'count')).length, 4);
  const week = 7 * 86_400_000;
  const byAge = await removeOld(join(dir, 'age', made), join(dir, 'age'), 'x', at.getTime() + week * 10, {
    keep: 9,
    maxAgeMs: week,
  });
  t.same(byAge, days.slice(0, 4), 'the new one stays, whatever the clock says');
});
