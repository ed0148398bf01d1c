import fc from 'fast-check';
import t from 'tap';
import { type LayoutValues, layoutDefault, layoutMistake, layoutPath } from '../../../workers/catalog/layout.ts';
import { LAYOUT_MEMBERS } from '../../../workers/catalog/layout-text.ts';
import { safeName } from '../../../workers/download/file-name.ts';

const episode: LayoutValues = {
  source: 'Podcasts',
  playlist: 'The Daily',
  group: 'News',
  artist: 'NYT',
  album: 'Season 2',
  title: 'A morning',
  date: '2026-11-24T05:00:00Z',
  ext: '.mp3',
};

t.test('a layout is filled with what a track has', async (t) => {
  const rows: [string, LayoutValues, string][] = [
    [layoutDefault, episode, 'Podcasts/The Daily/2026-11-24 A morning.mp3'],
    ['{group}/{artist}/{album} ({year})/{title}{ext}', episode, 'News/NYT/Season 2 (2026)/A morning.mp3'],
    ['Music/{artist} - {title}{ext}', { ...episode, ext: 'flac' }, 'Music/NYT - A morning.flac'],
    ['{title}', episode, 'A morning.mp3'],
    ['{title}{ext}', { ...episode, ext: '' }, 'A morning'],
    ['{year}/{title}', { ...episode, date: '2026-11' }, '2026/A morning.mp3'],
    ['{date}/{title}', { ...episode, date: '1999' }, '1999/A morning.mp3'],
    ['{date}/{title}', { ...episode, date: 'Tue, 24 Nov 2026' }, 'A morning.mp3'],
    ['{date}/{title}', { ...episode, date: '2026-13-45' }, '2026/A morning.mp3'],
  ];
  for (const [layout, values, expected] of rows) t.equal(layoutPath(layout, values), expected, expected);
});

t.test('what a track does not have leaves no gap, no bracket and no folder', async (t) => {
  const title = { title: 'T', ext: '.mp3' };
  const both = { ...title, artist: 'A' };
  const rows: [string, LayoutValues, string][] = [
    [layoutDefault, title, 'T.mp3'],
    [layoutDefault, { ...title, source: 'S' }, 'S/T.mp3'],
    ['{artist} - {title}{ext}', title, 'T.mp3'],
    ['{title} - {artist}{ext}', title, 'T.mp3'],
    ['{title} ({year}) [{album}]{ext}', title, 'T.mp3'],
    ['[{album}] {title}{ext}', title, 'T.mp3'],
    ['{title} ({year} live){ext}', title, 'T (live).mp3'],
    ['{title} (live {year}){ext}', title, 'T (live).mp3'],
    ['{artist} - {album} - {title}{ext}', both, 'A - T.mp3'],
    ['{artist} - {album} - {date} - {title}{ext}', both, 'A - T.mp3'],
    ['{artist} - {album} - {title}{ext}', title, 'T.mp3'],
    ['Podcast {date} - {title}{ext}', title, 'Podcast T.mp3'],
    ['{artist}, {album}, {title}', both, 'A, T.mp3'],
    ['{artist} - {title}{ext}', { ...title, artist: 'A -' }, 'A - - T.mp3'],
    [layoutDefault, {}, 'untitled'],
    [layoutDefault, { title: '???', ext: 'mp3' }, 'untitled.mp3'],
  ];
  for (const [layout, values, expected] of rows) t.equal(layoutPath(layout, values), expected, `${layout} ${expected}`);
});

t.test('names that would lead elsewhere, or that a file system does not take, come out as plain names', async (t) => {
  const rows: [string, string][] = [
    ['../../etc/passwd', '_.._etc_passwd.mp3'],
    ['CON', '_CON.mp3'],
    ['con .x', '_con .x.mp3'],
    ['AC/DC: live?', 'AC_DC_ live_.mp3'],
    ['.hidden', 'hidden.mp3'],
    ['e\u0301', '\u00e9.mp3'],
    ['a\u202egnp', 'a_gnp.mp3'],
    ['\u200d', 'untitled.mp3'],
    ['a\n  b', 'a b.mp3'],
  ];
  for (const [title, expected] of rows) t.equal(layoutPath('{title}{ext}', { title, ext: '.mp3' }), expected, title);
  t.equal(layoutPath('{source}/{playlist}/{title}', { source: '..', playlist: '.', title: 'x' }), 'x');
  t.equal(layoutPath('{title}{ext}', { title: 'x', ext: '../sh' }), 'x.sh');
});

