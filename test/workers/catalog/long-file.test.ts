/** Files far longer than what may be held in memory. By hand, with a gigabyte: `LONG_FILE_MB=1024 node …/long-file.test.js`. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { needs } from '../../helpers/needs.ts';
import { startNginx } from '../../helpers/nginx.ts';
import { bucket, Middleman, s3Keys, startS3 } from '../../helpers/object-stores.ts';
import { bed, builtIn } from '../thread-pool.ts';
import { type LibraryBed, libraryBed } from './file-bed.ts';

const MB = 1024 * 1024;
const long = Number(process.env['LONG_FILE_MB'] ?? 192) * MB;
/** What buffers on their way, and garbage that nobody has collected yet, may come to. */
const memoryMax = 128 * MB;

const shared = await bed(t, builtIn('library.download'));

function temporary(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-long-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Takes no room on the disk. */
function sparse(path: string, bytes: number): void {
  writeFileSync(path, 'begin');
  truncateSync(path, bytes);
}

async function digestOf(path: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
  return sum.digest('hex');
}

/** The worker is a thread of this process. @returns the most that its memory grew by, in bytes */
async function grown(t: Test, what: string, work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const looks = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const started = performance.now();
  try {
    await work();
  } finally {
    clearInterval(looks);
  }
  const told = Math.round((most - before) / MB);
  t.comment(`${what}: memory grew by ${told} MiB, in ${Math.round(performance.now() - started)} ms`);
  return most - before;
}

/** One attempt that is stopped on its way, then the next. */
async function cutAndGoneOn(here: LibraryBed, id: string, atBytes: number) {
  const { pool, order, settings, catalog } = here;
  const cut = order({ track: id }, { settings });
  const outcome = pool.outcome(cut);
  await pool.until(() =>
    pool.items.some((item) => item.kind === 'progress' && item.taskId === cut.taskId && item.done > atBytes),
  );
  pool.stop(cut, 'drain');
  const { outcome: first } = await outcome;
  catalog.release(cut.taskId);
  const saved = pool.items.findLast((item) => item.kind === 'checkpoint' && item.taskId === cut.taskId);
  const resume = saved?.kind === 'checkpoint' ? JSON.parse(saved.data) : null;
  return { first, second: await here.done(id, { taskId: cut.taskId, attempt: 2, resume }) };
}

t.test(
  'a long download that is cut in the middle is gone on with, and is never held in memory',
  needs('nginx'),
  async (t) => {
    const folder = temporary(t);
    sparse(join(folder, 'long.mp3'), long);
    const port = await startNginx(t, folder, `limit_rate ${long};`);
    const here = libraryBed(shared, 'library.download');
    const url = `http://127.0.0.1:${port}/long.mp3`;
    here.source({ name: 'pods', url });
    const id = here.track(here.playlist('list'), { key: 'long', url });
    const growth = await grown(t, 'download', async () => {
      const { first, second } = await cutAndGoneOn(here, id, long / 8);
      t.equal(first, 'canceled');
      t.ok(Number(second['resumedBytes']) > long / 8, 'it goes on from where it was');
      t.equal(second['bytes'], long);
    });
    t.ok(growth < memoryMax, `${growth} bytes`);
    t.equal(here.get(id).file?.sha256, await digestOf(join(folder, 'long.mp3')));
  },
);

function uploads(settings: Readonly<Record<string, string>>, bytes: number) {
  const here = libraryBed(shared, 'library.upload', settings);
  mkdirSync(here.root, { recursive: true });
  const path = join(here.root, 'long.mp3');
  sparse(path, bytes);
  return { here, path, list: here.playlist('list') };
}

t.test(
  'a long upload to a folder that is cut in the middle leaves nothing there, and is never held in memory',
  async (t) => {
    const target = temporary(t);
    const { here, path, list } = uploads({ OBJECT_ENDPOINT: `file://${target}` }, long);
    const file = { path: 'long.mp3', bytes: long, sha256: await digestOf(path), version: '1', at: '' };
    const id = here.track(list, { key: 'long', file });
    const growth = await grown(t, 'to a folder', async () => {
      const { first, second } = await cutAndGoneOn(here, id, 0);
      t.equal(first, 'canceled');
      t.match(second, { bytes: long, skipped: false });
    });
    t.ok(growth < memoryMax, `${growth} bytes`);
    t.equal(statSync(join(target, 'long.mp3')).size, long);
  },
);

t.test('a long upload in parts goes on with the part that was cut, and is never held in memory', async (t) => {
  const server = await startS3(t);
  const middleman = await Middleman.start(t, server.port, s3Keys.secretKey);
  const keys = { OBJECT_ACCESS_KEY: s3Keys.accessKey, OBJECT_SECRET_KEY: s3Keys.secretKey };
  const bytes = long / 2;
  const { here, path, list } = uploads({ OBJECT_ENDPOINT: middleman.address, OBJECT_BUCKET: bucket, ...keys }, bytes);
  const file = { path: 'long.mp3', bytes, sha256: await digestOf(path), version: '1', at: '' };
  const id = here.track(list, { key: 'long', file });
  const growth = await grown(t, 'in parts', async () => {
    const { first, second } = await cutAndGoneOn(here, id, bytes / 2);
    t.equal(first, 'canceled');
    t.match(second, { bytes, skipped: false });
  });
  t.ok(growth < memoryMax, `${growth} bytes`);
  const parts = middleman.of('PUT', 'partNumber').map(({ path }) => Number(/partNumber=(\d+)/.exec(path)?.[1]));
  const wanted = Array.from({ length: bytes / (16 * MB) }, (_, place) => place + 1);
  t.same([...new Set(parts)], wanted, 'each has arrived, in order');
  const again = parts.filter((part, place) => parts.indexOf(part) !== place);
  t.ok(again.length <= 1, `only the part that was on its way when it was cut may come again: ${again}`);
  for (const part of again) t.ok(part > wanted.length / 2, 'those before the cut are not sent again');
});
