import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { Order, OutcomeItem } from '../../workers/contract.ts';
import { fromDisposition, numbered, safeName, suggestedName } from '../../workers/download/file-name.ts';
import { judge } from '../../workers/download/validators.ts';
import { patienceMs } from '../../workers/http-status.ts';
import { FileServer } from '../helpers/file-server.ts';
import { needs } from '../helpers/needs.ts';
import { startNginx } from '../helpers/nginx.ts';
import { type Bed, bed, builtIn } from './thread-pool.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const MB = 1024 * 1024;

interface Downloads extends Bed {
  readonly server: FileServer;
  readonly library: string;
  /** What is in the library: names without the hidden ones. */
  readonly files: () => string[];
  /** Attempts of one task until it ends, as a supervisor without backoff would make them. */
  readonly attempts: (params: object, own?: Partial<Order>) => Promise<OutcomeItem[]>;
  readonly result: (params: object) => Promise<Record<string, unknown>>;
}

/** One thread for all tests: loading HTTP and validation takes longer than most of them. */
const shared = await bed(t, builtIn('http.download'));
let libraries = 0;

async function downloads(t: Parameters<typeof bed>[0]): Promise<Downloads> {
  const server = await FileServer.start();
  t.teardown(() => server.stop());
  const library = join(shared.dataDir, `library-${++libraries}`);
  const order: Bed['order'] = (params, own = {}) =>
    shared.order(params, { settings: { LIBRARY_DIR: basename(library) }, ...own });
  const place = { ...shared, order };
  const attempts: Downloads['attempts'] = async (params, own = {}) => {
    const outcomes: OutcomeItem[] = [];
    const first = place.order(params, own);
    for (let attempt = 1; attempt <= 6; attempt++) {
      const saved = place.pool.items.findLast((item) => item.kind === 'checkpoint' && item.taskId === first.taskId);
      const resume = saved?.kind === 'checkpoint' ? JSON.parse(saved.data) : null;
      const outcome = await place.pool.outcome({ ...first, attempt, resume });
      outcomes.push(outcome);
      if (outcome.outcome === 'succeeded' || !outcome.retryable) break;
    }
    return outcomes;
  };
  return {
    ...place,
    server,
    library,
    files: () =>
      readdirSync(library)
        .filter((name) => !name.startsWith('.'))
        .sort(),
    attempts,
    result: async (params) => {
      const outcome = (await attempts(params)).at(-1);
      if (outcome?.outcome !== 'succeeded') throw new Error(`did not succeed: ${outcome?.error?.message}`);
      return JSON.parse(outcome.result ?? '{}');
    },
  };
}

const hidden = (folder: string) =>
  readdirSync(folder).filter((name) => name.endsWith('.part') || name.endsWith('.part.json'));

t.test('a file arrives byte for byte under its own name, with what is known of it', async (t) => {
  const { server, library, result, files, pool, order, dataDir } = await downloads(t);
  const body = server.add('/music/a%20song.mp3', randomBytes(3 * MB));
  const told = await result({
    url: server.url('/music/a%20song.mp3'),
    dir: 'artist/album',
    digest: `sha256:${sha256(body)}`,
    size: body.length,
  });
  const path = join(library, 'artist', 'album', 'a song.mp3');
  t.match(told, { path, bytes: body.length, sha256: sha256(body), resumedBytes: 0, skipped: false });
  t.ok(readFileSync(path).equals(body));
  t.same(hidden(join(library, 'artist', 'album')), [], 'nothing unfinished is left');
  t.same(files(), ['artist']);
  t.match(
    pool.items.findLast((item) => item.kind === 'progress'),
    { done: body.length, total: body.length },
  );
  await pool.outcome(order({ url: server.url('/music/a%20song.mp3') }, { settings: {} }));
  t.ok(
    existsSync(join(dataDir, 'library', 'a song.mp3')),
    'into the library of the data folder, where no setting says otherwise',
  );
  const empty = server.add('/empty.bin', '');
  t.match(await result({ url: server.url('/empty.bin') }), { bytes: 0, sha256: sha256(empty) });
});

