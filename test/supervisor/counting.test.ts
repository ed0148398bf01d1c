/** How many tasks a list has: exact where that is cheap, at least so many where it is not. */
import t from 'tap';
import { freshState } from '../../supervisor/core/state.ts';
import { rowsCountedMax, totalOf } from '../../supervisor/counting.ts';
import type { PageRequest } from '../../supervisor/facade.ts';
import {
  anybody,
  freshFolder,
  openTestSupervisor,
  removeFolder,
  type TestSupervisor,
  task,
  until,
} from '../helpers/open-supervisor.ts';
import { idOf, openBench } from '../history/endings.ts';
import { freshFolder as freshHistory } from '../history/scripted-disk.ts';

const page = (filter: PageRequest['filter'], more: Partial<PageRequest> = {}): PageRequest => ({
  ...{ filter, limit: 2, after: null, order: 'newest', counted: true },
  ...more,
});

async function totals({ front }: TestSupervisor, filter: PageRequest['filter'], more: Partial<PageRequest> = {}) {
  const { total, totalAtLeast } = await front.tasks(page(filter, more));
  return { total, totalAtLeast };
}

t.test('a first page says how many there are, live and finished, each task once', async (t) => {
  const dataDir = freshFolder();
  const supervisor = await openTestSupervisor(dataDir);
  t.teardown(async () => {
    await supervisor.crash();
    removeFolder(dataDir);
  });
  supervisor.begin();
  const some = [
    ...Array.from({ length: 4 }, (_, value) => ({ params: { end: 'ok', value } })),
    ...Array.from({ length: 3 }, () => ({ params: { end: 'permanent' } })),
    ...Array.from({ length: 5 }, () => ({ params: {}, delay: '1h', tags: ['later'] })),
  ];
  const { ids } = await supervisor.front.submit(some.map(task), anybody);
  for (const id of ids.slice(0, 7))
    await until(supervisor, id, ({ state }) => state === 'succeeded' || state === 'failed');

  t.match(await totals(supervisor, {}), { total: 12, totalAtLeast: undefined });
  t.match(await totals(supervisor, { state: ['failed'] }), { total: 3 }, 'failed ones are live and in the history');
  t.match(await totals(supervisor, { state: ['succeeded', 'scheduled'] }), { total: 9 });
  t.match(await totals(supervisor, { type: ['scripted'] }), { total: 12 });
  t.match(await totals(supervisor, { type: ['another'] }), { total: 0 });
  t.match(await totals(supervisor, { to: 1 }), { total: 0 });
  t.match(await totals(supervisor, { tag: ['later'] }), { total: undefined, totalAtLeast: 2 }, 'what must be read');
  t.match(await totals(supervisor, { tag: ['later'] }, { limit: 50 }), { total: 5 }, 'one page has them all');
  const after = ids[10] as string;
  t.match(await totals(supervisor, { type: ['scripted'] }, { after }), { total: undefined, totalAtLeast: undefined });

  await supervisor.front.retry(ids[4] as string, anybody);
  await until(supervisor, ids[4] as string, ({ attempts, state }) => attempts.length === 2 && state === 'failed');
  t.match(await totals(supervisor, { state: ['failed'] }), { total: 3 }, 'one that failed again counts once');
  t.match(await totals(supervisor, {}), { total: 12 });
});

t.test('what counters know counts only while nothing has been removed; too many are counted in part', async (t) => {
  const bench = await openBench(await freshHistory(t));
  const state = freshState();
  const parts = { state, history: bench.history };
  const beyond = { records: [], next: idOf(0) };
  const count = rowsCountedMax + 500;
  for (let seq = 1; seq <= 400; seq++) bench.add({ seq, finishedAt: Date.UTC(2026, 8, 5) + seq, text: '' });
  Object.assign(state.totals, { accepted: 400, succeeded: 400 });
  t.same(await totalOf(parts, page({}), beyond), { total: 400 });
  for (let seq = 401; seq <= count; seq++) bench.add({ seq, finishedAt: Date.UTC(2026, 9, 5) + seq, text: '' });
  Object.assign(state.totals, { accepted: count, succeeded: count });
  t.same(await totalOf(parts, page({}), beyond), { total: count });
  t.same(await totalOf(parts, page({}, { after: idOf(1), counted: false }), beyond), { total: count });
  const { totalAtLeast = 0, total } = await totalOf(parts, page({ state: ['succeeded'] }), beyond);
  t.equal(total, undefined);
  t.ok(totalAtLeast >= rowsCountedMax - 1 && totalAtLeast <= count, `${totalAtLeast}`);
  t.same(
    await totalOf(parts, page({ state: ['failed'] }), beyond),
    { total: 0 },
    'none is exact, however many there are',
  );

  bench.add({ seq: count + 1, finishedAt: Date.UTC(2026, 10, 5), text: '' });
  await bench.history.clean(Date.UTC(2026, 10, 6), { archiveAfterMs: null, retentionMs: 0 });
  const { total: known } = await totalOf(parts, page({}), beyond);
  t.equal(known, 1, 'the months before are gone');
  await bench.history.close();
});
