import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { z } from 'zod';
import { Fault } from '../../supervisor/core/fault.ts';
import { checkTask } from '../../supervisor/core/task-input.ts';
import { jsonMistake } from '../../web/json-mistake.ts';
import { metricsText } from '../../web/metrics.ts';
import { SHAPES } from '../../web/openapi.ts';
import * as libraryShapes from '../../web/openapi-library.ts';
import * as runShapes from '../../web/openapi-runs.ts';
import * as scheduleShapes from '../../web/openapi-schedules.ts';
import * as shapes from '../../web/openapi-schemas.ts';
import { portHolder } from '../../web/port-holder.ts';
import { listen } from '../../web/server.ts';
import { openDesk } from '../helpers/desk.ts';
import { exact } from '../helpers/exact-shape.ts';
import { aPlaylist, aTrack, LibraryBed, noon } from '../helpers/library-bed.ts';
import { RunsBed } from '../helpers/runs-bed.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';
import { ScriptedFacade } from '../helpers/scripted-facade.ts';
import { StoreBed } from '../helpers/store-bed.ts';
import { serve } from './serve.ts';

interface Operation {
  operationId: string;
  summary: string;
  parameters: { name: string; in: string; schema: object }[];
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}
interface Document {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

t.test('the OpenAPI document has every route of the router and nothing else', async (t) => {
  const { call, app } = await serve(t);
  const answer = await call('GET', '/api/v1/openapi.json');
  t.equal(answer.status, 200);
  const document = answer.json as Document;
  t.match(document, { openapi: /^3\.1\./, info: { version: '0.1.0' } });
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routed = app.routes.map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
  t.strictSame(documented.sort(), routed.sort());
  t.strictSame(
    Object.keys(SHAPES).sort(),
    app.routes.map((route) => `${route.method} ${route.path}`).sort(),
    'no shape is left over',
  );

  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  t.equal(new Set(operations.map((one) => one.operationId)).size, operations.length, 'operation ids are unique');
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      const named = operation.parameters.filter((one) => one.in === 'path').map((one) => one.name);
      t.strictSame(
        named,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        `parameters of ${path}`,
      );
      t.ok(Object.keys(operation.responses).some((status) => status.startsWith('2')));
    }
  }
  for (const [, reference] of answer.text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    t.ok(document.components.schemas[reference ?? ''], `${reference} is defined`);
  }
  const list = document.paths['/api/v1/tasks']?.['get'];
  t.ok(list?.parameters.some((one) => one.name === 'state'));
  t.match(list?.parameters.find((one) => one.name === 'limit')?.schema, { minimum: 1, maximum: 500, default: 50 });
});

/** A playlist and a track with everything that may be null. */
async function filledLibrary() {
  const bed = new LibraryBed();
  const at = noon;
  const failure = { code: 'x', message: 'x', task: 'x', at };
  const seen = { etag: '"1"', lastModified: null, sha256: null };
  const playlist = aPlaylist('feed', { groups: ['News'], seen, syncedAt: at, failure });
  const file = { path: 'a/b.mp3', bytes: 1, sha256: 'a'.repeat(64), version: '1', at };
  const upload = { target: 's3://b', name: 'n', bytes: 1, sha256: 'a'.repeat(64), at };
  const track = aTrack(playlist.id, 'a', { file, upload, failure: { ...failure, stage: 'upload' }, goneAt: at });
  await bed.put([playlist], [track, aTrack(playlist.id, 'b', { position: 1 })]);
  return { bed, playlist, track };
}