t.test('a body that is cut off is continued, not fetched again', async (t) => {
  const { server, library, attempts } = await downloads(t);
  const body = server.add('/big', randomBytes(2 * MB));
  server.fail('/big', { cutAfter: MB }, { status: 503 }, { cutAfter: MB / 2 });
  const outcomes = await attempts({ url: server.url('/big') });
  t.same(
    outcomes.map((outcome) => outcome.outcome),
    ['failed', 'failed', 'failed', 'succeeded'],
  );
  t.match(
    outcomes[0]?.error?.message,
    /cut the connection.*after 1\.0 MB of 2\.1 MB; the next attempt goes on from there/,
  );
  t.ok(readFileSync(join(library, 'big')).equals(body));
  const ranges = server.seen('/big').map((request) => request.headers.range);
  t.equal(ranges[0], undefined);
  t.ok(
    ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? '')),
    `${ranges}`,
  );
  t.ok(Number(/\d+/.exec(ranges[3] ?? '')?.[0]) >= MB, 'from where the third attempt had come to');
  t.match(server.seen('/big')[1]?.headers['if-range'], /^"/);
  t.ok(JSON.parse(outcomes.at(-1)?.result ?? '{}').resumedBytes >= MB);
});

t.test('a server that plays tricks with ranges is not believed', async (t) => {
  const cases: [string, (server: FileServer) => void][] = [
    ['ignores the range', (server) => server.fail('/f', { cutAfter: MB }, 'ignore-range')],
    ['sends another range', (server) => server.fail('/f', { cutAfter: MB }, 'wrong-range')],
    [
      'has no such range',
      (server) => server.fail('/f', { cutAfter: MB }, { status: 416, headers: { 'content-range': 'bytes */17' } }),
    ],
    ['says nothing with 416', (server) => server.fail('/f', { cutAfter: MB }, { status: 416 })],
    ['gives 206 without a range', (server) => server.fail('/f', { cutAfter: MB }, { status: 206, body: 'x' })],
  ];
  for (const [name, trouble] of cases) {
    const { server, library, attempts } = await downloads(t);
    const body = server.add('/f', randomBytes(2 * MB));
    trouble(server);
    t.same(
      (await attempts({ url: server.url('/f') })).map((outcome) => outcome.outcome),
      ['failed', 'succeeded'],
      name,
    );
    t.ok(readFileSync(join(library, 'f')).equals(body), name);
  }
});

t.test('a file that changed in between is fetched anew, whatever names its version', async (t) => {
  for (const naming of [{}, { etag: null }, { etag: 'W/"weak"' }, { etag: null, lastModified: null }]) {
    const { server, library, attempts } = await downloads(t);
    server.add('/f', randomBytes(2 * MB), naming);
    server.fail('/f', { cutAfter: MB });
    const first = attempts({ url: server.url('/f') }, {});
    await server.requested('/f', 1);
    const body = server.add('/f', randomBytes(2 * MB + 5), {
      ...naming,
      ...(naming.lastModified === undefined && { lastModified: 'Thu, 02 Jan 2025 00:00:00 GMT' }),
    });
    t.same(
      (await first).map((outcome) => outcome.outcome),
      ['failed', 'succeeded'],
      JSON.stringify(naming),
    );
    t.ok(readFileSync(join(library, 'f')).equals(body));
  }
});

t.test('a part that was complete when the end came is only checked', async (t) => {
  const { server, library, attempts, order, pool } = await downloads(t);
  const body = server.add('/f', randomBytes(MB));
  const given = order({ url: server.url('/f') });
  server.fail('/f', { cutAfter: MB / 2 });
  await pool.outcome(given);
  const [part = ''] = hidden(library).filter((name) => name.endsWith('.part'));
  writeFileSync(join(library, part), body);
  const outcome = await pool.outcome({ ...given, attempt: 2 });
  t.match(JSON.parse(outcome.result ?? '{}'), { bytes: MB, resumedBytes: MB });
  t.ok(readFileSync(join(library, 'f')).equals(body));
  t.equal((await attempts({ url: server.url('/f') })).length, 1);
});

