/** The library over HTTP: what a page or a script is answered, page by page. */
import t from 'tap';
import { aPlaylist, aTrack, LibraryBed } from '../helpers/library-bed.ts';
import { serve } from './serve.ts';

t.test('playlists and tracks are listed by their filters, page by page', async (t) => {
  const bed = new LibraryBed();
  const [news, music] = [
    aPlaylist('n', { title: 'News', groups: ['Daily'] }),
    aPlaylist('m', { title: 'Music', source: 'disk' }),
  ];
  const tracks = Array.from({ length: 5 }, (_, n) => aTrack(news.id, `${n}`, { title: `Evening ${n}`, position: n }));
  await bed.put([news, music], [...tracks, aTrack(music.id, 'a', { title: '夢燈籠', url: 'https://example.org/a' })]);
  const { call } = await serve(t, { library: bed.desk });
  const get = async (path: string) => (await call('GET', `/api/v1/library${path}`)).json;
  const titles = ({ items }: { items: { title: string }[] }) => items.map(({ title }) => title);
  t.match(await get(''), { library: { playlists: 2, tracks: 6, counts: { new: 6 }, sources: [], mistakes: [] } });
  t.same(titles(await get('/playlists')), ['Music', 'News']);
  t.match((await get('/playlists?group=Daily')).items, [{ id: news.id, counts: { new: 5, failed: 0 } }]);
  t.same(titles(await get('/playlists?source=disk,other&q=MUS')), ['Music']);
  const first = await get('/tracks?playlist=news&limit=3');
  t.same([titles(first), first.total], [['Evening 0', 'Evening 1', 'Evening 2'], 5]);
  const second = await get(`/tracks?playlist=news&limit=3&cursor=${first.next}`);
  t.same([titles(second), second.next], [['Evening 3', 'Evening 4'], null]);
  t.match((await call('GET', `/api/v1/library/tracks?limit=3&cursor=${first.next}`)).json, {
    status: 400,
    detail: /cursor was not given out for this list/,
  });
  t.match((await get(`/tracks?q=${encodeURIComponent('夢')}`)).items, [
    { title: '夢燈籠', state: 'new', playlistTitle: 'Music', url: 'https://example.org/a' },
  ]);
  t.same(titles(await get('/tracks?state=failed,gone')), []);
  t.match((await call('GET', '/api/v1/library/tracks?state=lost')).json, { status: 400, code: 'validation' });
  t.match(await get(`/tracks/${tracks[0]?.id}`), { track: { title: 'Evening 0', playlistTitle: 'News' } });
  t.match(await get(`/playlists/${news.id}`), { playlist: { title: 'News', counts: { new: 5 } } });
  t.match(await get('/tracks/none'), { code: 'not_found' });
});
