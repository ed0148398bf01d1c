import { gzipSync } from 'node:zlib';
import t from 'tap';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { isProblem, serve } from './serve.ts';

const task = { type: 'noop', params: { number: 1 } };

t.test('a task that is posted is answered with 201, its address and where it came from', async (t) => {
  const { call, facade } = await serve(t);
  const answer = await call('POST', '/api/v1/tasks', task);
  t.equal(answer.status, 201);
  t.equal(answer.json.task.type, 'noop');
  t.equal(answer.headers['location'], `/api/v1/tasks/${answer.json.task.id}`);
  t.match(facade.lastAsked('submit')?.actor, { origin: 'http', from: '127.0.0.1 (loopback)' });
  await call('POST', '/api/v1/tasks', task, { 'user-agent': 'nightshift-cli/0.1.0' });
  t.equal(facade.lastAsked('submit')?.actor?.origin, 'cli');
});

t.test('a known idempotency key gives 200 and the same task, with other params 409', async (t) => {
  const { call } = await serve(t);
  const first = await call('POST', '/api/v1/tasks', { ...task, idempotencyKey: 'k' });
  const second = await call('POST', '/api/v1/tasks', { ...task, idempotencyKey: 'k' });
  t.equal(first.status, 201);
  t.equal(second.status, 200);
  t.equal(second.json.task.id, first.json.task.id);
  isProblem(t, await call('POST', '/api/v1/tasks', { ...task, params: 2, idempotencyKey: 'k' }), 409, 'conflict');
});

t.test('a list is taken as a whole, in its order, also when it is worked through in turns', async (t) => {
  const { call, facade } = await serve(t);
  const list = Array.from({ length: 2_500 }, (_, number) => ({ type: 'noop', params: { number } }));
  const answer = await call('POST', '/api/v1/tasks', list);
  t.equal(answer.status, 201);
  t.strictSame(
    answer.json.tasks.map((one: { params: unknown }) => one.params),
    list.map((one) => one.params),
  );
  t.equal(facade.asked.filter((asked) => asked.call === 'submit').length, 1);
  t.strictSame(
    (await call('POST', '/api/v1/tasks', [])).json,
    { tasks: [], durability: 'disk' },
    'an empty list is nothing to do',
  );
});

t.test('one mistake in a list refuses all of it and says where', async (t) => {
  const { call, facade } = await serve(t);
  const answer = await call('POST', '/api/v1/tasks', [task, task, { ...task, priority: 10 }, { ...task, prio: 1 }]);
  isProblem(t, answer, 400, 'validation');
  t.strictSame(
    answer.json.errors.map((error: { path: string }) => error.path),
    ['$[2].priority', '$[3].prio'],
  );
  t.notOk(facade.lastAsked('submit'));
  const many = await call(
    'POST',
    '/api/v1/tasks',
    Array.from({ length: 3_000 }, () => ({})),
  );
  isProblem(t, many, 400, 'validation');
  t.equal(many.json.errors.length, 100, 'the answer does not grow with the mistakes');
  const infinite = `{"type":"noop","params":[${Array(300_000).fill('1e999').join()}]}`;
  for (const body of [infinite, `[${infinite}]`, `[{},${infinite}]`]) {
    const endless = await call('POST', '/api/v1/tasks', body);
    isProblem(t, endless, 400, 'validation');
    t.equal(endless.json.errors.length, 100, 'nor does the work');
  }
  isProblem(
    t,
    await call('POST', '/api/v1/tasks', Array(10_001).fill(task)),
    413,
    'too_large',
    /10001 tasks; at most 10000/,
  );
});

t.test('a type nobody handles is refused, and the known ones are named', async (t) => {
  const { call } = await serve(t);
  const answer = await call('POST', '/api/v1/tasks', [task, { type: 'nope' }]);
  isProblem(t, answer, 422, 'unknown_type', /http\.request, noop/);
  t.strictSame(answer.json.errors, [{ path: '$[1].type', message: '"nope" has no handler' }]);
  isProblem(t, await call('POST', '/api/v1/tasks', { type: 'nope' }), 422, 'unknown_type');
});