t.test('bytes that were not synced when the machine went down are not trusted', async (t) => {
  const { server, library, order, pool } = await downloads(t);
  const body = server.add('/f', randomBytes(2 * MB));
  const given = order({ url: server.url('/f') });
  server.fail('/f', { cutAfter: MB });
  await pool.outcome(given);
  const [part = ''] = hidden(library).filter((name) => name.endsWith('.part'));
  const note = JSON.parse(readFileSync(join(library, `${part}.json`), 'utf8'));
  t.equal(note.syncedBytes, statSync(join(library, part)).size, 'an orderly end syncs all of them');
  // As a power cut leaves it: longer than what was synced, the rest zeros, and another life of the machine.
  writeFileSync(join(library, part), Buffer.concat([body.subarray(0, 1000), Buffer.alloc(5000)]));
  writeFileSync(join(library, `${part}.json`), JSON.stringify({ ...note, syncedBytes: 1000, boot: 'before' }));
  t.equal((await pool.outcome({ ...given, attempt: 2 })).outcome, 'succeeded');
  t.equal(server.seen('/f')[1]?.headers.range, 'bytes=1000-');
  t.ok(readFileSync(join(library, 'f')).equals(body));
});

t.test('what another task has left unfinished is taken over once it is surely abandoned', async (t) => {
  const { server, library, order, pool } = await downloads(t);
  const body = server.add('/f', randomBytes(2 * MB));
  server.fail('/f', { cutAfter: MB });
  await pool.outcome(order({ url: server.url('/f') }));
  const [part = ''] = hidden(library).filter((name) => name.endsWith('.part'));
  server.fail('/f', { status: 500 });
  await pool.outcome(order({ url: server.url('/f') }));
  t.equal(server.seen('/f')[1]?.headers.range, undefined, 'a fresh one may still be written to');
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(join(library, part), old, old);
  t.equal((await pool.outcome(order({ url: server.url('/f') }))).outcome, 'succeeded');
  t.match(server.seen('/f')[2]?.headers.range, /^bytes=/);
  t.ok(readFileSync(join(library, 'f')).equals(body));
  t.same(hidden(library), []);
});

