/** What docs/library.md and docs/library-names.md say holds: its sources are right, its codes are those there are, its commands are taken, its example works. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { checkSources } from '../../supervisor/core/library/sources-input.ts';
import { BUILT_IN_KINDS } from '../../workers/catalog/collect.ts';
import { parseExtinfTitle } from '../../workers/catalog/extinf-title.ts';
import { layoutDefault } from '../../workers/catalog/layout.ts';
import { listBytesMax, playlistsPerSourceMax, tracksPerListMax } from '../../workers/catalog/list.ts';
import { playlistParams } from '../../workers/catalog/playlist-params.ts';
import { parseTrackName } from '../../workers/catalog/track-name.ts';
import { handlerIn, perform } from '../../workers/testing.ts';
import { commandLine } from '../helpers/command-line.ts';
import { FileServer } from '../helpers/file-server.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const { folder } = commandLine(t);
const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
const document = readFileSync(join(root, 'docs/library.md'), 'utf8');
const names = readFileSync(join(root, 'docs/library-names.md'), 'utf8');
const blocks = (kind: string, from = document) =>
  [...from.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].flatMap(([, of, block = '']) => (of === kind ? [block] : []));

t.test('its sources are of every kind but one, its limits and codes are those that hold', async (t) => {
  const sources = parse(blocks('yaml').join('')) as { name: string; kind: string }[];
  t.match(
    checkSources(sources, (path) => path),
    { ok: true },
    'as the supervisor reads them',
  );
  t.equal(new Set(sources.map(({ name }) => name)).size, sources.length);
  t.same(
    sources.map(({ kind }) => kind).filter((kind) => !BUILT_IN_KINDS.includes(kind)),
    ['shelf'],
  );
  for (const kind of BUILT_IN_KINDS) t.match(document, new RegExp(`^\\|.*\`${kind}\``, 'm'));
  t.match(
    document,
    `${listBytesMax / 1024 ** 2} MiB, ${tracksPerListMax.toLocaleString('en')} tracks, ${playlistsPerSourceMax.toLocaleString('en')} playlists`,
  );
  const sourceText = ['list.ts', 'collect.ts', 'read-list.ts', 'local-files.ts']
    .map((name) => readFileSync(join(root, 'workers/catalog', name), 'utf8'))
    .join('');
  const codes = [...sourceText.matchAll(/\| '([a-z_]+)'|code: '([a-z_]+)'|\? 'path_missing' : '([a-z]+)'/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  );
  t.ok(codes.length > 8);
  for (const code of codes) t.match(document, `\`${code}\``);
});

t.test('the handler for a kind of source gives playlists that the next stage takes', async (t) => {
  const server = await FileServer.start();
  t.teardown(() => server.stop());
  const track = { id: '1', title: 'One', artist: 'A', file: 'files/1.mp3', bytes: 7 };
  server.add('/shelf.json', JSON.stringify({ albums: [{ id: 'a', title: 'First album', tracks: [track] }] }));
  const handler = await handlerIn(join(root, 'examples/handlers/source.shelf.mjs'));
  const source = {
    name: 'Shelf',
    kind: 'shelf',
    url: server.url('/shelf.json'),
    headers: { 'x-key': 'k' },
    groups: ['Records'],
  };
  const given = { params: { source }, task: { run: { id: 'r', stage: 'collect' } } };
  const done = await perform(handler, given);
  t.match(done, {
    outcome: 'succeeded',
    result: { albums: 1 },
    counts: { succeeded: 1 },
    nexts: [
      { key: 'Shelf/a', label: 'First album', params: { source: 'Shelf' } },
      { stage: 'collect', type: 'library.collect', key: 'found/Shelf', params: { source: 'Shelf', found: ['a'] } },
    ],
  });
  t.match(server.seen('/shelf.json')[0]?.headers, { 'x-key': 'k' });
  const [work] = done.nexts as unknown as { params: { playlist: unknown } }[];
  t.match(playlistParams.parse(work?.params.playlist), {
    key: 'a',
    title: 'First album',
    groups: ['Records'],
    tracks: [{ key: '1', title: 'One', artist: 'A', album: 'First album', bytes: 7, url: server.url('/files/1.mp3') }],
  });
  server.fail('/shelf.json', { status: 500 });
  t.match(await perform(handler, given), {
    outcome: 'failed',
    retryable: true,
    error: { message: /was answered with 500/ },
  });
});

t.test('what is said of names holds: the layout, and each of its examples', async (t) => {
  t.same(
    blocks('', names).map((block) => block.trim()),
    [layoutDefault],
  );
  const rows = [...names.matchAll(/^\| `([^`]+)`[^|]*\| `([^`]+)` *\|$/gm)].map(([, name = '', read = '']) => [
    name,
    read,
  ]);
  t.equal(rows.length, 5);
  for (const [name, read] of rows) {
    const { title } = parseTrackName(name ?? '');
    t.equal(title, read, name ?? '');
  }
  for (const lead of ['2026-11-24 Title', '07 - Title', '12. Title']) {
    t.match(names, `\`${lead}\``);
    t.match(parseTrackName(lead), { title: 'Title', date: /^2026/.test(lead) ? '2026-11-24' : null });
  }
  t.match(parseExtinfTitle('Title (Remix) - Artist', null), { title: 'Title (Remix)', artist: 'Artist' });
  t.match(parseExtinfTitle('Artist - Title', null), { title: 'Title', artist: 'Artist' });
});

t.test('the tasks are taken, and succeed', async (t) => {
  const data = mkdtempSync(join(folder, 'library-names-'));
  mkdirSync(join(data, 'library', 'Music'), { recursive: true });
  const supervisor = await startSupervisor(data, {});
  t.teardown(() => supervisor.stop());
  const tasks = blocks('json', names).map((block) => JSON.parse(block));
  t.equal(tasks.length, [...names.matchAll(/^```json/gm)].length);
  for (const task of tasks) {
    const answer = await fetch(`${supervisor.url}/api/v1/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(task),
    });
    t.equal(answer.status, 201);
    const { id } = ((await answer.json()) as { task: { id: string } }).task;
    t.equal(await ended(supervisor.url, id), 'succeeded', JSON.stringify(task));
  }
});

/** @returns the state in which it has ended */
async function ended(url: string, id: string): Promise<string> {
  const leave = new AbortController();
  const events = await fetch(`${url}/api/v1/events`, { signal: leave.signal });
  const told = (events.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { task } = (await (await fetch(`${url}/api/v1/tasks/${id}`)).json()) as { task: { state: string } };
    const { state } = task;
    if (['succeeded', 'failed', 'canceled'].includes(state)) {
      leave.abort();
      return state;
    }
    await told.read();
  }
}

t.test('the commands are taken', async (t) => {
  const data = mkdtempSync(join(folder, 'library-'));
  const supervisor = await startSupervisor(data, {});
  t.teardown(() => supervisor.stop());
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  writeFileSync(join(bin, 'nightshift'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', blocks('sh').join('')], {
    env: plainEnvironment({ NIGHTSHIFT_DATA: data, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }),
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  t.match(stdout, /library\.sync[\s\S]*library\.full/);
});
