import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { extensionOf } from '../../../workers/catalog/extension.ts';
import { marked } from '../../../workers/catalog/file-place.ts';
import { inTurn } from '../../../workers/catalog/host-turns.ts';
import { typeCheck } from '../../../workers/catalog/wrong-type.ts';
import { FileServer } from '../../helpers/file-server.ts';
import { find, needs } from '../../helpers/needs.ts';
import { freePort, listening } from '../../helpers/ports.ts';
import { bed, builtIn } from '../thread-pool.ts';
import { type LibraryBed, libraryBed } from './file-bed.ts';

const MB = 1024 * 1024;
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const audio = { headers: { 'content-type': 'audio/mpeg' } };

const shared = await bed(t, builtIn('library.download'));

interface Downloads extends LibraryBed {
  readonly server: FileServer;
  /** Paths of all files below the library, without hidden ones. */
  readonly files: () => string[];
  readonly unfinished: () => string[];
}

async function downloads(t: Test): Promise<Downloads> {
  const server = await FileServer.start();
  t.teardown(() => server.stop());
  const here = libraryBed(shared, 'library.download');
  here.source({ name: 'pods', url: server.url('/pool.opml') });
  const { root } = here;
  const all = () => (existsSync(root) ? (readdirSync(root, { recursive: true, withFileTypes: true }) ?? []) : []);
  return {
    ...here,
    server,
    files: () =>
      all()
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        .sort(),
    unfinished: () =>
      all()
        .map(({ name }) => name)
        .filter((name) => name.endsWith('.part')),
  };
}

t.test('a track gets its file, by the layout, and is passed on where there is a target', async (t) => {
  const { server, playlist, track, done, get, nexts, files, root, unfinished } = await downloads(t);
  const body = server.add('/a', randomBytes(MB), audio);
  const news = playlist('News & more', { groups: ['Daily'] });
  const given = { key: 'a', title: 'First: one', date: '2026-11-24T05:00:00Z', url: server.url('/a'), bytes: 17 };
  const id = track(news, given);
  const path = 'pods/News & more/2026-11-24 First_ one.mp3';
  t.match(await done(id), { path, bytes: MB, sha256: sha256(body), skipped: false, shared: false });
  t.same(files(), [path]);
  t.ok(readFileSync(join(root, path)).equals(body), 'whatever the list says of its length');
  t.match(get(id), { file: { path, bytes: MB, sha256: sha256(body), version: '1' }, failure: null });
  t.same(nexts, [], 'without a target nothing is passed on');
  t.same(unfinished(), []);
  t.match(await done(id, { settings: { OBJECT_ENDPOINT: 'file:///mnt' } }), { path, skipped: true });
  t.match(nexts, [{ key: id, params: { track: id } }]);
  t.equal(server.seen('/a').length, 1, 'what is there is not fetched again');
  const layout = { LIBRARY_LAYOUT: '{group}/{artist}/{title}{ext}' };
  const other = track(news, { key: 'b', artist: 'Ann', url: server.url('/b?x=1') });
  server.add('/b', 'b', { headers: { 'content-type': 'audio/ogg; x=1' } });
  t.match(await done(other, { settings: layout }), { path: 'Daily/Ann/b.ogg' });
});

t.test('what three playlists hold is fetched once and stored once', async (t) => {
  const { server, playlist, track, done, get, files } = await downloads(t);
  server.add('/same.mp3', randomBytes(MB));
  const url = server.url('/same.mp3');
  const ids = ['one', 'two', 'three'].map((title) => track(playlist(title), { key: 'episode', url }));
  const results = await Promise.all(ids.map((id) => done(id)));
  t.equal(server.seen('/same.mp3').length, 1);
  t.equal(files().length, 1);
  t.equal(results.filter(({ shared }) => shared).length, 2);
  t.equal(new Set(ids.map((id) => get(id).file?.path)).size, 1);
});

t.test('the same bytes from other addresses are stored once', async (t) => {
  const { server, playlist, track, done, get, files, unfinished } = await downloads(t);
  const body = randomBytes(MB);
  const list = playlist('list');
  const ids = ['/x.mp3', '/y.mp3', '/z.mp3'].map((path) => {
    server.add(path, body);
    return track(list, { key: path, url: server.url(path) });
  });
  await Promise.all(ids.map((id) => done(id)));
  t.equal(files().length, 1);
  t.equal(new Set(ids.map((id) => get(id).file?.path)).size, 1);
  t.same(unfinished(), []);
});

