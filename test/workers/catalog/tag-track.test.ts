import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFile } from 'music-metadata';
import t from 'tap';
import { silentMp3 } from '../../../examples/demo/audio-file.ts';
import type { Track } from '../../../workers/library-contract.ts';
import { MemoryLibrary } from '../../helpers/memory-library.ts';
import { taggedWave } from '../../helpers/tagged-wave.ts';
import { libraryBed } from './bed.ts';

const here = await libraryBed(t, 'library.tag');
const root = join(here.dataDir, 'library');
mkdirSync(root);

t.beforeEach(() => {
  here.library = new MemoryLibrary();
});

const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const sumOnDisk = (name: string) => sumOf(readFileSync(join(root, name)));

/** A file of the library with what the catalog knows of it. */
function fileOf(name: string, bytes: Buffer): NonNullable<Track['file']> {
  writeFileSync(join(root, name), bytes);
  // As one that was downloaded a while ago.
  utimesSync(join(root, name), 1_700_000_000, 1_700_000_000);
  return { path: name, bytes: bytes.length, sha256: sumOf(bytes), version: '1', at: '2026-11-24T00:00:00.000Z' };
}

async function tagsOf(name: string) {
  const { common } = await parseFile(join(root, name));
  const { title, artist, album, year, genre } = common;
  return { title, artist, album, year, genre };
}

/** Only what tells of the stream: enough to be read, and to be given tags. */
function emptyFlac(): Buffer {
  const stream = Buffer.alloc(34);
  stream.writeUInt16BE(4_096, 0);
  stream.writeUInt16BE(4_096, 2);
  stream.writeBigUInt64BE((44_100n << 44n) | (1n << 41n) | (15n << 36n) | 44_100n, 10);
  return Buffer.concat([Buffer.from('fLaC'), Buffer.from([0x80, 0, 0, 34]), stream, Buffer.alloc(1_000)]);
}

const known = { artist: 'Doan', album: '夜の話', date: '2019-05-01', info: { genre: ['Talk', 'Rock'] } };
const run = (title: string) => here.run({ track: here.track(title).id });

t.test('empty tags are filled in whatever the format, those that are there stay, and so does the sound', async (t) => {
  const wave = taggedWave({ title: 'Its own title' }, 1);
  here.playlist('Music', {
    Wave: { ...known, file: fileOf('a.wav', wave) },
    Song: { ...known, file: fileOf('b.mp3', silentMp3(1, { title: '', artist: '', album: 'Its own album' })) },
    Lossless: { ...known, file: fileOf('c.flac', emptyFlac()) },
  });
  t.same((await run('Wave')).told, { written: ['artist', 'album', 'date', 'genre'], skipped: null });
  t.same(await tagsOf('a.wav'), { ...known.info, title: 'Its own title', artist: 'Doan', album: '夜の話', year: 2019 });
  t.ok(readFileSync(join(root, 'a.wav')).includes(wave.subarray(-8_000)), 'the sound is the same');
  t.match((await run('Song')).told, { skipped: null });
  t.match(await tagsOf('b.mp3'), { title: 'Song', artist: 'Doan', album: 'Its own album' });
  t.match((await run('Lossless')).told, { written: ['title', 'artist', 'album', 'date', 'genre'] });
  t.match(await tagsOf('c.flac'), { title: 'Lossless', artist: 'Doan', album: '夜の話', year: 2019 });
  for (const title of ['Wave', 'Song', 'Lossless']) {
    const { file } = here.track(title);
    const { path } = file as NonNullable<Track['file']>;
    t.match(file, { sha256: sumOnDisk(path), bytes: statSync(join(root, path)).size, version: '1' });
  }
  t.same(readdirSync(root).sort(), ['a.wav', 'b.mp3', 'c.flac'], 'no copy stays');
});

t.test(
  'tracks that share a file share its new digest; what was uploaded of it is old, what was described is not',
  async (t) => {
    const file = fileOf('shared.wav', taggedWave({ title: 'Shared' }, 1));
    const upload = { target: 'x', name: 'shared.wav', bytes: file.bytes, sha256: file.sha256, at: file.at };
    const metadata = { at: '2026-11-24T00:00:00.000Z', file: file.sha256 };
    here.playlist('One', { First: { ...known, file, upload, info: { metadata } } });
    here.playlist('Two', { Second: { file } });
    t.match((await run('First')).told, { written: ['artist', 'album', 'date'] });
    const sha256 = sumOnDisk('shared.wav');
    t.not(sha256, file.sha256);
    t.match(here.track('First'), { file: { sha256 }, upload, info: { metadata: { file: sha256 } } });
    t.match(here.track('Second'), { file: { sha256 } });
    t.match((await run('Second')).told, { written: [] }, 'now they are there');
  },
);

t.test('an attempt that was cut between the file and the catalog is made good by the next', async (t) => {
  const before = fileOf('cut.wav', taggedWave({ title: 'Cut' }, 1));
  const all = { title: 'Cut', artist: 'Doan', album: 'A', date: '2019', genre: 'Talk' };
  fileOf('cut.wav', taggedWave(all, 1));
  here.playlist('Music', { Cut: { ...known, file: before } });
  t.match((await run('Cut')).told, { written: [], skipped: null });
  t.match(here.track('Cut'), { file: { sha256: sumOnDisk('cut.wav') } });
});

t.test('what has no tags, no file or no track says so', async (t) => {
  here.playlist('Mixed', {
    Text: { ...known, file: fileOf('a.txt', Buffer.from('only text')) },
    Broken: { ...known, file: fileOf('a.mp3', Buffer.from('no sound at all')) },
    Nowhere: { ...known, file: null },
    Gone: { ...known, file: { ...fileOf('a.txt', Buffer.from('only text')), path: 'gone.mp3' } },
  });
  t.match((await run('Text')).told, { written: [], skipped: /no kind that has tags/ });
  t.match((await run('Broken')).told, { written: [], skipped: /no kind that has tags/ });
  t.match((await run('Nowhere')).told, { written: [], skipped: /no file/ });
  t.match(await run('Gone'), { outcome: 'failed', retryable: false, error: { code: 'file_missing' } });
  t.match(await here.run({ track: 'nobody' }), { outcome: 'failed', error: { code: 'no_track' } });
  t.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'only text');
});
