import t from 'tap';
import { StoreBed } from '../helpers/store-bed.ts';
import { isProblem, serve } from './serve.ts';

t.test('a key is set, shown, counted and deleted by its address, whatever characters it has', async (t) => {
  const bed = new StoreBed();
  const { call } = await serve(t, { store: bed.desk });
  for (const key of ['a', 'feeds/42', 'Größe 夜?#%&+"', 'cleanup', 'k'.repeat(512)]) {
    const address = `/api/v1/store/${encodeURIComponent(key)}`;
    isProblem(t, await call('GET', address), 404, 'not_found');
    const set = await call('PUT', address, { value: { a: [1, null] }, ttl: '10m' });
    t.equal(set.status, 201);
    t.strictSame(set.json, {
      key,
      value: { a: [1, null] },
      version: set.json.version,
      expiresAt: '2026-11-26T12:10:00.000Z',
      setAt: '2026-11-26T12:00:00.000Z',
    });
    t.equal(set.headers['etag'], `"${set.json.version}"`);
    t.strictSame((await call('GET', address)).json, set.json);
    t.equal((await call('PUT', address, { value: 41, ttl: null })).status, 200, 'it was there already');
    const counted = await call('POST', `${address}/increment`);
    t.match(counted, { status: 200, json: { key, value: 42, expiresAt: null } });
    t.match(await call('POST', `${address}/increment`, { by: -2, ttl: 5 }), { json: { value: 40, expiresAt: null } });
    t.equal((await call('DELETE', address)).status, 204);
    isProblem(t, await call('DELETE', address), 404, 'not_found');
  }
  t.match(bed.events.at(-1), { e: 'store.deleted', by: 'http', from: '127.0.0.1 (loopback)' });
});

t.test('a change that rests on another version is refused, and one that makes a key does not replace it', async (t) => {
  const bed = new StoreBed();
  const { call } = await serve(t, { store: bed.desk });
  const put = (value: unknown, headers: Record<string, string>) => call('PUT', '/api/v1/store/a', { value }, headers);
  isProblem(t, await put(1, { 'if-match': '*' }), 412, 'precondition_failed');
  isProblem(t, await put(1, { 'if-match': '"7"' }), 412, 'precondition_failed');
  const made = await put(1, { 'if-none-match': '*' });
  t.equal(made.status, 201);
  isProblem(t, await put(2, { 'if-none-match': '*' }), 412, 'precondition_failed');
  const tag = String(made.headers['etag']);
  t.equal((await put(2, { 'if-match': tag })).status, 200);
  const lost = await put(3, { 'if-match': tag });
  isProblem(t, lost, 412, 'precondition_failed');
  t.match(lost.json.detail, /key "a" is at version \d+, not \d+: read it and decide again/);
  isProblem(t, await call('DELETE', '/api/v1/store/a', undefined, { 'if-match': tag }), 412, 'precondition_failed');
  t.equal((await put(3, { 'if-match': '*' })).status, 200);
  for (const headers of [
    { 'if-match': '7' },
    { 'if-match': 'W/"7"' },
    { 'if-none-match': tag },
    { 'if-match': tag, 'if-none-match': '*' },
  ] as Record<string, string>[])
    isProblem(t, await put(4, headers), 400, 'validation');
  t.match(await call('GET', '/api/v1/store/a'), { json: { value: 3 } });
});

t.test('what is wrong is refused with its place', async (t) => {
  const bed = new StoreBed(100_000);
  const { call } = await serve(t, { store: bed.desk });
  const put = (body: unknown, key = 'a') => call('PUT', `/api/v1/store/${key}`, body);
  for (const [body, path] of [
    [{ value: 1, ttl: 0 }, '$.ttl'],
    [{ value: 1, ttl: -1 }, '$.ttl'],
    [{ value: 1, ttl: '100000d' }, '$.ttl'],
    [{ value: 1, ttl: {} }, '$.ttl'],
    [{}, '$.value'],
    [undefined, '$.value'],
    [{ value: 1, tttl: 5 }, '$.tttl'],
    ['{"value": 1e999}', '$.value'],
  ] as const) {
    const answer = await put(body);
    isProblem(t, answer, 400, 'validation');
    t.equal(answer.json.errors[0].path, path);
  }
  isProblem(t, await put({ value: 1 }, 'a%07b'), 400, 'validation');
  isProblem(t, await put({ value: 1 }, 'k'.repeat(513)), 400, 'validation');
  isProblem(t, await put({ value: 'v'.repeat(65_535) }), 413, 'too_large');
  t.equal((await put({ value: 'v'.repeat(65_534) })).status, 201);
  const full = await put({ value: 'v'.repeat(65_534) }, 'b');
  isProblem(t, full, 409, 'conflict');
  t.match(full.json.detail, /no room for key "b": it holds 65537 bytes, and at most 100000 are kept \(STORE_SIZE\)/);
  isProblem(t, await call('POST', '/api/v1/store/a/increment'), 409, 'conflict');
  isProblem(t, await call('POST', '/api/v1/store/n/increment', { by: '1' }), 400, 'validation');
  isProblem(t, await call('GET', '/api/v1/store?prefx=a'), 400, 'validation');
});

t.test('a list comes in pages, with how full the store is; what has expired is not in it', async (t) => {
  const bed = new StoreBed();
  const { call } = await serve(t, { store: bed.desk });
  for (let n = 0; n < 5; n++) await call('PUT', `/api/v1/store/k${n}`, { value: n, ...(n === 3 && { ttl: 10 }) });
  await call('PUT', '/api/v1/store/other', { value: 'o' });
  bed.clock.advance(10_000);
  const first = await call('GET', '/api/v1/store?prefix=k&limit=3');
  t.match(first.json, { items: [{ key: 'k0', value: 0 }, { key: 'k1' }, { key: 'k2' }], total: 4 });
  t.match(first.json.store, { keys: 6, bytesMax: 64 * 1024 * 1024 });
  const second = await call('GET', `/api/v1/store?prefix=k&limit=3&cursor=${first.json.next}`);
  t.match(second.json, { items: [{ key: 'k4' }], next: null });
  isProblem(t, await call('GET', `/api/v1/store?prefix=o&cursor=${first.json.next}`), 400, 'validation');
  t.match((await call('POST', '/api/v1/store/cleanup')).json, { keys: 1, bytes: 3 });
  t.match((await call('GET', '/api/v1/store')).json, { total: 5, store: { keys: 5 }, next: null });
});

t.test('whoever may look sees the store and changes nothing in it', async (t) => {
  const bed = new StoreBed();
  const { call } = await serve(t, { store: bed.desk, readToken: 'a-token-for-readers' });
  await call('PUT', '/api/v1/store/a', { value: 1 });
  const reader = { authorization: 'Bearer a-token-for-readers' };
  t.equal((await call('GET', '/api/v1/store/a', undefined, reader)).status, 200);
  for (const [method, path] of [
    ['PUT', 'a'],
    ['DELETE', 'a'],
    ['POST', 'a/increment'],
    ['POST', 'cleanup'],
  ] as const)
    isProblem(t, await call(method, `/api/v1/store/${path}`, undefined, reader), 403, 'forbidden');
  t.equal(bed.events.length, 1);
});