t.test('a page instead of a file is refused for good, and said at the track', async (t) => {
  const { server, playlist, track, attempt, get, files, unfinished } = await downloads(t);
  const list = playlist('list');
  const page = '<!DOCTYPE html><html>Please log in</html>';
  const cases = [
    ['/a.mp3', { headers: { 'content-type': 'text/html' } }],
    ['/b.mp3', { headers: { 'content-type': 'audio/mpeg' } }],
    ['/c', { headers: { 'content-type': 'application/octet-stream' } }],
  ] as const;
  for (const [path, more] of cases) {
    server.add(path, page, more);
    const id = track(list, { key: path, url: server.url(path) });
    t.match(await attempt(id), { outcome: 'failed', retryable: false, error: { code: 'wrong_type' } }, path);
    t.match(get(id), { file: null, failure: { code: 'wrong_type', stage: 'download', task: /^0/ } });
  }
  server.add('/d.mp3', '{"error":"gone"}', { headers: { 'content-type': 'application/json' } });
  t.match(await attempt(track(list, { key: 'd', url: server.url('/d.mp3') })), { error: { code: 'wrong_type' } });
  t.same(files(), []);
  t.same(unfinished(), [], 'and nothing of it is kept');
});

t.test('every reason has its code', async (t) => {
  const { server, playlist, track, attempt, done, get } = await downloads(t);
  const list = playlist('list');
  const gone = track(list, { key: 'gone', url: server.url('/gone.mp3') });
  t.match(await attempt(gone), { retryable: false, error: { code: 'http_404' } });
  t.match(get(gone).failure, { code: 'http_404', stage: 'download' });
  server.add('/gone.mp3', 'back');
  await done(gone);
  t.equal(get(gone).failure, null, 'what succeeds clears it');
  t.match(await attempt(track(list, { key: 'none' })), { retryable: false, error: { code: 'no_address' } });
  t.match(await attempt('0123456789abcdef'), { retryable: false, error: { code: 'no_track' } });
  const busy = track(list, { key: 'busy', url: server.url('/busy.mp3') });
  server.fail('/busy.mp3', { status: 429, headers: { 'retry-after': '7' } });
  t.match(await attempt(busy), { retryable: true, retryAfterMs: 7_000, error: { code: 'http_429' } });
  const ftp = track(list, { key: 'ftp', url: 'ftp://example.org/a.mp3' });
  t.match(await attempt(ftp), { retryable: false, error: { code: 'wrong_address' } });
  const inside = track(list, { key: 'inside', url: 'http://10.0.0.1/a.mp3' });
  t.match(
    await attempt(inside),
    { retryable: false, error: { code: 'private_address' } },
    'lists do not lead into the house',
  );
  const found = playlist('found', { source: 'discover' });
  t.match(await attempt(track(found, { key: 'a', url: server.url('/secret.mp3') })), {
    retryable: false,
    error: { code: 'private_address' },
  });
});