t.test('every documented path exists: none is 404 by address or 405', async (t) => {
  const { desk, end } = await openDesk();
  t.teardown(end);
  const schedules = new SchedulesBed().desk;
  const store = new StoreBed().desk;
  const { bed: libraryBed, playlist, track } = await filledLibrary();
  const library = libraryBed.desk;
  const { call, facade } = await serve(t, { desk, schedules, runs: new RunsBed().desk, store, library });
  const { run } = (await call('POST', '/api/v1/runs', { pipeline: 'library' })).json;
  const { json } = await call('GET', '/api/v1/openapi.json');
  const { id } = (await call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  facade.beginLog(id);
  const newSchedule = { name: 'A', task: { type: 'noop' }, when: { kind: 'daily', at: '02:00' } };
  for (const [path, methods] of Object.entries((json as Document).paths)) {
    if (path === '/api/v1/events') continue;
    const idOf = path.includes('workers')
      ? 'cpu-1'
      : path.includes('revisions')
        ? 'r1'
        : path.includes('schedules')
          ? 'A'
          : path.includes('library')
            ? path.includes('tracks')
              ? track.id
              : playlist.id
            : path.includes('runs')
              ? run.id
              : id;
    const address = path.replace('{id}', idOf).replace('{name}', 'A').replace('{key}', 'A');
    for (const method of Object.keys(methods)) {
      // Some of what is asked deletes it.
      await call('POST', '/api/v1/schedules', newSchedule);
      await call('PUT', '/api/v1/store/A', { value: 1 });
      const answer = await call(method.toUpperCase(), address, method === 'post' ? {} : undefined);
      t.notOk([404, 405, 500].includes(answer.status), `${method} ${path} is ${answer.status}`);
    }
  }
});

t.test('answers have the shape the document gives them', async (t) => {
  const { bed: libraryBed, playlist, track } = await filledLibrary();
  const library = libraryBed.desk;
  const { call, facade } = await serve(t, { schedules: new SchedulesBed().desk, runs: new RunsBed().desk, library });
  const { run } = (await call('POST', '/api/v1/runs', { pipeline: 'library' })).json;
  const when = { kind: 'weekly', days: ['mon', 'fri'], at: '02:00' };
  const { id } = (await call('POST', '/api/v1/tasks', { type: 'noop' })).json.task;
  const calls: [method: string, path: string, body: unknown, shape: z.ZodType][] = [
    ['POST', '/api/v1/tasks', { type: 'noop' }, shapes.submittedOne],
    ['POST', '/api/v1/tasks', [{ type: 'noop' }], shapes.submitted],
    ['POST', '/api/v1/tasks', [], shapes.submitted],
    ['GET', '/api/v1/tasks', undefined, shapes.taskPage],
    ['GET', `/api/v1/tasks/${id}`, undefined, shapes.oneTask],
    ['POST', `/api/v1/tasks/${id}/cancel`, {}, shapes.oneTask],
    ['POST', `/api/v1/tasks/${id}/retry`, {}, shapes.retried],
    ['POST', '/api/v1/tasks/retry', { filter: {} }, shapes.manyAnswer],
    ['GET', '/api/v1/queue', undefined, shapes.queue],
    ['POST', '/api/v1/queue/pause', { reason: 'x' }, shapes.queue],
    ['GET', '/api/v1/workers', undefined, shapes.workers],
    ['GET', '/api/v1/handlers', undefined, shapes.handlers],
    ['GET', '/api/v1/stats', undefined, shapes.stats],
    ['GET', '/api/v1/status', undefined, shapes.status],
    ['GET', '/api/v1/session', undefined, shapes.session],
    ['GET', '/healthz', undefined, shapes.health],
    ['GET', '/readyz', undefined, shapes.readiness],
    ['GET', '/api/v1/settings', undefined, shapes.settings],
    ['GET', '/api/v1/settings/revisions', undefined, shapes.revisions],
    ['GET', '/api/v1/settings/revisions/r1/diff', undefined, shapes.settingsDiff],
    ['GET', '/api/v1/flags', undefined, shapes.flags],
    ['POST', '/api/v1/schedules', { name: 'a', task: { type: 'noop' }, when }, scheduleShapes.oneSchedule],
    ['POST', '/api/v1/schedules/a/run', {}, scheduleShapes.ranSchedule],
    ['POST', '/api/v1/schedules/a/run_now', {}, shapes.problem],
    ['POST', '/api/v1/schedules/a/pause', { reason: 'x', until: '2027-01-01' }, scheduleShapes.oneSchedule],
    ['POST', '/api/v1/schedules/pause', { reason: 'x' }, scheduleShapes.oneScheduler],
    ['GET', '/api/v1/schedules', undefined, scheduleShapes.schedulePage],
    ['POST', '/api/v1/schedules/resume', { catchUp: true }, scheduleShapes.oneScheduler],
    ['PATCH', '/api/v1/schedules/a', { note: 'n', jitter: '5m' }, scheduleShapes.oneSchedule],
    ['GET', '/api/v1/schedules/a', undefined, scheduleShapes.oneSchedule],
    ['POST', '/api/v1/schedules/a/toggle', {}, scheduleShapes.oneSchedule],
    ['GET', '/api/v1/schedules/a/occurrences', undefined, scheduleShapes.occurrences],
    ['GET', '/api/v1/schedules/a/next?count=3', undefined, scheduleShapes.preview],
    ['POST', '/api/v1/schedules/preview', { when, timezone: 'Asia/Shanghai' }, scheduleShapes.preview],
    ['GET', '/api/v1/library', undefined, libraryShapes.status],
    ['GET', '/api/v1/library/playlists?q=feed&limit=1', undefined, libraryShapes.playlistPage],
    ['GET', `/api/v1/library/playlists/${playlist.id}`, undefined, libraryShapes.onePlaylist],
    ['GET', '/api/v1/library/tracks?state=new,failed&group=News', undefined, libraryShapes.trackPage],
    ['GET', `/api/v1/library/tracks/${track.id}`, undefined, libraryShapes.oneTrack],
    ['GET', '/api/v1/pipelines', undefined, runShapes.pipelines],
    ['POST', '/api/v1/runs', { pipeline: 'library', params: { a: 1 }, sources: ['x'], scope: {} }, runShapes.oneRun],
    ['POST', '/api/v1/runs', { pipeline: 'nothing' }, shapes.problem],
    ['GET', '/api/v1/runs?state=queued', undefined, runShapes.runPage],
    ['GET', `/api/v1/runs/${run.id}`, undefined, runShapes.oneRun],
    ['POST', `/api/v1/runs/${run.id}/pause`, { reason: 'x' }, runShapes.oneRun],
    ['POST', `/api/v1/runs/${run.id}/resume`, {}, runShapes.oneRun],
    ['POST', `/api/v1/runs/${run.id}/retry`, { stage: 'collect', filter: { q: 'x' } }, runShapes.retriedRun],
    ['POST', `/api/v1/runs/${run.id}/retry`, { force: true }, shapes.problem],
    ['POST', `/api/v1/runs/${run.id}/cancel`, {}, runShapes.oneRun],
    ['GET', '/api/v1/tasks/none', undefined, shapes.problem],
    ['POST', '/api/v1/tasks', { type: 'noop', nope: 1 }, shapes.problem],
  ];
  for (const [method, path, body, shape] of calls) {
    const { json } = await call(method, path, body);
    const parsed = exact(shape).safeParse(json);
    t.ok(parsed.success, `${method} ${path}: ${parsed.error?.message ?? 'fits'}`);
  }
  t.ok(facade.asked.length > 0);
});

t.test('the documented shape of a new task and the check of requests say the same', (t) => {
  const good: unknown[] = [
    { type: 'noop' },
    {
      type: 'http.download',
      params: [1, null, { a: 'b' }],
      priority: 0,
      runAt: '2026-11-23T02:00:00Z',
      tags: ['a'],
      group: 'g',
    },
    {
      type: 'noop',
      runAt: '2026-11-23T02:00:00+01:00',
      maxAttempts: 1_000,
      backoff: {},
      timeout: '30m',
      onInterrupt: 'hold',
    },
    { type: 'noop', delay: 'PT10M', backoff: { kind: 'fixed', base: '1s', max: '2s', jitter: 1 }, idempotencyKey: 'k' },
  ];
  const bad: unknown[] = [
    {},
    [],
    null,
    'noop',
    { type: '' },
    { type: 5 },
    { type: 'x'.repeat(201) },
    { type: 'noop', priority: 10 },
    { type: 'noop', priority: 1.5 },
    { type: 'noop', maxAttempts: 0 },
    { type: 'noop', runAt: 'tomorrow' },
    { type: 'noop', runAt: '2026-11-23' },
    { type: 'noop', backoff: { kind: 'none' } },
    { type: 'noop', backoff: { jitter: 2 } },
    { type: 'noop', backoff: { start: '1s' } },
    { type: 'noop', idempotencyKey: '' },
    { type: 'noop', tags: 'a' },
    { type: 'noop', tags: Array(33).fill('a') },
    { type: 'noop', onInterrupt: 'restart' },
    { type: 'noop', runat: '2026-11-23T02:00:00Z' },
  ];
  for (const task of good) {
    t.ok(checkTask(task).ok, JSON.stringify(task));
    t.ok(shapes.newTask.safeParse(task).success, JSON.stringify(task));
  }
  for (const task of bad) {
    t.notOk(checkTask(task).ok, JSON.stringify(task)?.slice(0, 80));
    t.notOk(shapes.newTask.safeParse(task).success, JSON.stringify(task)?.slice(0, 80));
  }
  t.end();
});

t.test('metrics are Prometheus text, whatever stands in a label', async (t) => {
  const { call } = await serve(t);
  const answer = await call('GET', '/metrics');
  t.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const seen = new Set<string>();
  for (const line of answer.text.trimEnd().split('\n')) {
    if (line.startsWith('# TYPE')) {
      const name = line.split(' ')[2] ?? '';
      t.notOk(seen.has(name), `${name} stands together`);
      seen.add(name);
    }
    t.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.]+(e[+-]\d+)?)$/);
  }
  t.match(answer.text, 'nightshift_tasks{state="queued"} 0');
  t.match(answer.text, 'nightshift_worker_slots_busy{lane="io"} 1');
  t.match(answer.text, 'nightshift_tasks_finished_total{outcome="failed"} 1');
  const facade = new ScriptedFacade();
  const [status, queue] = await Promise.all([facade.status(), facade.queue()]);
  const types = [{ type: 'a"b\\c\nd', queued: 1, running: 0, paused: null, concurrency: null }];
  const text = metricsText({ status, queue: { ...queue, types }, workers: [], eventClients: 0 });
  t.match(text, 'nightshift_queued{type="a\\"b\\\\c\\nd"} 1');
});

