/** The catalog against plain maps: whatever is put, whenever it is killed or a snapshot is taken. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { encodePlaylist, encodeTrack } from '../../../supervisor/core/codec.ts';
import type { PlaylistEntry } from '../../../supervisor/core/library/library.ts';
import { freshState } from '../../../supervisor/core/state.ts';
import { Replay } from '../../../supervisor/replay.ts';
import {
  libraryRecordBytesMax,
  libraryRecordsMax,
  type Playlist,
  type PlaylistChange,
  TRACK_STATES,
  type Track,
  type TrackChange,
  trackState,
} from '../../../workers/library-contract.ts';
import { aPlaylist, aTrack, LibraryBed, noon } from '../../helpers/library-bed.ts';
import { refusedBy } from '../../helpers/schedules-bed.ts';

const DIGESTS = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
const PATHS = ['a/Ä.mp3', 'a/a\u0308.MP3', 'A/b.mp3', 'c/夢.mp3'];
const URLS = ['https://example.org/1', 'https://example.org/2'];

t.test('a record is given back as it was put, with what was left out; a change leaves the rest', async (t) => {
  const bed = new LibraryBed();
  const playlist = aPlaylist('feed', {
    title: '新闻 "News"',
    groups: ['News'],
    info: { image: 'https://example.org/i' },
  });
  const { id, key } = aTrack(playlist.id, 'a');
  await bed.put([playlist], [{ id, playlist: playlist.id, key, title: '夢燈籠', position: 3, version: 'v1' }]);
  const whole = aTrack(playlist.id, 'a', { title: '夢燈籠', position: 3, version: 'v1' });
  t.same(await bed.desk.record('track', id), whole);
  t.same(await bed.desk.record('playlist', playlist.id), playlist);
  await bed.put([], [{ id, artist: 'R7CKY', info: { explicit: false } }]);
  t.same(await bed.desk.record('track', id), { ...whole, artist: 'R7CKY', info: { explicit: false } });
  const counts = { new: 1, downloaded: 0, uploaded: 0, changed: 0, failed: 0, gone: 0 };
  t.same(await bed.desk.playlist(playlist.id), { ...playlist, counts });
  t.match(await bed.desk.track(id), { state: 'new', playlistTitle: '新闻 "News"' });
  bed.restart();
  t.same(await bed.desk.record('track', id), { ...whole, artist: 'R7CKY', info: { explicit: false } });
  t.equal(await bed.desk.record('track', 'f'.repeat(16)), null);
});

t.test('what is there already is not written down again; of two changes of one record the later counts', async (t) => {
  const bed = new LibraryBed();
  const playlist = aPlaylist('feed', { info: { a: [1] } });
  const track = aTrack(playlist.id, 'a', { file: fileOf(DIGESTS[0] as string, 'x.mp3') });
  await bed.put([playlist], [track]);
  const { length } = bed.journal.lines;
  await bed.put([playlist], [track, { id: track.id }]);
  t.equal(bed.journal.lines.length, length);
  await bed.put(
    [],
    [
      { ...track, title: 'first' },
      { id: track.id, title: 'second' },
    ],
  );
  t.match(bed.journal.lines.at(-1)?.event, {
    e: 'library.put',
    tracks: [{ id: track.id, title: 'second' }],
    by: 'http',
  });
  t.same(Object.keys(bed.journal.lines.at(-1)?.event ?? {}), ['e', 'tracks', 'by'], 'only what is new in it');
});

t.test('one mistake refuses all of them, and each is named with its place', async (t) => {
  const bed = new LibraryBed();
  const playlist = aPlaylist('feed');
  const track = aTrack(playlist.id, 'a');
  await bed.put([playlist], [track]);
  const { length } = bed.journal.lines;
  const other = aTrack(playlist.id, 'b');
  const table: [PlaylistChange[] | unknown, TrackChange[] | unknown, RegExp][] = [
    [[], [other, { ...other, id: 'x' }], /\$\.tracks\[1\]\.id must be an id/],
    [[], [{ ...other, postion: 3 }], /\$\.tracks\[0\]\.postion is not known; known are id, playlist/],
    [[], [{ id: other.id, title: 'b' }], /\$\.tracks\[0\]\.playlist is missing: it is new/],
    [[], [aTrack('f'.repeat(16), 'b')], /is no playlist of the library: put it first/],
    [[], [{ id: track.id, key: 'other' }], /\$\.tracks\[0\]\.key never changes; it is "a"/],
    [[{ id: playlist.id, source: 'other' }], [], /\$\.playlists\[0\]\.source never changes/],
    [[], [{ ...other, position: -1 }], /position must be a whole number from 0/],
    [[], [{ ...other, date: '2026-13-01' }], /date must be a day/],
    [[], [{ ...other, goneAt: 'today' }], /goneAt must be a time in UTC/],
    [[], [{ ...other, file: { path: 'x' } }], /file\.bytes is missing/],
    [[], [{ ...other, title: 'x'.repeat(9_000) }], /title must be text of at most 8192 characters/],
    [[], [{ ...other, info: { text: 'x'.repeat(libraryRecordBytesMax) } }], /\$\.tracks\[0\] is \d+ bytes as JSON/],
    [[], [{ ...other, info: { at: Number.NaN } }], /info\.at is NaN/],
    [[], [null], /\$\.tracks\[0\] must be an object, not null/],
    ['all', [], /\$\.playlists must be a list of changes/],
    [[], Array.from({ length: libraryRecordsMax + 1 }, (_, n) => aTrack(playlist.id, `n${n}`)), /holds 501 records/],
  ];
  for (const [playlists, tracks, message] of table)
    t.match(await refusedBy(bed.desk.put(playlists, tracks, { origin: 'http', from: null })), {
      code: 'validation',
      message,
    });
  t.equal(bed.journal.lines.length, length, 'nothing of it was written down');
});

t.test('as many records as may be put at once fit the journal, however large they are', async (t) => {
  const bed = new LibraryBed();
  const playlist = aPlaylist('feed');
  const text = '夢'.repeat(4_000);
  const tracks = Array.from({ length: libraryRecordsMax - 1 }, (_, n) =>
    aTrack(playlist.id, `${n}`, { info: { text } }),
  );
  await bed.put([playlist], tracks);
  for (const { body } of bed.journal.lines) assert.ok(Buffer.byteLength(body) < 1_000_000);
  t.equal(new Set(bed.journal.lines.map(({ group }) => group)).size, 1, 'all of them or none');
  bed.restart();
  t.same(
    await bed.tracks(),
    tracks.map((track) => ({ ...track, position: 0 })),
  );
});

t.test('pages go on where the last one ended, by title and place, whatever comes meanwhile', async (t) => {
  const bed = new LibraryBed();
  const [b, a, same] = [
    aPlaylist('1', { title: 'beta' }),
    aPlaylist('2', { title: 'Alpha' }),
    aPlaylist('3', { title: 'BETA' }),
  ];
  const of = ({ id }: Playlist, count: number) =>
    Array.from({ length: count }, (_, n) => aTrack(id, `${n}`, { position: count - n }));
  await bed.put([b, a, same], [...of(b, 5), ...of(a, 3), ...of(same, 2)]);
  const titles = (await bed.desk.playlists({}, null, 10)).items.map(({ title }) => title);
  t.equal(titles[0], 'Alpha');
  const all = await bed.tracks();
  t.equal(all.length, 10);
  for (const limit of [1, 3, 7]) t.same(await bed.tracks({}, limit), all);
  const first = await bed.desk.records('tracks', {}, null, 4);
  t.equal(first.total, 10);
  await bed.put([aPlaylist('0', { title: 'Aaa' })], [aTrack(aPlaylist('0').id, 'x')]);
  const second = await bed.desk.records('tracks', {}, first.next, 4);
  t.same(second.items, all.slice(4, 8), 'what came before the mark is not seen, and shifts nothing');
  const pages = [await bed.desk.playlists({}, null, 2)];
  pages.push(await bed.desk.playlists({}, pages[0]?.next ?? null, 2));
  t.same(pages.flatMap(({ items }) => items.map(({ title }) => title)).slice(0, 2), ['Aaa', 'Alpha']);
  t.equal(pages[1]?.next, null);
  for (const wrong of ['x', '[]', '["a"]', '{"a":1}'])
    t.match(await refusedBy(bed.desk.records('tracks', {}, wrong, 4)), {
      code: 'validation',
      message: /after must be/,
    });
});

t.test('text is found in title, artist, album and path, whatever the case, in portions', async (t) => {
  const bed = new LibraryBed();
  const playlist = aPlaylist('feed');
  const many = Array.from({ length: 400 }, (_, n) =>
    aTrack(playlist.id, `n${n}`, { title: `Episode ${n}`, position: n }),
  );
  await bed.put([playlist], many);
  await bed.put(
    [],
    [
      { id: many[3]?.id as string, title: 'Größe "zwei"' },
      { id: many[70]?.id as string, artist: '祖娅纳惜' },
      { id: many[399]?.id as string, album: 'grosse GRÖSSE', file: fileOf(DIGESTS[0] as string, 'Café/x.mp3') },
    ],
  );
  const found = async (text: string, limit?: number) =>
    (await bed.tracks({ text }, limit)).map(({ position }) => position);
  t.same(await found('größe'), [3], 'ß is no ss');
  t.same(await found('GRÖSSE'), [399]);
  t.same(await found('祖娅'), [70]);
  t.same(await found('"zwei"'), [3]);
  t.same(await found('cafe\u0301/X'), [399], 'however it is composed');
  t.same(await found('nothing like it'), []);
  t.equal((await found('episode 1', 7)).length, 111);
  t.equal((await bed.desk.tracks({ text: 'episode', states: ['new'] }, null, 10)).total, 398);
});

t.test('entries and snapshot lines of the first version of the library stay readable', (t) => {
  const replay = new Replay(freshState);
  const take = (kind: 'entity' | 'entry', seq: number, text: string) => {
    const bytes = Buffer.from(text);
    if (kind === 'entity') replay.entity(seq, bytes, 0, bytes.length, 0, 0);
    else replay.entry(seq, 0, bytes, 0, bytes.length, 0, 0);
  };
  const playlistLine =
    '"k":"playlist","id":"00000000000000aa","source":"s","key":"k","title":"größer 下载","groups":["News"]';
  const trackLine =
    '"k":"track","id":"00000000000000bb","playlist":"00000000000000aa","key":"t","title":"夢","position":2,"version":"1"' +
    `,"file":{"path":"a/b.mp3","bytes":5,"sha256":"${DIGESTS[0]}","version":"1","at":"${noon}"}`;
  take('entity', 4, playlistLine);
  take('entity', 4, trackLine);
  take('entity', 4, '"k":"end","seq":4');
  take('entry', 5, '"e":"library.put","tracks":[{"id":"00000000000000bb","artist":"a"}],"by":"handler:x"');
  replay.settle();
  const { library } = replay.state;
  t.equal(encodePlaylist(library.playlists.get('00000000000000aa') as PlaylistEntry), playlistLine);
  t.equal(encodeTrack(library, 0), trackLine.replace(',"file"', ',"artist":"a","file"'));
  t.equal(library.counts[TRACK_STATES.indexOf('downloaded')], 1);
  t.equal(library.seq, 5);
  t.end();
});

function fileOf(sha256: string, path: string, version = '1') {
  return { path, bytes: 5, sha256, version, at: noon };
}

type Deed =
  | {
      readonly do: 'put';
      readonly playlists: readonly number[];
      readonly tracks: readonly (readonly [number, Partial<Track>])[];
    }
  | { readonly do: 'snapshot' | 'slice' | 'restart' }
  | { readonly do: 'kill'; readonly part: number };

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const failure = fc.constant({ code: 'http_404', message: 'gone', task: 'x', at: noon, stage: 'download' });
const changeOf: fc.Arbitrary<Partial<Track>> = fc.record(
  {
    title: fc.string({ unit: 'binary', maxLength: 40 }),
    position: fc.nat({ max: 5 }),
    version: fc.constantFrom('1', '2'),
    url: nullable(fc.constantFrom(...URLS)),
    goneAt: nullable(fc.constant(noon)),
    failure: nullable(failure),
    file: nullable(
      fc
        .record({
          sha256: fc.constantFrom(...DIGESTS),
          path: fc.constantFrom(...PATHS),
          version: fc.constantFrom('1', '2'),
        })
        .map(({ sha256, path, version }) => fileOf(sha256, path, version)),
    ),
    upload: nullable(
      fc.constantFrom(...DIGESTS).map((sha256) => ({ target: 's3://b', name: 'n', bytes: 5, sha256, at: noon })),
    ),
    info: fc.dictionary(fc.constantFrom('a', 'b'), fc.string({ maxLength: 300 }), { noNullPrototype: true }),
  },
  { requiredKeys: [] },
);

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      playlists: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
      tracks: fc.array(fc.tuple(fc.nat({ max: 30 }), changeOf), { maxLength: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'snapshot' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'slice' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((part) => ({ do: 'kill' as const, part })) },
);

class Model {
  playlists = new Map<string, Playlist>();
  tracks = new Map<string, Track>();

  /** What is put of this number: all of it while it is new. */
  playlist(number: number, turn: number): PlaylistChange {
    const made = aPlaylist(`p${number}`, { title: `Title ${(number * turn) % 3}`, groups: number % 2 ? ['odd'] : [] });
    this.playlists.set(made.id, { ...this.playlists.get(made.id), ...made });
    return made;
  }

  track(number: number, change: Partial<Track>): TrackChange | null {
    const { id: playlist } = aPlaylist(`p${number % 5}`);
    if (!this.playlists.has(playlist)) return null;
    const made = aTrack(playlist, `t${number}`);
    const known = this.tracks.get(made.id);
    this.tracks.set(made.id, { ...(known ?? made), ...change });
    return known ? { id: made.id, ...change } : { ...made, ...change };
  }
}

