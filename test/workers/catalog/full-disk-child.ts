/**
 * Downloads into, and uploads to, a folder that is a small disk of its own and full; for full-disk.test.ts, which makes the
 * disk. Says as one line of JSON what each attempt came to, and what lay on the disk after it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bed, builtIn } from '../thread-pool.ts';
import { type LibraryBed, libraryBed } from './file-bed.ts';

const MB = 1024 * 1024;
const disk = process.argv[2] ?? '';
const bodies = new Map<string, Buffer>();
const steps: Record<string, unknown> = {};

/** Sends without a length, as what is made on the fly, and goes on from where it is asked to. */
const server = createServer((request, response) => {
  const body = bodies.get(request.url ?? '') ?? Buffer.alloc(0);
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0 && from >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  const headers = { etag: '"1"', 'content-type': 'audio/mpeg' };
  const known = request.url?.startsWith('/known') ? { 'content-length': String(body.length) } : {};
  const range = { 'content-range': `bytes ${from}-${body.length - 1}/*` };
  response.writeHead(from > 0 ? 206 : 200, { ...headers, ...known, ...(from > 0 && range) });
  response.end(body.subarray(from));
});

function fill(bytes: number): void {
  writeFileSync(join(disk, '.filler'), Buffer.alloc(bytes));
}

/** Until not even an empty file has room. */
function fillNames(): void {
  for (let count = 0; ; count++) {
    try {
      writeFileSync(join(disk, `.name-${count}`), '');
    } catch {
      return;
    }
  }
}

function makeRoom(): void {
  for (const name of readdirSync(disk)) if (/^\.(?:filler|name-)/.test(name)) rmSync(join(disk, name));
}

function lying(): string[] {
  return readdirSync(disk, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^\.(?:filler|name-)/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

async function step(name: string, here: LibraryBed, id: string): Promise<void> {
  const { outcome, error, retryable, result } = await here.attempt(id);
  const { failure, file, upload } = here.get(id);
  const told = JSON.parse(result ?? 'null');
  steps[name] = { outcome, code: error?.code, retryable, noted: failure?.code, told, file, upload, lying: lying() };
}

async function downloads(here: LibraryBed): Promise<void> {
  const list = here.playlist('list');
  const track = (key: string, bytes: number) => {
    bodies.set(`/${key}`, randomBytes(bytes));
    return here.track(list, { key, url: `${address}/${key}` });
  };
  const known = track('known', 8 * MB);
  await step('too long', here, known);
  const unknown = track('unknown', 3 * MB);
  fill(2 * MB);
  await step('full in the middle', here, unknown);
  makeRoom();
  await step('room', here, unknown);
  const path = join(disk, here.get(unknown).file?.path ?? '');
  steps['right'] = readFileSync(path).equals(bodies.get('/unknown') as Buffer);
  const small = track('small', 1_000);
  fillNames();
  await step('no names', here, small);
  makeRoom();
  await step('names', here, small);
  const far = here.playlist('far', { source: 'elsewhere' });
  bodies.set('/far', randomBytes(1_000));
  const id = here.track(far, { key: 'far', url: `${address}/far` });
  fillNames();
  // For its part and the notes beside it, not for two folders as well.
  for (const name of readdirSync(disk)
    .filter((name) => name.startsWith('.name-'))
    .slice(0, 3))
    rmSync(join(disk, name));
  await step('no folders', here, id);
  makeRoom();
  await step('folders', here, id);
  const folder = join(here.dataDir, 'mine');
  mkdirSync(folder);
  writeFileSync(join(folder, 'own.mp3'), randomBytes(3 * MB));
  here.source({ name: 'mine', kind: 'folder', path: folder });
  const url = pathToFileURL(join(folder, 'own.mp3')).href;
  await step('copy', here, here.track(here.playlist('Mine', { source: 'mine' }), { key: 'own', url }));
}

async function uploads(here: LibraryBed): Promise<void> {
  const body = randomBytes(3 * MB);
  mkdirSync(here.root, { recursive: true });
  writeFileSync(join(here.root, 'a.mp3'), body);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const file = { path: 'a.mp3', bytes: body.length, sha256, version: '1', at: '' };
  const id = here.track(here.playlist('list'), { key: 'a', file });
  fill(2 * MB);
  await step('target full', here, id);
  makeRoom();
  await step('target room', here, id);
  steps['arrived'] = readFileSync(join(disk, 'a.mp3')).equals(body);
}

const ends: (() => unknown)[] = [];
const teardown = { teardown: (call: () => unknown) => ends.push(call) };
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const shared = await bed(teardown, builtIn('library.download'));
const here = libraryBed(shared, 'library.download', { LIBRARY_DIR: disk });
for (const name of ['pods', 'elsewhere']) here.source({ name, url: `${address}/feed` });
await downloads(here);
for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
await uploads(libraryBed(shared, 'library.upload', { OBJECT_ENDPOINT: `file://${disk}` }));
for (const end of ends) await end();
server.close();
process.stdout.write(`${JSON.stringify(steps)}\n`);
