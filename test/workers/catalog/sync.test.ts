/** From sources to tracks in the catalog: what collecting and syncing find, write down, pass on, and refuse. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { playlistId, type Track, trackId, trackState } from '../../../workers/library-contract.ts';
import { FileServer } from '../../helpers/file-server.ts';
import { fixture } from '../../helpers/fixture.ts';
import { needs } from '../../helpers/needs.ts';
import { startNginx } from '../../helpers/nginx.ts';
import { type Done, LibraryBed, source } from './library-bed.ts';

const newBed = await LibraryBed.all(t);
const server = await FileServer.start();
t.teardown(() => server.stop());
const outside = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-source-')));
t.teardown(() => rmSync(outside, { recursive: true, force: true }));

const enclosure = (name: string, length = 5_000) =>
  `<enclosure url="/files/${name}" length="${length}" type="audio/mpeg"/>`;
const item = (guid: string, date: string, more = enclosure(`${guid}.mp3`)) =>
  `<item><guid>${guid}</guid><title>Episode ${guid}</title><pubDate>${date}</pubDate>${more}</item>`;
const feed = (...items: string[]) =>
  `<rss version="2.0"><channel><title>Its own title</title>${items.join('')}</channel></rss>`;
const [first, second, third] = [item('1', '1 Jan 2026'), item('2', '2 Jan 2026'), item('3', '3 Jan 2026')];
let feeds = 0;

/** A source with one feed of its own, and how it is synced. */
function podcast(body: string, more: object = {}) {
  const bed = newBed();
  const path = `/feed-${++feeds}.xml`;
  server.add(path, body);
  const url = server.url(path);
  bed.library.sources = [source('Pod', { url, ...more })];
  const sync = async () => (await bed.syncAll('Pod'))[0] as Done;
  const id = playlistId('Pod', url);
  const track = (key: string) => bed.library.tracks.get(trackId(id, key)) as Track;
  return { bed, path, url, sync, track, id, playlist: () => bed.library.playlists.get(id) };
}

const file = (track: Track) => ({
  path: `${track.key}.mp3`,
  bytes: 1,
  sha256: 'a'.repeat(64),
  version: track.version,
  at: '2026-01-01T00:00:00Z',
});