t.test('the same file is not fetched twice, another one is never overwritten unasked', async (t) => {
  const { server, files, result, library } = await downloads(t);
  const url = server.url('/f.bin');
  const first = server.add('/f.bin', 'first');
  await result({ url });
  t.match(await result({ url }), { skipped: true, bytes: 5, sha256: sha256(first) });
  t.match(server.seen('/f.bin')[1]?.headers['if-none-match'], /^"/, 'the server is asked whether it has changed');
  t.match(await result({ url, name: 'f.bin', digest: `sha256:${sha256(first)}` }), { skipped: true });
  t.equal(server.seen('/f.bin').length, 2, 'with name and digest known nobody is asked');
  t.match(await result({ url, name: 'f.bin' }), { skipped: true }, 'the same bytes under the same name');
  server.add('/f.bin', 'second');
  t.match(await result({ url }), { skipped: false, path: join(library, 'f (2).bin') });
  t.same(files(), ['f (2).bin', 'f.bin']);
  server.add('/f.bin', 'third');
  t.match(await result({ url, overwrite: true }), { path: join(library, 'f.bin') });
  t.equal(readFileSync(join(library, 'f.bin'), 'utf8'), 'third');
  writeFileSync(join(library, 'f.bin'), 'mine');
  t.match(
    await result({ url }),
    { skipped: false, path: join(library, 'f (3).bin') },
    'a file somebody has changed is not the one downloaded',
  );
});

t.test('size and digest are kept to', async (t) => {
  const { server, files, attempts } = await downloads(t);
  const body = server.add('/f', 'content');
  const url = server.url('/f');
  const sums = { md5: 'md5', sha1: 'sha1', sha512: 'sha512' };
  for (const algorithm of Object.values(sums)) {
    const digest = `${algorithm}:${createHash(algorithm).update(body).digest('hex').toUpperCase()}`;
    t.match((await attempts({ url, digest })).at(-1), { outcome: 'succeeded' }, algorithm);
  }
  const wrong = await attempts({ url: server.url('/f?2'), digest: `sha256:${'0'.repeat(64)}`, dir: 'sub' });
  t.match(wrong, [
    { outcome: 'failed', retryable: true, error: { code: 'digest_mismatch', message: /fetched once more/ } },
    { outcome: 'failed', retryable: false, error: { code: 'digest_mismatch', message: /second time/ } },
  ]);
  t.equal(wrong.length, 2);
  t.match(await attempts({ url: server.url('/f?3'), size: 8, dir: 'sub' }), [
    { retryable: false, error: { code: 'size_mismatch', message: /7 bytes instead of the 8/ } },
  ]);
  t.match(await attempts({ url: server.url('/g'), digest: 'sha256:abc' }), [
    { retryable: false, error: { code: 'validation', message: /\$\.params\.digest/ } },
  ]);
  t.same(files(), ['f', 'sub']);
});

t.test('a file that is packed for the way, though nobody asked for that, is kept unpacked', async (t) => {
  const { server, library, result, attempts } = await downloads(t);
  const body = Buffer.from('once upon a time\n'.repeat(20_000));
  for (const [coding, pack] of [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const) {
    server.add(`/${coding}.txt`, pack(body), { headers: { 'content-encoding': coding } });
    const url = server.url(`/${coding}.txt`);
    const told = await result({ url, size: body.length, digest: `sha256:${sha256(body)}` });
    t.match(told, { bytes: body.length, sha256: sha256(body), resumedBytes: 0 }, coding);
    t.ok(readFileSync(join(library, `${coding}.txt`)).equals(body));
    t.match(await result({ url }), { skipped: true }, 'and it is not fetched again while it is the same');
  }
  const long = randomBytes(MB);
  server.add('/long.bin', gzipSync(long), { headers: { 'content-encoding': 'gzip' } });
  server.fail('/long.bin', { cutAfter: MB / 2 });
  const outcomes = await attempts({ url: server.url('/long.bin'), digest: `sha256:${sha256(long)}` });
  t.match(outcomes, [
    { retryable: true, error: { message: /the next attempt starts again/ } },
    { outcome: 'succeeded' },
  ]);
  t.same(
    server.seen('/long.bin').map(({ headers }) => headers.range),
    [undefined, undefined],
    'it is fetched whole again: there is no place in it to go on from',
  );
});

t.test('a part of a file is not gone on with by what is packed', async (t) => {
  const { server, library, attempts } = await downloads(t);
  // Packed it is as long as it is, so that nothing but the header tells them apart.
  let body = randomBytes(2 * MB);
  for (let missing = 1; missing > 0; ) {
    missing = gzipSync(body).length - body.length;
    body = Buffer.concat([body, Buffer.alloc(missing)]);
  }
  server.add('/f.bin', body, { etag: '"same"' });
  server.fail('/f.bin', { cutAfter: MB });
  const url = server.url('/f.bin');
  const params = { url, digest: `sha256:${sha256(body)}` };
  const taskId = '00000000-0000-7000-8000-0000000f11e5';
  const first = await shared.pool.outcome(
    shared.order(params, { taskId, attempt: 9, settings: { LIBRARY_DIR: basename(library) } }),
  );
  t.equal(first.outcome, 'failed');
  server.add('/f.bin', gzipSync(body), { etag: '"same"', headers: { 'content-encoding': 'gzip' } });
  t.match(await attempts(params, { taskId }), [{ outcome: 'succeeded' }]);
  t.match(
    server.seen('/f.bin').map(({ headers }) => headers.range),
    [undefined, /^bytes=/, undefined],
  );
  t.ok(readFileSync(join(library, 'f.bin')).equals(body));
});

t.test('a file that is packed itself stays packed, whatever its server calls that', async (t) => {
  const { server, library, result } = await downloads(t);
  const packed = gzipSync('a log');
  server.add('/log.gz', packed, { headers: { 'content-encoding': 'gzip' } });
  server.add('/dump', packed, { headers: { 'content-encoding': 'x-gzip', 'content-type': 'application/x-gzip' } });
  for (const name of ['log.gz', 'dump']) {
    await result({ url: server.url(`/${name}`) });
    t.ok(readFileSync(join(library, name)).equals(packed), name);
  }
});

t.test('what cannot be unpacked is refused for good, and nothing of it is kept', async (t) => {
  const { server, library, attempts, files } = await downloads(t);
  server.add('/f.txt', 'packed', { headers: { 'content-encoding': 'zstd' } });
  t.match(await attempts({ url: server.url('/f.txt') }), [
    {
      retryable: false,
      error: { code: 'unknown_encoding', message: /packs the file as "zstd" although it was asked not/ },
    },
  ]);
  t.same([...files(), ...hidden(library)], []);
  server.add('/g.txt', 'not packed', { headers: { 'content-encoding': 'gzip' } });
  t.match((await attempts({ url: server.url('/g.txt') }))[0], {
    retryable: true,
    error: { code: 'Z_DATA_ERROR', message: /cannot be unpacked as gzip/ },
  });
  t.same(files(), []);
});

t.test('answers of no use are told as what they are', async (t) => {
  const { server, attempts } = await downloads(t);
  const url = server.url('/f');
  t.match(await attempts({ url: `${url}?token=secret` }), [
    {
      retryable: false,
      error: { code: 'http_404', message: /GET .*\/f\?… was answered with 404 Not Found: no such file/ },
    },
  ]);
  server.fail(
    '/f',
    { status: 429, headers: { 'retry-after': '120' } },
    { status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } },
    { status: 500 },
  );
  const outcomes = await attempts({ url });
  t.match(outcomes[0], { retryable: true, retryAfterMs: 120_000, error: { code: 'http_429' } });
  t.ok((outcomes[1]?.retryAfterMs ?? 0) > 50_000 && (outcomes[1]?.retryAfterMs ?? 0) <= 60_000);
  t.match(outcomes[2], { retryable: true, retryAfterMs: null, error: { code: 'http_500' } });
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  t.match((await attempts({ url: `http://127.0.0.1:${port}/x` }))[0], {
    retryable: true,
    error: { code: 'ECONNREFUSED', message: /127\.0\.0\.1:\d+ refused the connection/ },
  });
  t.match(await attempts({ url: 'file:///etc/passwd' }), [{ retryable: false, error: { code: 'wrong_address' } }]);
  t.match(await attempts({ url: 'nonsense' }), [{ retryable: false, error: { code: 'wrong_address' } }]);
});

t.test('Retry-After is seconds or a date of HTTP; anything else leaves the moment to the backoff', (t) => {
  const now = Date.UTC(1994, 10, 6, 8, 48, 37);
  const rows: [string | undefined, number | null][] = [
    ['5', 5_000],
    [' 120 ', 120_000],
    ['99999999', 86_400_000],
    ['9'.repeat(400), 86_400_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 60_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 60_000],
    ['Sun Nov  6 08:49:37 1994', 60_000],
    [undefined, null],
    ['', null],
    ['soon', null],
    // What they ask for is no patience at all.
    ['0', null],
    ['Sun, 06 Nov 1994 08:47:37 GMT', null],
    // JavaScript takes these for dates.
    ['-5', null],
    ['1.5', null],
    ['2', 2_000],
    ['1994-11-06T08:49:37Z', null],
    ['1 2', null],
    ['Sun, 99 Nov 1994 08:49:37 GMT', null],
  ];
  for (const [header, ms] of rows) t.equal(patienceMs(header, now), ms, String(header));
  t.end();
});

t.test('cancel ends a download at once and keeps what has come', async (t) => {
  const { server, order, pool, library } = await downloads(t);
  const body = server.add('/f', randomBytes(2 * MB));
  server.fail('/f', { stallAfter: MB });
  const given = order({ url: server.url('/f') });
  const running = pool.outcome(given);
  await pool.until(() => pool.items.some((item) => item.kind === 'progress' && item.taskId === given.taskId));
  pool.stop(given, 'canceled');
  t.match(await running, { outcome: 'canceled' });
  t.equal(hidden(library).length, 2);
  t.equal((await pool.outcome({ ...given, attempt: 2 })).outcome, 'succeeded');
  t.match(server.seen('/f')[1]?.headers.range, /^bytes=[1-9]/);
  t.ok(readFileSync(join(library, 'f')).equals(body));
});

t.test('no task writes outside the library or among the files of the supervisor', async (t) => {
  const { server, attempts, dataDir, library, pool, order } = await downloads(t);
  server.add('/f', 'x');
  const url = server.url('/f');
  mkdirSync(join(library, 'inside'), { recursive: true });
  const outside = join(dataDir, 'elsewhere');
  mkdirSync(outside);
  symlinkSync(outside, join(library, 'out'));
  symlinkSync(join(library, 'inside'), join(library, 'in'));
  symlinkSync(join(outside, 'target'), join(library, 'planted'));
  for (const dir of [
    '..',
    'a/../..',
    '/tmp',
    'C:\\x',
    'a\\b',
    'out',
    'out/deeper',
    'con',
    'x.',
    'a\nb',
    '.hidden',
    new Array(30).fill('d').join('/'),
  ]) {
    t.match(await attempts({ url, dir }), [{ retryable: false, error: { code: 'wrong_folder' } }], JSON.stringify(dir));
  }
  for (const name of ['../f', 'a/b', '..', '', 'nul.txt', 'a\0b', '.bashrc', `${'x'.repeat(300)}`]) {
    t.match(
      await attempts({ url, name }),
      [{ retryable: false, error: { code: 'wrong_name' } }],
      JSON.stringify(name.slice(0, 10)),
    );
  }
  t.same(readdirSync(outside), []);
  t.match(await attempts({ url, dir: 'in' }), [{ outcome: 'succeeded' }], 'a link that stays inside is followed');
  t.match(await attempts({ url, name: 'planted', overwrite: true }), [{ outcome: 'succeeded' }]);
  t.notOk(existsSync(join(outside, 'target')), 'a link in the place of the file is not written through');
  for (const setting of ['journal', '.', 'inbox/x', dataDir, join(dataDir, 'handlers')]) {
    const outcome = await pool.outcome(order({ url }, { settings: { LIBRARY_DIR: setting } }));
    t.match(outcome, { retryable: false, error: { code: 'wrong_folder', message: /supervisor's own files/ } }, setting);
  }
  t.notOk(existsSync(join(dataDir, 'journal')));
  t.match(await pool.outcome(order({ url }, { settings: { LIBRARY_DIR: 'media/music' } })), { outcome: 'succeeded' });
});

t.test('names from a header are read as servers write them', (t) => {
  const utf8 = (text: string) => Buffer.from(text).toString('latin1');
  const rows: [string, string | null][] = [
    ['attachment; filename="report.pdf"', 'report.pdf'],
    ['attachment; filename=report.pdf', 'report.pdf'],
    ['ATTACHMENT; FileName="a \\"b\\".txt"', 'a _b_.txt'],
    ['attachment; filename="x.txt"; filename*=UTF-8\'\'%E4%B8%AD%E6%96%87%20%E6%AD%8C.mp3', '中文 歌.mp3'],
    ["attachment; filename*=utf-8'zh'%e4%b8%ad.mp3; filename=y", '中.mp3'],
    ["attachment; filename*=ISO-8859-1''caf%E9.txt", 'café.txt'],
    ['attachment; filename*=UTF-8\'\'%FF%FE; filename="fallback.txt"', 'fallback.txt'],
    ['attachment; filename*=nonsense\'\'abc; filename="fallback.txt"', 'fallback.txt'],
    [utf8('attachment; filename="音乐 – été.flac"'), '音乐 – été.flac'],
    ['attachment; filename="caf\xe9.txt"', 'café.txt'],
    ['attachment; filename="%E4%B8%AD.txt"', '中.txt'],
    ['attachment; filename="100%.txt"', '100%.txt'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="C:\\\\Users\\\\me\\\\song.mp3"', 'song.mp3'],
    ["attachment; filename*=UTF-8''..%2F..%2Fevil.sh", 'evil.sh'],
    ['attachment; filename=".bashrc"', 'bashrc'],
    ['attachment; filename="a;b.txt"', 'a;b.txt'],
    ['attachment; filename="first.txt"; filename="second.txt"', 'first.txt'],
    ['attachment; filename=""', null],
    ['attachment; filename=".."', null],
    // Words of mail headers.
    ['attachment; filename="=?UTF-8?B?5Lit5paHLm1wMw==?="', '中文.mp3'],
    ['attachment; filename==?utf-8?q?caf=C3=A9_1.mp3?=', 'café 1.mp3'],
    ['attachment; filename="=?UTF-8?B?5Lit?= =?UTF-8?B?5paH?=.mp3"', '中文.mp3'],
    ['attachment; filename="=?UTF-8?B?5A==?= =?UTF-8?B?uK0=?=.mp3"', '中.mp3'],
    ['attachment; filename="=?ISO-8859-1?Q?na=EFve?= =?UTF-8*fr?Q?=C3=A9.txt?="', 'naïveé.txt'],
    ['attachment; filename="=?UTF-8?Q?..=2F..=2Fetc=2Fpasswd?="', 'passwd'],
    ['attachment; filename="=?UTF-8?Q?=FF.txt?="', '=_UTF-8_Q_=FF.txt_='],
    ['attachment; filename="=?nonsense?B?5Lit?="', '=_nonsense_B_5Lit_='],
    ['attachment; filename="is 1=?2.txt"', 'is 1=_2.txt'],
    ['inline', null],
    ['', null],
  ];
  for (const [header, expected] of rows) t.equal(fromDisposition(header), expected, JSON.stringify(header));
  t.equal(suggestedName(undefined, 'http://h/a/%E4%B8%AD%20x.mp3?q=/y'), '中 x.mp3');
  t.equal(suggestedName(undefined, 'http://h/a/b/'), 'b');
  t.equal(suggestedName(undefined, 'http://h/'), 'download');
  t.equal(suggestedName(undefined, 'http://h/%2e%2e%2fpasswd'), 'passwd');
  t.equal(suggestedName(undefined, 'http://h/%ZZ.bin'), '%ZZ.bin');
  t.end();
});

t.test('names are safe on every file system, whatever is suggested', (t) => {
  const rows: [string, string | null][] = [
    ['CON', '_CON'],
    ['nul.tar.gz', '_nul.tar.gz'],
    ['COM¹.txt', '_COM¹.txt'],
    ['console.txt', 'console.txt'],
    ['a. . .', 'a'],
    ['  lead', 'lead'],
    ['e\u0301.txt', '\u00e9.txt'],
    ['good\u202Egpj.exe', 'good_gpj.exe'],
    ['half\ud800.txt', 'half_.txt'],
    ['👩\u200d🎤.mp3', '👩\u200d🎤.mp3'],
    ['a:b*c?.txt', 'a_b_c_.txt'],
    ['...', null],
    ['///', null],
  ];
  for (const [suggestion, expected] of rows) t.equal(safeName(suggestion), expected, JSON.stringify(suggestion));
  const long = safeName(`${'歌'.repeat(200)}.mp3`) ?? '';
  t.ok(long.endsWith('歌.mp3') && Buffer.byteLength(long) <= 200, 'shortened at a character, with its extension');
  t.equal(numbered('a.mp3', 2), 'a (2).mp3');
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom('.', ' ', '/', '\\', 'a', '\0', '中', '\ud83c', 'CON', ':') }),
  );
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 999 }), (suggestion, number) => {
      const name = safeName(suggestion);
      if (name === null) return true;
      for (const one of [name, numbered(name, number)]) {
        const plain = basename(join('/folder', one)) === one && !one.startsWith('.') && !/[.\s]$/u.test(one);
        const legal =
          !/[\p{Cc}<>:"/\\|?*]/u.test(one) && Buffer.from(one).toString() === one && one.normalize('NFC') === one;
        if (!plain || !legal || Buffer.byteLength(one) > 255 || one.length === 0) return false;
      }
      return safeName(name) === name;
    }),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
      (bytes) => {
        const name = fromDisposition(`attachment; filename="${bytes}"`);
        return name === null || safeName(name) === name;
      },
    ),
  );
  t.end();
});