t.test('the first mistake in a JSON text is found where JSON.parse finds one, and never else', (t) => {
  const parses = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const property = fc.property(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', '}', ']', ',', '"', '\\', '\n', '0', 'x', '\u2028', ' '),
    (text, place, put) => {
      const at = place % (text.length + 1);
      for (const changed of [
        text,
        text.slice(0, at) + put + text.slice(at),
        text.slice(0, at) + put + text.slice(at + 1),
        text.slice(0, at),
      ]) {
        if (parses(changed) !== (jsonMistake(changed) === null)) return false;
      }
      return true;
    },
  );
  fc.assert(property, { numRuns: 500 });
  const where: [text: string, line: number, column: number, words: RegExp][] = [
    ['', 1, 1, /ends too early: expected a value/],
    ['{"a":1,}', 1, 8, /no comma before/],
    ['[1 2]', 1, 4, /expected "," or "\]", but found "2"/],
    ['{"a" 1}', 1, 6, /expected ":"/],
    ["{'a':1}", 1, 2, /double quotes/],
    ['[\n  undefined\n]', 2, 3, /expected a value, but found "undefined"/],
    ['{"a":1}\n{', 2, 1, /expected the end/],
    ['"a\nb"', 1, 3, /control character/],
    ['"\\x"', 1, 2, /no escape/],
    ['"\\u12"', 1, 2, /four hex digits/],
    ['[\n"abc', 2, 5, /inside the string that begins on line 2/],
    ['01', 1, 2, /expected the end/],
    ['[NaN]', 1, 2, /"NaN"/],
  ];
  for (const [text, line, column, words] of where) t.match(jsonMistake(text), { line, column, message: words }, text);
  t.match(jsonMistake('['.repeat(1_000_000)), { message: /ends too early/ }, 'depth is no danger');
  t.match(jsonMistake(`"${'x'.repeat(1_000_000)}`), { message: /inside the string/ });
  t.end();
});