t.test('bad bodies are refused with what is wrong, and the connection goes on', async (t) => {
  const { call, facade } = await serve(t);
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    call('POST', '/api/v1/tasks', body, headers);
  isProblem(t, await post('{\n  "type": "noop",\n  "params": {"a": 1,}\n}'), 400, 'validation', /line 3, column 21/);
  isProblem(t, await post('{"type": "noop"'), 400, 'validation', /ends too early/);
  isProblem(t, await post(Buffer.from([0x22, 0xff, 0xfe, 0x22])), 400, 'validation', /not UTF-8/);
  isProblem(t, await post('"text"'), 400, 'validation', /expected a task/);
  isProblem(t, await post('null'), 400, 'validation');
  isProblem(t, await call('POST', '/api/v1/tasks'), 400, 'validation', /expected as the body/);
  isProblem(t, await post(`${'['.repeat(200_000)}`), 400, 'validation');
  isProblem(t, await post('{"type":"noop","__proto__":{"a":1}}'), 400, 'validation', /__proto__/);
  isProblem(
    t,
    await post(JSON.stringify(task), { 'content-type': 'text/plain' }),
    415,
    'unsupported_media_type',
    /text\/plain/,
  );
  isProblem(
    t,
    await post('a=1', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'unsupported_media_type',
  );
  isProblem(
    t,
    await post(JSON.stringify(task), { 'content-type': 'application/json; charset=latin1' }),
    415,
    'unsupported_media_type',
  );
  isProblem(
    t,
    await post(gzipSync(JSON.stringify(task)), { 'content-encoding': 'gzip' }),
    415,
    'unsupported_media_type',
    /compressed/,
  );
  isProblem(
    t,
    await post(JSON.stringify({ ...task, params: { text: 'x'.repeat(300_000) } })),
    400,
    'validation',
    /params/,
  );
  isProblem(t, await post(' '.repeat(17 * 1024 * 1024)), 413, 'too_large', /16 MiB/);
  t.notOk(facade.lastAsked('submit'));
  t.equal(
    (await post(`\uFEFF${JSON.stringify(task)}`, { 'content-type': 'application/json; charset="UTF-8"' })).status,
    201,
  );
});

t.test('a body that is cut off is no task', async (t) => {
  const { raw, facade } = await serve(t);
  const head = 'POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const body = JSON.stringify(task);
  const answer = await raw(`${head}Content-Length: ${body.length + 10}\r\n\r\n${body}`, 'half-close');
  t.match(answer, /^HTTP\/1\.1 400 .*problem\+json.*cut off/s);
  t.match(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"typ`, 'half-close'), /^HTTP\/1\.1 400 /);
  t.match(await raw('GARBAGE\r\n\r\n'), /^HTTP\/1\.1 400 .*validation/s);
  t.match(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  t.notOk(facade.lastAsked('submit'));
});

t.test('lists are paged with cursors that fit their question only', async (t) => {
  const { call, facade } = await serve(t);
  await call(
    'POST',
    '/api/v1/tasks',
    Array.from({ length: 7 }, (_, number) => ({ type: 'noop', params: number })),
  );
  const seen: number[] = [];
  let next: string | null = '';
  while (next !== null) {
    const page = await call('GET', `/api/v1/tasks?limit=3&type=noop${next && `&cursor=${next}`}`);
    t.equal(page.status, 200);
    t.equal(page.json.total, 7);
    seen.push(...page.json.items.map((one: { params: number }) => one.params));
    if (page.json.next) t.match(page.json.next, /^[\w-]+$/);
    next = page.json.next;
  }
  t.strictSame(seen, [6, 5, 4, 3, 2, 1, 0]);
  const { json } = await call('GET', '/api/v1/tasks?limit=3&type=noop');
  isProblem(
    t,
    await call('GET', `/api/v1/tasks?limit=3&cursor=${json.next}`),
    400,
    'validation',
    /not given out for this list/,
  );
  isProblem(
    t,
    await call('GET', `/api/v1/tasks?type=noop&order=oldest&cursor=${json.next}`),
    400,
    'validation',
    /not given out for this list/,
  );
  isProblem(t, await call('GET', `/api/v1/tasks?type=noop&cursor=${json.next}x`), 400, 'validation', /cursor/);
  for (const cursor of ['!!!', 'abc', '%00', '../..', 'a'.repeat(2_000)]) {
    isProblem(t, await call('GET', `/api/v1/tasks?cursor=${cursor}`), 400, 'validation', /cursor/);
  }
  t.equal((await call('GET', '/api/v1/tasks?order=oldest&limit=1')).json.items[0].params, 0);
  await call('GET', '/api/v1/tasks');
  t.match(facade.lastAsked('tasks')?.with[0], { limit: 50, after: null, order: 'newest', filter: {} });
});

t.test('every filter reaches the supervisor as it was meant', async (t) => {
  const { call, facade } = await serve(t);
  const query =
    'state=queued,running&state=failed&type=a,b&tag=x&group=g&run=r&origin=http&q=two%20words&from=2026-11-22T01:00:00Z&to=2026-11-22T02:00:00+01:00&schedule=nightly&durationFrom=5m&durationTo=PT1H&param={%22platform%22:1,%22of%22:%22x%22}';
  t.equal((await call('GET', `/api/v1/tasks?${query}`)).status, 200);
  t.match(facade.lastAsked('tasks')?.with[0], {
    filter: {
      state: ['queued', 'running', 'failed'],
      type: ['a', 'b'],
      tag: ['x'],
      group: ['g'],
      run: ['r'],
      origin: ['http'],
      q: 'two words',
      from: Date.UTC(2026, 10, 22, 1),
      to: Date.UTC(2026, 10, 22, 1),
      schedule: ['nightly'],
      durationFrom: 300_000,
      durationTo: 3_600_000,
      param: { platform: 1, of: 'x' },
    },
  });
});

t.test('a wrong query value is refused by its name, and so is one nobody knows', async (t) => {
  const { call, facade } = await serve(t);
  const wrong = [
    'limit=0',
    'limit=501',
    'limit=x',
    'limit=1&limit=2',
    'state=done',
    'order=up',
    'from=yesterday',
    'from=2026-11-22',
    'durationFrom=long',
    'param=platform',
    'param={}',
    'param=[1]',
    'sate=failed',
    `q=${'x'.repeat(300)}`,
  ];
  for (const query of wrong) {
    const answer = await call('GET', `/api/v1/tasks?${query}`);
    isProblem(t, answer, 400, 'validation');
    t.equal(answer.json.errors[0].path, query.split('=')[0], query);
  }
  const nested = await call('GET', '/api/v1/tasks?param={%22a%22:{}}');
  isProblem(t, nested, 400, 'validation', /param\.a must be text, a number/);
  isProblem(t, await call('GET', '/api/v1/status?verbose=1'), 400, 'validation', /no query parameters/);
  isProblem(t, await call('GET', '/api/v1/tasks/x/log?follow=maybe'), 400, 'validation', /follow/);
  t.notOk(facade.lastAsked('tasks'));
});

t.test('one task is shown, or 404', async (t) => {
  const { call } = await serve(t);
  const { id } = (await call('POST', '/api/v1/tasks', task)).json.task;
  t.equal((await call('GET', `/api/v1/tasks/${id}`)).json.task.id, id);
  t.equal((await call('HEAD', `/api/v1/tasks/${id}`)).status, 200);
  isProblem(t, await call('GET', '/api/v1/tasks/none'), 404, 'not_found', /none/);
  t.equal((await call('GET', '/api/v1/tasks/%E0%A4%A')).status, 404, 'a broken escape is an id nobody has');
});

t.test('cancel, promote and retry act on one task and answer as the contract says', async (t) => {
  const { call, facade } = await serve(t);
  const { id } = (await call('POST', '/api/v1/tasks', task)).json.task;
  const canceled = await call('POST', `/api/v1/tasks/${id}/cancel`);
  t.equal(canceled.status, 202);
  t.equal(canceled.json.task.id, id);
  t.equal((await call('POST', `/api/v1/tasks/${id}/promote`, {})).status, 200);
  for (const path of [`/api/v1/tasks/${id}/retry`, `/api/v1/tasks/retry/${id}`]) {
    const retried = await call('POST', path);
    t.equal(retried.status, 200);
    t.match(retried.json, { task: { id }, originalId: id, source: 'live' });
  }
  t.strictSame(
    facade.asked.filter((asked) => asked.actor?.origin === 'http').map((asked) => asked.call),
    ['submit', 'cancel', 'promote', 'retry', 'retry'],
  );
  isProblem(t, await call('POST', '/api/v1/tasks/none/cancel'), 404, 'not_found');
  isProblem(t, await call('POST', `/api/v1/tasks/${id}/cancel`, { dryRun: true }), 400, 'validation', /dryRun/);
  facade.refusals.set('promote', new Refusal('conflict', 'it is running'));
  isProblem(t, await call('POST', `/api/v1/tasks/${id}/promote`), 409, 'conflict', /it is running/);
});

t.test('calls for many tasks take ids or a filter, never neither, both or anything unknown', async (t) => {
  const { call, facade } = await serve(t);
  const answer = await call('POST', '/api/v1/tasks/cancel', {
    filter: { state: ['queued'], type: 'noop' },
    dryRun: true,
  });
  t.equal(answer.status, 200);
  t.strictSame(answer.json, { matched: 3, changed: 0, skipped: [{ id: 'x', code: 'conflict' }], next: null });
  t.strictSame(facade.lastAsked('cancelMany')?.with, [{ filter: { state: ['queued'], type: ['noop'] } }, true]);
  t.equal((await call('POST', '/api/v1/tasks/retry', { ids: ['a', 'b'] })).json.changed, 1);
  const atOnce = { overMs: null, idempotencyKey: null };
  t.strictSame(facade.lastAsked('retryMany')?.with, [{ ids: ['a', 'b'] }, false, atOnce]);
  await call('POST', '/api/v1/tasks/retry', { filter: {} });
  t.strictSame(facade.lastAsked('retryMany')?.with, [{ filter: {} }, false, atOnce]);
  await call('POST', '/api/v1/tasks/retry', { filter: {}, resolved: true });
  t.strictSame(facade.lastAsked('retryMany')?.with, [{ filter: {}, resolved: true }, false, atOnce]);
  await call('POST', '/api/v1/tasks/retry', { ids: ['a'], resolved: false });
  t.strictSame(facade.lastAsked('retryMany')?.with, [{ ids: ['a'] }, false, atOnce]);
  await call('POST', '/api/v1/tasks/retry', { ids: ['a'], over: '30m', idempotencyKey: 'after the power cut' });
  const spread = { overMs: 1_800_000, idempotencyKey: 'after the power cut' };
  t.strictSame(facade.lastAsked('retryMany')?.with, [{ ids: ['a'] }, false, spread]);
  const param = { platform: 1, name: '', on: false, 'a.b': null };
  await call('POST', '/api/v1/tasks/cancel', { filter: { param, type: 'noop' } });
  t.strictSame(facade.lastAsked('cancelMany')?.with, [{ filter: { type: ['noop'], param } }, false]);
  const before = facade.asked.length;
  const tooMany = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`m${index}`, 1]));
  const wrong: [unknown, RegExp][] = [
    [{ ids: ['a'], over: 'soon' }, /\$\.over must be a duration/],
    [{ ids: ['a'], over: '31d' }, /\$\.over must be a duration .* at most 30d/],
    [{ ids: ['a'], idempotencyKey: '' }, /\$\.idempotencyKey must be text/],
    [{ filter: { param: 1 } }, /\$\.filter\.param/],
    [{ filter: { param: [1] } }, /\$\.filter\.param/],
    [{ filter: { param: {} } }, /\$\.filter\.param/],
    [{ filter: { param: tooMany } }, /\$\.filter\.param.*100/],
    [{ filter: { param: { list: [1] } } }, /\$\.filter\.param\.list/],
    [{ filter: { param: { deep: {} } } }, /\$\.filter\.param\.deep/],
    [{ filter: { param: { long: 'x'.repeat(201) } } }, /\$\.filter\.param\.long/],
    [{ filter: { params: { a: 1 } } }, /known are .*, param"/],
    [{}, /either/],
    [{ ids: ['a'], filter: {} }, /either/],
    [{ ids: [] }, /\$\.ids/],
    [{ ids: [1] }, /\$\.ids/],
    [{ ids: Array(10_001).fill('a') }, /10000/],
    [{ filter: { sate: 'failed' } }, /\$\.filter\.sate/],
    [{ filter: { state: ['done'] } }, /\$\.filter\.state/],
    [{ filter: { state: [] } }, /\$\.filter\.state/],
    [{ filter: { q: ['a'] } }, /\$\.filter\.q/],
    [{ filter: 'failed' }, /\$\.filter/],
    [{ filter: {}, dryRun: 'yes' }, /\$\.dryRun/],
    [{ filter: {}, dryrun: true }, /\$\.dryrun/],
    [{ filter: {}, resolved: 'yes' }, /\$\.resolved/],
    [{ ids: ['a'], resolved: true }, /\$\.resolved/],
    [[], /object/],
  ];
  for (const [body, words] of wrong)
    isProblem(t, await call('POST', '/api/v1/tasks/retry', body), 400, 'validation', words);
  isProblem(t, await call('GET', '/api/v1/tasks?param=1'), 400, 'validation', /param/);
  isProblem(t, await call('POST', '/api/v1/tasks/cancel'), 400, 'validation');
  isProblem(
    t,
    await call('POST', '/api/v1/tasks/cancel', { filter: {}, resolved: true }),
    400,
    'validation',
    /resolved/,
  );
  t.equal(facade.asked.length, before, 'nothing of it reached the supervisor');
});

t.test('a call for many that has left some goes on with its cursor, for the same filter only', async (t) => {
  const { call, facade } = await serve(t);
  const last = '019a9c3e-7c1e-7b52-8a57-2f6f1c1d9f10';
  facade.manyNext = last;
  const filter = { type: ['noop'] };
  const { next } = (await call('POST', '/api/v1/tasks/cancel', { filter, dryRun: true })).json;
  t.type(next, 'string');
  facade.manyNext = null;
  const on = await call('POST', '/api/v1/tasks/cancel', { filter: { type: 'noop' }, cursor: next });
  t.equal(on.json.next, null);
  t.strictSame(facade.lastAsked('cancelMany')?.with, [{ filter, after: last }, false]);
  const before = facade.asked.length;
  for (const [path, body] of [
    ['cancel', { filter: {}, cursor: next }],
    ['cancel', { filter: { ...filter, param: { a: 1 } }, cursor: next }],
    ['retry', { filter, cursor: next }],
    ['cancel', { filter: { ...filter, to: '2026-11-22T00:00:00Z' }, cursor: next }],
    ['cancel', { filter, cursor: last }],
    ['cancel', { filter, cursor: null }],
    ['cancel', { filter, cursor: 'x'.repeat(100_000) }],
    ['cancel', { ids: ['a'], cursor: next }],
  ] as const)
    isProblem(t, await call('POST', `/api/v1/tasks/${path}`, body), 400, 'validation', /\$\.cursor must be/);
  t.equal(facade.asked.length, before, 'nothing of it reached the supervisor');
});

t.test('a small call with a great many unknown members is refused with the first of them', async (t) => {
  const { call } = await serve(t);
  const members = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`m${index}`, 1]));
  for (const [path, body] of [
    ['/api/v1/queue/pause', members],
    ['/api/v1/tasks/retry', { filter: members }],
  ] as const) {
    const answer = await call('POST', path, body);
    isProblem(t, answer, 400, 'validation');
    t.equal(answer.json.errors.length, 100, path);
  }
});

