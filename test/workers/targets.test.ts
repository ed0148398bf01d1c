import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { objectName, targetOf } from '../../workers/catalog/targets/choose.ts';
import { FolderTarget } from '../../workers/catalog/targets/folder.ts';
import { S3Target } from '../../workers/catalog/targets/s3.ts';
import type { LocalFile, Sending, Target } from '../../workers/catalog/targets/target.ts';
import { WebdavTarget } from '../../workers/catalog/targets/webdav.ts';
import type { HttpClient } from '../../workers/define.ts';
import { request } from '../../workers/http.ts';
import { needs } from '../helpers/needs.ts';
import { bucket, Middleman, s3Keys, startS3, startWebdav, webdavKeys } from '../helpers/object-stores.ts';
import { freePort } from '../helpers/ports.ts';

const MB = 1024 * 1024;
const http: HttpClient = { request: (url, options = {}) => request(url, options, {}) };
const reach = { http, farewell: http };
const awkward = "播客/O'Brien & Söhne (live)/#1 100% + more? [x].mp3";

/** As an attempt keeps it for the next one. */
class Memory implements Sending {
  resume: unknown = null;
  bytes = 0;
  readonly signal: AbortSignal;
  readonly save = (state: unknown) => {
    this.resume = JSON.parse(JSON.stringify(state));
  };
  readonly sent = (bytes: number) => {
    this.bytes = Math.max(this.bytes, bytes);
  };

  constructor(signal = new AbortController().signal) {
    this.signal = signal;
  }
}

function temporary(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-targets-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function local(t: Test, body: Buffer): LocalFile {
  const path = join(temporary(t), 'file.bin');
  writeFileSync(path, body);
  return { path, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}

interface Bench {
  readonly target: Target;
  /** What is under the name, as its server gives it to others; null where nothing is. */
  readonly read: (object: string) => Promise<Buffer | null>;
  readonly middleman: Middleman | null;
}

/** One for all: it is slow to start. */
const s3Server = await startS3(t);

async function s3(t: Test, singleBytesMax?: number): Promise<Bench & { middleman: Middleman }> {
  const server = s3Server;
  rmSync(join(server.folder, bucket), { recursive: true, force: true });
  mkdirSync(join(server.folder, bucket));
  const middleman = await Middleman.start(t, server.port, s3Keys.secretKey);
  const place = { endpoint: middleman.address, bucket, region: 'us-east-1' };
  const kept = (object: string) => join(server.folder, bucket, `${object}._S3rver_object`);
  return {
    target: new S3Target(place, { ...reach, ...s3Keys }, singleBytesMax),
    middleman,
    read: async (object) => (existsSync(kept(object)) ? readFileSync(kept(object)) : null),
  };
}

async function webdav(t: Test): Promise<Bench & { middleman: Middleman }> {
  const server = await startWebdav(t);
  const middleman = await Middleman.start(t, server.port);
  const kept = (object: string) => join(server.folder, object);
  return {
    target: new WebdavTarget(middleman.address, { ...reach, ...webdavKeys }),
    middleman,
    read: async (object) => (existsSync(kept(object)) ? readFileSync(kept(object)) : null),
  };
}

async function folder(t: Test): Promise<Bench> {
  const [root, dataDir] = [temporary(t), temporary(t)];
  return {
    target: new FolderTarget(`file://${root}`, root, dataDir),
    middleman: null,
    read: async (object) => (existsSync(join(root, object)) ? readFileSync(join(root, object)) : null),
  };
}

const TARGETS = [
  { name: 's3', bench: (t: Test) => s3(t), options: {} },
  { name: 's3 in parts', bench: (t: Test) => s3(t, MB), options: {} },
  { name: 'webdav', bench: webdav, options: needs('rclone') },
  { name: 'folder', bench: folder, options: {} },
];

for (const { name, bench, options } of TARGETS) {
  t.test(`${name}: a file arrives whole, is known again, and is replaced as a whole`, options, async (t) => {
    const { target, read } = await bench(t);
    t.notMatch(target.name, /S3RVER|sh1ft/, 'its name holds no secret');
    const body = randomBytes(3 * MB + 17);
    const file = local(t, body);
    t.notOk(await target.holds(awkward, file, false), 'nothing is there at first');
    const memory = new Memory();
    await target.put(awkward, file, memory);
    t.ok((await read(awkward))?.equals(body), 'byte for byte, under its own name');
    t.equal(memory.bytes, body.length, 'and it said how far it was');
    t.ok(await target.holds(awkward, file, false));
    const sameSize = { ...file, sha256: '0'.repeat(64) };
    t.notOk(await target.holds(awkward, sameSize, false), 'other bytes of the same number are another file');
    t.notOk(await target.holds(awkward, { ...file, bytes: 5 }, true), 'as is another number, whatever is recorded');
    const next = randomBytes(100);
    await target.put(awkward, local(t, next), new Memory());
    t.ok((await read(awkward))?.equals(next));
    await target.put('empty.bin', local(t, Buffer.alloc(0)), new Memory());
    t.equal((await read('empty.bin'))?.length, 0);
  });

  t.test(`${name}: a file that was changed meanwhile takes no name there`, options, async (t) => {
    const { target, read } = await bench(t);
    const file = local(t, randomBytes(2 * MB));
    writeFileSync(file.path, randomBytes(2 * MB));
    await t.rejects(target.put('a/b.bin', file, new Memory()), { code: 'file_changed' });
    t.notOk(await target.holds('a/b.bin', file, true));
    writeFileSync(file.path, 'short');
    await t.rejects(target.put('a/b.bin', file, new Memory()), { code: 'file_changed' });
    // Unlike a real store, s3rver takes a body that was cut for the object.
    if (name !== 's3') t.equal(await read('a/b.bin'), null);
  });
}

for (const { name, bench, options } of TARGETS.filter(({ name }) => name === 's3' || name === 'webdav')) {
  t.test(`${name}: what arrives as something else is not taken for it`, options, async (t) => {
    const { target, middleman } = (await bench(t)) as Bench & { middleman: Middleman };
    const file = local(t, randomBytes(MB));
    const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1));
    middleman.troubles.push({ method: 'PUT', holds: '', change: flipped });
    await t.rejects(target.put('x.bin', file, new Memory()), { code: 'digest_mismatch' });
    await target.put('x.bin', file, new Memory());
    t.ok(await target.holds('x.bin', file, false), 'the next attempt puts it right');
  });

  t.test(`${name}: a server that is cut in the middle is said to be, and gets it the next time`, options, async (t) => {
    const { target, middleman, read } = (await bench(t)) as Bench & { middleman: Middleman };
    const file = local(t, randomBytes(6 * MB));
    middleman.troubles.push({ method: 'PUT', holds: '', cutAfter: MB });
    await t.rejects(target.put('x.bin', file, new Memory()), { code: 'cut_off' });
    t.notOk(await target.holds('x.bin', file, true));
    if (name !== 's3') t.equal(await read('x.bin'), null, 'no part of it has the name');
    await target.put('x.bin', file, new Memory());
    t.ok((await read('x.bin'))?.equals(readFileSync(file.path)));
  });
}

