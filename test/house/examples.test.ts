import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { makeCollection } from '../../examples/demo/collection.ts';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
const examples = join(root, 'examples');
process.env['NODE_OPTIONS'] = plainEnvironment()['NODE_OPTIONS'];

interface Task {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly params: Record<string, unknown>;
  readonly result: Record<string, unknown> | null;
  readonly error: { readonly message: string } | null;
}

const sound = makeCollection().recordings[1]?.content ?? Buffer.alloc(0);

/** Stands for example.org: a sound at every address, and a hook that takes reports. */
async function standIn(t: Test): Promise<{ url: string; posted: string[] }> {
  const posted: string[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      request.setEncoding('utf8').on('data', (text: string) => posted.push(text));
      request.on('end', () => response.writeHead(204).end());
    } else {
      response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': sound.length, etag: '"1"' }).end(sound);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posted };
}

/** Follows the events of the supervisor until `look` finds what it looks for. */
async function untilEvents<Found>(url: string, look: () => Promise<Found | null>): Promise<Found> {
  const leave = new AbortController();
  const response = await fetch(`${url}/api/v1/events`, { signal: leave.signal });
  try {
    for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>) {
      const found = await look();
      if (found !== null) return found;
    }
    throw new Error('the events ended');
  } finally {
    leave.abort();
  }
}

t.test('every example task file is accepted and its tasks succeed, with the example handlers among them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-examples-'));
  const data = join(folder, 'data');
  const music = join(folder, 'music');
  const backup = join(folder, 'backup');
  mkdirSync(data);
  // TypeScript has a test of its own, as not every Node takes it.
  const filter = (file: string) => !file.endsWith('.ts');
  cpSync(join(examples, 'handlers'), join(data, 'handlers'), { recursive: true, filter });
  writeFileSync(backup, '#!/bin/sh\necho "backing up to $2"\n');
  chmodSync(backup, 0o755);
  const web = await standIn(t);
  const settings = { LIBRARY_DIR: music, COMMANDS: `backup=${backup}`, INBOX_SETTLE: '50ms', WORKERS: '2' };
  const supervisor = await startSupervisor(data, settings);
  t.teardown(async () => {
    await supervisor.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  const drop = (name: string) => {
    const text = readFileSync(join(examples, 'tasks', name), 'utf8');
    const ours = text.replaceAll('https://example.org', web.url).replaceAll('/srv/music', music);
    writeFileSync(join(data, 'inbox', `.${name}`), ours);
    renameSync(join(data, 'inbox', `.${name}`), join(data, 'inbox', name));
  };
  const tasks = async () =>
    ((await (await fetch(`${supervisor.url}/api/v1/tasks?limit=100`)).json()) as { items: Task[] }).items;
  const done = (count: number) =>
    untilEvents(supervisor.url, async () => {
      const rejected = existsSync(join(data, 'rejected')) ? readdirSync(join(data, 'rejected')) : [];
      if (rejected.length > 0) throw new Error(`rejected: ${rejected.join(', ')}`);
      const all = await tasks();
      const ended = all.filter(({ state }) => ['succeeded', 'failed', 'canceled'].includes(state));
      return ended.length >= count ? ended : null;
    });

  const names = readdirSync(join(examples, 'tasks'));
  t.same(
    names.sort(),
    ['download.json', 'downloads.ndjson', 'night.yaml', 'own-handlers.yml'],
    'this test knows every file',
  );
  for (const name of names) if (name !== 'own-handlers.yml') drop(name);
  const first = await done(6);
  for (const { type, state, error } of first) t.equal(state, 'succeeded', `${type} ${error?.message ?? ''}`);
  t.same(readFileSync(join(music, 'podcast', 'episode-7.wav')), sound);
  t.same(
    readdirSync(join(music, 'radio'))
      .filter((name) => !name.startsWith('.'))
      .sort(),
    ['monday.wav', 'the middle of the week.wav', 'tuesday.wav'],
  );
  t.match(web.posted.join(''), /nightly backup/);

  drop('own-handlers.yml');
  const all = await done(8);
  for (const { type, state, error } of all) t.equal(state, 'succeeded', `${type} ${error?.message ?? ''}`);
  t.match(readFileSync(join(music, 'radio', 'monday.svg'), 'utf8'), /^<svg .*<path d="M0\.5 /);
  const sums = readFileSync(join(music, 'radio', 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n');
  t.match(sums[0], /^[0-9a-f]{64} {2}monday\./);
  t.equal(all.find(({ type }) => type === 'folder.checksum')?.result?.['files'], sums.length);
  const { items, failures } = (await (await fetch(`${supervisor.url}/api/v1/handlers`)).json()) as {
    items: { type: string }[];
    failures: unknown[];
  };
  t.same(failures, [], 'no example handler was refused');
  t.ok(['waveform.make', 'folder.checksum'].every((type) => items.some((item) => item.type === type)));
});
