import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { day } from '../../../workers/catalog/tags.ts';
import type { CallItem } from '../../../workers/contract.ts';
import { playlistId, type Track, trackId, trackState } from '../../../workers/library-contract.ts';
import { MemoryLibrary } from '../../helpers/memory-library.ts';
import { taggedWave } from '../../helpers/tagged-wave.ts';
import { bed, builtIn } from '../thread-pool.ts';

const { pool, order, dataDir } = await bed(t, builtIn('library.scan'));

/** A library folder of its own, scanned as often as asked. */
function scanned() {
  const library = new MemoryLibrary();
  const name = `library-${++libraries}`;
  const folder = join(dataDir, name);
  mkdirSync(folder);
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const scan = async (params: object = {}) => {
    pool.answer = (item: CallItem) => (item.request.name === 'library' ? library.answer(item.request.ask) : null);
    const asked = order(params, { settings: { LIBRARY_DIR: name } });
    const outcome = await pool.outcome(asked);
    const counts = pool.items.filter((item) => item.kind === 'count' && item.taskId === asked.taskId).at(-1);
    return { ...outcome, found: JSON.parse(outcome.result ?? 'null'), counts };
  };
  const track = (path: string) => [...library.tracks.values()].find(({ key }) => key === path) as Track;
  return { library, folder, put, scan, track };
}
let libraries = 0;

t.test('files on the disk become tracks, by their tags, else by their names', async (t) => {
  const { library, put, scan, track } = scanned();
  put(
    'Album/01 one.wav',
    taggedWave({ title: 'First', artist: 'Somebody', album: 'Collected', date: '2019-05-01' }, 2),
  );
  put('Album/像鱼 (伴奏) - 王贰浪.wav', taggedWave({}));
  put('loose.wav', taggedWave({ title: '  ', artist: 'X' }));
  put('Album/cover.jpg', 'no track');
  put('.nightshift/hidden.wav', taggedWave({}));
  const { outcome, found, counts } = await scan();
  t.equal(outcome, 'succeeded');
  t.same(found, { added: 3, changed: 0, unchanged: 0, known: 0, gone: 0, failed: 0 });
  t.match(counts, { processed: 3, succeeded: 3, failed: 0 });
  t.match(track('Album/01 one.wav'), {
    title: 'First',
    artist: 'Somebody',
    album: 'Collected',
    date: '2019-05-01',
    durationS: 2,
    position: 0,
    url: null,
    failure: null,
    info: { track: 1 },
    file: { path: 'Album/01 one.wav', sha256: /^[0-9a-f]{64}$/ },
  });
  t.match(track('Album/像鱼 (伴奏) - 王贰浪.wav'), {
    title: '像鱼 (伴奏)',
    artist: '王贰浪',
    position: 1,
    info: { versions: ['伴奏'], kinds: ['instrumental'] },
  });
  t.match(track('loose.wav'), { title: 'loose', artist: 'X', album: null });
  t.same([...library.playlists.values()].map(({ source, title }) => [source, title]).sort(), [
    ['disk', 'Album'],
    ['disk', 'disk'],
  ]);
  t.equal(trackState(track('loose.wav')), 'downloaded');
  t.same(library.claims, ['scan'], 'two scans do not go on at once');
});

t.test('a second scan reads only what has changed, and tells what has gone', async (t) => {
  const { folder, put, scan, track, library } = scanned();
  for (const name of ['a', 'b', 'c', 'd']) put(`x/${name}.wav`, taggedWave({ title: name }));
  await scan();
  library.puts = 0;
  t.match((await scan()).found, { added: 0, unchanged: 4, changed: 0, gone: 0 });
  t.equal(library.puts, 0, 'nothing is written where nothing is new');
  put('x/a.wav', taggedWave({ title: 'another' }, 3));
  utimesSync(join(folder, 'x/b.wav'), 1, 1);
  renameSync(join(folder, 'x/c.wav'), join(folder, 'x/e.wav'));
  rmSync(join(folder, 'x/d.wav'));
  t.match((await scan()).found, { added: 1, changed: 2, unchanged: 0, gone: 2 });
  t.match(track('x/a.wav'), { title: 'another', durationS: 3 });
  t.equal(trackState(track('x/d.wav')), 'gone');
  t.match((await scan()).found, { unchanged: 3, gone: 0 });
  put('x/d.wav', taggedWave({ title: 'd' }));
  t.match((await scan()).found, { changed: 1, unchanged: 3 });
  t.equal(trackState(track('x/d.wav')), 'downloaded', 'what comes back is there again');
});