t.test('the page: one index for every address of the client, assets that never change', async (t) => {
  const publicDir = t.testdir({
    'manifest.json': JSON.stringify({ 'app.js': 'app-ABC123.js', 'app.css': 'app-DEF456.css' }),
    'app-ABC123.js': 'console.log(1)',
    'app-DEF456.css': 'body{}',
    '.secret': 'no',
  });
  const { call, current } = await serve(t, { publicDir });
  const index = await call('GET', '/');
  t.equal(index.status, 200);
  t.match(index.headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  t.match(
    index.text,
    /<base href="\/">.*assets\/app-DEF456\.css.*<script type="module" src="assets\/app-ABC123\.js"><\/script>.*<div id="app">/s,
  );
  t.notMatch(index.text, /<script>|<style|style=|onload/, 'nothing inline');
  for (const path of ['/tasks', '/tasks/0191f0c0', '/workers', '/settings?x=1'])
    t.equal((await call('GET', path)).text, index.text, path);
  const nowhere = await call('GET', '/nope', undefined, { accept: 'text/html,*/*;q=0.8' });
  t.equal(nowhere.status, 404);
  t.equal(nowhere.text, index.text, 'the page itself says that nothing is there');
  for (const path of ['/api/v1/nope', '/api', '/assets/none.js']) {
    const answer = await call('GET', path, undefined, { accept: 'text/html' });
    t.equal(answer.json.code, 'not_found', path);
  }
  t.equal((await call('GET', '/nope')).json.code, 'not_found', 'and to programs the API does');
  const script = await call('GET', '/assets/app-ABC123.js');
  t.match(script.headers, {
    'content-type': /javascript/,
    'cache-control': /max-age=31536000.*immutable/,
    'x-content-type-options': 'nosniff',
  });
  t.equal(script.text, 'console.log(1)');
  for (const path of [
    '/assets/app-NONE.js',
    '/assets/.secret',
    '/assets/..%2fmanifest.json',
    '/assets/%2e%2e/x.js',
    '/assets/',
  ]) {
    const answer = await call('GET', path);
    t.equal(answer.status, 404, path);
    t.equal(answer.json.code, 'not_found');
    t.notMatch(answer.text, publicDir);
    t.equal(answer.headers['cache-control'], 'no-store');
  }
  t.match((await call('GET', '/favicon.ico')).headers, { 'content-type': 'image/svg+xml' });

  current.settings = { ...current.settings, base: '/night', token: 'x' };
  t.match((await call('GET', '/night/')).text, '<base href="/night/">');
  t.equal((await call('GET', '/night')).headers['location'], '/night/');
  t.equal((await call('GET', '/night/assets/app-ABC123.js')).status, 200);
  t.equal((await call('GET', '/night/api/v1/status')).status, 200, 'a proxy that keeps the sub-path');
  t.equal((await call('GET', '/api/v1/status')).status, 200, 'a proxy that strips it');
  t.equal((await call('GET', '/nightly/api/v1/status')).status, 404);
  const away = await call('GET', '/night/tasks?state=failed', undefined, { via: '1.1 proxy' });
  t.equal(away.status, 303);
  t.equal(away.headers['location'], '/night/login?next=%2Ftasks%3Fstate%3Dfailed');
  const login = await call('GET', String(away.headers['location']), undefined, { via: '1.1 proxy' });
  t.match(login.text, /<form [^>]*method="post" action="login">.*value="\/tasks\?state=failed"/s);
});

t.test('without its bundle the page says so, and the API answers', async (t) => {
  const { call } = await serve(t, { publicDir: join(t.testdir({}), 'nowhere') });
  const answer = await call('GET', '/');
  t.equal(answer.status, 503);
  t.match(answer.text, /has not been built.*npm run build/s);
  t.equal((await call('GET', '/login')).status, 200);
  t.equal((await call('GET', '/api/v1/status')).status, 200);
});

t.test('a port that is taken is a fault that names its holder where that can be known', async (t) => {
  const { app, server } = await serve(t);
  const fault = await listen({ app, host: '127.0.0.1', port: server.port }).then(
    () => null,
    (error: unknown) => error,
  );
  t.type(fault, Fault);
  t.match(fault, { exit: 'cannotListen', exitCode: 69, message: new RegExp(`127\\.0\\.0\\.1:${server.port}`) });
  if (process.platform === 'linux') t.match(fault, { message: new RegExp(`\\(pid ${process.pid}\\)`) });
  await t.rejects(listen({ app, host: '192.0.2.1', port: 0 }), {
    exit: 'cannotListen',
    message: /not an address of this machine/,
  });
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  t.equal(await portHolder(port), null);
});

t.test('an address of IPv6 is written with its brackets', async (t) => {
  const interfaces = await readFile('/proc/net/if_inet6', 'utf8').catch(() => '');
  if (!/\blo$/m.test(interfaces)) return t.pass(`${hostname()} has no IPv6`);
  const { app } = await serve(t);
  const server = await listen({ app, host: '::1', port: 0 });
  t.match(server.url, /^http:\/\/\[::1\]:\d+$/);
  await server.close();
});

t.test('closing waits for an answer under way', async (t) => {
  const { call, facade, server } = await serve(t);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { status } = facade;
  let asked = () => {};
  const reached = new Promise<void>((resolve) => {
    asked = resolve;
  });
  facade.status = async () => {
    asked();
    await held;
    return await status.call(facade);
  };
  const answer = call('GET', '/api/v1/status');
  await reached;
  const closed = server.close();
  release();
  t.equal((await answer).status, 200);
  await closed;
  await t.rejects(call('GET', '/healthz'));
});