t.test('a part is gone on with by whichever task comes next, and begun again when the file has changed', async (t) => {
  const { server, playlist, track, attempt, done, root, unfinished } = await downloads(t);
  const list = playlist('list');
  const body = server.add('/a.mp3', randomBytes(2 * MB));
  const id = track(list, { key: 'a', url: server.url('/a.mp3') });
  server.fail('/a.mp3', { cutAfter: MB });
  t.match(await attempt(id), { outcome: 'failed', retryable: true });
  t.equal(unfinished().length, 1);
  const told = await done(id);
  t.ok(Number(told['resumedBytes']) >= MB / 2);
  t.match(server.seen('/a.mp3')[1]?.headers, { range: /^bytes=\d+-$/, 'if-range': /^"/ });
  t.ok(readFileSync(join(root, String(told['path']))).equals(body));
  const other = track(list, { key: 'b', url: server.url('/b.mp3') });
  server.add('/b.mp3', randomBytes(2 * MB));
  server.fail('/b.mp3', { cutAfter: MB });
  await attempt(other);
  const changed = server.add('/b.mp3', randomBytes(2 * MB));
  t.match(await done(other), { resumedBytes: 0, sha256: sha256(changed) });
});

t.test('a file that was deleted by hand comes back; one that was changed by hand stays', async (t) => {
  const { server, playlist, track, done, root, files, nexts, get } = await downloads(t);
  server.add('/a.mp3', 'content');
  const [one, two] = ['one', 'two'].map((name) => track(playlist(name), { key: 'a', url: server.url('/a.mp3') })) as [
    string,
    string,
  ];
  const { path } = (await done(one)) as { path: string };
  await done(two);
  await done(null);
  t.same(nexts, [], 'nothing is to be done');
  rmSync(join(root, path));
  t.match(await done(null), { tracks: 2, added: 2 });
  t.match(nexts, [
    { stage: 'here', params: { track: one } },
    { stage: 'here', params: { track: two } },
  ]);
  await done(two);
  await done(one);
  t.same(files(), [path], 'once, and where both tracks have it');
  t.equal(get(one).file?.path, get(two).file?.path);
  t.equal(server.seen('/a.mp3').length, 2);
  writeFileSync(join(root, path), 'with better tags');
  t.match(await done(one), { skipped: true });
  t.equal(readFileSync(join(root, path), 'utf8'), 'with better tags');
});

t.test(
  'the file of a changed track is replaced when the new one is whole, and kept for those that share it',
  async (t) => {
    const { server, playlist, track, attempt, done, root, files, get, catalog } = await downloads(t);
    server.add('/a.mp3', 'old');
    const id = track(playlist('one'), { key: 'a', url: server.url('/a.mp3') });
    const { path } = (await done(id)) as { path: string };
    const body = server.add('/a.mp3', randomBytes(MB));
    catalog.put([], [{ id, version: '2' }]);
    server.fail('/a.mp3', { cutAfter: 1000 });
    await attempt(id);
    t.equal(readFileSync(join(root, path), 'utf8'), 'old', 'until then it is the old one');
    t.match(await done(id), { path, sha256: sha256(body) });
    t.same(files(), [path]);
    t.equal(get(id).file?.version, '2');

    catalog.put([], [{ id, version: '3', title: 'Renamed' }]);
    server.add('/a.mp3', 'third');
    await done(id);
    t.same(files(), ['pods/one/Renamed.mp3'], 'under a new name the old file goes');

    const shares = track(playlist('two'), { key: 'a', url: server.url('/a.mp3'), version: '3' });
    t.match(await done(shares), { shared: true, path: 'pods/one/Renamed.mp3' });
    catalog.put([], [{ id, version: '4' }]);
    server.add('/a.mp3', 'fourth');
    await done(id);
    t.equal(
      readFileSync(join(root, 'pods/one/Renamed.mp3'), 'utf8'),
      'third',
      "another track's file is not overwritten",
    );
    t.equal(files().length, 2);
    t.not(get(id).file?.path, get(shares).file?.path);
  },
);

t.test('two tracks of one name have two files, and a name that is taken is kept to its owner', async (t) => {
  const { server, playlist, track, done, root, files } = await downloads(t);
  const list = playlist('list');
  const paths: string[] = [];
  for (const key of ['a', 'b', 'c']) {
    server.add(`/${key}.mp3`, key);
    const title = key === 'b' ? 'SAME' : 'Same';
    paths.push(String((await done(track(list, { key, title, url: server.url(`/${key}.mp3`) })))['path']));
  }
  t.equal(new Set(paths.map((path) => path.toLowerCase())).size, 3);
  t.match(paths[1], /^pods\/list\/SAME \([0-9a-f]{6}\)\.mp3$/);
  mkdirSync(join(root, 'pods', 'mine'), { recursive: true });
  writeFileSync(join(root, 'pods', 'mine', 'own.mp3'), 'mine');
  server.add('/own.mp3', 'theirs');
  const { path } = await done(track(playlist('mine'), { key: 'own', url: server.url('/own.mp3') }));
  t.match(path, /^pods\/mine\/own \([0-9a-f]{6}\)\.mp3$/);
  t.equal(readFileSync(join(root, 'pods', 'mine', 'own.mp3'), 'utf8'), 'mine');
  t.equal(files().length, 5);
  t.equal(Buffer.byteLength(marked(`a/${'x'.repeat(196)}.mp3`, '123456').slice(2)) <= 200, true);
});

t.test('no name leads out of the library or cannot be stored', async (t) => {
  const { server, playlist, track, done, files, dataDir } = await downloads(t);
  const list = playlist('../..');
  for (const [place, title] of ['../../etc/passwd', 'CON', 'x'.repeat(400), '', '音'.repeat(200)].entries()) {
    server.add(`/${place}.mp3`, `${place}`);
    await done(track(list, { key: `${place}`, title, url: server.url(`/${place}.mp3`) }));
  }
  t.equal(files().length, 5, 'all are in the library');
  t.ok(
    files().every((path) => path.split('/').every((name) => Buffer.byteLength(name) <= 200 && !/^con\./i.test(name))),
  );
  t.notOk(existsSync(join(dirname(dataDir), 'etc')));
});

t.test('files of a folder are copied, and no others of this machine', async (t) => {
  const { playlist, track, source, done, attempt, root, dataDir } = await downloads(t);
  const folder = join(dataDir, '..', `${Date.now()}-music`);
  mkdirSync(folder);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'Song #1.flac'), 'la la');
  source({ name: 'disk', kind: 'folder', path: folder });
  const list = playlist('Disk', { source: 'disk' });
  const { path } = await done(track(list, { key: 's', url: pathToFileURL(join(folder, 'Song #1.flac')).href }));
  t.equal(path, 'disk/Disk/s.flac');
  t.equal(readFileSync(join(root, String(path)), 'utf8'), 'la la');
  symlinkSync('/etc/passwd', join(folder, 'link.flac'));
  const refused = { outcome: 'failed', retryable: false, error: { code: 'path_refused' } };
  for (const [place, url] of ['file:///etc/passwd', pathToFileURL(join(folder, 'link.flac')).href].entries())
    t.match(await attempt(track(list, { key: `${place}`, url })), refused, url);
  t.match(
    await attempt(track(playlist('pod'), { key: 'p', url: pathToFileURL(join(folder, 'Song #1.flac')).href })),
    refused,
    'a feed has no files here',
  );
});