t.test('long names are cut, and two that differ only behind the cut stay two', async (t) => {
  const long = '歌'.repeat(300);
  const [one, two] = ['A', 'B'].map((end) => layoutPath('{title}{ext}', { title: long + end, ext: '.mp3' }));
  t.not(one, two);
  for (const name of [one, two]) {
    t.match(name, /^歌+~[0-9a-f]{8}\.mp3$/);
    t.ok(Buffer.byteLength(name ?? '') <= 200);
  }
  const [three, four] = ['A', 'B'].map((end) => layoutPath('{album}/{title}', { album: long + end, title: 'x' }));
  t.not(three, four, 'folders as well');
  t.not(
    layoutPath('{title}{ext}', { title: `${long}.a`, ext: '.mp3' }),
    layoutPath('{title}{ext}', { title: long, ext: '.mp3' }),
  );
});

t.test('a layout with a mistake is told what is wrong', async (t) => {
  const rows: [string, RegExp | null][] = [
    [layoutDefault, null],
    ['{title}', null],
    ['音乐/{artist}/{title}{ext}', null],
    ['{date}{ext}', null],
    ['{titel}{ext}', /has "\{titel\}"; known are \{source\} \{playlist\}/],
    ['{title', /without its other brace/],
    ['title}', /without its other brace/],
    ['{{title}}', /without its other brace/],
    ['/{title}', /must be relative/],
    ['{title}/', /must be relative/],
    ['a//{title}', /must be relative/],
    ['../{title}', /must not hold "\.\."/],
    ['a/./{title}', /must not hold "\."/],
    ['C:\\{title}', /has ":"/],
    ['a\\{title}', /has "\\\\"/],
    ['{title}?', /has "\?"/],
    ['{ext}/{title}', /\{ext\} at its end only/],
    ['{ext}{title}', /\{ext\} at its end only/],
    ['{playlist}/name{ext}', /must hold a member after its last/],
    ['', /must be relative/],
    ['x'.repeat(501), /at most 500 characters/],
    [`${'a/'.repeat(16)}{title}`, /at most 16 parts/],
  ];
  for (const [layout, expected] of rows) {
    if (expected === null) t.equal(layoutMistake(layout), null, layout);
    else t.match(layoutMistake(layout), expected, layout);
  }
  t.equal(layoutPath('{titel}', episode), layoutPath(layoutDefault, episode), 'one in use all the same is the default');
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(
    '',
    '..',
    '.',
    '/',
    '../..',
    'CON',
    'nul.txt',
    'COM1',
    ' ',
    '\0',
    'a'.repeat(400),
    '-',
    ' - ',
    '\ud800',
  ),
);
const anyValues = fc.record(
  Object.fromEntries(
    ['source', 'playlist', 'group', 'artist', 'album', 'title', 'date', 'ext'].map((name) => [
      name,
      fc.option(anyText),
    ]),
  ),
  { requiredKeys: [] },
) as fc.Arbitrary<LayoutValues>;
const anyLayout = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...LAYOUT_MEMBERS.map((name) => `{${name}}`)),
        fc.constantFrom('/', ' - ', ' (', ')', 'x', '.'),
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
);
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(\.|$)/i;

t.test('whatever the layout and the track, the path stays below the library and every name in it is safe', async () => {
  fc.assert(
    fc.property(anyLayout, anyValues, (layout, values) => {
      const path = layoutPath(layout, values);
      return path
        .split('/')
        .every(
          (name) =>
            name !== '' &&
            safeName(name) === name &&
            name === name.normalize('NFC') &&
            !/^[\s.]|[\s.]$|[<>:"\\|?*\p{Cc}\p{Cs}]/u.test(name) &&
            !RESERVED.test(name) &&
            Buffer.byteLength(name) <= 200,
        );
    }),
    { numRuns: 3_000 },
  );
});

t.test('a name that came out stays what it is when it goes in again', async () => {
  fc.assert(
    fc.property(anyText, (title) => {
      const once = layoutPath('{title}', { title });
      return layoutPath('{title}', { title: once }) === once;
    }),
    { numRuns: 2_000 },
  );
});
