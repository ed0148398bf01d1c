/** `nightshift library`: what it shows of sources, playlists and tracks, and what of it a script reads. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { commandLine } from '../helpers/command-line.ts';
import { aPlaylist, aTrack } from '../helpers/library-bed.ts';

const { folder, nightshift } = commandLine(t);
const FILL = `
import { libraryOf } from ${JSON.stringify(new URL('../../workers/catalog/client.js', import.meta.url).href)};
export default { type: 'fill', lane: 'io', run: (params, ctx) => libraryOf(ctx).put(params) };
`;

t.test('the library is shown by the command line', async (t) => {
  const data = mkdtempSync(join(folder, 'library-'));
  mkdirSync(join(data, 'handlers'));
  writeFileSync(join(data, 'handlers', 'fill.mjs'), FILL);
  writeFileSync(
    join(data, 'sources.yaml'),
    '- { name: News, kind: feed, url: "https://example.org/f", enabled: false }\n',
  );
  const supervisor = await startSupervisor(data, {});
  t.teardown(() => supervisor.stop());
  const env = { NIGHTSHIFT_DATA: data };
  const run = (...words: string[]) => nightshift(words, { env });
  const playlist = aPlaylist('feed', { title: 'Evening News', groups: ['Daily'] });
  const tracks = ['a', 'b'].map((key, position) => aTrack(playlist.id, key, { title: `Part ${key}`, position }));
  const params = JSON.stringify({ playlists: [playlist], tracks });
  const { out: id } = await run('add', 'fill', '--params', params);
  t.match(await run('logs', '-f', id.trim()), { code: 0 });
  t.match(await run('library'), { code: 0, out: /1 playlists, 2 tracks: 2 new[\s\S]*News +feed +off +https:/ });
  t.match(await run('library', 'playlists', '--group', 'Daily'), { code: 0, out: /Evening News +source +Daily +2 +0/ });
  t.match(await run('library', 'tracks', '--limit', '1'), { code: 0, out: /new +Part a +Evening News/, err: /1 of 2/ });
  t.match(await run('library', 'tracks', '--state', 'failed'), { code: 0, err: /there are no such tracks/ });
  t.match(JSON.parse((await run('library', 'tracks', '-q', 'part b', '--json')).out), { items: [tracks[1]], total: 1 });
  t.match(JSON.parse((await run('library', '--json')).out), {
    library: { tracks: 2, sources: [{ name: 'News', on: false }] },
  });
  t.match(await run('library', 'tracks', '--state', 'lost'), { code: 1, err: /state/ });
});
