/** What comes of a retry, by the state a task is in and by where its record is. */
import t from 'tap';
import type { Event } from '../../supervisor/core/event.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import {
  anybody,
  freshFolder,
  openTestSupervisor,
  removeFolder,
  type TestSupervisor,
  task,
} from '../helpers/open-supervisor.ts';
import { idOf } from '../history/endings.ts';

const started = (id: string): Event => ({
  e: 'attempt.started',
  id,
  n: 1,
  worker: 'cpu-1',
  handler: null,
  solo: false,
});
const ended = (id: string, outcome: 'succeeded' | 'failed' | 'canceled', next: string = outcome): Event =>
  ({
    e: 'attempt.ended',
    id,
    n: 1,
    outcome,
    next,
    ...(next === 'retrying' && { at: Date.now() + 3_600_000 }),
  }) as Event;

interface Row {
  readonly what: string;
  readonly given?: Record<string, unknown>;
  /** What happens to the task before. */
  readonly before: (id: string) => readonly Event[];
  /** Where it is retried from; a code when it is not. */
  readonly answer: 'live' | 'history' | 'conflict';
}

const ROWS: readonly Row[] = [
  { what: 'queued', before: () => [], answer: 'conflict' },
  { what: 'scheduled', given: { delay: '1h' }, before: () => [], answer: 'conflict' },
  { what: 'running', before: (id) => [started(id)], answer: 'conflict' },
  { what: 'retrying', before: (id) => [started(id), ended(id, 'failed', 'retrying')], answer: 'live' },
  { what: 'interrupted', before: (id) => [started(id), ended(id, 'failed', 'interrupted')], answer: 'live' },
  { what: 'failed, live', before: (id) => [started(id), ended(id, 'failed')], answer: 'live' },
  {
    what: 'failed, in the history',
    before: (id) => [started(id), ended(id, 'failed'), { e: 'task.archived', ids: [id] }],
    answer: 'history',
  },
  { what: 'succeeded', before: (id) => [started(id), ended(id, 'succeeded')], answer: 'history' },
  { what: 'canceled', before: (id) => [started(id), ended(id, 'canceled')], answer: 'history' },
];

/** Told apart by it. */
let made = 0;

async function opened(t: { teardown(end: () => Promise<void>): void }): Promise<TestSupervisor> {
  const dataDir = freshFolder();
  const supervisor = await openTestSupervisor(dataDir);
  t.teardown(async () => {
    await supervisor.crash();
    removeFolder(dataDir);
  });
  return supervisor;
}

t.test(
  'by state: a live task goes on under its id, one from the history becomes another, the rest is refused',
  async (t) => {
    const { front, recorder, state } = await opened(t);
    for (const { what, given, before, answer } of ROWS) {
      const kept = { priority: 8, tags: ['kept'], maxAttempts: 2, timeout: '5m', params: { value: what } };
      const { ids } = await front.submit([task({ ...kept, ...given })], anybody);
      const id = ids[0] as string;
      for (const event of before(id)) recorder.record(event);
      const accepted = state.totals.accepted;
      if (answer === 'conflict') {
        await t.rejects(front.retry(id, anybody), { code: 'conflict', message: /./ }, what);
        t.equal(state.totals.accepted, accepted, `${what}: nothing is made of it`);
        continue;
      }
      const { task: again, source, originalId } = await front.retry(id, anybody);
      t.same([source, originalId], [answer, id], what);
      t.match(again, { ...kept, state: 'queued', retryOf: answer === 'live' ? null : id }, what);
      t.equal(again.id === id, answer === 'live', what);
      t.equal(state.totals.accepted - accepted, answer === 'live' ? 0 : 1, what);
    }
  },
);