t.test('the queue is shown, paused with a reason and resumed, whole or for a type', async (t) => {
  const { call, facade, url } = await serve(t);
  t.match((await call('GET', '/api/v1/queue')).json, {
    paused: null,
    types: [{ type: 'noop' }],
    counts: { queued: 0 },
  });
  t.match((await call('POST', '/api/v1/queue/pause', { reason: 'backup' })).json, { paused: { reason: 'backup' } });
  t.strictSame(facade.lastAsked('pause')?.with, [null, 'backup']);
  t.equal(facade.lastAsked('pause')?.actor?.origin, 'http');
  await call('POST', '/api/v1/queue/pause', {}, { origin: url });
  t.equal(facade.lastAsked('pause')?.actor?.origin, 'page', 'a browser is told from a script');
  await call('POST', '/api/v1/queue/pause?type=noop');
  t.strictSame(facade.lastAsked('pause')?.with, ['noop', '']);
  t.match((await call('POST', '/api/v1/queue/resume')).json, { paused: null });
  await call('POST', '/api/v1/queue/resume?type=noop', {});
  t.strictSame(facade.lastAsked('resume')?.with, ['noop']);
  isProblem(t, await call('POST', '/api/v1/queue/pause', { reason: 5 }), 400, 'validation', /\$\.reason/);
  isProblem(t, await call('POST', '/api/v1/queue/pause', { reson: 'x' }), 400, 'validation', /\$\.reson/);
  isProblem(t, await call('POST', '/api/v1/queue/pause?typ=noop', {}), 400, 'validation', /typ/);
});

