/** Lists as they are found in the world, in every dialect and encoding: what is read of them, and why others are refused. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { readFeed } from '../../../workers/catalog/feed.ts';
import { type List, type ListFault, listBytesMax, tracksPerListMax } from '../../../workers/catalog/list.ts';
import { readListing } from '../../../workers/catalog/listing.ts';
import { momentOf } from '../../../workers/catalog/moment.ts';
import { readOpml } from '../../../workers/catalog/opml.ts';
import { readPlaylist } from '../../../workers/catalog/playlist-file.ts';
import { textOf } from '../../../workers/catalog/text-of.ts';
import { isPermanent } from '../../../workers/define.ts';
import { fixture } from '../../helpers/fixture.ts';

const address = 'http://m.example/music/';
const bytesOf = (name: string) => readFileSync(fixture(`lists/${name}`));
const read = (name: string, contentType: string | null = null) =>
  readAs(name)(textOf(bytesOf(name), contentType).text, address);

function readAs(name: string): (text: string, address: string) => List {
  if (/m3u|pls|xspf/.test(name)) return readPlaylist;
  return /apache|nginx|caddy|lighttpd|python/.test(name) ? readListing : readFeed;
}

function refusal(run: () => unknown): { code: string; message: string; permanent: boolean } | null {
  try {
    run();
    return null;
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    return { code, message, permanent: isPermanent(error) };
  }
}

t.test('every dialect of feeds gives its tracks', async (t) => {
  const rows: [string, string | null, object[]][] = [
    [
      'rss-0.91.xml',
      'Café Sessions',
      [{ title: 'Première', url: 'http://radio.example/files/premiere.mp3', bytes: null }],
    ],
    ['rss-0.92.xml', 'Old radio', [{ title: 'Tonight: jazz & more', url: `${address}shows/1.mp3`, bytes: 12_216_320 }]],
    [
      'rdf.xml',
      'Old times',
      [
        {
          key: 'http://old.example/1?a=1&b=2',
          url: 'http://old.example/1.mp3?x=1&y=2',
          bytes: 4_096,
          mime: 'audio/mpeg',
          artist: 'Ann',
          date: '2004-05-06T05:08:09Z',
        },
      ],
    ],
    [
      'atom-1.0.xml',
      'Tracks & Fields',
      [
        {
          key: 'tag:atom.example,2026:1',
          url: 'http://m.example/audio/1.ogg',
          bytes: 1_337_000,
          date: '2026-11-01T04:30:00Z',
        },
      ],
    ],
    [
      'atom-0.3.xml',
      'Before the standard',
      [{ key: 'urn:old:1', url: 'http://atom.example/old.mp3', date: '2003-12-13T12:29:29Z' }],
    ],
    [
      'feed.json',
      'In JSON',
      [
        {
          key: '7',
          url: 'https://json.example/7.m4a',
          bytes: 89_970_236,
          durationS: 6_629,
          date: '2026-11-20',
          info: { alternates: ['https://json.example/7.mp3'] },
        },
      ],
    ],
  ];
  for (const [name, title, tracks] of rows) {
    const list = read(name);
    t.match(list, { title, tracks, feed: true, leftOut: 0 }, name);
    t.equal(list.tracks.length, tracks.length, name);
  }
});

t.test(
  'a podcast gives what iTunes, Media RSS and Podcasting 2.0 add; wrong dates are none, wrong names stay data',
  async (t) => {
    const list = read('rss-2.0-podcast.xml');
    t.match(list, {
      title: 'Night & Day',
      leftOut: 1,
      info: {
        author: 'The Night Crew',
        image: 'https://pod.example/cover.jpg',
        language: 'en-us',
        medium: 'podcast',
        categories: ['News'],
      },
      tracks: [
        {
          key: 'ep-3',
          title: 'Three & four',
          date: '2026-11-24T05:00:00Z',
          bytes: 29_714_432,
          mime: 'audio/mpeg',
          durationS: 3_723,
          info: {
            season: 2,
            episode: 3,
            explicit: false,
            chapters: 'https://pod.example/ep3.json',
            transcript: 'https://pod.example/ep3.vtt',
            alternates: ['https://cdn.example/ep3.opus'],
          },
        },
        { key: 'ep-2', date: null, url: 'https://cdn.example/etc/passwd', bytes: null },
        { key: 'ep-1', date: null, url: 'https://cdn.example/ep1.mp3', bytes: 2_000_000, durationS: 65 },
        { key: 'ep-0\nhttps://cdn.example/ep0-a.mp3', title: 'In two parts', date: '2008-06-01T15:05:00Z' },
        { title: 'In two parts (2)', url: 'https://cdn.example/ep0-b.mp3' },
      ],
    });
    t.equal(list.tracks.length, 5, 'an article with a picture is no track');
  },
);

t.test('every encoding is read, told or not, and what is told wrong is not believed', async (t) => {
  const rows: [string, string | null, string, string][] = [
    ['gb18030.xml', null, 'gb18030', '玉盘 - 葫芦童声 𠮷'],
    ['shift_jis.xml', null, 'shift_jis', '夢燈籠 (R7CKY 君の名字 Mix)'],
    ['utf-16le.xml', null, 'utf-16le', 'どうして…'],
    ['utf-16be.xml', null, 'utf-16be', 'どうして…'],
    ['says-utf-8.xml', 'application/xml; charset=utf-8', 'windows-1252', 'Jóga'],
    ['says-latin-1.xml', 'text/xml; charset="ISO-8859-1"', 'utf-8', 'Ünder'],
    ['gbk.m3u', null, 'gb18030', '病名为爱 (国语)'],
    ['gbk.m3u', 'audio/x-mpegurl; charset=CP936', 'gbk', '病名为爱 (国语)'],
    ['sjis.m3u', null, 'shift_jis', '澤野弘之'],
    ['rss-0.91.xml', null, 'windows-1252', 'Première'],
    ['feed.json', null, 'utf-8', 'Seven'],
    ['feed.json', 'application/json; charset=klingon', 'utf-8', 'Seven'],
  ];
  for (const [name, contentType, charset, title] of rows) {
    t.equal(textOf(bytesOf(name), contentType).charset, charset, name);
    t.equal(read(name, contentType).tracks[0]?.title, title, name);
  }
  t.equal(read('says-utf-8.xml').title, 'Björk “live”');
  const damaged = Buffer.concat([Buffer.from('一二三四五六七八九十百千'), Buffer.from([0xe4]), Buffer.from(' end')]);
  t.match(
    textOf(damaged, null),
    { charset: 'utf-8', text: /^一二三四五六七八九十百千\ufffd end$/ },
    'one damaged character is damage',
  );
});

t.test('playlists of players give their tracks', async (t) => {
  const rows: [string, object][] = [
    [
      'simple.m3u',
      {
        leftOut: 1,
        tracks: [{ title: 'a b', url: 'http://m.example/a%20b.mp3', key: '//m.example/a%20b.mp3' }, { title: 'Jóga' }],
      },
    ],
    [
      'radio.m3u8',
      {
        title: 'Stations',
        tracks: [
          { title: 'Erste, mit Komma', durationS: 123, info: { group: 'News', image: 'http://m.example/l.png' } },
          { title: '玉盘', artist: '葫芦童声', album: '童谣', url: `${address}2.flac`, durationS: null },
          { title: '3', key: '//m.example/3.ogg', url: 'http://m.example/3.ogg?PHPSESSID=abc', durationS: 11 },
        ],
      },
    ],
    [
      'list.pls',
      {
        leftOut: 1,
        tracks: [{ title: 'Silent Street (Type A) - Hyunmin Cho', durationS: 231 }, { url: 'http://m.example/10.mp3' }],
      },
    ],
    [
      'list.xspf',
      {
        title: 'Mixed & matched',
        leftOut: 1,
        info: { author: 'Me' },
        tracks: [
          {
            key: 'urn:mbid:1',
            title: 'One',
            artist: 'Grant',
            album: 'The Edge',
            durationS: 271,
            url: 'http://m.example/1.mp3?a=1&b=2',
          },
          { url: `${address}2.mp3`, title: '2' },
        ],
      },
    ],
  ];
  for (const [name, list] of rows) t.match(read(name), { ...list, feed: false }, name);
  t.equal(read('radio.m3u8').tracks.length, 3, 'an address that stands twice is one track');
  const local = readPlaylist(
    'Sub/a#1 100%.mp3\n/etc/passwd\nhttp://m.example/1.mp3\ngopher://x/',
    'file:///music/all.m3u',
  );
  t.same(
    local.tracks.map(({ url }) => url),
    ['file:///music/Sub/a%231%20100%25.mp3', 'file:///etc/passwd', 'http://m.example/1.mp3'],
  );
  t.equal(local.leftOut, 1);
});

t.test('an extended M3U says who it is by: in front of the title, or as files are named here', async (t) => {
  const rows: [string, string | null, string | null, string][] = [
    ['Björk - Jóga', null, 'Björk', 'Jóga'],
    ['Queen – Bohemian Rhapsody', null, 'Queen', 'Bohemian Rhapsody'],
    ['Ann - Road - Part 2 - Live', null, 'Ann', 'Road - Part 2 - Live'],
    ['Jay-Z - 99 Problems', null, 'Jay-Z', '99 Problems'],
    ['311 - Amber', null, '311', 'Amber'],
    ['07 - Amber', null, null, '07 - Amber'],
    ['07 - Ann - Road', null, 'Ann', 'Road'],
    ['2026-11-24 - Ann - Road', null, 'Ann', 'Road'],
    ['Ann (UK) - Road', null, 'Ann (UK)', 'Road'],
    ['Ann - Road (Live - Berlin)', null, 'Ann', 'Road (Live - Berlin)'],
    ['Ann - Road (Live) - Single', null, 'Ann', 'Road (Live) - Single'],
    ['病名为爱 (国语) - 祖娅纳惜', null, '祖娅纳惜', '病名为爱 (国语)'],
    ['Rain_ Part 1 - Ann _ Bob', null, 'Ann, Bob', 'Rain: Part 1'],
    ['Road - Ann', 'ANN', 'ANN', 'Road'],
    ['Ann - Road - Part 2', 'Ann', 'Ann', 'Road - Part 2'],
    ['Road - Part 2', 'Ann', 'Ann', 'Road - Part 2'],
    ['Erste, mit Komma', null, null, 'Erste, mit Komma'],
    ['One-Two', null, null, 'One-Two'],
    [' - Road', null, null, '- Road'],
    ['Ann - ', null, null, 'Ann -'],
  ];
  for (const [text, own, artist, title] of rows) {
    const line = own === null ? '' : `#EXTART:${own}\n`;
    const { tracks } = readPlaylist(`#EXTM3U\n#EXTINF:123,${text}\n${line}1.mp3\n`, 'http://m.example/');
    t.match(tracks, [{ title, artist, durationS: 123 }], text);
  }
});

t.test('listings of every server give the same files and folders', async (t) => {
  const names = readdirSync(fixture('lists')).filter((name) => readAs(name) === readListing);
  t.equal(names.length, 9);
  for (const name of names) {
    const listing = readListing(textOf(bytesOf(name), null).text, address);
    t.same(listing.folders, [`${address}Live/`], name);
    t.same(
      listing.tracks.map(({ url, title }) => [url, title]),
      [
        [`${address}a%20%26%20b.mp3`, 'a & b'],
        [`${address}notes.txt`, 'notes'],
      ],
      name,
    );
    const [track] = listing.tracks;
    if (!/plain|python/.test(name)) t.match(track?.info, { modified: '2026-11-24T06:00:00Z' }, name);
    if (/nginx|caddy/.test(name)) t.equal(track?.bytes, 4_404_019, `${name}: the size is exact`);
    else t.equal(track?.bytes, null, `${name}: a rounded size is none`);
  }
  const empty = '<html><head><title>Index of /a/</title></head><body><pre><a href="../">../</a></pre></body></html>';
  t.match(readListing(empty, 'http://m.example/a/'), { tracks: [], folders: [] });
});

t.test('a pool gives its playlists, with the folders they stand in as groups', async (t) => {
  const pool = readOpml(textOf(bytesOf('pool.opml'), null).text, address);
  t.match(pool, { title: 'My pool', leftOut: 1 });
  t.same(
    pool.playlists.map(({ title, url, kind, groups }) => [title, url, kind, groups]),
    [
      ['Morning & evening', 'https://a.example/feed', 'feed', ['News', 'Daily', 'Talk']],
      ['Courts', 'https://b.example/rss?id=1&f=2', 'feed', ['News', 'Law']],
      ['A playlist', `${address}lists/jazz.m3u`, 'm3u', []],
      ['d.example', 'https://d.example/feed', 'feed', []],
    ],
  );
  t.same(readOpml('<opml version="1.0"><head><title>x</title></head><body></body></opml>', address).playlists, []);
});

t.test('what is no list is refused, with a code and what it is instead', async (t) => {
  const feed = (text: string) => () => readFeed(text, address);
  const rows: [string, () => unknown, ListFault, RegExp][] = [
    ['a web page', () => read('page.html'), 'not_a_list', /web page, not a feed; it names a feed: \/feed\.xml/],
    ['an entity bomb', () => read('bomb.xml'), 'entity_bomb', /made of others/],
    [
      'entities without an end',
      feed(`<!DOCTYPE rss [${'<!ENTITY a "b">'.repeat(10_000)}]><rss/>`),
      'entity_bomb',
      /longer than/,
    ],
    ['a truncated feed', () => read('truncated.xml'), 'list_truncated', /ends in the middle: its <rss> is not closed/],
    [
      'truncated JSON',
      feed('{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1"'),
      'list_truncated',
      /middle/,
    ],
    ['wrong JSON', feed('{"version": nothing}'), 'not_a_list', /JSON is wrong/],
    ['other JSON', feed('{"error":"no"}'), 'not_a_list', /cannot be read as a feed/],
    ['nothing', feed('  \n'), 'not_a_list', /empty/],
    ['text', feed('Sorry, come back later'), 'not_a_list', /begins with "Sorry, come back later"/],
    ['an OPML file', () => readFeed('<opml></opml>', address), 'not_a_list', /begins with <opml>/],
    [
      'tags that are not closed',
      feed('<rss version="2.0"><channel><title>a</channel></rss>'),
      'not_a_list',
      /cannot be read as a feed/,
    ],
    ['tags without end', feed(`<rss>${'<a>'.repeat(100_000)}</rss>`), 'not_a_list', /cannot be read as a feed/],
    ['too many tags', feed(`<rss>${'<a/>'.repeat(2_000_001)}</rss>`), 'list_too_large', /tags/],
    [
      'too many tracks',
      () =>
        readPlaylist(
          Array.from({ length: tracksPerListMax + 1 }, (_, at) => `http://m.example/${at}`).join('\n'),
          address,
        ),
      'too_many_tracks',
      /more than 50000/,
    ],
    ['pieces of one recording', () => read('hls.m3u8'), 'not_a_list', /HLS/],
    [
      'a page for a listing',
      () => readListing('<html><title>Welcome</title><a href="shop">shop</a></html>', address),
      'not_a_list',
      /but a page called "Welcome"/,
    ],
    [
      'half a listing',
      () => readListing(bytesOf('nginx.html').toString().slice(0, 400), address),
      'list_truncated',
      /middle/,
    ],
    ['a feed for a pool', () => readOpml('<rss></rss>', address), 'not_a_list', /not an OPML file/],
  ];
  for (const [what, run, code, message] of rows)
    t.match(refusal(run), { code, message, permanent: code !== 'list_truncated' }, what);
});

t.test('the key of a track holds while its list changes around it', async (t) => {
  const item = (guid: string, url: string, length = 5_000) =>
    `<item><title>x</title>${guid && `<guid>${guid}</guid>`}<enclosure url="${url}" length="${length}" type="audio/mpeg"/></item>`;
  const tracks = (...items: string[]) =>
    readFeed(`<rss version="2.0"><channel><title>t</title>${items.join('')}</channel></rss>`, address).tracks;
  const one = (...items: string[]) => tracks(...items)[0];
  const before = one(item('g', 'http://a.example/x/1.mp3'));
  t.match(one(item('n', 'http://a.example/0.mp3')), { key: 'n' });
  const same = (now: object | undefined, but: string) =>
    t.match(now, { key: before?.key, version: before?.version }, but);
  same(one(item('g', 'https://a.example/x/1.mp3')), 'https instead of http');
  same(one(item('g', 'https://count.example/a.example/x/1.mp3')), 'a service that counts in front of it');
  same(one(item('g', 'http://a.example/x/1.mp3?utm_source=b')), 'who came from where');
  const other = (now: object | undefined, but: string) =>
    t.not((now as { version: string }).version, before?.version, but);
  other(one(item('g', 'http://a.example/x/1.mp3', 6_000)), 'another length is another file');
  other(one(item('g', 'http://a.example/x/1-corrected.mp3')), 'another name is another file');
  const signed = (at: number) =>
    one(item('', `http://a.example/1.mp3?id=1&amp;Expires=${at}&amp;Signature=${at}x&amp;Key-Pair-Id=K`));
  t.match(signed(1), { key: '//a.example/1.mp3?id=1' });
  t.equal(signed(1)?.version, signed(2)?.version, 'a signature is no part of a name');
  t.match(
    one(item('', 'http://a.example/1.mp3?expires=2')),
    { key: '//a.example/1.mp3?expires=2' },
    'a word alone is no signature',
  );
  t.same(
    tracks(item('all', 'http://a.example/1.mp3'), item('all', 'http://a.example/2.mp3')).map(({ key }) => key),
    ['all\nhttp://a.example/1.mp3', 'all\nhttp://a.example/2.mp3'],
    'a guid of all names none',
  );
  t.equal(
    tracks(item('', 'http://a.example/s?utm_id=1'), item('', 'http://a.example/s?utm_id=2')).length,
    2,
    'noise that tells two apart is none',
  );
  t.match(one(item('k'.repeat(9_000), 'http://a.example/1.mp3')), { key: /^sha256:[0-9a-f]{64}$/ });
});

t.test('dates are read as they are written, and none is guessed', async (t) => {
  const rows: [string, string | null][] = [
    ['Tue, 24 Nov 2026 06:00:00 +0100', '2026-11-24T05:00:00Z'],
    ['Tuesday, 24-Nov-26 06:00:00 GMT', '2026-11-24T06:00:00Z'],
    ['Di, 24 Nov 2026 06:00 EST', '2026-11-24T11:00:00Z'],
    ['24 November 2026', '2026-11-24'],
    ['1 Jun 08 11:05 Z', '2008-06-01T11:05:00Z'],
    ['2026-11-24', '2026-11-24'],
    ['2026-11-24T23:30:00.123-0230', '2026-11-25T02:00:00Z'],
    ['2026-11-24 06:00', '2026-11-24T06:00:00Z'],
    ['Tue Nov 24 06:00:00 2026', '2026-11-24T06:00:00Z'],
    ['2026-02-29', null],
    ['2024-02-29', '2024-02-29'],
    ['Tue, 31 Feb 2026 10:00:00 GMT', null],
    ['24 Brumaire 2026', null],
    ['0000-00-00 00:00:00', null],
    ['1 Jan 0001 00:00:00 GMT', null],
    ['yesterday', null],
    ['1700000000', null],
    ['', null],
  ];
  for (const [text, moment] of rows) t.equal(momentOf(text), moment, text);
});

t.test('whatever the bytes are, they give a list or a coded refusal', async (t) => {
  const CODES: readonly string[] = [
    'not_a_list',
    'list_too_large',
    'too_many_tracks',
    'too_many_playlists',
    'entity_bomb',
    'list_truncated',
  ] satisfies ListFault[];
  const names = readdirSync(fixture('lists'));
  const readers = [readFeed, readOpml, readPlaylist, readListing];
  const holds = (bytes: Uint8Array, contentType: string | null) => {
    for (const reader of readers) {
      const { text } = textOf(bytes, contentType);
      const refused = refusal(() => {
        const list = reader(text, address);
        for (const track of 'tracks' in list ? list.tracks : []) {
          if (!URL.canParse(track.url) || track.title === '' || track.key === '')
            throw new Error(JSON.stringify(track));
        }
      });
      if (refused !== null && !CODES.includes(refused.code)) throw new Error(`${refused.code}: ${refused.message}`);
    }
  };
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(40),
    put: fc.uint8Array({ maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(change, { minLength: 1, maxLength: 6 }), (name, changes) => {
      let bytes = bytesOf(name);
      for (const { at, cut, put } of changes) {
        const from = Math.floor(at * bytes.length);
        bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
      }
      holds(bytes, null);
    }),
    { numRuns: 1_500 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(null, 'text/xml; charset=utf-16', 'x; charset=shift_jis'),
      holds,
    ),
    { numRuns: 500 },
  );
  t.ok(listBytesMax > 0);
});
