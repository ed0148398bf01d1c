import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { v7 } from 'uuid';
import { takeTurn } from '../../../workers/catalog/provider.ts';
import { handlerStore } from '../../../workers/store.ts';
import { TriedStore } from '../../../workers/tried-store.ts';
import { MemoryLibrary } from '../../helpers/memory-library.ts';
import { taggedWave } from '../../helpers/tagged-wave.ts';
import { fileAt, libraryBed } from './bed.ts';

const here = await libraryBed(t, 'library.metadata');

/** Stands for both providers: the shapes of their answers, their limits, and what it was asked. */
const asked: { readonly url: URL; readonly at: number; readonly agent: string }[] = [];
/** What the next requests are answered instead. */
const instead: { readonly status: number; readonly headers?: Record<string, string> }[] = [];
const provider = createServer((request: IncomingMessage, response: ServerResponse) => {
  const url = new URL(request.url ?? '/', 'http://x');
  asked.push({ url, at: performance.now(), agent: request.headers['user-agent'] ?? '' });
  const other = instead.shift();
  if (other) {
    response.writeHead(other.status, other.headers).end('{"error":"busy"}');
    return;
  }
  const answer = url.pathname === '/ws/2/recording' ? recordings(url) : books(url);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
provider.listen(0, '127.0.0.1');
await once(provider, 'listening');
t.teardown(() => provider.close());
const base = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
const on = { METADATA_MUSICBRAINZ: base, METADATA_OPENLIBRARY: `${base}/`, METADATA_CONTACT: 'me@example.org' };

function recordings(url: URL) {
  const title = /recording:"((?:[^"\\]|\\.)*)"/.exec(url.searchParams.get('query') ?? '')?.[1] ?? '';
  const found = {
    id: '0f1b-mbid',
    score: 100,
    title,
    length: 61_000,
    'artist-credit': [{ name: 'Doan', joinphrase: '', artist: { id: 'a-mbid', name: 'Doan' } }],
    'first-release-date': '2019-05',
    releases: [
      { id: 'b', title: 'Bootleg', status: 'Bootleg' },
      { id: 'r', title: 'The Album', status: 'Official' },
    ],
    isrcs: ['USX1'],
    tags: [
      { count: 1, name: 'pop' },
      { count: 9, name: 'rock' },
    ],
  };
  const other = { ...found, id: 'other', title: `${title} something else` };
  return {
    created: '2026-11-24T00:00:00Z',
    count: 2,
    offset: 0,
    recordings: title === 'Nobody knows' ? [other] : [other, found],
  };
}

function books(url: URL) {
  const title = url.searchParams.get('title');
  const book = {
    key: '/works/OL1W',
    title: `${title}: a novel`,
    author_name: ['Ann'],
    first_publish_year: 1965,
    isbn: ['978'],
  };
  return { numFound: 2, start: 0, docs: [{ key: '/works/OL0W', title: 'Another' }, book] };
}

t.beforeEach(() => {
  here.library = new MemoryLibrary();
  asked.length = 0;
  instead.length = 0;
});

t.test('tags of files and what providers know go into the catalog, what is known stays', async (t) => {
  mkdirSync(join(here.dataDir, 'library'), { recursive: true });
  writeFileSync(
    join(here.dataDir, 'library', 'song.wav'),
    taggedWave({ title: 'Song', artist: 'Doan', genre: 'Rock' }, 60),
  );
  here.playlist('Music', {
    Song: { file: fileAt('song.wav'), date: '2020', info: { genre: ['Mine'] } },
    'Nobody knows': { artist: 'Doan' },
    'No artist': {},
  });
  const { outcome, error, told, counts } = await here.run({ only: 'all' }, on);
  t.match({ outcome, error }, { outcome: 'succeeded', error: null });
  t.match(told, { processed: 3, succeeded: 3, failed: 0 });
  t.match(counts, { processed: 3, succeeded: 3, failed: 0 });
  t.match(here.track('Song'), {
    artist: 'Doan',
    album: 'The Album',
    date: '2020',
    durationS: 60,
    info: {
      genre: ['Mine'],
      metadata: { musicbrainz: { id: '0f1b-mbid', album: 'The Album', date: '2019-05', tags: ['rock', 'pop'] } },
    },
  });
  t.notOk((here.track('Nobody knows').info['metadata'] as object & { musicbrainz?: unknown }).musicbrainz);
  t.equal(asked.length, 2, 'of whom no artist is known nobody is asked');
  const [first, second] = asked;
  t.match(first?.agent, /^nightshift\/\d+\.\d+\.\d+ \( me@example\.org \)$/);
  t.match(first?.url.searchParams.get('query'), 'recording:"Song" AND artist:"Doan"');
  t.ok((second?.at ?? 0) - (first?.at ?? 0) >= 990, 'no more than one request a second');
});