t.test('workers and handlers are listed, a worker is recycled', async (t) => {
  const { call } = await serve(t);
  t.match((await call('GET', '/api/v1/workers')).json, { items: [{ id: 'cpu-1' }, { id: 'io-1' }], next: null });
  t.equal((await call('POST', '/api/v1/workers/cpu-1/recycle')).status, 202);
  isProblem(t, await call('POST', '/api/v1/workers/none/recycle'), 404, 'not_found');
  t.match((await call('GET', '/api/v1/handlers')).json, {
    items: [{ type: 'http.request' }, { type: 'noop' }],
    failures: [{ file: 'broken.js' }],
  });
});

t.test('status, liveness and readiness', async (t) => {
  const { call, facade } = await serve(t);
  t.match((await call('GET', '/api/v1/status')).json, {
    version: '0.1.0',
    counts: { queued: 0 },
    journal: { epoch: 1 },
  });
  t.strictSame((await call('GET', '/healthz')).json, { status: 'ok' });
  t.equal((await call('GET', '/readyz')).status, 200);
  facade.readiness = { ready: false, reason: 'drain' };
  const unready = await call('GET', '/readyz');
  t.equal(unready.status, 503);
  t.match(unready.json, { reason: 'drain' });
  t.equal((await call('GET', '/healthz')).status, 200, 'a supervisor that drains is alive');
});