t.test('s3: of an upload in parts only the part that was cut is sent again', async (t) => {
  const { target, middleman, read } = await s3(t, MB);
  const file = local(t, randomBytes(4 * MB + 3));
  const memory = new Memory();
  middleman.troubles.push({ method: 'PUT', holds: 'partNumber=3', cutAfter: MB / 4 });
  await t.rejects(target.put('x.bin', file, memory), { code: 'cut_off', message: /went away in the middle of/ });
  await target.put('x.bin', file, memory);
  t.ok((await read('x.bin'))?.equals(readFileSync(file.path)));
  const parts = middleman.of('PUT').map(({ path }) => /partNumber=(\d+)/.exec(path)?.[1]);
  t.same(parts, ['1', '2', '3', '4', '5'], 'each has arrived once');
  t.equal(middleman.of('POST', 'uploads=').length, 1);
  t.equal(memory.resume, null, 'nothing is kept of what is done');
});

t.test('s3: a store that lists its parts is believed rather than what was kept', async (t) => {
  const { target, middleman, read } = await s3(t, MB);
  const file = local(t, randomBytes(3 * MB));
  const memory = new Memory();
  middleman.troubles.push({ method: 'PUT', holds: 'partNumber=3', cutAfter: 1000 });
  await t.rejects(target.put('x.bin', file, memory), { code: 'cut_off' });
  const [first] = middleman.of('PUT', 'partNumber=1');
  const part = `<Part><PartNumber>1</PartNumber><ETag>${first?.etag.replaceAll('"', '&quot;')}</ETag><Size>${MB}</Size></Part>`;
  const short = '<Part><PartNumber>2</PartNumber><ETag>"x"</ETag><Size>7</Size></Part>';
  middleman.troubles.push({
    method: 'GET',
    holds: 'uploadId=',
    answer: { status: 200, body: `<ListPartsResult>${part}${short}</ListPartsResult>` },
  });
  await target.put('x.bin', file, memory);
  t.ok((await read('x.bin'))?.equals(readFileSync(file.path)));
  t.equal(middleman.of('PUT', 'partNumber=1').length, 1, 'what it has is not sent again');
  t.equal(middleman.of('PUT', 'partNumber=2').length, 2, 'what it has not whole is');
});

