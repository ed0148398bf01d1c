import t from 'tap';
import { gapsIn, numberOf } from '../../../workers/catalog/numbering.ts';
import { failedIn, fileAt, libraryBed } from './bed.ts';

const here = await libraryBed(t, 'library.complete');
const submittedTitles = () => {
  const titles = here.submitted.map(
    ({ params }) => here.library.tracks.get((params as { track: string }).track)?.title,
  );
  here.submitted.length = 0;
  return titles.sort();
};
here.playlist(
  'Show',
  {
    '#1 one': { file: fileAt('1') },
    '#2 two': {},
    '#4 four': { failure: failedIn('download') },
    '#5 five': { file: fileAt('5', 'old') },
    '#6 six': { file: fileAt('6'), failure: failedIn('upload') },
    '#7 seven': { goneAt: '2026-11-24T00:00:00.000Z' },
    '#8 eight': { url: null },
  },
  { groups: ['News'] },
);
here.playlist('Nothing of it', { '#1 a': {}, '#2 b': {} });
here.playlist('Album', {
  Song: { artist: 'Doan', file: fileAt('s') },
  Other: { artist: 'X, doan' },
  Third: { artist: 'Y' },
});

t.test('what a series misses is submitted, and the numbers that its list does not have are told', async (t) => {
  const { told, counts, log } = await here.run({ kind: 'series' });
  t.same(submittedTitles(), ['#2 two', '#4 four', '#5 five']);
  t.match(told, { processed: 4, succeeded: 3, failed: 1, left: 0 });
  t.match(counts, { processed: 4, succeeded: 3, failed: 1 });
  t.same(told.gaps, [{ playlist: 'Show', season: 0, numbers: [3] }]);
  t.match(log.join('\n'), /Show: its list does not have 3/);
  t.match(log.join('\n'), /#8 eight: its list gives no address/);
});

t.test('what an artist misses, or all of whom the library has something', async (t) => {
  await here.run({ kind: 'artist' });
  t.same(submittedTitles(), ['Other']);
  await here.run({ kind: 'artist', artist: 'y' });
  t.same(submittedTitles(), ['Third']);
  await here.run({ kind: 'artist', artist: 'nobody' });
  t.same(submittedTitles(), []);
});

t.test('what a playlist misses, by its title or its group', async (t) => {
  await here.run({ kind: 'playlist', playlists: ['Nothing of it'] });
  t.same(submittedTitles(), ['#1 a', '#2 b']);
  const { told } = await here.run({ kind: 'playlist', groups: ['News'], most: 2 });
  t.equal(submittedTitles().length, 2);
  t.match(told, { processed: 2, left: 2 });
  t.match(await here.run({ kind: 'playlist' }), { outcome: 'failed', retryable: false, error: { code: 'validation' } });
  t.match(await here.run({ kind: 'series', artist: 'x' }), { outcome: 'failed', error: { code: 'validation' } });
});

t.test('an attempt that is repeated submits nothing twice', async (t) => {
  await here.run({ kind: 'series' });
  const keys = here.submitted.map(({ idempotencyKey }) => idempotencyKey);
  here.submitted.length = 0;
  t.equal(new Set(keys).size, 3);
  for (const key of keys) t.match(key, /^[^/]+\/[0-9a-f]{16}$/, 'by task and track, whatever the order');
});

t.test('numbers are told by what feeds say, else by titles', async (t) => {
  const rows: [string, Record<string, unknown>, [number, number] | null][] = [
    ['Anything', { season: 2, episode: 7 }, [2, 7]],
    ['Show S01E12', {}, [1, 12]],
    ['Episode 12: Rain', {}, [0, 12]],
    ['#12', {}, [0, 12]],
    ['Ep. 3', { season: 4 }, [4, 3]],
    ['三体 第12集', {}, [0, 12]],
    ['12. Rain', {}, [0, 12]],
    ['12 - Rain', {}, [0, 12]],
    ['12 Monkeys', {}, null],
    ['Rain', {}, null],
    ['2026-11-24 Rain', {}, null],
  ];
  for (const [title, info, expected] of rows)
    t.same(numberOf({ title, info }), expected && { season: expected[0], number: expected[1] }, title);
});

t.test('gaps are told season by season, and not of numbers that count something else', async (t) => {
  const numbered = (season: number, numbers: number[]) => numbers.map((number) => ({ season, number }));
  t.same(gapsIn([...numbered(1, [1, 2, 4]), ...numbered(2, [1, 2, 3])]), [{ season: 1, numbers: [3] }]);
  t.same(gapsIn(numbered(0, [1, 2, 2026])), []);
  t.same(gapsIn(numbered(0, [1, 3])), [], 'two make no series');
  t.same(gapsIn([]), []);
});