t.test('what was answered is not asked again, and what was described is left alone', async (t) => {
  here.playlist('Music', { Once: { artist: 'Doan' } });
  await here.run({ only: 'new' }, on);
  t.equal(asked.length, 1);
  t.match((await here.run({ only: 'new' }, on)).told, { processed: 0 });
  t.match((await here.run({ only: 'all' }, on)).told, { processed: 1, succeeded: 1 });
  t.equal(asked.length, 1, 'the store has the answer');
  const taskId = v7();
  t.match((await here.run({ only: 'all' }, on, { taskId })).told, { processed: 1 });
  t.match(
    (await here.run({ only: 'all' }, on, { taskId, attempt: 2 })).told,
    { processed: 0 },
    'it goes on where it was',
  );
});

t.test(
  'asked to write tags, it submits a task for each track with a file, once however often it is repeated',
  async (t) => {
    here.playlist('Music', { Filed: { artist: 'Doan', file: fileAt('none.txt') }, Bare: { artist: 'Doan' } });
    mkdirSync(join(here.dataDir, 'library'), { recursive: true });
    writeFileSync(join(here.dataDir, 'library', 'none.txt'), 'x');
    const taskId = v7();
    here.submitted.length = 0;
    await here.run({ only: 'all', writeTags: true }, on, { taskId });
    const wanted = { type: 'library.tag', params: { track: here.track('Filed').id } };
    t.match(here.submitted, [{ ...wanted, idempotencyKey: `${taskId}:${here.track('Filed').id}` }]);
    t.match((await here.run({ only: 'all', writeTags: true }, on, { taskId, attempt: 2 })).told, { processed: 0 });
    t.same(here.submitted[1], here.submitted[0], 'with the same key, also where it was cut before that');
    await here.run({ only: 'all' }, on);
    t.equal(here.submitted.length, 2, 'nobody asked');
  },
);

t.test('attempts at the same time share the rate', async (t) => {
  const held = new TriedStore({}, Date.now);
  const store = handlerStore(async (request) => (request.name === 'store' ? held.answer(request.ask) : null));
  const beganAt = performance.now();
  const turns = Array.from({ length: 5 }, async () => {
    await takeTurn({ store, signal: new AbortController().signal }, 'x', 100);
    return performance.now() - beganAt;
  });
  const times = (await Promise.all(turns)).sort((a, b) => a - b);
  for (const [index, time] of times.entries()) t.ok(time >= index * 100 - 5, `turn ${index} at ${time} ms`);
});

t.test('episodes of feeds are described by their feed, audio books by Open Library', async (t) => {
  here.playlist('News', { Morning: {} }, { kind: 'feed', info: { author: 'NYT' } });
  here.playlist('Dune', { 'Chapter 1': {} }, { groups: ['Audiobooks'], info: { author: 'Ann' } });
  const { told } = await here.run({}, on);
  t.match(told, { processed: 3, succeeded: 3, failed: 0 });
  t.match(here.track('Morning'), { artist: 'NYT', album: 'News' });
  t.same(
    asked.map(({ url }) => url.pathname),
    ['/search.json'],
  );
  const [dune] = [...here.library.playlists.values()].filter(({ title }) => title === 'Dune');
  t.match(dune?.info, { author: 'Ann', openLibrary: { work: '/works/OL1W', firstPublished: 1965, isbn: '978' } });
});

t.test('nobody is asked unless the settings say so, nor without a word whom to write to', async (t) => {
  here.playlist('Music', { Song: { artist: 'Doan' } });
  t.match((await here.run({ only: 'all' })).told, { processed: 1, succeeded: 1 });
  const { log } = await here.run({ only: 'all' }, { METADATA_MUSICBRAINZ: base });
  t.match(log.join(), /METADATA_CONTACT is not set/);
  t.equal(asked.length, 0);
});

t.test(
  'a provider that is busy is given the time it asks for; asked for much more, the task comes back then',
  async (t) => {
    here.playlist('Music', { Busy: { artist: 'Doan' } });
    instead.push({ status: 503, headers: { 'retry-after': '2' } });
    t.match((await here.run({ only: 'all' }, on)).told, { succeeded: 1 });
    t.ok((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0) >= 1_900);
    here.playlist('More', { Busier: { artist: 'Doan' } });
    instead.push({ status: 429, headers: { 'retry-after': '600' } });
    const late = await here.run({ playlists: ['More'] }, on);
    t.match(late, { outcome: 'failed', retryable: true, error: { code: 'http_429' } });
    t.ok((late.retryAfterMs ?? 0) > 590_000);
  },
);

t.test('a provider that fails is given up after five times, and the next attempt takes what is left', async (t) => {
  const titles = ['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7'];
  here.playlist('Music', Object.fromEntries(titles.map((title) => [title, { artist: 'Doan' }])));
  instead.push(...titles.map(() => ({ status: 500 })));
  const { outcome, error, counts } = await here.run({}, on);
  t.match(
    { outcome, error },
    { outcome: 'failed', error: { code: 'provider_unreachable', message: /^musicbrainz did not/ } },
  );
  t.match(counts, { failed: 5 });
  t.equal(asked.length, 5);
  instead.length = 0;
  t.match((await here.run({}, { METADATA_MUSICBRAINZ: '' })).told, { processed: 7, succeeded: 7 });
});
