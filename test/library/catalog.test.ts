/** The catalog in a whole supervisor: on disk before anybody hears of it, back after a crash, and at hand for handlers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { TaskView } from '../../supervisor/facade.ts';
import { aPlaylist, aTrack, noon } from '../helpers/library-bed.ts';
import {
  anybody,
  openTestSupervisor,
  type TestSupervisor,
  task,
  testFolder,
  until,
} from '../helpers/open-supervisor.ts';
import { refusedBy } from '../helpers/schedules-bed.ts';

// What tap preloads into every process would make each of them cost a second.
process.env['NODE_OPTIONS'] = '';
process.execArgv.length = 0;

const client = new URL('../../workers/catalog/client.js', import.meta.url).href;
const HANDLER = `
import { libraryOf } from ${JSON.stringify(client)};
export default {
  type: 'library.try',
  lane: 'io',
  concurrency: 4,
  async run({ act, ...given }, ctx) {
    const library = libraryOf(ctx);
    if (act === 'put') { await library.put(given); return null; }
    if (act === 'hold') {
      await library.claim('track:1');
      await ctx.checkpoint('held');
      await new Promise((resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
    }
    if (act === 'claim') { await library.claim('track:1'); return 'mine'; }
    const all = async (pages) => { const ids = []; for await (const { id } of pages) ids.push(id); return ids; };
    return {
      playlists: await all(library.playlists({ sources: ['source'] })),
      tracks: await all(library.tracks({ playlists: [given.title], states: ['new', 'downloaded'] })),
      failed: await all(library.tracks({ states: ['failed'] })),
      track: await library.track(given.id),
      same: (await library.withDigest('a'.repeat(64)))?.id,
      from: (await library.fromAddress('https://example.org/1', '1'))?.id,
      not: await library.fromAddress('https://example.org/1', '2'),
      taken: [await library.isTaken('X/y.MP3', 'other'), await library.isTaken('x/Y.mp3', given.id)],
      sources: await library.sources(),
    };
  },
};
`;

function folderOf(t: Test): string {
  const dataDir = testFolder(t);
  writeFileSync(join(dataDir, 'handlers', 'try.mjs'), HANDLER);
  return dataDir;
}

async function submit(supervisor: TestSupervisor, params: object): Promise<string> {
  const backoff = { kind: 'fixed', base: '1ms' };
  const { ids } = await supervisor.supervisor.accept(
    [task({ type: 'library.try', params, backoff, maxAttempts: 1 })],
    'http',
  );
  return ids[0] as string;
}

async function run(supervisor: TestSupervisor, params: object): Promise<TaskView> {
  return until(supervisor, await submit(supervisor, params), ({ finishedAt }) => finishedAt !== null);
}

t.test('what has been put is there after a crash, a stop, and from a snapshot', async (t) => {
  const dataDir = folderOf(t);
  const playlist = aPlaylist('feed', { groups: ['News'] });
  const tracks = Array.from({ length: 300 }, (_, n) => aTrack(playlist.id, `${n}`, { position: n }));
  const first = await openTestSupervisor(dataDir);
  await first.library.put([playlist], tracks, anybody);
  t.ok(first.journal.durableSeq >= first.state.library.seq, 'it is on disk');
  await first.crash();
  const second = await openTestSupervisor(dataDir);
  t.same((await second.library.records('tracks', {}, null, 500)).items, tracks);
  await second.library.put([], [{ id: tracks[7]?.id as string, goneAt: noon }], anybody);
  await second.stop();
  const third = await openTestSupervisor(dataDir);
  t.match(await third.library.status(), { playlists: 1, tracks: 300, counts: { new: 299, gone: 1 }, sources: [] });
  t.match(await third.library.track(tracks[7]?.id as string), { state: 'gone', playlistTitle: 'feed' });
  await third.stop();
});

t.test('handlers fill it and ask it, under the name of their task', async (t) => {
  const supervisor = await openTestSupervisor(folderOf(t));
  t.teardown(() => supervisor.stop());
  supervisor.begin();
  const playlist = aPlaylist('feed', { title: 'A Feed' });
  const file = { path: 'x/y.mp3', bytes: 1, sha256: 'a'.repeat(64), version: '1', at: noon };
  const track = aTrack(playlist.id, 'a', { url: 'https://example.org/1', file });
  const put = await run(supervisor, { act: 'put', playlists: [playlist], tracks: [track] });
  t.match(put, { state: 'succeeded' }, JSON.stringify(put.error));
  const event = supervisor.front.events.since(0)?.find(({ name }) => name === 'library.put');
  t.same(event?.data, { playlists: 1, tracks: 1, by: `handler:${put.id}` }, 'who watches is told how many, not what');
  const asked = await run(supervisor, { act: 'ask', id: track.id, title: 'a feed' });
  t.match(asked, { state: 'succeeded' }, JSON.stringify(asked.error));
  t.same(asked.result, {
    playlists: [playlist.id],
    tracks: [track.id],
    failed: [],
    track,
    same: track.id,
    from: track.id,
    not: null,
    taken: [true, false],
    sources: [],
  });
  t.match(await run(supervisor, { act: 'put', tracks: [{ id: 'x' }] }), {
    error: { code: 'validation', message: /\$\.tracks\[0\]\.id/ },
  });
  t.match(await refusedBy(supervisor.library.put([], [{ id: 1 }], anybody)), { code: 'validation' });
});

t.test('what an attempt has claimed it has until it ends, and then the next one gets it', async (t) => {
  const supervisor = await openTestSupervisor(folderOf(t));
  t.teardown(() => supervisor.stop());
  supervisor.begin();
  const holder = await submit(supervisor, { act: 'hold' });
  await until(supervisor, holder, () => supervisor.state.tasks.get(holder)?.life?.checkpoint === 'held');
  const waiting = await submit(supervisor, { act: 'claim' });
  await until(supervisor, waiting, ({ state }) => state === 'running');
  t.match(await supervisor.front.task(waiting), { state: 'running' });
  await supervisor.front.cancel(holder, anybody);
  t.match(await until(supervisor, waiting, ({ finishedAt }) => finishedAt !== null), {
    state: 'succeeded',
    result: 'mine',
  });
  t.equal((await run(supervisor, { act: 'claim' })).result, 'mine', 'who has ended has nothing any more');
});