t.test('a record of another format is rebuilt, and the answer names what was assumed', async (t) => {
  const { front, history, state } = await opened(t);
  const add = (members: Record<string, unknown>): string => {
    const id = idOf(Date.now(), made++);
    const known = { id, type: 'scripted', state: 'failed', ...members };
    history.append(
      { seq: state.seq, ...known, finishedAt: Date.now(), durationMs: null, rewritten: false },
      JSON.stringify(known),
    );
    return id;
  };
  const bare = add({});
  t.match(await front.retry(bare, anybody), {
    source: 'rebuilt',
    originalId: bare,
    warning: /lacks params, priority, maxAttempts, backoff, timeout, tags, group, onInterrupt/,
    task: { type: 'scripted', params: {}, retryOf: bare },
  });
  const wrong = add({ params: { value: 1 }, priority: 'high', maxAttempts: 3, tags: ['x'] });
  t.match(await front.retry(wrong, anybody), {
    source: 'rebuilt',
    warning: /lacks priority, backoff/,
    task: { params: { value: 1 }, tags: ['x'], maxAttempts: 3 },
  });
});

t.test('an id that never was, and a type that nobody serves any more, are told apart', async (t) => {
  const { front, history, state } = await opened(t);
  const never = '0197000000000000700080000000000a'.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  await t.rejects(front.retry(never, anybody), { code: 'not_found' });
  await t.rejects(front.retry('not an id', anybody), Refusal);
  const id = idOf(Date.now(), made++);
  const known = { id, type: 'of.long.ago', state: 'failed' };
  history.append(
    { seq: state.seq, ...known, finishedAt: Date.now(), durationMs: null, rewritten: false },
    JSON.stringify(known),
  );
  await t.rejects(front.retry(id, anybody), { code: 'unknown_type' });
});

/** Failures that only the history has, oldest first. */
function failures({ history, state }: TestSupervisor, count: number, more: Record<string, unknown> = {}): string[] {
  return Array.from({ length: count }, () => {
    const id = idOf(Date.now(), made++);
    const known = { id, type: 'scripted', state: 'failed', params: {}, ...more };
    history.append(
      { seq: state.seq, ...known, finishedAt: Date.now(), durationMs: null, rewritten: false },
      JSON.stringify(known),
    );
    return id;
  });
}

const allFailed = { filter: { state: ['failed' as const] } };

/** What runs again, by the task it repeats. */
function repeated({ state }: TestSupervisor): string[] {
  return [...state.tasks.values()].flatMap(({ life }) => life?.retryOf ?? []).sort();
}

t.test('a failure that somebody runs again while a call for many has read it runs again once', async (t) => {
  const open = await opened(t);
  const { front, supervisor } = open;
  const ids = failures(open, 3);
  const [byHand] = ids as [string];
  const read = supervisor.records.bind(supervisor);
  let other = '';
  supervisor.records = async (request) => {
    const page = await read(request);
    other = (await front.retry(byHand, anybody)).task.id;
    return page;
  };
  const answer = await front.retryMany(allFailed, false, anybody);
  t.match(answer, { matched: 3, changed: 2, skipped: [{ id: byHand, code: 'conflict' }] });
  t.same(repeated(open), ids);
  t.match(await front.task(byHand), { retriedAs: other });
});

t.test('a failure that has succeeded after a call for many has read it does not run again', async (t) => {
  const open = await opened(t);
  const { front, recorder, history, state } = open;
  const [id] = (await front.submit([task({})], anybody)).ids as [string];
  for (const event of [started(id), ended(id, 'failed')]) recorder.record(event);
  await front.retry(id, anybody);
  recorder.record({ ...started(id), n: 2 } as Event);
  const list = history.list.bind(history);
  history.list = async (query) => {
    const page = await list({ ...query, exclude: () => false });
    if (state.tasks.has(id)) recorder.record({ ...ended(id, 'succeeded'), n: 2 } as Event);
    return page;
  };
  const { accepted } = state.totals;
  t.match(await front.retryMany(allFailed, false, anybody), { changed: 0, skipped: [{ id, code: 'conflict' }] });
  t.equal(state.totals.accepted, accepted);
  t.match(await front.task(id), { state: 'succeeded', retriedAs: null });
});

