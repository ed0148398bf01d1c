import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { OutcomeItem } from '../../workers/contract.ts';
import { AllowedPlaces, isPrivateAddress } from '../../workers/private-address.ts';
import { FileServer } from '../helpers/file-server.ts';
import { bed, builtIn } from './thread-pool.ts';

const { pool, order } = await bed(t, builtIn('http.request'));
const server = await FileServer.start();
t.teardown(() => server.stop());

const call = (params: object, settings: Record<string, string> = {}): Promise<OutcomeItem> =>
  pool.outcome(order(params, { settings }));
const result = async (params: object, settings: Record<string, string> = {}) => {
  const outcome = await call(params, settings);
  if (outcome.outcome !== 'succeeded') throw new Error(`did not succeed: ${outcome.error?.message}`);
  return JSON.parse(outcome.result ?? '{}');
};

t.test('a call sends what was asked for and keeps what was answered', async (t) => {
  server.add('/json', '{"ok":true}', {
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'x-request-id': 'r1',
      'set-cookie': 'secret=1',
    },
  });
  const told = await result({ url: server.url('/json?key=secret'), headers: { 'X-Own': 'yes' }, body: { a: [1] } });
  t.match(told, {
    status: 200,
    body: { ok: true },
    encoding: 'json',
    truncated: false,
    headers: { 'x-request-id': 'r1' },
  });
  t.notHas(told.headers, { 'set-cookie': /./ });
  t.match(server.seen('/json')[0], {
    method: 'POST',
    body: '{"a":[1]}',
    headers: { 'x-own': 'yes', 'content-type': 'application/json', 'idempotency-key': /^0/ },
  });
  await result({ url: server.url('/json'), method: 'put', body: 'text' });
  t.match(server.seen('/json')[1], {
    method: 'PUT',
    body: 'text',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });
  await result({ url: server.url('/json').replace('http://', 'http://user:p%40ss@') });
  t.match(server.seen('/json')[2], {
    method: 'GET',
    headers: { authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}` },
  });
});

t.test('a body is kept up to a limit, as what it is', async (t) => {
  const plain = { 'content-type': 'text/plain' };
  server.add('/long', '中'.repeat(100_000), { headers: plain });
  const long = await result({ url: server.url('/long') });
  t.match(long, { truncated: true, encoding: 'text', bytes: 65_536 });
  t.match(long.body, /^中+$/, 'cut between characters');
  t.match(await result({ url: server.url('/long'), keep: 0 }), { body: null, truncated: true });
  server.add('/latin', Buffer.from('caf\xe9', 'latin1'), {
    headers: { 'content-type': 'text/plain; charset=iso-8859-1' },
  });
  t.equal((await result({ url: server.url('/latin') })).body, 'café');
  server.add('/binary', Buffer.from([0, 255, 254, 1]));
  t.match(await result({ url: server.url('/binary') }), { encoding: 'base64', body: 'AP/+AQ==' });
  server.add('/packed', gzipSync('unpacked'), { headers: { ...plain, 'content-encoding': 'gzip' } });
  t.equal((await result({ url: server.url('/packed') })).body, 'unpacked');
  server.add('/bomb', gzipSync(Buffer.alloc(50_000_000)), { headers: { ...plain, 'content-encoding': 'gzip' } });
  t.match(await result({ url: server.url('/bomb') }), { truncated: true, bytes: 65_536 });
  server.add('/empty', '');
  t.match(await result({ url: server.url('/empty') }), { body: null, encoding: 'none', bytes: 0, truncated: false });
  server.add('/broken.json', '{"half":', { headers: { 'content-type': 'application/json' } });
  t.match(await result({ url: server.url('/broken.json') }), { encoding: 'text', body: '{"half":' });
});

t.test('the status decides: expected, hopeless, to be tried again, or later', async (t) => {
  server.add('/here', 'x');
  const url = server.url('/here');
  const rows: [object, object][] = [
    [{ url, expect: 200 }, { outcome: 'succeeded' }],
    [{ url, expect: '200-204' }, { outcome: 'succeeded' }],
    [{ url, expect: [404, '2xx'] }, { outcome: 'succeeded' }],
    [{ url: server.url('/nowhere'), expect: [404] }, { outcome: 'succeeded' }],
    [
      { url, expect: 204 },
      { outcome: 'failed', retryable: false, error: { code: 'http_200' } },
    ],
    [
      { url: server.url('/nowhere') },
      {
        outcome: 'failed',
        retryable: false,
        error: { code: 'http_404', message: /GET .*\/nowhere was answered with 404 Not Found: no such file/ },
      },
    ],
    [
      { url, expect: 'all' },
      { retryable: false, error: { code: 'validation', message: /status such as 204/ } },
    ],
    [
      { url, expect: [] },
      { retryable: false, error: { code: 'validation' } },
    ],
  ];
  for (const [params, expected] of rows) t.match(await call(params), expected, JSON.stringify(params));
  for (const [status, retryable] of [
    [400, false],
    [401, false],
    [408, true],
    [410, false],
    [425, true],
    [429, true],
    [500, true],
    [502, true],
  ] as const) {
    server.fail('/here', { status, body: 'because' });
    t.match(await call({ url }), {
      outcome: 'failed',
      retryable,
      retryAfterMs: null,
      error: { code: `http_${status}`, message: /because/ },
    });
  }
  for (const status of [429, 503]) {
    server.fail('/here', { status, headers: { 'retry-after': '90' } });
    t.match(await call({ url }), {
      outcome: 'failed',
      retryable: true,
      retryAfterMs: 90_000,
      backoffHolds: true,
      error: { code: `http_${status}` },
    });
  }
});

t.test('redirects are followed as a browser does, and only so often', async (t) => {
  server.add('/end', 'here');
  const to = (status: number, location = server.url('/end')) => ({ status, headers: { location } });
  const rows: [number, string][] = [
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ];
  for (const [status, method] of rows) {
    server.fail('/start', to(status, '/end'));
    t.match(await result({ url: server.url('/start'), body: 'sent' }), { status: 200, url: server.url('/end') });
    t.match(server.seen('/end').at(-1), { method, body: method === 'GET' ? '' : 'sent' }, `${status}`);
  }
  server.fail('/loop', ...new Array(6).fill(to(302, '/loop')));
  t.match(await call({ url: server.url('/loop') }), {
    retryable: false,
    error: { code: 'too_many_redirects', message: /more than 5 redirects/ },
  });
  server.fail('/bad', to(302, 'http://'), to(302, 'ftp://example.org/x'));
  t.match(await call({ url: server.url('/bad') }), { retryable: false, error: { code: 'wrong_address' } });
  t.match(await call({ url: server.url('/bad') }), {
    retryable: false,
    error: { code: 'wrong_address', message: /ftp: addresses are not fetched/ },
  });
  server.fail('/start', to(302));
  t.match(
    await result({ url: server.url('/start'), expect: 302 }),
    { status: 302, headers: { location: server.url('/end') } },
    'unless the redirect is the answer',
  );
  server.add('/%E4%B8%AD', 'utf8');
  server.fail('/start', to(302, Buffer.from('/中').toString('latin1')));
  t.equal((await result({ url: server.url('/start') })).url, server.url('/%E4%B8%AD'));
});

t.test('a redirect leads to a private address of another host only where that is allowed', async (t) => {
  server.add('/end', 'here');
  const start = server.url('/start');
  const other = await FileServer.start('127.0.0.2');
  t.teardown(() => other.stop());
  other.add('/end', 'other');
  const refused = {
    outcome: 'failed',
    retryable: false,
    error: { code: 'private_address', message: /ALLOW_PRIVATE_ADDRESSES/ },
  };
  const rows: [string, string, object][] = [
    [other.url('/end', '127.0.0.2'), '', refused],
    [server.url('/end', 'localhost'), '', refused],
    [server.url('/end', '[::ffff:127.0.0.1]'), '', refused],
    [server.url('/end', '2130706433'), '', { outcome: 'succeeded' }],
    [other.url('/end', '2130706434'), '', refused],
    [other.url('/end', '0x7f.2'), '', refused],
    [server.url('/end', 'localhost'), 'localhost', { outcome: 'succeeded' }],
    [server.url('/end', 'localhost'), 'nas.lan, 127.0.0.0/8', { outcome: 'succeeded' }],
    [other.url('/end', '127.0.0.2'), '127.0.0.2', { outcome: 'succeeded' }],
    [other.url('/end', '127.0.0.2'), '10.0.0.0/8', refused],
  ];
  for (const [location, allowed, expected] of rows) {
    server.fail('/start', { status: 302, headers: { location } });
    t.match(
      await call({ url: start }, { ALLOW_PRIVATE_ADDRESSES: allowed }),
      expected,
      `${location} with ${allowed || 'nothing'} allowed`,
    );
  }
  server.fail('/start', { status: 302, headers: { location: other.url('/hop', '127.0.0.2') } });
  other.fail('/hop', { status: 302, headers: { location: server.url('/end', 'localhost') } });
  t.match(await call({ url: start }, { ALLOW_PRIVATE_ADDRESSES: '127.0.0.2' }), refused, 'on every hop');
});

t.test('credentials stay with the origin they were meant for', async (t) => {
  const other = await FileServer.start();
  t.teardown(() => other.stop());
  other.add('/end', 'x');
  server.add('/end', 'x');
  const headers = { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Api-Key': 'k', 'X-Own': 'kept' };
  server.fail(
    '/start',
    { status: 302, headers: { location: '/end' } },
    { status: 302, headers: { location: other.url('/end') } },
  );
  await result({ url: server.url('/start'), headers });
  t.match(server.seen('/end').at(-1)?.headers, {
    authorization: 'Bearer x',
    cookie: 'a=b',
    'x-api-key': 'k',
    'x-own': 'kept',
  });
  await result({ url: server.url('/start'), headers });
  const seen = other.seen('/end').at(-1)?.headers ?? {};
  t.same(
    [seen.authorization, seen.cookie, seen['x-api-key'], seen['x-own']],
    [undefined, undefined, undefined, 'kept'],
  );
});

t.test('a server that does not answer is given up by the timeout of the task, and by cancel', async (t) => {
  server.add('/silent', 'x');
  server.fail('/silent', 'silent', 'silent');
  t.match(await pool.outcome(order({ url: server.url('/silent') }, { timeoutMs: 50 })), { outcome: 'timed_out' });
  const given = order({ url: server.url('/silent') });
  const running = pool.outcome(given);
  await server.requested('/silent', 2);
  pool.stop(given, 'canceled');
  t.match(await running, { outcome: 'canceled' });
});

t.test('faults of the network are told in words', async (t) => {
  t.match(
    (await call({ url: 'http://no-such-host.invalid/' })).error?.message,
    /no address is known for no-such-host\.invalid|name server did not answer/,
  );
  t.match(
    (await call({ url: 'http://127.0.0.1:1/' })).error?.message,
    /127\.0\.0\.1:1 refused the connection: nothing listens there/,
  );
  server.add('/cut', 'long enough', { headers: { 'content-type': 'text/plain' } });
  server.fail('/cut', { cutAfter: 3 });
  t.match(await call({ url: server.url('/cut') }), { retryable: true, error: { message: /cut the connection/ } });
});

t.test('private addresses are known in every spelling', (t) => {
  const secret = [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '::127.0.0.1',
  ];
  const open = [
    '1.1.1.1',
    '172.32.0.1',
    '172.15.0.1',
    '100.128.0.1',
    '8.8.8.8',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::',
  ];
  for (const address of secret) t.ok(isPrivateAddress(address), address);
  for (const address of open) t.notOk(isPrivateAddress(address), address);
  fc.assert(fc.property(fc.ipV4(), (address) => isPrivateAddress(address) === isPrivateAddress(`::ffff:${address}`)));
  fc.assert(fc.property(fc.ipV6(), (address) => typeof isPrivateAddress(address) === 'boolean'));
  const places = new AllowedPlaces('nas.local, *.lan ,192.168.1.0/24,fd00::/8,10.0.0.7');
  t.same(
    ['nas.local', 'tv.lan', 'lan', 'xnas.local'].map((host) => places.host(host)),
    [true, true, false, false],
  );
  t.same(
    ['192.168.1.9', '192.168.2.9', 'fd12::1', '10.0.0.7', '10.0.0.8', '::ffff:192.168.1.9'].map((one) =>
      places.address(one),
    ),
    [true, false, true, true, false, true],
  );
  t.end();
});