async function compareAll(bed: LibraryBed, model: Model): Promise<void> {
  const all = await bed.tracks({}, 7);
  const byId = <R extends { id: string }>(records: Iterable<R>) => [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepStrictEqual(byId(all), byId(model.tracks.values()));
  const playlists = (await bed.desk.records('playlists', {}, null, 500)).items as Playlist[];
  assert.deepStrictEqual(byId(playlists), byId(model.playlists.values()));
  const order = all.map(({ playlist, position }) => [
    model.playlists.get(playlist)?.title.toLowerCase(),
    playlist,
    position,
  ]);
  assert.deepStrictEqual(order, [...order].sort(byParts), 'in the order of playlist and position');
  for (const state of TRACK_STATES) {
    const expected = [...model.tracks.values()].filter((track) => trackState(track) === state);
    assert.deepStrictEqual(byId(await bed.tracks({ states: [state] }, 3)), byId(expected));
    assert.equal((await bed.desk.status()).counts[state], expected.length);
  }
  const odd = [...model.tracks.values()].filter(({ playlist }) =>
    model.playlists.get(playlist)?.groups.includes('odd'),
  );
  assert.deepStrictEqual(byId(await bed.tracks({ groups: ['odd'] })), byId(odd));
  for (const digest of DIGESTS) {
    const found = await bed.desk.withDigest(digest);
    assert.equal(
      found?.file?.sha256 ?? null,
      [...model.tracks.values()].some(({ file }) => file?.sha256 === digest) ? digest : null,
    );
  }
  for (const url of URLS)
    for (const version of ['1', '2']) {
      const came = [...model.tracks.values()].filter((track) => track.url === url && track.file?.version === version);
      const found = await bed.desk.fromAddress(url, version);
      assert.equal(found !== null, came.length > 0);
      if (found) assert.ok(came.some(({ id }) => id === found.id));
    }
  for (const path of PATHS)
    for (const [id] of [...model.tracks].slice(0, 3)) {
      const same = (other: string) => other.normalize('NFC').toLowerCase() === path.normalize('NFC').toLowerCase();
      const taken = [...model.tracks.values()].some((track) => track.id !== id && track.file && same(track.file.path));
      assert.equal(await bed.desk.isTaken(path, id), taken);
    }
}

function byParts(a: readonly unknown[], b: readonly unknown[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (part !== other) return (part as string) < (other as string) ? -1 : 1;
  }
  return 0;
}

t.test('whatever is put, killed and read back, it is what plain maps would say', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 30, size: 'max' }), async (deeds) => {
      const bed = new LibraryBed();
      let model = new Model();
      const past: { lines: number; model: Model }[] = [];
      for (const [turn, one] of deeds.entries()) {
        if (one.do === 'put') {
          const playlists = one.playlists.map((number) => model.playlist(number, turn));
          const tracks = one.tracks.flatMap(([number, change]) => model.track(number, change) ?? []);
          await bed.put(playlists, tracks);
        } else if (one.do === 'snapshot') {
          if (!bed.journal.takesSnapshot) bed.journal.beginSnapshot();
        } else if (one.do === 'slice') bed.journal.goOnWithSnapshot();
        else {
          if (one.do === 'kill') bed.journal.loseTail(one.part);
          bed.restart();
          // What was not on disk is gone, each put as a whole.
          const kept = past.findLast(({ lines }) => lines === bed.journal.lines.length);
          if (one.do === 'kill') model = kept?.model ?? (bed.journal.lines.length === 0 ? new Model() : model);
        }
        const copy = new Model();
        [copy.playlists, copy.tracks] = [new Map(model.playlists), new Map(model.tracks)];
        past.push({ lines: bed.journal.lines.length, model: copy });
        if (one.do === 'kill' || one.do === 'restart' || turn % 4 === 0) await compareAll(bed, model);
      }
      while (bed.journal.takesSnapshot) bed.journal.goOnWithSnapshot();
      bed.restart();
      await compareAll(bed, model);
    }),
    { numRuns: 20 },
  );
  t.pass();
});
