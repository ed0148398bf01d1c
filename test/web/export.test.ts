/** The promises of exports: every task that matches, in one stream that nobody has to hold whole. */
import t from 'tap';
import { request } from 'undici';
import { exportsMax } from '../../web/limits.ts';
import { serve, until } from './serve.ts';

const path = '/api/v1/tasks/export';

t.test('all tasks that match come as NDJSON, page after page, each once', async (t) => {
  const { call, facade } = await serve(t);
  await call(
    'POST',
    '/api/v1/tasks',
    Array.from({ length: 1_203 }, () => ({ type: 'noop' })),
  );
  const answer = await call('GET', path);
  t.equal(answer.status, 200);
  t.equal(answer.headers['content-type'], 'application/x-ndjson');
  t.equal(answer.headers['content-disposition'], 'attachment; filename="tasks.ndjson"');
  const ids = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id);
  t.same(ids, facade.list.map(({ id }) => id).reverse());
  const filtered = await call('GET', `${path}?state=failed&q=x&param={%22a%22:1}&order=oldest&to=2030-01-01T00:00:00Z`);
  t.equal(filtered.text, '', 'nothing is no error');
  const [asked] = facade.lastAsked('tasks')?.with ?? [];
  t.match(asked, { filter: { state: ['failed'], q: 'x', param: { a: 1 } }, order: 'oldest', after: null, limit: 500 });
});

t.test('as CSV it has a head and a row a task, and no cell that a spreadsheet would run', async (t) => {
  const { call, facade } = await serve(t);
  await call('POST', '/api/v1/tasks', { type: 'noop', params: { text: 'a "b"', more: 1 }, tags: ['a', 'b'] });
  Object.assign(facade.list[0] as object, { error: { code: 'failed', message: '=SUM(A1)' } });
  const { text, headers } = await call('GET', `${path}?format=csv`);
  t.equal(headers['content-type'], 'text/csv; charset=utf-8; header=present');
  const [head, row, end] = text.split('\r\n');
  t.match(head, /^id,type,state,createdAt,startedAt,finishedAt,attempt,/);
  t.match(row, /^[0-9a-f-]{36},noop,queued,/);
  t.match(row, /,a b,failed,'=SUM\(A1\),/);
  t.ok(row?.includes('"{""text"":""a \\""b\\"""",""more"":1}"'));
  t.equal(end, '');
  t.equal((await call('GET', `${path}?format=xml`)).status, 400);
  t.equal((await call('GET', `${path}?cursor=x`)).status, 400);
});

t.test('so many exports are made at once; one whose reader takes nothing is let go', async (t) => {
  const { call, url, facade, clock } = await serve(t);
  await call(
    'POST',
    '/api/v1/tasks',
    Array.from({ length: 2_000 }, () => ({ type: 'noop' })),
  );
  for (const task of facade.list) Object.assign(task, { params: { text: 'x'.repeat(10_000) } });
  const open = await Promise.all(Array.from({ length: exportsMax }, () => request(`${url}${path}`)));
  t.match((await call('GET', path)).json, { code: 'rate_limited' });
  clock.fireLong();
  for (const { body } of open) await t.rejects(body.text(), 'cut off, not ended as if it were all');
  t.equal((await call('GET', `${path}?type=none`)).status, 200);
});

t.test('an error on the way cuts the file off', async (t) => {
  const { call, facade, lines } = await serve(t);
  await call(
    'POST',
    '/api/v1/tasks',
    Array.from({ length: 600 }, () => ({ type: 'noop' })),
  );
  const tasks = facade.tasks.bind(facade);
  facade.tasks = async (page) => {
    if (page.after !== null) throw new Error('the disk is gone');
    return tasks(page);
  };
  await t.rejects(call('GET', path));
  await until(() => lines.some(({ level }) => level === 'error'));
});

t.test('a search ends when whoever asked for it leaves, as a page and as a file', async (t) => {
  const { url, facade, lines } = await serve(t);
  for (const asked of ['/api/v1/tasks?q=star', `${path}?q=star`]) {
    const begun = new Promise<AbortSignal>((resolve) => {
      facade.tasks = ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
          resolve(signal as AbortSignal);
        });
    });
    const leaving = new AbortController();
    const answer = request(`${url}${asked}`, { signal: leaving.signal }).then(({ body }) => body.text());
    const signal = await begun;
    t.notOk(signal.aborted, asked);
    leaving.abort();
    await t.rejects(answer);
    await until(() => signal.aborted);
  }
  t.same(
    lines.filter(({ level }) => level === 'error'),
    [],
    'and it is no fault',
  );
});