t.test('a run is about the tracks of its scope that want their files', async (t) => {
  const { playlist, track, done, nexts, catalog } = await downloads(t);
  const [one, two] = [playlist('One', { groups: ['News'] }), playlist('Two')];
  const failure = { code: 'x', message: '', task: '', at: '' };
  const wanted = [
    track(one, { key: 'new', url: 'http://x/' }),
    track(one, { key: 'failed', failure: { ...failure, stage: 'download' } }),
  ];
  track(one, { key: 'gone', goneAt: '2026-01-01T00:00:00Z' });
  const other = track(two, { key: 'new' });
  await done(null, { params: { groups: ['News'] } });
  t.same(
    nexts.map(({ key }) => key),
    wanted,
  );
  nexts.length = 0;
  await done(null, { params: { playlists: ['Two'] } });
  t.same(
    nexts.map(({ key }) => key),
    [other],
  );
  nexts.length = 0;
  await done(null, { params: { playlists: ['Nothing'] } });
  t.same(nexts, []);
  await done(null);
  t.equal(nexts.length, 3);
  t.equal(catalog.puts, 0);
});

t.test('a run takes hosts by turns, each in its order, and titles of any length', async (t) => {
  const { playlist, track, done, nexts, get } = await downloads(t);
  const list = playlist('list');
  const long = 'x'.repeat(5_000);
  const [a, b] = ['http://a.example', 'http://b.example'];
  for (const url of [`${a}/1`, `${a}/2`, `${a}/3`, `${b}/1`, `${b}/2`, 'http://c.example/1'])
    track(list, { key: url, url, title: long });
  await done(null);
  const urls = nexts.map(({ key }) => get(key).url);
  t.same(urls, [`${a}/1`, `${b}/1`, 'http://c.example/1', `${a}/2`, `${b}/2`, `${a}/3`]);
  t.ok(nexts.every(({ label }) => (label ?? long).length <= 200));
});

t.test('from one host only so many come at once, also beyond this thread', async (t) => {
  let [running, most, refusals] = [0, 0, 3];
  const signal = new AbortController().signal;
  const slots: string[] = [];
  const library = {
    tryClaim: async (name: string) => {
      slots.push(name);
      return refusals-- <= 0;
    },
  };
  const wakes: (() => void)[] = [];
  const order: number[] = [];
  const one = (place: number) =>
    inTurn(library, { host: 'example.org', most: 2, signal }, async () => {
      order.push(place);
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => wakes.push(resolve));
      running--;
    });
  const all = [0, 1, 2, 3, 4].map(one);
  const elsewhere = inTurn(library, { host: 'other.example', most: 2, signal }, async () => 'done');
  t.equal(await elsewhere, 'done', 'another host does not wait for it');
  const ended = Promise.all(all);
  const pump = setInterval(() => wakes.shift()?.(), 5);
  await ended;
  clearInterval(pump);
  t.equal(most, 2);
  t.same(order.toSorted(), [0, 1, 2, 3, 4]);
  t.match(slots[0], 'host:');
  const stop = new AbortController();
  const holds = inTurn(
    library,
    { host: 'h', most: 1, signal },
    () => new Promise<void>((resolve) => wakes.push(resolve)),
  );
  const waits = inTurn(library, { host: 'h', most: 1, signal: stop.signal }, async () => 1);
  stop.abort(new Error('stopped'));
  await t.rejects(waits, { message: 'stopped' });
  while (wakes.length === 0) await new Promise((resolve) => setImmediate(resolve));
  wakes.shift()?.();
  await holds;
});

