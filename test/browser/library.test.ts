/** The library on the page: what it holds, why a track failed, and how it is tried again, synced now or by a schedule. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import { eventually } from '../helpers/supervisor-process.ts';
import { pictureFolder } from './helpers/browser.ts';
import { check, LOOKS, readAxe } from './helpers/look.ts';
import { onProgram } from './helpers/program.ts';
import { button, panel, rowOf, word } from './helpers/promise.ts';

const client = new URL('../../workers/catalog/client.js', import.meta.url).href;

/** Writes records into the catalog, as the handlers of the library do. */
const FILL = `
import { libraryOf } from '${client}';
export default {
  type: 'fill',
  maxAttempts: 1,
  async run({ put, fail }, ctx) {
    const failing = put.tracks?.map((track) => (track.failure ? { ...track, failure: { ...track.failure, task: ctx.task.id } } : track));
    await libraryOf(ctx).put({ ...put, ...(failing && { tracks: failing }) });
    if (fail) throw new Error('503 Service Unavailable');
  },
};
`;

const SOURCES = `
- name: radio
  kind: folder
  path: '/srv/radio'
  groups: [News]
- name: music
  kind: folder
  path: '/srv/music'
`;

const at = '2026-11-26T20:00:00.000Z';
const playlist = (id: string, title: string, more: object = {}) => ({
  id,
  source: 'radio',
  key: id,
  title,
  groups: ['News'],
  ...more,
});
const track = (id: string, title: string, more: object = {}) => ({
  id,
  playlist: 'a000000000000001',
  key: id,
  title,
  position: 0,
  version: '1',
  ...more,
});
const file = { path: 'radio/Night talk/Episode 1.mp3', bytes: 48_211_004, sha256: 'ab'.repeat(32), version: '1', at };
const failure = { code: 'http_status', message: 'The server answered 503', task: '', at, stage: 'download' };
const PUT = {
  playlists: [
    playlist('a000000000000001', 'Night talk', { syncedAt: at }),
    playlist('a000000000000002', '夜航', { source: 'music', groups: [] }),
  ],
  tracks: [
    track('b000000000000001', 'Episode 1', { file, artist: 'Nobody' }),
    track('b000000000000002', 'Episode 2', { position: 1, failure }),
    track('b000000000000003', 'Episode 3', { position: 2 }),
  ],
};

onProgram(
  'playlists and tracks are shown with their states; a failed track says why and is tried again; a playlist is synced, and by a schedule',
  {
    files: { 'handlers/fill.mjs': FILL, 'sources.yaml': SOURCES },
    path: 'library',
    async prepare(supervisor) {
      const { id } = await supervisor.add({ type: 'fill', params: { put: PUT, fail: true } });
      await supervisor.until(id, 'failed');
    },
  },
  async (t, { page, supervisor, open }) => {
    await page.getByText('2 playlists · 3 tracks').waitFor();
    const list = panel(page, 'Playlists');
    const row = rowOf(list, 'Night talk');
    await word(row, '1 Failed').waitFor();
    await panel(page, 'Sources').getByText('/srv/radio').waitFor();
    const axe = await readAxe();
    const pictures = await pictureFolder();
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page: other } = await open('library', options);
      for (const [name, path, sign] of [
        ['library', 'library?group=News', 'Night talk'],
        ['library-playlist', 'library/a000000000000001', 'The server answered 503'],
        ['library-tracks', 'library/tracks?state=new', 'Episode 3'],
      ] as const) {
        await other.goto(`${supervisor.url}/${path}`);
        await other.getByText(sign).locator('visible=true').first().waitFor();
        await check(t, other, axe, join(pictures, `${name}-${look}.png`), true);
      }
    }

    await row.getByRole('link', { name: 'Night talk' }).click();
    const tracks = panel(page, 'Tracks of Night talk');
    await tracks.getByText('radio/Night talk/Episode 1.mp3').waitFor();
    const failed = rowOf(tracks, 'Episode 2');
    await failed.getByText('The server answered 503').waitFor();
    await failed.getByText('then Retry fetches it again').waitFor();
    await button(failed, 'Retry: Episode 2').click();
    await page.getByText('Episode 2 is tried again').waitFor();
    const { body } = await supervisor.call<{ items: TaskView[] }>('GET', '/tasks?type=fill');
    t.match(body.items[0]?.attempt, 2, 'the task that failed runs again');
    await button(page, 'New').click();
    await tracks.getByText('Episode 3').waitFor();
    t.equal(await tracks.getByRole('row').count(), 2, 'only what is new');

    await button(page, 'Sync now').click();
    await page.getByText('Syncing Night talk').waitFor();
    const run = await eventually('the run', async () => {
      const { body } = await supervisor.call<{ items: RunRecord[] }>('GET', '/runs?pipeline=library.full');
      return body.items[0] ?? null;
    });
    t.same(run.params, { playlists: ['a000000000000001'] });

    await button(page, 'Schedule sync…').click();
    await page.waitForURL('**/schedules/new');
    t.equal(await page.getByLabel('Name').inputValue(), 'Sync Night talk');
    t.match(await page.getByLabel('Params').inputValue(), /"playlists": \[\s*"a000000000000001"/);
    await button(page, 'Add schedule').click();
    await page.getByRole('heading', { name: 'Sync Night talk' }).waitFor();
  },
);

