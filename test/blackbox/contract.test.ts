/**
 * The real program, asked once at every address this version has: each answer has the shape that the OpenAPI document
 * gives it, and each refusal its code and status. What the parts promise among themselves is tested elsewhere, on a
 * facade that only follows a script.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ZodType } from 'zod';
import { REFUSALS, type RefusalCode } from '../../supervisor/core/refusal.ts';
import type { ManyAnswer, TaskView } from '../../supervisor/facade.ts';
import { SHAPES } from '../../web/openapi.ts';
import { problem } from '../../web/openapi-schemas.ts';
import { problemType } from '../../web/problem.ts';
import { exact } from '../helpers/exact-shape.ts';
import { dataFolder, eventually, SupervisorProcess } from '../helpers/supervisor-process.ts';

const readToken = 'reader-of-the-contract-test';
const nobody = '01900000-0000-7000-8000-000000000000';

interface Question {
  readonly id?: string;
  readonly query?: string;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  readonly token?: string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly json: unknown;
}

/** Puts something into the library, as only handlers do. */
const FILL = `
import { libraryOf } from ${JSON.stringify(new URL('../../workers/catalog/client.js', import.meta.url).href)};
export default { type: 'fill', lane: 'io', run: (params, ctx) => libraryOf(ctx).put(params) };
`;

/** Asks the program, and remembers which routes have answered. */
class Asker {
  readonly answered = new Set<string>();
  readonly #t: Test;
  readonly #supervisor: SupervisorProcess;

  constructor(t: Test, supervisor: SupervisorProcess) {
    this.#t = t;
    this.#supervisor = supervisor;
  }

  /** @param route as `SHAPES` names it @returns the answer, which has its documented shape */
  async ask<T = Record<string, unknown>>(route: string, status: number, question: Question = {}): Promise<T> {
    const answer = await this.#fetch(route, question);
    this.#t.equal(answer.status, status, `${route} is ${status}: ${JSON.stringify(answer.json)?.slice(0, 300)}`);
    const shape = SHAPES[route]?.answers[status];
    if (typeof shape === 'string') this.#t.ok(shape.split(', ').includes(answer.type.split(';')[0] ?? ''), route);
    else if (shape) this.#fits(route, shape, answer.json);
    else this.#t.equal(shape, null, `${route} is documented to answer ${status}`);
    this.answered.add(route);
    return answer.json as T;
  }

  async refused(route: string, code: RefusalCode, question: Question): Promise<void> {
    const { status, type, json } = await this.#fetch(route, question);
    this.#t.match(json, { code, status: REFUSALS[code] }, `${route} refuses with ${code}`);
    this.#t.equal(status, REFUSALS[code]);
    this.#t.equal(type, problemType);
    this.#fits(route, problem, json);
  }

  #fits(route: string, shape: ZodType, json: unknown): void {
    const { success, error } = exact(shape).safeParse(json);
    this.#t.ok(success, `${route}: ${error?.message ?? 'fits'}`);
  }

  async #fetch(route: string, { id = '', query = '', body, text, token }: Question): Promise<Answer> {
    const [method = '', path = ''] = route.split(' ');
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const headers = {
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const address = `${this.#supervisor.url}${path.replace(/:\w+/, id)}${query}`;
    const response = await fetch(address, { method, headers, ...(sent !== undefined && { body: sent }) });
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream')) await response.body?.cancel();
    const isJson = /^application\/([a-z]+\+)?json/.test(type);
    return { status: response.status, type, json: isJson ? await response.json() : undefined };
  }
}

async function program(t: Test): Promise<{ supervisor: SupervisorProcess; asker: Asker; file: string; token: string }> {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  mkdirSync(join(folder.dir, 'pipelines'));
  writeFileSync(join(folder.dir, 'pipelines', 'echoes.yaml'), 'stages: [{ name: say, type: echo }]');
  writeFileSync(join(folder.dir, 'handlers', 'fill.mjs'), FILL);
  const settings = { WEB_READ_TOKEN: readToken, FAILED_LIVE: '0s' };
  const supervisor = await SupervisorProcess.start(folder, { settings });
  t.teardown(() => supervisor.kill());
  const token = readFileSync(join(folder.dir, 'token'), 'utf8').trim();
  return { supervisor, asker: new Asker(t, supervisor), file: folder.record, token };
}