t.test(
  'a download from nginx goes on where it was stopped, and where nginx itself went away',
  needs('nginx'),
  async (t) => {
    const { playlist, track, order, attempt, pool, done, root, catalog, source } = await downloads(t);
    const folder = mkdtempSync(join(tmpdir(), 'nightshift-nginx-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const body = randomBytes(6 * MB);
    writeFileSync(join(folder, '歌曲.mp3'), body);
    utimesSync(join(folder, '歌曲.mp3'), 1_700_000_000, 1_700_000_000);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/${encodeURIComponent('歌曲.mp3')}`;
    source({ name: 'nginx', url });
    const id = track(playlist('list', { source: 'nginx' }), { key: 'a', url });
    let nginx = await startNginx(t, folder, port);
    const moved = (bytes: number) =>
      pool.until(() =>
        pool.items.some((item) => item.kind === 'progress' && item.taskId === given.taskId && item.done > bytes),
      );
    let given = order({ track: id }, { settings: { LIBRARY_DIR: basename(root) } });
    const stopped = pool.outcome(given);
    await moved(0);
    pool.stop(given, 'canceled');
    t.equal((await stopped).outcome, 'canceled');
    t.equal(catalog.tracks.get(id)?.failure, null, 'a stop is no failure');
    catalog.release(given.taskId);
    given = order({ track: id }, { settings: { LIBRARY_DIR: basename(root) } });
    const cut = pool.outcome(given);
    await moved(0);
    await nginx();
    t.match(await cut, { outcome: 'failed', retryable: true });
    catalog.release(given.taskId);
    t.match(await attempt(id), { outcome: 'failed', retryable: true, error: { code: 'ECONNREFUSED' } });
    nginx = await startNginx(t, folder, port);
    const told = await done(id);
    t.ok(Number(told['resumedBytes']) > 0);
    t.ok(readFileSync(join(root, String(told['path']))).equals(body));
  },
);

/** Slow enough to be interrupted. @returns ends it at once */
async function startNginx(t: Test, root: string, port: number): Promise<() => Promise<void>> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${root};`);
  writeFileSync(
    join(root, 'nginx.conf'),
    `daemon off; master_process off; pid ${root}/pid; error_log stderr crit; events {}
     http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; root ${root}; limit_rate_after 1m; limit_rate 2m; } }`,
  );
  const nginx = spawn(find('nginx') ?? 'nginx', ['-p', root, '-c', join(root, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(nginx, 'exit');
  const end = async () => {
    nginx.kill('SIGKILL');
    await exited;
  };
  t.teardown(end);
  await listening(port);
  return end;
}

t.test('what a file is called at its end, and what is taken for a page', async (t) => {
  const types = (type: string | null) => [type];
  t.equal(extensionOf({ urls: ['http://x/a.MP3?y=.php'], types: types('audio/ogg') }), 'MP3');
  t.equal(extensionOf({ urls: ['http://x/get.php', 'http://y/b.ogg'], types: [] }), 'ogg');
  t.equal(extensionOf({ urls: ['http://x/get.php'], types: types('Audio/MPEG; charset=x') }), 'mp3');
  t.equal(extensionOf({ disposition: 'attachment; filename="c.m4b"', urls: ['http://x/a.mp3'], types: [] }), 'm4b');
  t.equal(extensionOf({ urls: ['http://x/'], types: types(null) }), null);
  const none = Buffer.alloc(0);
  const check = (url: string, mime: string | null = null) => typeCheck({ url, mime });
  t.doesNotThrow(() => check('http://x/a.html')('text/html', none), 'an archive may hold pages');
  t.doesNotThrow(() => check('http://x/a.txt')('text/plain', Buffer.from('plain <html>')));
  t.doesNotThrow(() => check('http://x/a.json')('application/json', none));
  t.throws(() => check('http://x/get.php', 'audio/mpeg')('text/html; charset=utf-8', none), { code: 'wrong_type' });
  t.throws(() => check('http://x/a.pdf')('application/pdf', Buffer.from('\n <HTML>')), { code: 'wrong_type' });
});
