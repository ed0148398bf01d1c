import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { StopReason } from '../../../workers/contract.ts';
import { needs } from '../../helpers/needs.ts';
import { bucket, Middleman, s3Keys, startS3, startWebdav, webdavKeys } from '../../helpers/object-stores.ts';
import { freePort } from '../../helpers/ports.ts';
import { bed, builtIn } from '../thread-pool.ts';
import { type LibraryBed, libraryBed } from './file-bed.ts';

const MB = 1024 * 1024;
const shared = await bed(t, builtIn('library.upload'));
const s3Server = await startS3(t);

interface Uploads extends LibraryBed {
  /** @returns id of a track that has this file */
  readonly has: (path: string, body: Buffer, key?: string) => string;
}

function uploads(settings: Readonly<Record<string, string>>): Uploads {
  const here = libraryBed(shared, 'library.upload', settings);
  const list = here.playlist('list');
  return {
    ...here,
    has: (path, body, key = path) => {
      mkdirSync(dirname(join(here.root, path)), { recursive: true });
      writeFileSync(join(here.root, path), body);
      const sha256 = createHash('sha256').update(body).digest('hex');
      return here.track(list, { key, file: { path, bytes: body.length, sha256, version: '1', at: '' } });
    },
  };
}

async function s3(t: Test): Promise<Uploads & { middleman: Middleman }> {
  const middleman = await Middleman.start(t, s3Server.port, s3Keys.secretKey);
  const keys = { OBJECT_ACCESS_KEY: s3Keys.accessKey, OBJECT_SECRET_KEY: s3Keys.secretKey };
  const prefix = middleman.address.replace(/\D/g, '');
  return {
    ...uploads({ OBJECT_ENDPOINT: middleman.address, OBJECT_BUCKET: bucket, OBJECT_PREFIX: prefix, ...keys }),
    middleman,
  };
}

t.test('without a target nothing happens, and it is said', async (t) => {
  const { has, done, get, nexts } = uploads({});
  const id = has('a.mp3', Buffer.from('a'));
  t.match(await done(id), { skipped: true, target: null });
  t.match(await done(null), { skipped: true, target: null });
  t.equal(get(id).upload, null);
  t.same(nexts, []);
});

t.test('a file is sent once, whoever asks for it', async (t) => {
  const { has, done, get, middleman } = await s3(t);
  const body = randomBytes(MB);
  const ids = ['one', 'two', 'three'].map((key) => has('pods/list/Größe.mp3', body, key));
  const results = await Promise.all(ids.map((id) => done(id)));
  t.equal(middleman.of('PUT').length, 1);
  t.equal(results.filter(({ skipped }) => skipped).length, 2);
  for (const id of ids)
    t.match(get(id).upload, { target: `s3://${bucket}`, name: /^\d+\/pods\/list\/Größe\.mp3$/, bytes: MB });
  const { at } = get(ids[0] as string).upload ?? { at: '' };
  t.match(await done(ids[0] as string), { skipped: true });
  t.equal(get(ids[0] as string).upload?.at, at, 'a record of the same stays');
  t.equal(middleman.of('PUT').length, 1);
});

t.test('what was sent before the catalog knew of it is found there, not sent again', async (t) => {
  const { has, done, get, middleman, catalog } = await s3(t);
  const id = has('a.mp3', randomBytes(100));
  await done(id);
  catalog.put([], [{ id, upload: null }]);
  t.match(await done(id), { skipped: true });
  t.ok(get(id).upload);
  t.equal(middleman.of('PUT').length, 1);
});

t.test('an upload that was cut in the middle of a part goes on with that part', async (t) => {
  const { has, attempt, get, middleman, pool } = await s3(t);
  const id = has('long.flac', randomBytes(40 * MB));
  const taskId = '00000000-0000-7000-8000-00000000cafe';
  middleman.troubles.push({ method: 'PUT', holds: 'partNumber=2', cutAfter: MB });
  t.match(await attempt(id, { taskId }), { outcome: 'failed', retryable: true, error: { code: 'cut_off' } });
  t.match(get(id).failure, { code: 'cut_off', stage: 'upload' });
  const saved = pool.items.findLast((item) => item.kind === 'checkpoint' && item.taskId === taskId);
  const resume = saved?.kind === 'checkpoint' ? JSON.parse(saved.data) : null;
  t.match(await attempt(id, { taskId, attempt: 2, resume }), { outcome: 'succeeded' });
  const parts = middleman.of('PUT', 'partNumber').map(({ path }) => /partNumber=(\d+)/.exec(path)?.[1]);
  t.same(parts, ['1', '2', '3']);
  t.match(get(id), { upload: { bytes: 40 * MB }, failure: null });
});