t.test('what an answer means does not depend on how it is written', (t) => {
  const part = { etag: '"a"', lastModified: null, totalBytes: 100 };
  const rows: [number, Record<string, string>, string][] = [
    [206, { 'content-range': 'bytes 50-99/100', etag: '"a"' }, 'receive'],
    [206, { 'content-range': 'BYTES 50-99/*' }, 'receive'],
    [206, { 'content-range': 'bytes 50-98/100' }, 'again'],
    [206, { 'content-range': 'bytes 50-99/101' }, 'again'],
    [206, { 'content-range': 'bytes 0-99/100' }, 'again'],
    [206, { 'content-range': 'bytes 50-99/100', etag: '"b"' }, 'again'],
    [206, {}, 'again'],
    [416, { 'content-range': 'bytes */50' }, 'complete'],
    [416, { 'content-range': 'bytes */50', etag: '"b"' }, 'again'],
    [416, { 'content-range': 'bytes */100' }, 'again'],
    [200, {}, 'receive'],
    [304, {}, 'refused'],
    [500, {}, 'refused'],
  ];
  for (const [status, headers, verdict] of rows)
    t.equal(judge(status, headers, 50, part, false).kind, verdict, `${status} ${JSON.stringify(headers)}`);
  t.equal(judge(206, {}, 0, null, false).kind, 'refused');
  t.equal(judge(304, {}, 0, null, true).kind, 'unchanged');
  t.end();
});