t.test('every code of refusal has its status, and a fault shows nothing of the inside', async (t) => {
  const { call, facade, lines } = await serve(t);
  const codes = {
    draining: 503,
    disk_full: 507,
    rate_limited: 429,
    outcome_unknown: 500,
    precondition_failed: 412,
    no_stage: 409,
  } as const;
  for (const [code, status] of Object.entries(codes)) {
    facade.refusals.set('status', new Refusal(code as keyof typeof codes, 'words of it'));
    const answer = await call('GET', '/api/v1/status');
    isProblem(t, answer, status, code, /words of it/);
    t.equal(answer.headers['retry-after'], status === 503 ? '5' : undefined);
  }
  lines.length = 0;
  facade.refusals.set('status', new TypeError('secret of the inside'));
  const answer = await call('GET', '/api/v1/status');
  isProblem(t, answer, 500, 'internal');
  t.notMatch(answer.text, /secret|TypeError|\.js/);
  t.match(lines[0], { level: 'error', fields: { err: { message: 'secret of the inside' }, path: '/api/v1/status' } });
});

t.test('an unknown address is 404, a wrong method 405 with those allowed', async (t) => {
  const { call } = await serve(t);
  const unknown = [
    '/api/v1/runs/a/b',
    '/api/v1/schedules/a/b',
    '/api/v1/store/a/b',
    '/api/v2/tasks',
    '/api/v1/tasks/a/b/c',
    '/nope',
    '/api',
    '/%zz',
  ];
  for (const path of unknown) isProblem(t, await call('GET', path), 404, 'not_found');
  const put = await call('PUT', '/api/v1/tasks', {});
  isProblem(t, put, 405, 'method_not_allowed');
  t.strictSame(String(put.headers['allow']).split(', ').sort(), ['GET', 'HEAD', 'POST']);
  t.equal((await call('DELETE', '/healthz')).headers['allow'], 'HEAD, GET');
  t.equal((await call('OPTIONS', '/api/v1/tasks')).status, 405, 'no other origin is invited');
  t.equal((await call('POST', '/tasks')).status, 404, 'an address of the page takes no changes');
});

t.test('the access log has changes and errors, and is not filled by nonsense', async (t) => {
  const { call, lines, clock } = await serve(t);
  await call('GET', '/api/v1/status');
  await call('POST', '/api/v1/tasks', task);
  t.strictSame(lines, [], 'reading and tasks that came in leave no line');
  await call('POST', '/api/v1/queue/pause', { reason: 'x' });
  t.match(lines, [
    {
      level: 'info',
      fields: { method: 'POST', path: '/api/v1/queue/pause', status: 200, from: '127.0.0.1', by: 'loopback' },
    },
  ]);
  lines.length = 0;
  for (let count = 0; count < 70; count++) await call('GET', '/nope');
  t.equal(lines.length, 60);
  clock.skewMs += 60_000;
  await call('GET', '/nope');
  t.match(lines.at(-1), { level: 'info', fields: { leftOut: 10, status: 404 } });
});