/** Without its `/api/v1`, which would make each row longer than what it says. */
function api(route: string): string {
  return route.replace(' ', ' /api/v1');
}

t.test('every address answers with the shape it is documented to have', async (t) => {
  const { supervisor, asker, file, token } = await program(t);
  const later = { type: 'record', params: { file }, delay: '1h' };
  const add = async (task: object) =>
    (await asker.ask<{ task: TaskView }>(api('POST /tasks'), 201, { body: task })).task;

  const keyed = { ...later, idempotencyKey: 'k', params: { file, ms: 1 } };
  const { id } = await add(keyed);
  await asker.ask(api('POST /tasks'), 200, { body: { ...keyed, params: { ms: 1, file } } });
  await asker.ask(api('POST /tasks'), 201, { body: [later, { ...later, tags: ['many'] }] });
  await asker.ask(api('GET /tasks'), 200, { query: '?state=scheduled&limit=1' });
  await asker.ask(api('GET /tasks/export'), 200, { query: '?format=csv&state=scheduled' });
  await asker.ask(api('GET /tasks/:id'), 200, { id });
  await asker.ask(api('GET /tasks/:id/log'), 200, { id });
  await asker.ask(api('POST /tasks/:id/promote'), 200, { id });
  await supervisor.until(id, 'succeeded');
  await asker.ask(api('GET /tasks/:id'), 200, { id });
  const { id: canceled } = await add(later);
  await asker.ask(api('POST /tasks/:id/cancel'), 202, { id: canceled });
  await asker.ask(api('POST /tasks/:id/retry'), 201, { id: canceled });
  const { id: retrying } = await add({ ...later, delay: undefined, params: { file, fail: true }, maxAttempts: 2 });
  await supervisor.until(retrying, 'retrying');
  await asker.ask(api('POST /tasks/retry/:id'), 200, { id: retrying });
  await asker.ask(api('GET /tasks'), 200);
  await asker.ask(api('POST /tasks/cancel'), 200, { body: { filter: { tag: 'many' }, dryRun: true } });
  await asker.ask(api('POST /tasks/cancel'), 200, { body: { ids: [canceled, nobody] } });
  await asker.ask(api('POST /tasks/:id/retry'), 201, { id: canceled, body: { params: { file, ms: 2 } } });
  const spread = { over: '1h', idempotencyKey: 'contract' };
  await asker.ask(api('POST /tasks/retry'), 200, { body: { ids: [canceled], ...spread } });
  await asker.ask(api('POST /tasks/retry'), 200, {
    body: { filter: { param: { fail: true } }, dryRun: true, ...spread },
  });

  await asker.ask(api('GET /queue'), 200);
  await asker.ask(api('POST /queue/pause'), 200, { query: '?type=record', body: { reason: 'night' } });
  await asker.ask(api('POST /queue/resume'), 200, { query: '?type=record' });
  const { items } = await asker.ask<{ items: { id: string }[] }>(api('GET /workers'), 200);
  await asker.ask(api('POST /workers/:id/recycle'), 202, { id: items[0]?.id ?? '' });
  await asker.ask(api('GET /handlers'), 200);

  const when = { kind: 'daily', at: '02:00' };
  const body = { name: 'a', task: { type: 'echo' }, when };
  await asker.ask(api('POST /schedules'), 201, { body });
  for (const act of ['run', 'run_now']) {
    const { task } = await asker.ask<{ task: TaskView }>(api(`POST /schedules/:id/${act}`), 202, { id: 'a', body: {} });
    await eventually('the task of the schedule to end', async () => {
      const shown = await asker.ask<{ task: TaskView }>(api('GET /tasks/:id'), 200, { id: task.id });
      return shown.task.state === 'succeeded' ? shown : null;
    });
  }
  await asker.ask(api('POST /schedules/:id/pause'), 200, {
    id: 'a',
    body: { reason: 'holidays', until: '2099-01-01' },
  });
  await asker.ask(api('POST /schedules/:id/resume'), 200, { id: 'a', body: {} });
  await asker.ask(api('POST /schedules/:id/toggle'), 200, { id: 'a', body: {} });
  await asker.ask(api('POST /schedules/pause'), 200, { body: { reason: 'all' } });
  await asker.ask(api('POST /schedules/resume'), 200, { body: {} });
  await asker.ask(api('PATCH /schedules/:id'), 200, { id: 'a', body: { note: 'nightly' } });
  await asker.ask(api('GET /schedules'), 200);
  await asker.ask(api('GET /schedules/:id'), 200, { id: 'a' });
  await asker.ask(api('GET /schedules/:id/occurrences'), 200, { id: 'a' });
  await asker.ask(api('GET /schedules/:id/next'), 200, { id: 'a' });
  await asker.ask(api('POST /schedules/preview'), 200, { body: { when } });
  await asker.ask(api('DELETE /schedules/:id'), 204, { id: 'a' });
  await asker.ask(api('PUT /store/:key'), 201, { id: 'feed%2F1', body: { value: { seen: [1, 2] }, ttl: '10m' } });
  await asker.ask(api('PUT /store/:key'), 200, { id: 'feed%2F1', body: { value: null } });
  await asker.ask(api('GET /store/:key'), 200, { id: 'feed%2F1' });
  await asker.ask(api('POST /store/:key/increment'), 200, { id: 'hits', body: { by: 2, ttl: 60 } });
  await asker.ask(api('GET /store'), 200, { query: '?prefix=feed/&limit=1' });
  await asker.ask(api('POST /store/cleanup'), 200, { body: {} });
  await asker.ask(api('DELETE /store/:key'), 204, { id: 'feed%2F1' });
  const [playlist, track] = ['a'.repeat(16), 'b'.repeat(16)];
  const filled = await add({
    type: 'fill',
    params: {
      playlists: [{ id: playlist, source: 'a', key: 'a', title: 'a' }],
      tracks: [{ id: track, playlist, key: 'a', title: 'a', position: 0, version: '1' }],
    },
  });
  await supervisor.until(filled.id, 'succeeded');
  await asker.ask(api('GET /library'), 200);
  await asker.ask(api('GET /library/playlists/:id'), 200, { id: playlist });
  await asker.ask(api('GET /library/tracks/:id'), 200, { id: track });
  await asker.ask(api('GET /library/playlists'), 200, { query: '?source=a&limit=1' });
  await asker.ask(api('GET /library/tracks'), 200, { query: '?state=new&q=a' });
  await asker.ask(api('GET /pipelines'), 200);
  await asker.ask(api('POST /queue/pause'), 200, { query: '?type=echo', body: { reason: 'a run that does not end' } });
  const { run } = await asker.ask<{ run: { id: string } }>(api('POST /runs'), 201, { body: { pipeline: 'echoes' } });
  await asker.ask(api('POST /runs/:id/pause'), 200, { id: run.id, body: { reason: 'night' } });
  await asker.ask(api('GET /runs'), 200);
  await asker.ask(api('GET /runs/:id'), 200, { id: run.id });
  await asker.ask(api('POST /runs/:id/resume'), 200, { id: run.id, body: {} });
  await asker.ask(api('POST /runs/:id/retry'), 200, { id: run.id, body: {} });
  await asker.ask(api('POST /runs/:id/cancel'), 202, { id: run.id });
  await asker.ask(api('POST /queue/resume'), 200, { query: '?type=echo' });
  await asker.ask(api('POST /backup'), 201, { token, body: { keep: 1 } });

  await asker.ask(api('GET /settings'), 200);
  await asker.ask(api('PUT /settings'), 200, { token, body: { changes: { LOG_LEVEL: 'debug' }, note: 'to look' } });
  await asker.ask(api('GET /settings/revisions'), 200, { query: '?limit=1' });
  await asker.ask(api('GET /settings/revisions/:id/diff'), 200, { id: 'r2' });
  await asker.ask(api('POST /settings/revisions/:id/apply'), 200, { id: 'r1', token, body: {} });
  await asker.ask(api('PATCH /flags/:name'), 200, { id: 'NIGHT_SYNC', token, body: { on: true } });
  await asker.ask(api('GET /flags'), 200);

  await asker.ask(api('GET /events'), 200);
  await asker.ask(api('GET /stats'), 200, { query: '?type=record&days=7' });
  await asker.ask(api('GET /status'), 200);
  await asker.ask(api('GET /openapi.json'), 200);
  for (const route of ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /login']) await asker.ask(route, 200);
  for (const login of ['POST /login', api('POST /login')]) await asker.ask(login, 200, { body: { token } });
  for (const logout of ['POST /logout', api('POST /logout')]) await asker.ask(logout, 204);
  await asker.ask(api('GET /session'), 200);
  t.same([...asker.answered].sort(), Object.keys(SHAPES).sort(), 'none is left out');
});

t.test('what is refused has its code, its status and the shape of a problem', async (t) => {
  const { supervisor, asker, file, token } = await program(t);
  const task = { type: 'record', params: { file } };
  const { id } = await supervisor.add(task);
  await supervisor.until(id, 'succeeded');
  await supervisor.add({ ...task, idempotencyKey: 'k' });
  const infinite = `{"type":"record","params":[${Array(300_000).fill('1e999').join()}]}`;
  const table: [RefusalCode, string, Question][] = [
    ['validation', 'POST /tasks', { body: { ...task, prio: 1 } }],
    ['validation', 'POST /tasks', { text: infinite }],
    ['validation', 'GET /tasks', { query: '?sate=failed' }],
    ['validation', 'POST /tasks/retry', { body: { filter: {}, cursor: 'of another list' } }],
    ['unauthorized', 'GET /tasks', { token: 'a wrong one' }],
    ['forbidden', 'POST /tasks', { body: task, token: readToken }],
    ['unauthorized', 'POST /backup', { body: {} }],
    ['validation', 'POST /backup', { body: { keep: 0 }, token }],
    ['forbidden', 'POST /tasks/cancel', { body: { filter: {} }, token: readToken }],
    ['not_found', 'GET /tasks/:id', { id: nobody }],
    ['not_found', 'POST /tasks/:id/retry', { id: nobody }],
    ['not_found', 'POST /workers/:id/recycle', { id: 'none' }],
    ['not_found', 'GET /nowhere', {}],
    ['not_found', 'GET /store/:key', { id: 'none' }],
    ['not_found', 'GET /library/playlists/:id', { id: 'none' }],
    ['not_found', 'GET /library/tracks/:id', { id: 'none' }],
    ['validation', 'PUT /store/:key', { id: 'a', body: { value: 1, ttl: 0 } }],
    ['validation', 'GET /store/:key', { id: 'a%07b' }],
    ['too_large', 'PUT /store/:key', { id: 'a', body: { value: 'a'.repeat(65_535) } }],
    ['forbidden', 'PUT /store/:key', { id: 'a', body: { value: 1 }, token: readToken }],
    ['method_not_allowed', 'POST /status', {}],
    ['conflict', 'POST /tasks/:id/cancel', { id }],
    ['conflict', 'POST /tasks', { body: { ...task, params: {}, idempotencyKey: 'k' } }],
    ['too_large', 'POST /tasks', { body: Array(10_001).fill(task) }],
    ['too_large', 'POST /tasks', { text: ' '.repeat(17 * 1024 * 1024) }],
    ['unknown_type', 'POST /tasks', { body: { type: 'nobody.knows' } }],
  ];
  for (const [code, route, question] of table) await asker.refused(api(route), code, question);
});

t.test('a filter runs each failure again once, whoever asks how often', async (t) => {
  const { supervisor, asker, file } = await program(t);
  const { id } = await supervisor.add({ type: 'record', params: { file, fail: true } });
  let last = id;
  for (let call = 1; call <= 3; call++) {
    const failed = await eventually('the task to fail', async () => {
      const { items } = (await supervisor.call<{ items: TaskView[] }>('GET', '/tasks?state=failed')).body;
      return items.find((item) => item.id === last) ?? null;
    });
    t.equal(failed.retriedAs, null);
    const body = { filter: { type: ['record'] } };
    t.match(await asker.ask<ManyAnswer>(api('POST /tasks/retry'), 200, { body }), { matched: 1, changed: 1 });
    last = (await supervisor.task(last)).retriedAs ?? last;
  }
});