t.test('s3: an upload that the store has forgotten is begun again', async (t) => {
  const { target, middleman, read } = await s3(t, MB);
  const file = local(t, randomBytes(2 * MB));
  const memory = new Memory();
  middleman.troubles.push({ method: 'PUT', holds: 'partNumber=2', cutAfter: 1000 });
  await t.rejects(target.put('x.bin', file, memory), { code: 'cut_off' });
  const body = '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>';
  middleman.troubles.push({ method: 'GET', holds: 'uploadId=', answer: { status: 404, body } });
  await target.put('x.bin', file, memory);
  t.ok((await read('x.bin'))?.equals(readFileSync(file.path)));
  t.equal(middleman.of('POST', 'uploads=').length, 2);
});

t.test('s3: what is given up for good is called off at the store', async (t) => {
  const { target, middleman } = await s3(t, MB);
  const file = local(t, randomBytes(2 * MB));
  const denied = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>';
  middleman.troubles.push({ method: 'PUT', holds: 'partNumber=2', answer: { status: 403, body: denied } });
  const called: string[] = [];
  middleman.troubles.push({ method: 'DELETE', holds: 'uploadId=', answer: { status: 204 } });
  await t.rejects(target.put('x.bin', file, new Memory()), { code: 'access_refused', retryable: false });
  t.same(middleman.troubles, called, 'it was asked to forget the upload');
});

t.test('s3: uploads of the same object that were left days ago are called off when it is begun anew', async (t) => {
  const { target, middleman } = await s3(t, MB);
  const object = 'Größe & more/x y.bin';
  const upload = (key: string, id: string, daysAgo: number) =>
    `<Upload><Key>${key.replace('&', '&amp;')}</Key><UploadId>${id}</UploadId><Initiated>${new Date(Date.now() - daysAgo * 86_400_000).toISOString()}</Initiated></Upload>`;
  const uploads = [upload(object, 'old', 4), upload(object, 'new', 1), upload(`${object}.other`, 'other', 9)];
  const body = `<ListMultipartUploadsResult>${uploads.join('')}</ListMultipartUploadsResult>`;
  const named = `uploads=&prefix=${encodeURIComponent(object)}`;
  const rest = ['new', 'other'].map((id) => ({ method: 'DELETE', holds: `uploadId=${id}`, answer: { status: 204 } }));
  middleman.troubles.push({ method: 'GET', holds: named, answer: { status: 200, body } }, ...rest);
  middleman.troubles.push({ method: 'DELETE', holds: 'uploadId=old', answer: { status: 204 } });
  const file = local(t, randomBytes(2 * MB));
  await target.put(object, file, new Memory());
  t.same(middleman.troubles, rest, 'it asked for those of this name, and called off the old one alone');
  t.ok(await target.holds(object, file, false));
  middleman.troubles.length = 0;
  middleman.troubles.push({ method: 'GET', holds: 'uploads=', answer: { status: 403, body: '<Error/>' } });
  await target.put('another.bin', file, new Memory());
  t.same(middleman.troubles, [], 'keys that may not ask for them can upload all the same');
});

t.test('s3: what it refuses, and whether trying again is of use', async (t) => {
  const middleman = await Middleman.start(t, s3Server.port, s3Keys.secretKey);
  const file = local(t, Buffer.from('x'));
  const at = (own: object, keys = s3Keys) =>
    new S3Target({ endpoint: middleman.address, bucket, region: 'us-east-1', ...own }, { ...reach, ...keys });
  const wrong = at({}, { accessKey: 'S3RVER', secretKey: 'wrong-secret' });
  await t.rejects(wrong.holds('x', file, false), { code: 'signature_refused', retryable: false });
  await t.rejects(wrong.put('x', file, new Memory()), { code: 'signature_refused', retryable: false });
  await t.rejects(at({}, { accessKey: 'nobody', secretKey: 'S3RVER' }).holds('x', file, false), {
    code: 'signature_refused',
  });
  await t.rejects(at({ bucket: 'other-one' }).put('x', file, new Memory()), { code: 'no_bucket', retryable: false });
  const behind = at({});
  const answers = [
    [{ status: 503, body: '<Error><Code>SlowDown</Code></Error>' }, { code: 'http_503' }],
    [
      { status: 301, body: '<Error><Code>PermanentRedirect</Code></Error>' },
      { code: 'wrong_endpoint', retryable: false },
    ],
    [{ status: 400, body: '<Error><Code>BadDigest</Code></Error>' }, { code: 'digest_mismatch' }],
    [{ status: 200, body: '<Error><Code>InternalError</Code></Error>' }, { code: 'http_500' }],
    [
      { status: 400, body: '<html>proxy' },
      { code: 'http_400', retryable: false },
    ],
  ] as const;
  for (const [answer, error] of answers) {
    middleman.troubles.push({ method: 'PUT', holds: '', answer });
    await t.rejects(behind.put('x', file, new Memory()), error, answer.body);
  }
});

