import t from 'tap';
import { parseHost } from '../../supervisor/core/host-pattern.ts';
import { callerWithoutToken, LEVELS, type Level, may, type Need, peerOf } from '../../web/caller.ts';
import { isOurHost, isOurOrigin } from '../../web/hosts.ts';
import {
  addressesKeptMax,
  freeFailuresMax,
  requestBurstMax,
  requestsPerSecondMax,
  sessionLifeMs,
  sessionsMax,
} from '../../web/limits.ts';
import { Sessions } from '../../web/sessions.ts';
import { settingsMistake } from '../../web/settings.ts';
import { addressKey, FailureBrake, RateBrake } from '../../web/throttle.ts';
import { StoreBed } from '../helpers/store-bed.ts';
import { DEFAULTS, localToken, serve, TestClock } from './serve.ts';

const TOKENS = { token: 'the-owner-token', readToken: 'the-reader-token' };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
/** A reverse proxy on this machine makes strangers look local, but for this. */
const stranger = { 'x-forwarded-for': '203.0.113.7' };

t.test('what each caller may do, by how it is known and where it comes from', async (t) => {
  const { call, current, url } = await serve(t, TOKENS);
  const cookie = async (token: string) => {
    const answer = await call('POST', '/login', { token });
    return { cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '', origin: url };
  };
  const owner = await cookie(TOKENS.token);
  const reader = await cookie(TOKENS.readToken);
  /** Status of a read and of a change. */
  const rows: [name: string, headers: Record<string, string>, loopbackOpen: boolean, read: number, change: number][] = [
    ['local, open', {}, true, 200, 200],
    ['local, closed', {}, false, 200, 401],
    ['local, owner token, closed', bearer(TOKENS.token), false, 200, 200],
    ['local, token of the data folder, closed', bearer(localToken), false, 200, 200],
    ['local, owner session, closed', owner, false, 200, 200],
    ['local, reader token, open', bearer(TOKENS.readToken), true, 200, 403],
    ['local, reader session, open', reader, true, 200, 403],
    ['local, wrong token, open', bearer('wrong'), true, 401, 401],
    ['local, another scheme', { authorization: 'Basic YTpi' }, true, 200, 200],
    ['local, unknown session', { cookie: 'nightshift_session=unknown' }, true, 200, 200],
    ['elsewhere', stranger, true, 401, 401],
    ['elsewhere, by another header', { forwarded: 'for=203.0.113.7' }, true, 401, 401],
    ['elsewhere, by yet another header', { via: '1.1 proxy' }, true, 401, 401],
    ['elsewhere, owner token', { ...stranger, ...bearer(TOKENS.token) }, true, 200, 200],
    ['elsewhere, owner session', { ...stranger, ...owner }, true, 200, 200],
    ['elsewhere, reader token', { ...stranger, ...bearer(TOKENS.readToken) }, true, 200, 403],
    ['elsewhere, reader session', { ...stranger, ...reader }, true, 200, 403],
    ['elsewhere, wrong token', { ...stranger, ...bearer('the-owner-tokeN') }, true, 401, 401],
    ['elsewhere, empty token', { ...stranger, authorization: 'Bearer ' }, true, 401, 401],
  ];
  for (const [name, headers, loopbackOpen, read, change] of rows) {
    current.settings = { ...DEFAULTS, ...TOKENS, loopbackOpen };
    t.equal((await call('GET', '/api/v1/status', undefined, headers)).status, read, `${name}: read`);
    t.equal((await call('POST', '/api/v1/queue/resume', {}, headers)).status, change, `${name}: change`);
  }
});

t.test('the session says what its caller may do, so that a page offers no more', async (t) => {
  const { call, current } = await serve(t, TOKENS);
  const may = async (headers: Record<string, string>) =>
    (await call('GET', '/api/v1/session', undefined, headers)).json.session.may;
  t.strictSame(await may(bearer(TOKENS.token)), ['read', 'operate', 'administer']);
  t.strictSame(await may({}), ['read', 'operate'], 'who is on this machine works with tasks, but not with settings');
  t.strictSame(await may(bearer(TOKENS.readToken)), ['read']);
  t.strictSame(await may(stranger), []);
  current.settings = { ...current.settings, loopbackOpen: false };
  t.strictSame(await may({}), ['read']);
});