t.test('two calls for the same failures at once, page by page, run each again once', async (t) => {
  const open = await opened(t);
  const ids = failures(open, 1_200);
  const both = await Promise.all([1, 2].map(() => open.front.retryMany(allFailed, false, anybody)));
  t.equal(
    both.reduce((sum, { changed }) => sum + changed, 0),
    1_200,
  );
  for (const { skipped } of both) for (const { code } of skipped) t.match(code, /^(conflict|resolved)$/);
  t.same(repeated(open), ids);
  t.match(await open.front.retryMany(allFailed, false, anybody), { matched: 0, next: null });
});

t.test('a failure that is live and in the history goes on under its id, once', async (t) => {
  const open = await opened(t);
  const { front, recorder, state } = open;
  const { ids } = await front.submit([task({}), task({})], anybody);
  const [live, leaves] = ids as [string, string];
  for (const id of ids) for (const event of [started(id), ended(id, 'failed')]) recorder.record(event);
  const [past] = failures(open, 1) as [string];
  const read = open.supervisor.records.bind(open.supervisor);
  open.supervisor.records = async (request) => {
    const page = await read(request);
    recorder.record({ e: 'task.archived', ids: [leaves] });
    return page;
  };
  t.match(await front.retryMany(allFailed, false, anybody), { matched: 3, changed: 3, skipped: [] });
  t.equal(state.tasks.get(live)?.state, 'queued');
  t.same(repeated(open), [past, leaves].sort(), 'what leaves memory meanwhile runs again from the history');
});

t.test('a failure that somebody runs again while it is looked up runs again once', async (t) => {
  const open = await opened(t);
  const { front, recorder, supervisor, history } = open;
  const [id] = (await front.submit([task({})], anybody)).ids as [string];
  for (const event of [started(id), ended(id, 'failed')]) recorder.record(event);
  const read = supervisor.records.bind(supervisor);
  supervisor.records = async (request) => {
    const page = await read(request);
    recorder.record({ e: 'task.archived', ids: [id] });
    return page;
  };
  const get = history.get.bind(history);
  history.get = async (wanted) => {
    const record = await get(wanted);
    history.get = get;
    await front.retry(id, anybody);
    return record;
  };
  t.match(await front.retryMany(allFailed, false, anybody), { changed: 0, skipped: [{ id, code: 'conflict' }] });
  t.same(repeated(open), [id]);
});

t.test('the same call with its key again makes no task twice, and hides no newer one', async (t) => {
  const dataDir = freshFolder();
  t.teardown(() => removeFolder(dataDir));
  const first = await openTestSupervisor(dataDir);
  const ids = failures(first, 600);
  const how = { idempotencyKey: 'after the power cut' };
  t.match(await first.front.retryMany(allFailed, false, anybody, how), { changed: 600 });
  const newer = (await first.front.retry(ids[0] as string, anybody)).task.id;
  await first.crash();
  const second = await openTestSupervisor(dataDir);
  t.teardown(() => second.crash());
  t.match(await second.front.retryMany({ ...allFailed, resolved: true }, false, anybody, how), { changed: 600 });
  t.match(await second.front.retryMany({ ids }, false, anybody, how), { changed: 600 });
  t.same(repeated(second), [...ids, ids[0]].sort());
  t.match(await second.front.task(ids[0] as string), { retriedAs: newer });
});

t.test('of many, one whose record cannot be run again is named, and the others run', async (t) => {
  const open = await opened(t);
  const [huge] = failures(open, 1, { params: { value: 2 ** 60 } }) as [string];
  const [strange] = failures(open, 1, { type: 'of.long.ago' }) as [string];
  const ids = failures(open, 2);
  const { skipped, changed } = await open.front.retryMany(allFailed, false, anybody);
  t.equal(changed, 2);
  t.same(
    skipped.toSorted((a, b) => a.id.localeCompare(b.id)),
    [
      { id: huge, code: 'validation' },
      { id: strange, code: 'unknown_type' },
    ],
  );
  t.same(repeated(open), ids);
  await t.rejects(open.front.retry(huge, anybody), { code: 'validation', message: /2\^53/ });
  t.match(await open.front.retry(huge, anybody, '{"value":"1"}'), { task: { params: { value: '1' } } });
});