t.test('webdav: what it refuses', needs('rclone'), async (t) => {
  const server = await startWebdav(t);
  const file = local(t, Buffer.from('x'));
  const base = `http://127.0.0.1:${server.port}`;
  const wrong = new WebdavTarget(base, { ...reach, accessKey: 'night', secretKey: 'wrong' });
  const refused = { code: 'access_refused', retryable: false };
  await t.rejects(wrong.holds('x', file, false), refused);
  await t.rejects(wrong.put('x', file, new Memory()), refused);
  t.notMatch(
    await wrong.holds('x', file, false).catch(({ message }) => message),
    /wrong"|wrong$/,
    'without the password',
  );
  const middleman = await Middleman.start(t, server.port);
  const behind = new WebdavTarget(middleman.address, { ...reach, ...webdavKeys });
  middleman.troubles.push({ method: 'PUT', holds: '', answer: { status: 507 } });
  await t.rejects(behind.put('x', file, new Memory()), { code: 'http_507' });
  await behind.put('a/b/x', file, new Memory());
  t.same(readdirSync(join(server.folder, 'a', 'b')), ['x'], 'and nothing unfinished stays');
});

t.test('a target that is not there is unreachable, which passes', async (t) => {
  const file = local(t, Buffer.from('x'));
  const base = `http://127.0.0.1:${await freePort()}`;
  const data = join(t.testdir({ data: {}, file: '' }), 'data');
  const gone = join(t.testdirName, 'not-mounted');
  const targets = [
    new S3Target({ endpoint: base, bucket, region: 'x' }, { ...reach, ...s3Keys }),
    new WebdavTarget(base, { ...reach, ...webdavKeys }),
    new FolderTarget(`file://${gone}`, gone, data),
  ];
  for (const target of targets) {
    await t.rejects(target.holds('a/x', file, false), { code: 'unreachable' }, target.name);
    const error = await target.put('a/x', file, new Memory()).catch((error) => error);
    t.match(error, { code: 'unreachable' });
    t.not(error.retryable, false);
  }
  t.notOk(existsSync(gone), 'a folder that is not mounted is not made');
});

t.test("a folder among the supervisor's own files is no target", async (t) => {
  const dataDir = t.testdir({ journal: {} });
  const root = join(dataDir, 'journal');
  const target = new FolderTarget(`file://${root}`, root, dataDir);
  const file = local(t, Buffer.from('x'));
  mkdirSync(root, { recursive: true });
  await t.rejects(target.put('x', file, new Memory()), { code: 'wrong_folder', retryable: false });
});

t.test('the settings say which target it is', async (t) => {
  const keys = { OBJECT_ACCESS_KEY: 'a', OBJECT_SECRET_KEY: 'b' };
  const nameOf = (settings: Record<string, string>) => targetOf(settings, reach, '/data')?.name ?? null;
  t.equal(nameOf({}), null);
  t.equal(nameOf({ OBJECT_ENDPOINT: '' }), null);
  t.equal(nameOf({ OBJECT_ENDPOINT: 'https://s3.example.org/', OBJECT_BUCKET: 'music', ...keys }), 's3://music');
  t.equal(nameOf({ OBJECT_ENDPOINT: 'webdav+https://nas/dav/', ...keys }), 'https://nas/dav');
  t.equal(nameOf({ OBJECT_ENDPOINT: 'file:///mnt/music/' }), 'file:///mnt/music');
  for (const settings of [
    { OBJECT_ENDPOINT: 'https://s3.example.org', ...keys },
    { OBJECT_ENDPOINT: 'https://s3.example.org', OBJECT_BUCKET: 'music' },
    { OBJECT_ENDPOINT: 'https://user:geheim@s3.example.org', OBJECT_BUCKET: 'music', ...keys },
    { OBJECT_ENDPOINT: 'https://s3.example.org/?x=1', OBJECT_BUCKET: 'music', ...keys },
    { OBJECT_ENDPOINT: 'file://other/mnt' },
    { OBJECT_ENDPOINT: 'ftp://nas' },
    { OBJECT_ENDPOINT: 'nas' },
  ])
    t.throws(
      () => targetOf(settings, reach, '/data'),
      { code: 'wrong_target', retryable: false },
      JSON.stringify(settings),
    );
  t.equal(objectName({}, 'a/b.mp3'), 'a/b.mp3');
  t.equal(objectName({ OBJECT_PREFIX: '/night/music/' }, 'a/b.mp3'), 'night/music/a/b.mp3');
  t.throws(() => objectName({ OBJECT_PREFIX: '../x' }, 'a'), { code: 'wrong_target' });
});