t.test('every change is refused to a reader and to a stranger, and every read to a stranger', async (t) => {
  const { call, app, facade } = await serve(t, TOKENS);
  for (const { method, path, need } of app.routes) {
    if (need === 'nothing') continue;
    const address = path.replaceAll(':id', 'x');
    const strangers = await call(method, address, method === 'POST' ? {} : undefined, stranger);
    t.equal(strangers.status, 401, `${method} ${path}`);
    t.equal(strangers.headers['www-authenticate'], 'Bearer realm="nightshift"');
    if (method !== 'POST') continue;
    t.equal((await call(method, address, {}, bearer(TOKENS.readToken))).status, 403, `${method} ${path} by a reader`);
  }
  t.strictSame(facade.asked, [], 'nothing reached the supervisor');
  const open = app.routes.filter((route) => route.need === 'nothing').map((route) => route.path);
  t.strictSame(open.sort(), [
    '/api/v1/login',
    '/api/v1/logout',
    '/api/v1/session',
    '/healthz',
    '/login',
    '/login',
    '/logout',
    '/readyz',
  ]);
});

t.test('only names of ours are answered to', async (t) => {
  const { call, current } = await serve(t);
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:8421', '[::1]:9', '127.0.0.1']) {
    t.equal((await call('GET', '/healthz', undefined, { host })).status, 200, host);
  }
  for (const host of [
    'evil.example',
    'evil.example:8421',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.5',
    'a@localhost',
    'x y',
  ]) {
    const answer = await call('POST', '/api/v1/tasks', { type: 'noop' }, { host });
    t.equal(answer.status, 403, host);
    t.match(answer.json, { code: 'forbidden', detail: /WEB_ALLOWED_HOSTS/ });
  }
  current.settings = { ...DEFAULTS, allowedHosts: ['Night.example', 'nas.lan:8443', '*.below.example', 'tls.lan:443'] };
  const allowed = {
    'night.example': 200,
    'NIGHT.EXAMPLE.:1': 200,
    'nas.lan:8443': 200,
    'nas.lan:1': 403,
    'x.night.example': 403,
    'x.below.example:9': 200,
    'y.x.below.example': 200,
    'below.example': 403,
    'xbelow.example': 403,
    'tls.lan': 200,
    'tls.lan:8443': 403,
  };
  for (const [host, status] of Object.entries(allowed))
    t.equal((await call('GET', '/healthz', undefined, { host })).status, status, host);
});

t.test('pages of strangers change nothing', async (t) => {
  const { call, current, url } = await serve(t, { ...TOKENS, allowedHosts: ['night.example'] });
  const change = (headers: Record<string, string>) =>
    call('POST', '/api/v1/queue/resume', {}, headers).then((answer) => answer.status);
  const rows: [headers: Record<string, string>, status: number][] = [
    [{ origin: url }, 200],
    [{ origin: url, 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ origin: 'https://night.example' }, 200],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{ origin: url.replace('127.0.0.1', 'localhost') }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'file://' }, 403],
    [{ origin: `${url}.evil.example` }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: url, 'sec-fetch-site': 'cross-site' }, 403],
    [{ ...bearer(TOKENS.token), origin: 'https://evil.example' }, 403],
    [bearer(TOKENS.token), 200],
  ];
  for (const [headers, status] of rows) t.equal(await change(headers), status, JSON.stringify(headers));
  const login = await call('POST', '/login', { token: TOKENS.token });
  const cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';
  t.equal(await change({ cookie }), 403, 'a session without Origin');
  t.equal(await change({ cookie, origin: url }), 200);
  t.equal(
    (await call('GET', '/api/v1/status', undefined, { cookie, ...stranger })).status,
    200,
    'reading needs no Origin',
  );
  current.settings = { ...DEFAULTS };
  t.equal(
    (await call('POST', '/login', { token: localToken }, { origin: 'https://evil.example' })).status,
    403,
    'nor does anybody log us in',
  );
});