t.test('canceled, an upload in parts is called off at the store; stopped, it is not', async (t) => {
  const { has, order, get, catalog, middleman, pool, settings } = await s3(t);
  const id = has('long.flac', randomBytes(40 * MB));
  const stopIn = async (reason: StopReason) => {
    const given = order({ track: id }, { settings });
    const forgets = { method: 'DELETE', holds: 'uploadId=', answer: { status: 204 } };
    const stops = (bytes: Buffer) => {
      pool.stop(given, reason);
      return bytes;
    };
    middleman.troubles.push({ method: 'PUT', holds: 'partNumber=2', change: stops }, forgets);
    t.equal((await pool.outcome(given)).outcome, reason === 'timed_out' ? reason : 'canceled');
    catalog.release(given.taskId);
    const wasForgotten = !middleman.troubles.includes(forgets);
    middleman.troubles.length = 0;
    return wasForgotten;
  };
  t.equal(await stopIn('drain'), false, 'the next attempt goes on with it');
  t.equal(await stopIn('timed_out'), false);
  t.equal(await stopIn('canceled'), true);
  t.match(get(id), { upload: null, failure: null }, 'a stop is no failure');
});

t.test('every reason has its code, and no record or log holds a secret', async (t) => {
  const secret = 'geheim-needle';
  const { has, attempt, get, middleman, pool, root, catalog } = await s3(t);
  const id = has('a.mp3', Buffer.from('a'));
  t.match(await attempt(id, { settings: { OBJECT_SECRET_KEY: secret } }), {
    retryable: false,
    error: { code: 'signature_refused' },
  });
  t.match(get(id).failure, { code: 'signature_refused', stage: 'upload' });
  const nobody = { OBJECT_ENDPOINT: `http://127.0.0.1:${await freePort()}`, OBJECT_SECRET_KEY: secret };
  t.match(await attempt(id, { settings: nobody }), { retryable: true, error: { code: 'unreachable' } });
  t.match(await attempt(id, { settings: { OBJECT_ENDPOINT: 'file:///not/mounted' } }), {
    retryable: true,
    error: { code: 'unreachable' },
  });
  t.match(await attempt(id, { settings: { OBJECT_BUCKET: '' } }), {
    retryable: false,
    error: { code: 'wrong_target' },
  });
  t.match(await attempt(id, { settings: { OBJECT_BUCKET: 'nothing-there' } }), { error: { code: 'no_bucket' } });
  const lost = has('lost.mp3', Buffer.from('b'));
  rmSync(join(root, 'lost.mp3'));
  t.match(await attempt(lost), { retryable: false, error: { code: 'file_missing', message: /library\.download/ } });
  const edited = has('edited.mp3', Buffer.from('b'));
  writeFileSync(join(root, 'edited.mp3'), 'c');
  t.match(await attempt(edited), { error: { code: 'file_changed' } });
  t.match(await attempt(has('x', Buffer.from('x'))), { outcome: 'succeeded' });
  t.notMatch(JSON.stringify(pool.items) + JSON.stringify([...catalog.tracks.values()]), secret);
  t.ok(middleman.passed.length > 0);
});

t.test('webdav: a file is sent once', needs('rclone'), async (t) => {
  const server = await startWebdav(t);
  const middleman = await Middleman.start(t, server.port);
  const keys = { OBJECT_ACCESS_KEY: webdavKeys.accessKey, OBJECT_SECRET_KEY: webdavKeys.secretKey };
  const { has, done, catalog } = uploads({ OBJECT_ENDPOINT: `webdav+${middleman.address}`, ...keys });
  const id = has('pods/Größe #1.mp3', randomBytes(MB));
  await done(id);
  catalog.put([], [{ id, upload: null }]);
  t.match(await done(id), { skipped: true });
  t.equal(middleman.of('PUT').length, 1);
  t.equal(readFileSync(join(server.folder, 'pods', 'Größe #1.mp3')).length, MB);
});

t.test('a run is about the files that are not there yet', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-target-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { has, done, nexts, track, playlist } = uploads({ OBJECT_ENDPOINT: `file://${folder}` });
  const [a, b] = [has('a.mp3', Buffer.from('a')), has('b.mp3', Buffer.from('b'))];
  track(playlist('other'), { key: 'new' });
  await done(a);
  t.match(await done(null), { tracks: 1 });
  t.match(nexts, [{ key: b, stage: 'here', params: { track: b } }]);
  t.equal(readFileSync(join(folder, 'a.mp3'), 'utf8'), 'a');
});