t.test('a file of a track that the catalog knows is not doubled', async (t) => {
  const { library, put, scan } = scanned();
  const playlist = playlistId('pods', 'p');
  const id = trackId(playlist, 'k');
  const file = { path: 'Pods/Episode.WAV', bytes: 1, sha256: 'a'.repeat(64), version: '1', at: '2026-11-24T00:00:00Z' };
  library.put(
    [{ id: playlist, source: 'pods', key: 'p', title: 'P' }],
    [{ id, playlist, key: 'k', title: 'T', position: 0, version: '1', file }],
  );
  put('Pods/episode.wav', taggedWave({}));
  t.match((await scan()).found, { known: 1, added: 0, failed: 0 });
  t.equal(library.tracks.size, 1);
});

t.test('damaged files are counted and named, and the others become tracks', async (t) => {
  const { put, scan, track } = scanned();
  put('empty.mp3', '');
  put('text.flac', 'this is no sound at all, however long it goes on');
  put('cut.wav', taggedWave({ title: 'x' }).subarray(0, 30));
  put('page.mp3', '<!DOCTYPE html><html><body>Not found</body></html>'.repeat(50));
  put('fine.wav', taggedWave({ title: 'fine' }));
  const { outcome, found, counts } = await scan();
  t.equal(outcome, 'succeeded');
  t.match(found, { added: 1, failed: 4 });
  t.match(counts, { processed: 5, succeeded: 1, failed: 4 });
  for (const name of ['empty.mp3', 'text.flac', 'cut.wav', 'page.mp3']) {
    t.match(track(name), { file: null, failure: { code: 'damaged', stage: 'scan' } }, name);
    t.equal(trackState(track(name)), 'failed');
  }
  t.match((await scan()).found, { failed: 4, unchanged: 1 }, 'and counted again as long as they are');
  put('empty.mp3', '');
  put('cut.wav', taggedWave({ title: 'whole' }));
  t.match((await scan()).found, { failed: 3, changed: 1 });
  t.match(track('cut.wav'), { title: 'whole', failure: null });
});

t.test('only what lies in the library is scanned, or in the folder of it that is named', async (t) => {
  const { folder, put, scan } = scanned();
  put('a/x.wav', taggedWave({}));
  put('b/y.wav', taggedWave({}));
  symlinkSync('/etc', join(folder, 'out'));
  symlinkSync(join(folder, 'a/x.wav'), join(folder, 'b/link.wav'));
  t.match((await scan({ path: 'b' })).found, { added: 1 });
  t.match((await scan({ path: 'b' })).found, { unchanged: 1, gone: 0 });
  t.match(await scan({ path: '..' }), { outcome: 'failed', retryable: false, error: { code: 'wrong_folder' } });
  t.match(await scan({ path: 'out' }), { outcome: 'failed', retryable: false, error: { code: 'wrong_folder' } });
  t.match(await scan({ path: 'c' }), { outcome: 'failed', error: { code: 'no_folder' } });
  t.match((await scan()).found, { added: 1, unchanged: 1 });
});

t.test('a disk that is not mounted, or a folder that cannot be read, takes nothing out of the library', async (t) => {
  const { folder, put, scan, track, library } = scanned();
  put('a/x.wav', taggedWave({}));
  put('b/y.wav', taggedWave({}));
  await scan();
  if (process.getuid?.() !== 0) {
    chmodSync(join(folder, 'a'), 0);
    t.match((await scan()).found, { failed: 1, gone: 0 });
    chmodSync(join(folder, 'a'), 0o755);
  }
  rmSync(join(folder, 'a'), { recursive: true });
  rmSync(join(folder, 'b'), { recursive: true });
  t.match(await scan(), { outcome: 'failed', error: { code: 'library_empty', message: /is its disk mounted/ } });
  t.equal(library.tracks.size, 2);
  t.equal(trackState(track('a/x.wav')), 'downloaded');
  rmSync(folder, { recursive: true });
  t.match(await scan(), { outcome: 'failed', error: { code: 'no_folder' } });
});

t.test('thousands of files go into the catalog a few hundred at a time', async (t) => {
  const { library, put, scan } = scanned();
  for (let number = 0; number < 2_000; number++) put(`${number % 7}/${number}.wav`, taggedWave({}, 0));
  t.match((await scan()).found, { added: 2_000, failed: 0 });
  t.equal(library.tracks.size, 2_000);
  t.equal(library.puts, 8);
});

t.test('of the date in a tag as much is taken as is one', async (t) => {
  const rows: [string | undefined, string | null][] = [
    ['2019-05-01', '2019-05-01'],
    ['2019-05-01T10:00:00', '2019-05-01'],
    ['2019/5/1', '2019-05-01'],
    ['2019-00-00', '2019'],
    ['2019-13-01', '2019'],
    ['2019-02-30', '2019-02'],
    ['2019', '2019'],
    ['0000', null],
    ['soon', null],
    [undefined, null],
  ];
  for (const [text, expected] of rows) t.equal(day(text), expected, String(text));
});
