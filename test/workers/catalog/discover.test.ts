import t from 'tap';
import { readTopList } from '../../../workers/catalog/top-list.ts';
import { FileServer } from '../../helpers/file-server.ts';
import { libraryBed } from './bed.ts';

const here = await libraryBed(t, 'library.discover');
const server = await FileServer.start();
t.teardown(() => server.stop());
const json = { headers: { 'content-type': 'application/json' } };

t.test('feeds of a top list become playlists, those that are there already do not', async (t) => {
  server.add(
    '/top.json',
    JSON.stringify([
      { title: 'One', url: 'https://one.example/feed', author: 'A', logo_url: 'https://one.example/i.png' },
      { title: 'Known', url: 'http://known.example/feed/' },
      { title: 'At home', url: 'http://192.168.1.1/feed' },
      { title: 'No address', website: 'x' },
      { title: 'Two', url: 'https://two.example/feed' },
      { title: 'Three', url: 'https://three.example/feed' },
    ]),
    json,
  );
  here.playlist('Known', {}, { url: 'https://known.example/feed' });
  const { told, counts } = await here.run({ url: server.url('/top.json?key=secret'), most: 2, genre: 'News' });
  t.same(
    told.added.map(({ title }: { title: string }) => title),
    ['One', 'Two'],
  );
  t.match(counts, { processed: 4, succeeded: 3, failed: 1 }, 'it ends where it has enough');
  const [one] = [...here.library.playlists.values()].filter(({ title }) => title === 'One');
  t.match(one, {
    source: 'discover',
    url: 'https://one.example/feed',
    kind: 'feed',
    groups: ['News'],
    info: { author: 'A', image: 'https://one.example/i.png', foundIn: /\/top\.json\?…$/ },
  });
  const again = await here.run({ url: server.url('/top.json'), most: 2 });
  t.same(
    again.told.added.map(({ title }: { title: string }) => title),
    ['Three'],
    'the next time it goes on',
  );
});

t.test('a feed at home is left out unless the settings name it, also one beside the list', async (t) => {
  const [home, beside] = ['http://192.168.1.1/feed', server.url('/feed.xml')];
  server.add('/home.json', JSON.stringify([home, beside].map((url) => ({ title: url, url }))), json);
  const added = async (settings = {}) => {
    const { told } = await here.run({ url: server.url('/home.json') }, settings);
    return told.added.map(({ url }: { url: string }) => url);
  };
  t.same(await added(), []);
  t.same(await added({ ALLOW_PRIVATE_ADDRESSES: '192.168.0.0/16' }), [home]);
  t.same(await added({ ALLOW_PRIVATE_ADDRESSES: '127.0.0.1' }), [beside]);
});

t.test('pages of a directory lead to the feeds it knows', async (t) => {
  const page = (id: number) => `https://podcasts.apple.com/us/podcast/x/id${id}`;
  server.add(
    '/apple.json',
    JSON.stringify({
      feed: {
        title: 'Top',
        results: [
          { name: 'Apple one', artistName: 'A', id: '11', url: page(11), genres: [{ genreId: '26', name: 'News' }] },
          { name: 'Another genre', id: '12', url: page(12), genres: [{ name: 'Music' }] },
          { name: 'Unknown', id: '13', url: page(13), genres: [{ name: 'news' }] },
        ],
      },
    }),
    json,
  );
  server.add(
    '/lookup',
    JSON.stringify({ resultCount: 1, results: [{ collectionId: 11, feedUrl: 'https://eleven.example/rss' }] }),
    json,
  );
  const { told, counts } = await here.run({
    url: server.url('/apple.json'),
    genre: 'News',
    lookup: server.url('/lookup'),
  });
  t.match(told, { listed: 2, added: [{ title: 'Apple one', url: 'https://eleven.example/rss' }] });
  t.match(counts, { processed: 2, succeeded: 1, failed: 1 });
});

t.test('lists of other kinds are read as well', async (t) => {
  const feeds = (text: string) => readTopList(text, 'https://list.example/').map(({ title, feed }) => [title, feed]);
  const one = [['One', 'https://one.example/feed']];
  t.same(feeds('{"feeds":[{"title":"One","url":"https://one.example/feed","categories":{"1":"News"}}]}'), one);
  t.same(feeds('[{"name":"One","feed_url":"https://one.example/feed","url":"https://one.example/"}]'), one);
  t.same(
    feeds('<opml version="2.0"><body><outline text="One" type="rss" xmlUrl="https://one.example/feed"/></body></opml>'),
    one,
  );
  t.same(
    feeds(
      '<rss version="2.0"><channel><item><title>One</title><link>https://one.example/feed</link></item></channel></rss>',
    ),
    one,
  );
  t.same(
    feeds(
      '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>One</title><link href="https://one.example/"/><link type="application/rss+xml" href="https://one.example/feed"/></entry></feed>',
    ),
    one,
  );
  for (const text of ['{}', '{"a":{"b":1}}', '"x"', 'null', '<html></html>', '{"items":', ''])
    t.throws(() => readTopList(text, 'https://list.example/'), { code: /^(not_a_list|list_truncated)$/ }, text);
});

t.test('a list that is none says so', async (t) => {
  server.add('/empty.json', '[]', json);
  server.add('/page', '<!DOCTYPE html><html><body>x</body></html>');
  const rows: [string, object][] = [
    ['/empty.json', { outcome: 'failed', retryable: false, error: { code: 'empty_list' } }],
    ['/page', { outcome: 'failed', retryable: false, error: { code: 'not_a_list' } }],
    ['/nowhere', { outcome: 'failed', retryable: false, error: { code: 'http_404' } }],
  ];
  for (const [path, expected] of rows) t.match(await here.run({ url: server.url(path) }), expected, path);
  t.match(await here.run({ url: 'file:///etc/passwd' }), { outcome: 'failed', error: { code: 'wrong_address' } });
  t.match(await here.run({ url: server.url('/x'), most: 0 }), { outcome: 'failed', error: { code: 'validation' } });
});