t.test('logging in gives a cookie that scripts cannot read and other sites do not send', async (t) => {
  const { call, url, current } = await serve(t, { ...TOKENS, base: '/night' });
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: url };
  const answer = await call('POST', '/login', `token=${TOKENS.token}&next=%2Ftasks%3Fstate%3Dfailed`, form);
  t.equal(answer.status, 303);
  t.equal(answer.headers['location'], '/night/tasks?state=failed');
  t.match(
    answer.headers['set-cookie'],
    /^nightshift_session=[\w-]{43}; Path=\/night\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
  );
  for (const next of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/%0d%0a',
    'x',
    '/a\r\nX: y',
    '/ü',
  ]) {
    const { status, headers } = await call(
      'POST',
      '/login',
      `token=${TOKENS.token}&next=${encodeURIComponent(next)}`,
      form,
    );
    t.equal(status, 303);
    t.match(headers['location'], next === '/%0d%0a' ? '/night/%0d%0a' : /^\/night\/$/, next);
  }
  const secure = await call('POST', '/login', { token: TOKENS.readToken }, { 'x-forwarded-proto': 'https' });
  t.match(secure.headers['set-cookie'], /; Secure$/);
  t.strictSame(secure.json, { level: 'reader' });
  const wrong = await call('POST', '/login', 'token=%3Cscript%3E&next=%22%3E%3Cscript%3E', form);
  t.equal(wrong.status, 401);
  t.notMatch(wrong.text, /<script/);
  t.match(wrong.text, /role="alert"/);
  t.equal((await call('POST', '/login', { token: 5 })).status, 400);
  t.equal((await call('POST', '/login', `token=${'x'.repeat(9_000)}`, form)).status, 413);

  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  const session = () =>
    call('GET', '/api/v1/session', undefined, { ...stranger, cookie }).then(({ json }) => json.session.level);
  t.equal(await session(), 'owner');
  current.settings = { ...current.settings, token: 'another-token' };
  t.equal(await session(), 'nobody', 'a session ends when its token is changed');
  const again = await call('POST', '/api/v1/login', { token: 'another-token' });
  const other = { cookie: String(again.headers['set-cookie']).split(';')[0] ?? '', origin: url };
  t.equal((await call('POST', '/api/v1/logout', {}, other)).status, 204);
  t.equal((await call('GET', '/api/v1/status', undefined, { ...stranger, ...other })).status, 401);
});

t.test('guessing costs time, but locks out neither a session nor the tools of the owner', async (t) => {
  const { call, clock, url } = await serve(t, TOKENS);
  const login = await call('POST', '/login', { token: TOKENS.token }, stranger);
  const cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';
  const guess = (headers: Record<string, string> = stranger) =>
    call('GET', '/api/v1/status', undefined, { ...headers, ...bearer('guess') });
  for (let count = 0; count < freeFailuresMax; count++) t.equal((await guess()).status, 401);
  const slowed = await guess();
  t.equal(slowed.status, 429);
  t.equal(slowed.headers['retry-after'], '1');
  t.equal(
    (await call('GET', '/api/v1/status', undefined, { ...stranger, ...bearer(TOKENS.token) })).status,
    429,
    'even the right one is not looked at',
  );
  t.equal((await call('POST', '/login', { token: TOKENS.token }, stranger)).status, 429);
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...stranger };
  t.equal((await call('POST', '/login', `token=${TOKENS.token}`, form)).status, 429);
  t.equal((await call('GET', '/api/v1/status', undefined, { ...stranger, cookie, origin: url })).status, 200);
  t.equal((await call('GET', '/api/v1/status', undefined, { ...stranger, ...bearer(localToken) })).status, 200);
  for (let count = 0; count < freeFailuresMax; count++) await guess({ 'x-forwarded-for': '203.0.113.8' });
  t.equal((await guess({ 'x-forwarded-for': '203.0.113.8' })).status, 429);
  clock.skewMs += 1_000;
  t.equal(
    (await call('GET', '/api/v1/status', undefined, { 'x-forwarded-for': '203.0.113.8', ...bearer(TOKENS.token) }))
      .status,
    200,
  );
  t.equal((await guess({ 'x-forwarded-for': '203.0.113.8' })).status, 401, 'a right token wipes the slate');
});