t.test('a feed becomes tracks, and each that wants its file is passed on', async (t) => {
  const { sync, track, playlist, id, bed } = podcast(feed(third, second, first), { groups: ['News'] });
  const done = await sync();
  t.match(done, {
    outcome: 'succeeded',
    result: { playlist: id, new: 3, changed: 0, gone: 0, same: 0, leftOut: 0, unchanged: false, passedOn: 3 },
    counts: { processed: 3, succeeded: 3, failed: 0 },
  });
  t.same(
    done.works.map(({ key, label, params }) => [key, label, params]),
    ['1', '2', '3'].map((key) => [track(key).id, `Episode ${key}`, { track: track(key).id }]),
  );
  t.match(track('1'), {
    playlist: id,
    title: 'Episode 1',
    date: '2026-01-01',
    url: server.url('/files/1.mp3'),
    bytes: 5_000,
    mime: 'audio/mpeg',
    position: 0,
    file: null,
  });
  t.match(playlist(), {
    source: 'Pod',
    title: 'Pod',
    kind: 'feed',
    groups: ['News'],
    info: { title: 'Its own title' },
    failure: null,
    seen: { etag: /^"/, sha256: /^[0-9a-f]{64}$/ },
  });
  t.same(bed.library.claims, [`playlist:${id}`]);
});

t.test('what has not changed is not compared again, and what is still open is passed on again', async (t) => {
  const { sync, track, path, bed } = podcast(feed(second, first));
  await sync();
  bed.library.put([], [{ id: track('1').id, file: file(track('1')) }]);
  const puts = bed.library.puts;
  const unchanged = await sync();
  t.match(unchanged, { result: { unchanged: true, new: 0, passedOn: 1 }, works: [{ label: 'Episode 2' }] });
  t.equal(unchanged.works.length, 1);
  t.equal(bed.library.puts, puts + 1, 'only when it was synced is written down');
  t.match(server.seen(path).at(-1)?.headers, { 'if-none-match': /^"/, 'if-modified-since': /GMT/ });
  server.add(path, feed(second, first), { etag: '"another"', lastModified: null });
  t.match(await sync(), { result: { unchanged: true } }, 'the same bytes under another ETag');
  server.add(path, feed(second, first), { etag: null, lastModified: null });
  t.match(await sync(), { result: { unchanged: true } }, 'and without one');
});

t.test('new, changed and gone tracks are told apart; one more episode rewrites no other', async (t) => {
  const { sync, track, path, bed } = podcast(feed(second, first));
  await sync();
  for (const key of ['1', '2'])
    bed.library.put(
      [],
      [{ id: track(key).id, artist: 'By its tags', file: file(track(key)), info: { provider: 'x' } }],
    );
  bed.library.put(
    [],
    [
      {
        id: track('2').id,
        failure: { code: 'http_404', message: 'm', task: 't', at: '2026-01-01T00:00:00Z', stage: 'download' },
      },
    ],
  );
  const before = track('1');
  server.add(path, feed(third, item('2', '2 Jan 2026', enclosure('2.mp3', 6_000)), first));
  const done = await sync();
  t.match(done.result, { new: 1, changed: 1, gone: 0, same: 1, passedOn: 2 });
  t.same(done.works.map(({ label }) => label).sort(), ['Episode 2', 'Episode 3']);
  t.same(track('1'), before, 'what is the same stays as it is, with what others found out about it');
  t.match(track('2'), { artist: 'By its tags', bytes: 6_000, failure: null, info: { provider: 'x' } });
  t.equal(trackState(track('2')), 'changed');
  t.equal(track('3').position, 2);
  server.add(path, feed(third));
  t.match(await sync(), { result: { gone: 2, same: 1 } });
  t.match(track('1'), { goneAt: /T/, file: { path: '1.mp3' } }, 'its file stays');
  server.add(path, feed(third, first));
  t.match(await sync(), { result: { new: 0, same: 2 } });
  t.equal(track('1').goneAt, null, 'it has come back');
});

t.test('at most so many newest are taken in, and another limit takes others', async (t) => {
  const { sync, bed, url } = podcast(feed(first, third, second), { limit: 2 });
  t.match(await sync(), { result: { new: 2, passedOn: 2 } });
  t.same([...bed.library.tracks.values()].map(({ key }) => key).sort(), ['2', '3']);
  bed.library.sources = [source('Pod', { url, limit: 1 })];
  t.match(await sync(), { result: { unchanged: false, new: 0, gone: 0 }, works: [{ label: 'Episode 3' }] });
  bed.library.sources = [source('Pod', { url })];
  t.match(
    await sync(),
    { result: { unchanged: false, new: 1, same: 2 } },
    'although the server says that nothing has changed',
  );
});

t.test('files that are there go on to the upload, where copies go somewhere', async (t) => {
  const { sync, track, bed } = podcast(feed(second, first));
  await sync();
  bed.library.put([], [{ id: track('1').id, file: file(track('1')) }]);
  t.same(
    (await sync()).works.map(({ stage = 'next' }) => stage),
    ['next'],
  );
  bed.settings = { OBJECT_ENDPOINT: 'https://objects.example' };
  t.same((await sync()).works.map(({ label, stage }) => [label, stage]).sort(), [
    ['Episode 1', 'upload'],
    ['Episode 2', undefined],
  ]);
  bed.stages = ['sync'];
  t.match(
    await sync(),
    { outcome: 'succeeded', works: [], result: { passedOn: 0 } },
    'a pipeline that ends here is no failure',
  );
  bed.stages = null;
  t.match(
    await sync().catch((error: Error) => error.message),
    undefined,
    'collected outside of a run, it is passed on to nobody',
  );
  t.match(await bed.perform('library.sync', { playlist: playlistId('Pod', bed.library.sources[0]?.url ?? '') }), {
    outcome: 'succeeded',
  });
});

t.test('every failure has a code, is kept with its playlist, and is cleared by success', async (t) => {
  const { sync, path, bed, playlist, id } = podcast(feed(first));
  const url = server.url(path);
  const rows: [string, () => void, string, boolean, object?][] = [
    ['403', () => server.fail(path, { status: 403 }), 'http_403', false],
    ['404', () => server.fail(path, { status: 404 }), 'http_404', false],
    ['500', () => server.fail(path, { status: 500 }), 'http_500', true],
    [
      '429',
      () => server.fail(path, { status: 429, headers: { 'retry-after': '120' } }),
      'http_429',
      true,
      { retryAfterMs: 120_000 },
    ],
    [
      '503',
      () => server.fail(path, { status: 503, headers: { 'retry-after': '7' } }),
      'http_503',
      true,
      { retryAfterMs: 7_000 },
    ],
    ['no content', () => server.fail(path, { status: 204 }), 'http_204', false],
    [
      'redirects for ever',
      () => server.fail(path, ...Array.from({ length: 6 }, () => ({ status: 302, headers: { location: url } }))),
      'too_many_redirects',
      false,
    ],
    [
      'a redirect to a file',
      () => server.fail(path, { status: 302, headers: { location: 'file:///etc/passwd' } }),
      'wrong_address',
      false,
    ],
    [
      'a web page',
      () => server.fail(path, { status: 200, body: '<!DOCTYPE html><html><title>Log in</title></html>' }),
      'not_a_list',
      false,
    ],
    ['a cut feed', () => server.fail(path, { status: 200, body: feed(first).slice(0, -20) }), 'list_truncated', true],
    ['a cut connection', () => server.fail(path, { cutAfter: 40 }), 'UND_ERR_SOCKET', true],
    [
      'half a package',
      () => void server.add(path, gzipSync(feed(first)).subarray(0, 60), { headers: { 'content-encoding': 'gzip' } }),
      'list_truncated',
      true,
    ],
    [
      'a bomb of gzip',
      () =>
        void server.add(path, gzipSync(Buffer.alloc(64 * 1024 * 1024, 32)), {
          headers: { 'content-encoding': 'gzip' },
        }),
      'list_too_large',
      false,
    ],
    [
      'an unknown package',
      () => server.fail(path, { status: 200, headers: { 'content-encoding': 'zpaq' }, body: 'x' }),
      'not_a_list',
      false,
    ],
  ];
  for (const [what, fault, code, retryable, more = {}] of rows) {
    fault();
    const done = await sync();
    t.match(done, { outcome: 'failed', retryable, error: { code }, ...more }, `${what}: ${done.error?.code}`);
    t.match(playlist()?.failure, { code, task: /^0/, at: /Z$/ }, what);
  }
  server.add(path, feed(first));
  t.match(await sync(), { outcome: 'succeeded', result: { new: 1 } });
  t.equal(playlist()?.failure, null);
  server.fail(path, { status: 410 });
  await sync();
  t.match(playlist(), { goneAt: /Z$/, failure: { code: 'http_410' } }, 'gone, its server says');
  bed.stages = ['sync'];
  t.match(
    await bed.perform('library.sync'),
    { result: { playlists: 0 } },
    'and is not asked for again before it is collected again',
  );
  t.match(await bed.perform('library.sync', { playlist: '0123456789abcdef' }), {
    error: { code: 'no_such_playlist' },
    retryable: false,
  });
  t.match(await bed.perform('library.sync', { playlist: { key: 'a', title: 'b' } }), { error: { code: 'validation' } });
  t.ok(id);
});

t.test('a list of 500 MB is refused without being read', async (t) => {
  const { sync, path } = podcast(feed(first));
  const body = Buffer.alloc(40 * 1024 * 1024, 32);
  server.add(path, body);
  const done = await sync();
  t.match(done, { retryable: false, error: { code: 'list_too_large', message: /not read any further/ } });
  server.add(path, '', { headers: { 'content-length': '524288000' } });
  server.fail(path, { status: 200, headers: { 'content-length': '524288000' }, body: 'x' });
  t.match(await sync(), { retryable: false, error: { code: 'list_too_large' } });
});

t.test('an attempt that is cut between its writes is done again as a whole', async (t) => {
  const many = Array.from({ length: 1_200 }, (_, at) => item(String(at), '1 Jan 2026'));
  const { sync, bed, playlist } = podcast(feed(...many));
  let puts = 0;
  bed.beforePut = () => {
    if (++puts === 3) throw Object.assign(new Error('no room'), { code: 'fault' });
  };
  t.match(await sync(), { outcome: 'failed' });
  t.equal(playlist()?.seen, null, 'as if it had not been read');
  t.match(await sync(), { outcome: 'succeeded', result: { new: 700, same: 500, passedOn: 1_200 } });
  t.equal(bed.library.tracks.size, 1_200);
});

t.test(
  'a pool gives its playlists; what it names no more is gone, with a source that is not on any more all of it',
  async (t) => {
    const bed = newBed();
    const outline = (name: string) => `<outline type="rss" text="${name}" xmlUrl="/${name}.xml"/>`;
    const opml = (...inside: string[]) => `<opml version="2.0"><body>${inside.join('')}</body></opml>`;
    server.add(
      '/pool.opml',
      opml(
        `<outline text="Lawyers">${outline('a')}</outline>`,
        outline('b'),
        '<outline type="rss" text="x" xmlUrl="x:y"/>',
      ),
    );
    bed.library.sources = [source('Pool', { kind: 'opml', url: server.url('/pool.opml'), groups: ['All'] })];
    const collect = (params: object = {}) => bed.perform('library.collect', { source: 'Pool', ...params });
    const done = await collect();
    t.match(done, {
      result: { playlists: 2, inScope: 2, added: 2, gone: 0, leftOut: 1 },
      counts: { succeeded: 2, failed: 1 },
    });
    const key = server.url('/a.xml');
    t.match(done.works[0], {
      key: playlistId('Pool', key),
      label: 'a',
      params: { source: 'Pool', playlist: { key, url: key, kind: 'feed', title: 'a', groups: ['All', 'Lawyers'] } },
    });
    for (const scope of [
      { groups: ['lawyers'] },
      { playlists: ['A'] },
      { playlists: [playlistId('Pool', key)] },
      { scope: { groups: ['Lawyers'] } },
    ])
      t.same(
        (await collect(scope)).works.map(({ label }) => label),
        ['a'],
        JSON.stringify(scope),
      );
    bed.stages = ['collect', 'catalog'];
    for (const { params } of done.works)
      t.match(await bed.perform('library.catalog', params), { outcome: 'succeeded', counts: { succeeded: 1 } });
    t.match(bed.library.playlists.get(playlistId('Pool', key)), { groups: ['All', 'Lawyers'], goneAt: null });
    server.add('/pool.opml', opml(outline('b')));
    t.match(await collect({ groups: ['none'] }), { result: { playlists: 1, inScope: 0, gone: 1 } });
    t.match(bed.library.playlists.get(playlistId('Pool', key)), { goneAt: /Z$/ });
    server.fail('/pool.opml', { status: 404 });
    t.match(await collect(), { outcome: 'failed', error: { code: 'http_404' } });
    bed.library.put([{ id: 'd'.repeat(16), source: 'disk', key: 'k', title: 'On the disk' }], []);
    bed.library.sources = [];
    t.match(await bed.perform('library.collect'), { result: { sources: 0, gone: 1 } });
    t.same(
      [...bed.library.playlists.values()].filter(({ goneAt }) => goneAt === null).map(({ title }) => title),
      ['On the disk'],
      'what others have put stays',
    );
    t.match(await collect(), {
      error: { code: 'no_such_source', message: /no source "Pool" is on; those that are: none/ },
      retryable: false,
    });
  },
);

t.test('without a particular thing there is one task for each, in its own stage', async (t) => {
  const bed = newBed();
  const shelf = source('Shelf', { kind: 'shelf', url: 'https://shelf.example/' });
  bed.library.sources = [source('A', { url: 'https://a.example/' }), shelf];
  const all = await bed.perform('library.collect', { groups: ['News'], scope: { playlists: ['x'] } });
  t.match(all, { outcome: 'succeeded', result: { sources: 2, added: 2 } });
  t.same(all.works, [
    { key: 'source:A', label: 'A', params: { source: 'A', groups: ['News'], playlists: ['x'] }, stage: 'collect' },
    {
      key: 'source:Shelf',
      label: 'Shelf',
      type: 'source.shelf',
      params: { source: shelf, groups: ['News'], playlists: ['x'] },
      stage: 'collect',
    },
  ]);
  t.same(
    (await bed.perform('library.collect', { sources: ['A'] })).works.map(({ label }) => label),
    ['A'],
  );
  t.match(await bed.perform('library.collect', { sources: ['Z'] }), {
    error: { code: 'no_such_source', message: /no source "Z" is on; those that are: A, Shelf/ },
  });
  bed.library.put(
    [
      { id: 'a'.repeat(16), source: 'A', key: 'k', title: 'T', groups: ['News'] },
      { id: 'b'.repeat(16), source: 'A', key: 'l', title: 'U' },
      { id: 'c'.repeat(16), source: 'A', key: 'm', title: 'V', goneAt: '2026-01-01T00:00:00Z' },
    ],
    [],
  );
  t.same((await bed.perform('library.sync', { groups: ['News'] })).works, [
    { key: 'a'.repeat(16), label: 'T', params: { playlist: 'a'.repeat(16) }, stage: 'sync' },
  ]);
  t.match(await bed.perform('library.sync'), { result: { playlists: 2 } }, 'what is gone is left out');
  bed.stages = null;
  for (const type of ['library.collect', 'library.sync'])
    t.match(await bed.perform(type), {
      retryable: false,
      error: { code: 'not_in_a_run', message: new RegExp(`nightshift runs start ${type}`) },
    });
});

t.test('what a source of another kind gives is written down without being fetched', async (t) => {
  const bed = newBed();
  bed.library.sources = [source('Shelf', { kind: 'shelf', path: outside })];
  const playlist = {
    key: 'k',
    title: 'Given',
    tracks: [
      { title: 'One', url: 'https://x.example/1.mp3', key: '1', bytes: 9, date: 'Tue, 24 Nov 2026 06:00:00 GMT' },
      { title: 'Two', url: pathToFileURL(join(outside, 'two.mp3')).href },
      { title: 'No', url: 'file:///etc/passwd' },
      { title: 'Nor', url: 'ftp://x.example/' },
    ],
  };
  t.match(await bed.perform('library.sync', { source: 'Shelf', playlist }), {
    result: { new: 2, leftOut: 2, passedOn: 2 },
    counts: { succeeded: 2, failed: 2 },
  });
  const id = playlistId('Shelf', 'k');
  t.match(bed.library.tracks.get(trackId(id, '1')), { title: 'One', bytes: 9, date: '2026-11-24T06:00:00Z' });
  t.match(
    await bed.perform('library.sync', { playlist: id }),
    { result: { unchanged: true, passedOn: 2 } },
    'by itself, what is open is passed on',
  );
  t.match(await bed.perform('library.sync', { source: 'Shelf', playlist: { ...playlist, tracks: [{ title: 'x' }] } }), {
    error: { code: 'validation' },
  });
});

t.test('a handler of another kind says what there is, and what it does not name is gone', async (t) => {
  const bed = newBed();
  bed.library.sources = [source('Shelf', { kind: 'shelf', url: 'https://shelf.example/' }), source('A', {})];
  for (const key of ['a', 'b'])
    await bed.perform('library.sync', { source: 'Shelf', playlist: { key, title: key, tracks: [] } });
  bed.library.put([{ id: 'd'.repeat(16), source: 'Shelf', key: 'k', title: 'put by others' }], []);
  const gone = () => [...bed.library.playlists.values()].filter((one) => one.goneAt !== null).map(({ key }) => key);
  const tell = (found: string[], name = 'Shelf') => bed.perform('library.collect', { source: name, found });
  t.match(await tell(['a', 'b', 'new']), { result: { playlists: 3, gone: 0 }, counts: { succeeded: 3 } });
  t.match(await tell(['b']), { outcome: 'succeeded', result: { playlists: 1, gone: 1 }, works: [] });
  t.same(gone(), ['a']);
  t.match(await bed.perform('library.sync'), { result: { playlists: 2 } }, 'what is gone is not synced');
  await bed.perform('library.sync', { source: 'Shelf', playlist: { key: 'a', title: 'a', tracks: [] } });
  t.same(gone(), [], 'what comes back is there again');
  t.match(await tell([]), { result: { gone: 2 } }, 'none may be all there is');
  t.match(await tell([], 'A'), { retryable: false, error: { code: 'validation', message: /kind feed/ } });
  t.match(await tell([], 'Z'), { retryable: false, error: { code: 'no_such_source' } });
});

t.test('a file that was deleted by hand is fetched again; where most are missing, the disk is', async (t) => {
  const episodes = Array.from({ length: 9 }, (_, at) => item(`${at + 1}`, `${at + 1} Jan 2026`));
  const { sync, track, bed, path } = podcast(feed(...episodes));
  const root = mkdtempSync(join(tmpdir(), 'nightshift-library-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  bed.settings = { LIBRARY_DIR: root, OBJECT_ENDPOINT: 'file:///mnt' };
  await sync();
  const keys = episodes.map((_, at) => `${at + 1}`);
  for (const key of keys) bed.library.put([], [{ id: track(key).id, file: file(track(key)) }]);
  const passedOn = async () => {
    const { result, works } = await sync();
    const to = (stage: string) =>
      works.filter((work) => (work.stage ?? 'download') === stage).map(({ label }) => Number(label?.split(' ')[1]));
    return { lost: result['lost'], download: to('download'), upload: to('upload') };
  };
  t.same(
    await passedOn(),
    { lost: 0, download: [], upload: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
    'an empty library is a disk that is not mounted',
  );
  for (const key of keys) writeFileSync(join(root, file(track(key)).path), 'x');
  t.match(await passedOn(), { lost: 0, download: [] });
  for (const key of ['2', '5', '7']) rmSync(join(root, `${key}.mp3`));
  t.same(
    await passedOn(),
    { lost: 3, download: [2, 5, 7], upload: [1, 3, 4, 6, 8, 9] },
    'also when its list is the same',
  );
  bed.library.put(
    [],
    [{ id: track('7').id, failure: { code: 'file_missing', message: '', task: '', at: '', stage: 'upload' } }],
  );
  server.add(path, feed(...episodes.slice(1)));
  rmSync(join(root, '1.mp3'));
  t.match(await passedOn(), { lost: 3, download: [2, 5, 7] }, 'what its list has no more cannot come');
  for (const key of ['3', '4']) rmSync(join(root, `${key}.mp3`));
  t.match(await passedOn(), { lost: 5, download: [] }, 'most of it');
  bed.library.sources = [source('Pod', { url: server.url(path), limit: 3 })];
  writeFileSync(join(root, '7.mp3'), 'x');
  rmSync(join(root, '8.mp3'));
  t.match(await passedOn(), { lost: 1, download: [8] }, 'of a source with a limit, those within it');
  bed.library.put([], [{ id: track('9').id, version: 'other' }]);
  t.match(await passedOn(), { lost: 1, download: [9, 8] });
});

t.test('a private address in a list of somebody else is not asked', async (t) => {
  const bed = newBed();
  const other = await FileServer.start('127.0.0.2');
  t.teardown(() => other.stop());
  other.add('/feed.xml', feed(first));
  const url = other.url('/feed.xml', '127.0.0.2');
  server.add('/others.opml', `<opml version="2.0"><body><outline type="rss" text="a" xmlUrl="${url}"/></body></opml>`);
  bed.library.sources = [source('Pool', { kind: 'opml', url: server.url('/others.opml') })];
  t.match(await bed.syncAll('Pool'), [{ outcome: 'failed', retryable: false, error: { code: 'private_address' } }]);
  bed.library.put([{ id: 'a'.repeat(16), source: 'found by others', key: 'k', title: 'T', url, kind: 'feed' }], []);
  t.match(await bed.perform('library.sync', { playlist: 'a'.repeat(16) }), { error: { code: 'private_address' } });
  const found = playlistId('discover', url);
  bed.library.put([{ id: found, source: 'discover', key: url, title: 'Found', url, kind: 'feed' }], []);
  const discovered = await bed.perform('library.sync', { playlist: found });
  t.match(discovered, { retryable: false, error: { code: 'private_address' } });
  t.equal(other.requests.length, 0);
  bed.settings = { ALLOW_PRIVATE_ADDRESSES: '127.0.0.2' };
  t.match(await bed.syncAll('Pool'), [{ outcome: 'succeeded' }]);
  bed.settings = {};
  writeFileSync(
    join(outside, 'mine.opml'),
    `<opml version="2.0"><body><outline type="rss" text="a" xmlUrl="${url}"/></body></opml>`,
  );
  bed.library.sources = [source('Mine', { kind: 'opml', path: join(outside, 'mine.opml') })];
  t.match(await bed.syncAll('Mine'), [{ outcome: 'succeeded' }], 'in a file of their own it was written by a person');
});

t.test('headers of a source go to its own server only', async (t) => {
  const { sync, path, bed, url } = podcast(feed(first), { headers: { authorization: 'Bearer secret' } });
  await sync();
  t.match(server.seen(path).at(-1)?.headers, { authorization: 'Bearer secret', 'accept-encoding': /gzip/ });
  server.add(
    '/elsewhere.opml',
    `<opml version="2.0"><body><outline type="rss" text="a" xmlUrl="${url}"/></body></opml>`,
  );
  bed.library.sources = [
    source('Pool', {
      kind: 'opml',
      url: server.url('/elsewhere.opml').replace('127.0.0.1', 'localhost'),
      headers: { authorization: 'Bearer secret' },
    }),
  ];
  bed.settings = { ALLOW_PRIVATE_ADDRESSES: '127.0.0.1' };
  t.match(await bed.syncAll('Pool'), [{ outcome: 'succeeded' }]);
  t.equal(server.seen(path).at(-1)?.headers['authorization'], undefined);
});

t.test(
  'a folder gives a playlist for each folder in it; links are not followed, and nothing else is read',
  async (t) => {
    const bed = newBed();
    const root = join(outside, 'music');
    const put = (path: string, content = 'sound') => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    put('a.mp3');
    put('Album/Disc 1/像鱼.mp3');
    put('Album/Disc 1/.hidden');
    put('Album/Thumbs.db');
    mkdirSync(join(outside, 'elsewhere'));
    writeFileSync(join(outside, 'elsewhere', 'b.mp3'), 'other');
    symlinkSync(join(outside, 'elsewhere'), join(root, 'link'));
    symlinkSync('/etc/passwd', join(root, 'passwd.mp3'));
    bed.library.sources = [source('Disk', { kind: 'folder', path: root })];
    const [top, disc] = await bed.syncAll('Disk');
    t.match([top, disc], [{ result: { new: 1 } }, { result: { new: 1 } }]);
    t.same(
      [...bed.library.playlists.values()].map(({ title, key }) => [title, key]),
      [
        ['Disk', '.'],
        ['Album / Disc 1', 'Album/Disc 1'],
      ],
    );
    const track = () => [...bed.library.tracks.values()].find(({ title }) => title === '像鱼') as Track;
    t.match(track(), { url: pathToFileURL(join(root, 'Album/Disc 1/像鱼.mp3')).href, bytes: 5 });
    const { version } = track();
    t.match((await bed.syncAll('Disk'))[1], { result: { same: 1, changed: 0 } });
    utimesSync(join(root, 'Album/Disc 1/像鱼.mp3'), 1, 1);
    t.match((await bed.syncAll('Disk'))[1], { result: { changed: 1 } });
    t.not(track().version, version);
    const refused = async (path: string, url: string) => {
      bed.library.sources = [source('Disk', { kind: 'folder', path })];
      return bed.perform('library.sync', { source: 'Disk', playlist: { key: 'x', title: 'x', url, kind: 'folder' } });
    };
    for (const place of ['/etc', join(outside, 'elsewhere'), join(root, '..'), join(root, 'link'), join(root, 'none')])
      t.match(
        await refused(root, pathToFileURL(place).href),
        { retryable: false, error: { code: 'path_refused' } },
        place,
      );
    t.match(
      await bed.perform('library.sync', {
        source: 'Nobody',
        playlist: { key: 'x', title: 'x', url: 'file:///etc', kind: 'folder' },
      }),
      { error: { code: 'path_refused' } },
    );
    mkdirSync(join(bed.dataDir, 'library', 'in'), { recursive: true });
    mkdirSync(join(bed.dataDir, 'journal'));
    for (const [path, code] of [
      ['library/in', 'path_refused'],
      ['library', 'path_refused'],
      ['journal', 'path_refused'],
      ['.', 'path_refused'],
      ['none', 'path_missing'],
    ] as const) {
      bed.library.sources = [source('Disk', { kind: 'folder', path })];
      t.match(await bed.perform('library.collect', { source: 'Disk' }), { retryable: false, error: { code } }, path);
    }
  },
);

t.test('a playlist on this machine names files below its folder, and none elsewhere', async (t) => {
  const bed = newBed();
  mkdirSync(join(outside, 'lists', 'sub'), { recursive: true });
  writeFileSync(
    join(outside, 'lists', 'all.m3u'),
    'sub/a b.mp3\n../elsewhere/b.mp3\n/etc/passwd\nhttp://m.example/1.mp3\n',
  );
  bed.library.sources = [source('List', { kind: 'm3u', path: join(outside, 'lists', 'all.m3u') })];
  t.match(await bed.syncAll('List'), [{ result: { new: 2, leftOut: 2 } }]);
  t.same(
    [...bed.library.tracks.values()].map(({ url }) => url),
    [pathToFileURL(join(outside, 'lists', 'sub', 'a b.mp3')).href, 'http://m.example/1.mp3'],
  );
  t.match(await bed.syncAll('List'), [{ result: { unchanged: true } }]);
});

t.test('nginx: ETags, packed lists, listings in HTML and JSON, redirects', needs('nginx'), async (t) => {
  const bed = newBed();
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nightshift-nginx-root-')));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  put('podcast.xml', readFileSync(fixture('lists/rss-2.0-podcast.xml')));
  put('gb.xml', readFileSync(fixture('lists/gb18030.xml')));
  put('music/a & b.mp3', 'x'.repeat(2_000));
  put('music/像鱼 (伴奏)/100% #1?.mp3', 'y');
  put('music/空/.keep', '');
  put('json/c.mp3', 'z');
  const port = await startNginx(
    t,
    root,
    `gzip on; gzip_types application/xml; gzip_min_length 100; charset utf-8;
     location /music/ { autoindex on; } location /json/ { autoindex on; autoindex_format json; }
     location /loop { return 302 /loop; } location = /moved { return 301 /podcast.xml; } location /closed { return 403; }`,
  );
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;
  const one = async (name: string, kind: string, path: string) => {
    bed.library.sources = [source(name, { kind, url: at(path) })];
    return (await bed.syncAll(name)) as Done[];
  };
  t.match(await one('Pod', 'feed', '/podcast.xml'), [{ result: { new: 5, leftOut: 1, unchanged: false } }]);
  t.match(
    bed.library.playlists.get(playlistId('Pod', at('/podcast.xml'))),
    { seen: { etag: /^W\// } },
    'it came packed',
  );
  t.match(await one('Pod', 'feed', '/podcast.xml'), [{ result: { unchanged: true } }]);
  t.match(await one('Moved', 'feed', '/moved'), [{ result: { new: 5 } }]);
  t.match(await one('GB', 'feed', '/gb.xml'), [{ result: { new: 1 } }]);
  t.ok([...bed.library.tracks.values()].some(({ title }) => title === '玉盘 - 葫芦童声 𠮷'));
  t.match(await one('Loop', 'feed', '/loop'), [{ retryable: false, error: { code: 'too_many_redirects' } }]);
  t.match(await one('Closed', 'feed', '/closed'), [{ retryable: false, error: { code: 'http_403' } }]);
  t.match(await one('Index', 'index', '/music/'), [{ result: { new: 1 } }, { result: { new: 1 } }]);
  const tracks = [...bed.library.tracks.values()].filter(({ url }) => url?.includes('/music/'));
  t.same(
    tracks.map(({ title, bytes }) => [title, bytes]),
    [
      ['a & b', 2_000],
      ['100% #1?', 1],
    ],
  );
  for (const { url } of tracks) t.equal((await fetch(url ?? '')).status, 200, url ?? '');
  t.same(
    [...bed.library.playlists.values()].filter(({ source }) => source === 'Index').map(({ title }) => title),
    ['Index', '像鱼 (伴奏)'],
  );
  t.match(await one('Json', 'index', '/json/'), [{ result: { new: 1 } }]);
  rmSync(join(root, 'music', 'a & b.mp3'));
  t.match(await one('Index', 'index', '/music/'), [{ result: { unchanged: true } }]);
  t.match(
    bed.library.playlists.get(playlistId('Index', './')),
    { goneAt: /Z$/ },
    'a folder that holds no file any more',
  );
});
