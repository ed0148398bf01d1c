/** Records that another version or a person wrote: they are shown as far as they go, and hide nothing beside them. */
import t from 'tap';
import type { TaskFilter } from '../../supervisor/facade.ts';
import { anybody, openTestSupervisor, task, testFolder } from '../helpers/open-supervisor.ts';
import { idOf, november } from '../history/endings.ts';

const RECORDS: readonly Record<string, unknown>[] = [
  {},
  { params: null, tags: null, origin: null, createdAt: 'yesterday', startedAt: 7, finishedAt: '' },
  { tags: 'star', attempts: null, error: 'text', run: 7, idempotencyKey: 12, label: [] },
  { tags: [1], attempts: [null], run: { id: 'no stage' }, backoff: 'none', progress: 1, counts: [], priority: 'high' },
  { attempts: [{ number: 1 }], result: 'star', group: {}, retryOf: 5, timeout: 30, onInterrupt: null },
];

const FILTERS: readonly TaskFilter[] = [
  { tag: ['star'] },
  { group: ['star'] },
  { run: ['star'] },
  { stage: ['star'] },
  { origin: ['http'] },
  { schedule: ['star'] },
  { q: 'star' },
  { durationFrom: 0 },
  { param: { star: 1 } },
  {},
];

t.test('a record of another format has every member that is promised, and no filter fails for it', async (t) => {
  const open = await openTestSupervisor(testFolder(t));
  const { front, history, recorder, state } = open;
  const ids = RECORDS.map((members, index) => {
    const id = idOf(november, index);
    const known = { id, type: 'star', state: 'failed', ...members };
    const ending = { seq: state.seq, ...known, finishedAt: november, durationMs: null, rewritten: false };
    history.append(ending, JSON.stringify(known));
    return id;
  });
  const whole = task({ tags: ['star'], group: 'star', params: { star: 1 } });
  const { items: given } = await front.tasks({ filter: {}, limit: 1, after: null, order: 'newest' });
  const [live] = (await front.submit([whole], anybody)).ids as [string];
  const members = Object.keys((await front.task(live)) ?? {}).sort();
  for (const id of ids) {
    const view = await front.task(id);
    t.same(
      Object.keys({ ...view })
        .filter((name) => name !== 'label')
        .sort(),
      members,
    );
    t.match(view, { tags: [], attempts: [], error: null, run: null, priority: 5, startedAt: null, retryOf: null });
    t.equal(view?.createdAt, new Date(november).toISOString());
    t.equal(await front.log(id, null), null, 'no attempt is known');
  }
  t.equal(given.length, 1);
  recorder.record({ e: 'attempt.started', id: live, n: 1, worker: 'cpu-1', handler: null, solo: false });
  recorder.record({ e: 'attempt.ended', id: live, n: 1, outcome: 'succeeded', next: 'succeeded' });
  for (const filter of FILTERS) {
    const { items } = await front.tasks({ filter, limit: 10, after: null, order: 'newest' });
    const expected = !(filter.run || filter.stage || filter.schedule);
    t.equal(
      items.some(({ id }) => id === live),
      expected,
      JSON.stringify(filter),
    );
  }
  t.match(await front.retryMany({ filter: { type: ['star'] } }, false, anybody), {
    matched: ids.length,
    skipped: ids.map(() => ({ code: 'unknown_type' })),
  });
  await open.crash();
});