t.test('a download from nginx is resumed in the middle', needs('nginx'), async (t) => {
  const { attempts, library, order, pool } = await downloads(t);
  const root = await mkdtemp(join(tmpdir(), 'nightshift-nginx-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const body = randomBytes(6 * MB);
  writeFileSync(join(root, '歌曲.bin'), body);
  utimesSync(join(root, '歌曲.bin'), 1_700_000_000, 1_700_000_000);
  const port = await startNginx(t, root, 'limit_rate_after 1m; limit_rate 4m;');
  const url = `http://127.0.0.1:${port}/${encodeURIComponent('歌曲.bin')}`;
  const given = order({ url, digest: `sha256:${sha256(body)}` });
  const running = pool.outcome(given);
  await pool.until(() => pool.items.some((item) => item.kind === 'progress' && item.taskId === given.taskId));
  pool.stop(given, 'canceled');
  t.equal((await running).outcome, 'canceled');
  const outcome = await pool.outcome({ ...given, attempt: 2 });
  t.match(outcome, { outcome: 'succeeded' }, outcome.error?.message ?? '');
  t.ok(JSON.parse(outcome.result ?? '{}').resumedBytes > 0);
  t.ok(readFileSync(join(library, '歌曲.bin')).equals(body));
  t.match(JSON.parse((await attempts({ url })).at(-1)?.result ?? '{}'), { skipped: true });
});