t.test('each wrong token waits longer than the one before, up to a limit', async (t) => {
  const clock = new TestClock();
  clock.monotonic = () => clock.skewMs;
  const brake = new FailureBrake(clock);
  const waits: number[] = [];
  for (let count = 0; count < 20; count++) {
    brake.failed('203.0.113.7');
    waits.push(brake.waitMs('203.0.113.7'));
    clock.skewMs += brake.waitMs('203.0.113.7');
  }
  t.strictSame(waits.slice(0, 8), [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
  t.equal(waits.at(-1), 300_000);
  clock.skewMs += 15 * 60_000;
  brake.failed('203.0.113.7');
  t.equal(brake.waitMs('203.0.113.7'), 0, 'forgotten after a quarter of an hour');
  for (let count = 0; count <= addressesKeptMax; count++)
    for (let times = 0; times < 6; times++) brake.failed(`a${count}`);
  t.equal(brake.waitMs('a0'), 0, 'memory is bounded: the oldest is forgotten');
  t.ok(brake.waitMs('a1') > 0);
});

t.test('an address that is not this machine has a rate; this machine has none', async (t) => {
  const { call, clock } = await serve(t);
  clock.monotonic = () => clock.skewMs;
  const statuses = new Set<number>();
  for (let count = 0; count < requestBurstMax; count += 20) {
    const some = Array.from({ length: 20 }, () => call('GET', '/healthz', undefined, stranger));
    for (const { status } of await Promise.all(some)) statuses.add(status);
  }
  t.strictSame([...statuses], [200]);
  const refused = await call('GET', '/healthz', undefined, stranger);
  t.equal(refused.status, 429);
  t.equal(refused.headers['retry-after'], '1');
  t.equal((await call('GET', '/healthz', undefined, { 'x-forwarded-for': '203.0.113.8' })).status, 200);
  t.equal((await call('GET', '/healthz')).status, 200);
  const brake = new RateBrake(clock);
  for (let count = 0; count < requestBurstMax; count++) brake.takeMs('x');
  t.ok(brake.takeMs('x') > 0);
  clock.skewMs += 1_000;
  let passed = 0;
  while (brake.takeMs('x') === 0) passed++;
  t.equal(passed, requestsPerSecondMax);
});

t.test('answers tell browsers to keep to themselves', async (t) => {
  const { call } = await serve(t);
  for (const path of ['/', '/login', '/api/v1/status', '/nope', '/favicon.svg']) {
    const { headers } = await call('GET', path);
    t.equal(headers['x-content-type-options'], 'nosniff', path);
    t.equal(headers['x-frame-options'], 'DENY');
    t.equal(headers['referrer-policy'], 'same-origin');
    t.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
    t.notMatch(headers['content-security-policy'], /unsafe|\*/);
    t.notOk(headers['strict-transport-security']);
    t.notOk(headers['access-control-allow-origin']);
  }
});

t.test('the table of levels and needs', (t) => {
  const needs: Need[] = ['nothing', 'read', 'operate', 'administer'];
  const table: Record<Level, number> = { nobody: 1, reader: 2, task: 3, local: 3, owner: 4 };
  for (const level of Object.keys(LEVELS) as Level[]) {
    const granted = needs.filter((need) => may({ level, means: 'none', address: '', local: false }, need));
    t.strictSame(granted, needs.slice(0, table[level]), level);
  }
  t.end();
});

t.test('the token of a task opens the store, under the name of the task, and nothing else', async (t) => {
  const bed = new StoreBed();
  const { call } = await serve(t, {
    store: bed.desk,
    taskOf: (token) => (token === 'task.a' ? 'a' : null),
    loopbackOpen: false,
  });
  const asked = { authorization: 'Bearer task.a' };
  t.equal((await call('PUT', '/api/v1/store/k', { value: 1 }, asked)).status, 201);
  t.match(bed.events, [{ e: 'store.set', key: 'k', by: 'handler:a', from: '127.0.0.1 (token)' }]);
  t.equal((await call('GET', '/api/v1/store/k', undefined, asked)).status, 200);
  t.equal((await call('DELETE', '/api/v1/store/k', undefined, asked)).status, 204);
  t.equal((await call('GET', '/healthz', undefined, asked)).status, 200);
  for (const [method, path] of [
    ['GET', '/api/v1/tasks'],
    ['POST', '/api/v1/tasks'],
    ['GET', '/api/v1/status'],
    ['GET', '/api/v1/settings'],
    ['POST', '/api/v1/queue/pause'],
    ['GET', '/metrics'],
  ] as const)
    t.equal((await call(method, path, undefined, asked)).status, 403, `${method} ${path}`);
  t.equal((await call('POST', '/api/v1/login', { token: 'task.a' })).status, 401, 'it makes no session');
  t.equal((await call('GET', '/api/v1/store', undefined, { authorization: 'Bearer task.b' })).status, 401);
});

t.test('where a request comes from is told by the socket, and only a local proxy is believed', (t) => {
  t.strictSame(peerOf('127.0.0.1', {}), { address: '127.0.0.1', local: true });
  t.strictSame(peerOf('::1', {}), { address: '::1', local: true });
  t.strictSame(peerOf('::ffff:127.0.0.1', {}), { address: '::ffff:127.0.0.1', local: true });
  t.strictSame(peerOf('192.168.1.9', {}), { address: '192.168.1.9', local: false });
  t.strictSame(peerOf('192.168.1.9', { 'x-forwarded-for': '127.0.0.1' }), { address: '192.168.1.9', local: false });
  t.strictSame(peerOf('127.0.0.1', { 'x-forwarded-for': '127.0.0.1, 203.0.113.7' }), {
    address: '203.0.113.7',
    local: false,
  });
  t.strictSame(peerOf('127.0.0.1', { 'x-real-ip': '' }), { address: '127.0.0.1', local: false });
  t.strictSame(peerOf(undefined, {}), { address: 'unknown', local: false });
  const settings = { ...DEFAULTS, ...TOKENS, host: '0.0.0.0' };
  const lan = callerWithoutToken(peerOf('192.168.1.9', {}), {}, settings, new Sessions(new TestClock()));
  t.match(lan, { level: 'nobody', means: 'none' });
  t.end();
});

t.test('hosts and origins are read strictly', (t) => {
  t.strictSame(parseHost('[::1]:80'), { name: '::1', port: '80' });
  t.strictSame(parseHost('A.Example.'), { name: 'a.example', port: '' });
  for (const text of ['', ':80', 'a:b', 'a/b', 'a:1:2', '[::1', 'user@a', 'a b', 'a#b'])
    t.equal(parseHost(text), null, text);
  const lan = { host: '0.0.0.0', allowedHosts: [] };
  t.ok(isOurHost('localhost:1', lan));
  t.notOk(isOurHost('evil.example', lan));
  t.notOk(isOurHost(undefined, lan));
  t.ok(isOurHost('192.0.2.1:8421', { host: '192.0.2.1', allowedHosts: [] }), 'the address it listens on');
  t.ok(isOurOrigin('https://night.example', 'night.example', lan), 'default ports');
  t.ok(isOurOrigin('https://night.example', 'night.example:443', lan));
  t.notOk(isOurOrigin('http://night.example', 'night.example:443', lan));
  t.notOk(isOurOrigin('http://a', undefined, lan));
  t.end();
});

t.test('sessions are bounded, end in time and are one address block for IPv6', (t) => {
  const clock = new TestClock();
  const sessions = new Sessions(clock);
  const first = sessions.begin('owner', 'a');
  const second = sessions.begin('reader', 'a');
  t.equal(sessions.levelOf(first, ['a']), 'owner');
  for (let count = 0; count < sessionsMax - 1; count++) sessions.begin('owner', 'a');
  t.equal(sessions.levelOf(first, ['a']), null, 'the oldest made room');
  t.equal(sessions.levelOf(second, [null, 'b', 'a']), 'reader');
  clock.skewMs += sessionLifeMs;
  t.equal(sessions.levelOf(second, ['a']), null);
  t.equal(addressKey('2001:db8:1:2:3:4:5:6'), addressKey('2001:db8:1:2::1'));
  t.not(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
  t.equal(addressKey('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(addressKey('::1'), '0:0:0:0');
  t.end();
});

t.test('beyond this machine nothing listens without a token', (t) => {
  for (const host of ['127.0.0.1', 'localhost', '::1', '127.1.2.3'])
    t.equal(settingsMistake({ host, token: null }), null, host);
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'nas.lan', '1270.0.0.1']) {
    t.match(settingsMistake({ host, token: null }), /WEB_TOKEN/, host);
    t.match(settingsMistake({ host, token: '' }), /WEB_TOKEN/, host);
    t.equal(settingsMistake({ host, token: 'x' }), null, host);
  }
  t.end();
});