onProgram(
  'an empty library says what to write where; g l leads there; a mistake in sources.yaml is named',
  { files: { 'handlers/fill.mjs': FILL } },
  async (_t, { page, write }) => {
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.getByRole('heading', { name: 'No playlist yet' }).waitFor();
    await page.getByText('kind: feed').waitFor();
    write('sources.yaml', '- name: radio\n  kind: feed\n');
    await panel(page, 'sources.yaml has mistakes').waitFor();
  },
);

/** A feed with one episode, of which the second half comes once `finish` is called. */
async function slowFeed(t: Test): Promise<{ readonly url: string; finish(): void }> {
  const half = Buffer.concat([Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x00'), Buffer.alloc(150_000, 7)]);
  let held: ServerResponse | null = null;
  const server = createServer((request, response) => {
    if (request.url !== '/feed.xml') {
      held = response;
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': half.length * 2 });
      return void response.write(half);
    }
    const item = `<title>Long talk</title><guid>1</guid><enclosure url="${url}/1.mp3" type="audio/mpeg"/>`;
    response.setHeader('content-type', 'application/rss+xml');
    response.end(`<rss version="2.0"><channel><title>Slow</title><item>${item}</item></channel></rss>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, finish: () => void held?.end(half) };
}

onProgram(
  'what is being downloaded shows how far it is, at its track, its playlist and its run; a scope that finds nothing is told',
  { files: {}, path: 'library' },
  async (t, { page, supervisor, write }) => {
    const feed = await slowFeed(t);
    write('sources.yaml', `- { name: talks, kind: feed, url: '${feed.url}/feed.xml', groups: [News] }`);
    await panel(page, 'Sources').getByText('talks').waitFor();
    await button(page, 'Sync everything').click();
    const row = rowOf(panel(page, 'Playlists'), 'talks');
    await word(row, 'Downloading').waitFor();
    await row.getByText('50 %').locator('visible=true').waitFor();
    await row.getByRole('link', { name: /talks|Slow/ }).click();
    const track = rowOf(page.getByRole('region', { name: /^Tracks of/ }), 'Long talk');
    await track.getByRole('progressbar', { name: 'Progress: Long talk' }).waitFor();
    await track.getByText('50 %').waitFor();
    const { body } = await supervisor.call<{ items: RunRecord[] }>('GET', '/runs');
    await page.goto(`${supervisor.url}/runs/${body.items[0]?.id}`);
    const running = panel(page, 'Running now');
    await rowOf(running, 'Long talk').getByText('50 %').locator('visible=true').waitFor();
    feed.finish();
    await button(page, 'Start again').waitFor();
    t.equal(await running.count(), 0, 'nothing of what has ended runs');

    await page.goto(`${supervisor.url}/library?group=Nwes`);
    await page.getByText('Another source, another group or a shorter text').waitFor();
    t.equal(await button(page, 'Sync now').count(), 0, 'nothing of that group could be synced');
    await page.goto(`${supervisor.url}/runs`);
    await button(page, 'Start run: library.sync').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Scope').fill('{ "groups": "News" }');
    await button(dialog, 'Start run').click();
    await dialog.getByLabel('Scope').and(page.locator('[aria-invalid="true"]')).waitFor();
    await dialog.getByText(/^groups .*expected array/).waitFor();
    const mistyped = { pipeline: 'library.full', scope: { groups: ['Nwes'] } };
    const { run } = (await supervisor.call<{ run: RunRecord }>('POST', '/runs', mistyped)).body;
    await page.goto(`${supervisor.url}/runs/${run.id}`);
    await page.getByText('Stage collect found nothing for sync').waitFor();
    await page.getByText('narrowed down to: groups: Nwes.').waitFor();
  },
);
