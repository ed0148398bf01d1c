import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { iso } from '../../supervisor/core/record.ts';
import type { Actor, PageRequest, TaskFilter, TaskView } from '../../supervisor/facade.ts';
import { resolvedNamedMax, tasksPerCallMax } from '../../supervisor/many.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import {
  anybody,
  openTestSupervisor,
  removeFolder,
  type TestSupervisor,
  task,
  testFolder,
  until,
} from '../helpers/open-supervisor.ts';

const hasEnded = ({ state }: TaskView) => state === 'succeeded' || state === 'failed' || state === 'canceled';
const page = (change: Partial<PageRequest> = {}): PageRequest => ({
  filter: {},
  limit: 50,
  after: null,
  order: 'newest',
  ...change,
});

async function submit(supervisor: TestSupervisor, ...given: Record<string, unknown>[]): Promise<string[]> {
  const { ids } = await supervisor.front.submit(given.map(task), anybody);
  return [...ids];
}

t.test('a task runs, leaves memory for the history, and is still found by its id', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const [id] = (await submit(supervisor, { params: { value: 7 }, tags: ['a'] })) as [string];
  const ended = await until(supervisor, id, hasEnded);
  t.match(ended, {
    state: 'succeeded',
    result: { value: 7 },
    tags: ['a'],
    attempt: 1,
    attempts: [{ outcome: 'succeeded' }],
    waiting: null,
  });
  t.equal(supervisor.state.tasks.size, 0, 'nothing of it is left in memory');
  t.equal(supervisor.state.params.hotBytes, 0);
  await supervisor.stop();
  const again = await openTestSupervisor(supervisor.dataDir);
  t.same(await again.front.task(id), ended, 'a restart shows the same');
  await again.stop();
});

t.test('failures wait for their backoff, count, and end as failed; interruptions do not count', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const [id] = (await submit(supervisor, {
    params: { end: 'fail' },
    maxAttempts: 2,
    backoff: { kind: 'fixed', base: '10ms', jitter: 0 },
  })) as [string];
  const failed = await until(supervisor, id, hasEnded);
  t.match(failed, { state: 'failed', attempt: 2, error: { message: 'as asked' } });
  const [hanging] = (await submit(supervisor, { params: { end: 'hang', checkpoint: { at: 5 } } })) as [string];
  await until(supervisor, hanging, ({ state }) => state === 'running');
  await supervisor.crash();
  const again = await openTestSupervisor(supervisor.dataDir);
  const cut = (await again.front.task(hanging)) as TaskView;
  t.match(cut, {
    state: 'queued',
    attempts: [{ number: 1, outcome: 'interrupted' }],
    waiting: { reason: 'recovery' },
  });
  t.equal(again.state.tasks.get(hanging)?.life?.spent, 0);
  t.ok(again.state.suspects.has(again.state.tasks.get(hanging) as never), 'it runs alone first');
  const retried = await again.front.retry(id, anybody);
  t.match(
    retried,
    { originalId: id, source: 'live', task: { id, state: 'queued' } },
    'a failed task is retried under its own id',
  );
  await again.stop();
});

t.test('the zone that TIMEZONE names is the one that the status tells', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t), { settings: 'TIMEZONE=asia/tokyo\n' });
  t.match(await supervisor.front.status(), { timezone: 'Asia/Tokyo' });
  await supervisor.stop();
});

t.test('after an orderly stop and after a reboot nobody is under suspicion', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const [id] = (await submit(supervisor, { params: { end: 'hang' } })) as [string];
  await until(supervisor, id, ({ state }) => state === 'running');
  await supervisor.crash();
  const rebooted = await openTestSupervisor(supervisor.dataDir, { bootId: 'boot-2' });
  t.equal(rebooted.state.suspects.size, 0);
  t.match(await rebooted.front.status(), { recovered: { clean: false, tasks: 1 } });
  await rebooted.stop();
  const stopped = await openTestSupervisor(supervisor.dataDir, { bootId: 'boot-2' });
  t.equal(stopped.state.suspects.size, 0);
  t.match(await stopped.front.status(), { recovered: { clean: true } });
  await stopped.stop();
});

t.test('onInterrupt: hold waits for a person, fail fails', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const ids = await submit(
    supervisor,
    { params: { end: 'hang' }, onInterrupt: 'hold' },
    { params: { end: 'hang' }, onInterrupt: 'fail' },
  );
  for (const id of ids) await until(supervisor, id, ({ state }) => state === 'running');
  await supervisor.crash();
  const again = await openTestSupervisor(supervisor.dataDir);
  t.match(await again.front.task(ids[0] as string), { state: 'interrupted', waiting: { reason: 'interrupted' } });
  t.match(await again.front.task(ids[1] as string), { state: 'failed', error: { code: 'interrupted' } });
  t.match(await again.front.retry(ids[0] as string, anybody), { source: 'live', task: { state: 'queued' } });
  await again.stop();
});

t.test('a canceled task stops: at once when it waits, by its signal when it runs', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const [running, waiting] = (await submit(supervisor, { params: { end: 'hang' } }, { delay: '1h' })) as [
    string,
    string,
  ];
  await until(supervisor, running, ({ state }) => state === 'running');
  const { runAt } = (await supervisor.front.task(waiting)) as TaskView;
  t.match(await supervisor.front.task(waiting), { state: 'scheduled', waiting: { reason: 'scheduled' } });
  t.match(await supervisor.front.status(), { nextDueAt: runAt });
  t.match(await supervisor.front.cancel(waiting, anybody), { state: 'canceled' });
  t.match(await supervisor.front.status(), { nextDueAt: null });
  t.match(await supervisor.front.cancel(running, anybody), { state: /running|canceled/ });
  t.match(await until(supervisor, running, hasEnded), { state: 'canceled', attempts: [{ outcome: 'canceled' }] });
  await t.rejects(supervisor.front.cancel(running, anybody), { code: 'conflict' });
  await t.rejects(supervisor.front.cancel('01900000-0000-7000-8000-000000000000', anybody), { code: 'not_found' });
  await supervisor.stop();
});

t.test(
  'an idempotency key gives the same task back, live and finished, across a restart; other params conflict',
  async (t) => {
    const supervisor = await openTestSupervisor(testFolder(t));
    const given = { params: { value: 1 }, idempotencyKey: 'feed/7' };
    const [id] = (await submit(supervisor, given)) as [string];
    const known = await supervisor.front.submit([task(given)], anybody);
    t.same([known.ids, known.created], [[id], [false]]);
    await t.rejects(supervisor.front.submit([task({ ...given, params: { value: 2 } })], anybody), { code: 'conflict' });
    supervisor.begin();
    await until(supervisor, id, hasEnded);
    await supervisor.crash();
    const again = await openTestSupervisor(supervisor.dataDir);
    const later = await again.front.submit([task(given)], anybody);
    t.same([later.ids, later.created], [[id], [false]]);
    t.same(JSON.parse(later.texts[0] as string), await again.front.task(id));
    await again.stop();
  },
);

t.test('an acknowledgement shows each task as it is found afterwards', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  const [failed] = (await submit(supervisor, { params: { end: 'fail' }, maxAttempts: 1, idempotencyKey: 'x' })) as [
    string,
  ];
  supervisor.begin();
  await until(supervisor, failed, hasEnded);
  await supervisor.front.pause(null, 'a "quoted" reason', anybody);
  const { ids, texts } = await supervisor.front.submit(
    [
      task({ params: { end: 'fail' }, maxAttempts: 1, idempotencyKey: 'x' }),
      task({ params: { title: 'Abend · 夜 \u2028 "' }, tags: ['語'], group: 'a.example', timeout: '5m' }),
      task({ delay: '1h', priority: 9, backoff: { kind: 'fixed', base: '5s' } }),
      task({ type: 'nobody' }),
      task({ type: 'nobody' }),
    ],
    anybody,
  );
  for (const [index, id] of ids.entries())
    t.strictSame(JSON.parse(texts[index] as string), await supervisor.front.task(id), `task ${index}`);
  await supervisor.stop();
});

t.test('a list is accepted whole or not at all, and one known key twice in a list is one task', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  const { ids, created } = await supervisor.front.submit(
    [task({ idempotencyKey: 'a' }), task({ idempotencyKey: 'a' }), task({})],
    anybody,
  );
  t.same(created, [true, false, true]);
  t.equal(ids[0], ids[1]);
  const clash = [task({}), task({ idempotencyKey: 'a', params: { other: true } })];
  await t.rejects(supervisor.front.submit(clash, anybody), {
    code: 'conflict',
    mistakes: [{ path: '$[1].idempotencyKey' }],
  });
  t.equal(supervisor.state.tasks.size, 2);
  await supervisor.stop();
});

t.test(
  'lists show live and finished together, in the order of ids, page by page, whatever finishes meanwhile',
  async (t) => {
    const supervisor = await openTestSupervisor(testFolder(t));
    const ids = await submit(
      supervisor,
      ...Array.from({ length: 25 }, (_, value) => ({ params: { value }, group: `g${value % 3}` })),
    );
    const first = await supervisor.front.tasks(page({ limit: 10 }));
    supervisor.begin();
    for (const id of ids) await until(supervisor, id, hasEnded);
    const [waiting] = (await submit(supervisor, { delay: '1h' })) as [string];
    const second = await supervisor.front.tasks(page({ limit: 10, after: first.next }));
    const third = await supervisor.front.tasks(page({ limit: 10, after: second.next }));
    t.same(
      [...first.items, ...second.items, ...third.items].map(({ id }) => id),
      [...ids].reverse(),
    );
    t.equal(third.next, null);
    const oldest = await supervisor.front.tasks(page({ order: 'oldest' }));
    t.same(
      oldest.items.map(({ id }) => id),
      [...ids, waiting],
    );
    const filtered = await supervisor.front.tasks(page({ filter: { group: ['g1'], state: ['succeeded'] } }));
    t.equal(filtered.items.length, 8);
    t.same(
      (await supervisor.front.tasks(page({ filter: { q: '"value":17' } }))).items.map(({ id }) => id),
      [ids[17]],
    );
    t.same(
      (await supervisor.front.tasks(page({ filter: { state: ['scheduled'] } }))).items.map(({ id }) => id),
      [waiting],
    );
    await supervisor.stop();
  },
);

t.test('tasks are found by the schedule that submitted them, and by how long they took', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const nightly = { origin: 'schedule:nightly', from: null };
  const { ids } = await supervisor.front.submit([task({ params: { end: 'ok' } }), task({ delay: '1h' })], nightly);
  const [ran, waits] = ids as [string, string];
  await submit(supervisor, { delay: '1h' });
  const { startedAt, finishedAt } = await until(supervisor, ran, hasEnded);
  const tookMs = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');
  const found = async (filter: PageRequest['filter']) =>
    (await supervisor.front.tasks(page({ filter, order: 'oldest' }))).items.map(({ id }) => id);
  t.same(await found({ schedule: ['nightly', 'other'] }), [ran, waits]);
  t.same(await found({ schedule: ['night'] }), [], 'by its whole name');
  t.same(await found({ durationFrom: tookMs }), [ran], 'what has not finished took no time yet');
  t.same(await found({ durationFrom: tookMs + 1 }), []);
  t.same(await found({ durationTo: tookMs + 1 }), [ran]);
  t.same(await found({ durationTo: tookMs }), []);
  await supervisor.stop();
});

t.test('what only the history has is retried as a new task that names the old one', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const [id] = (await submit(supervisor, { params: { value: 3 }, priority: 8, tags: ['x'], timeout: '5m' })) as [
    string,
  ];
  await until(supervisor, id, hasEnded);
  const { task: retried, source, originalId } = await supervisor.front.retry(id, anybody);
  t.match(
    { retried, source, originalId },
    {
      source: 'history',
      originalId: id,
      retried: { retryOf: id, priority: 8, tags: ['x'], timeout: '5m', params: { value: 3 } },
    },
  );
  t.match(await until(supervisor, retried.id, hasEnded), { state: 'succeeded', retryOf: id });
  await supervisor.stop();
});

t.test(
  'a start gives no params to another task: neither to one that came later nor to a failure that has left',
  async (t) => {
    const dataDir = testFolder(t);
    const settings = 'FAILED_LIVE=0s\n';
    const supervisor = await openTestSupervisor(dataDir, { settings });
    supervisor.begin();
    const [failed] = (await submit(supervisor, { params: { end: 'permanent', value: 'old' } })) as [string];
    await until(supervisor, failed, () => !supervisor.state.tasks.has(failed));
    const values = Array.from({ length: 10 }, (_, value) => value);
    const waiting = await submit(supervisor, ...values.map((value) => ({ params: { value }, delay: '1h' })));
    await supervisor.crash();
    for (const lost of [false, true]) {
      if (lost) rmSync(join(dataDir, 'history'), { recursive: true });
      const again = await openTestSupervisor(dataDir, { settings });
      for (const [index, id] of waiting.entries())
        t.match(await again.front.task(id), { params: { value: values[index] } });
      t.match(await again.front.task(failed), { params: { end: 'permanent', value: 'old' } }, `history lost: ${lost}`);
      await again.crash();
    }
  },
);
t.test('params are changed for another try, and the task that failed keeps its own, live or not', async (t) => {
  for (const settings of ['', 'FAILED_LIVE=0s\n']) {
    const supervisor = await openTestSupervisor(testFolder(t), { settings });
    const { front } = supervisor;
    supervisor.begin();
    const wrong = { end: 'permanent', value: 'wrong' };
    const [id] = (await submit(supervisor, { params: wrong, tags: ['x'] })) as [string];
    await until(supervisor, id, hasEnded);
    const { task, originalId } = await front.retry(id, anybody, '{"value":"right"}');
    t.match(task, { retryOf: id, tags: ['x'], params: { value: 'right' } });
    t.equal(originalId, id);
    t.match(await until(supervisor, task.id, hasEnded), { state: 'succeeded', result: { value: 'right' } });
    t.match(await front.task(id), { state: 'failed', params: wrong, retriedAs: task.id });
    const [waiting] = (await submit(supervisor, { delay: '1h' })) as [string];
    await t.rejects(front.retry(waiting, anybody, '{}'), { code: 'conflict', message: /once it has ended; cancel it/ });
    await supervisor.stop();
  }
});

t.test('many are run again spread over a time, and the same call again makes none twice', async (t) => {
  for (const settings of ['', 'FAILED_LIVE=0s\n']) {
    const dataDir = testFolder(t);
    const supervisor = await openTestSupervisor(dataDir, { settings });
    supervisor.begin();
    const params = { end: 'permanent' };
    const ids = await submit(supervisor, ...Array.from({ length: 4 }, () => ({ params })));
    for (const id of ids) await until(supervisor, id, hasEnded);
    if (settings) for (const id of ids) await until(supervisor, id, () => !supervisor.state.tasks.has(id));
    const how = { overMs: 4 * 3_600_000, idempotencyKey: 'at night' };
    t.match(await supervisor.front.retryMany({ ids }, false, anybody, how), { matched: 4, changed: 4 });
    const waiting = async ({ front }: TestSupervisor) =>
      (await front.tasks(page({ filter: { state: ['scheduled'] } }))).items.map(({ waiting }) => waiting?.until ?? '');
    const planned = (await waiting(supervisor)).map((text) => Date.parse(text)).sort((a, b) => a - b);
    t.equal(planned.length, 3, 'the first begins at once');
    const hour = 3_600_000;
    for (const [index, at] of planned.entries())
      if (index > 0) t.ok(Math.abs(at - (planned[index - 1] as number) - hour) < 60_000, 'an hour apart');
    await supervisor.crash();
    const again = await openTestSupervisor(dataDir, { settings });
    await again.front.retryMany({ ids }, false, anybody, how);
    t.same((await waiting(again)).length, 3, 'also after a crash');
    await again.stop();
  }
});

/** Submits tasks that fail at once, and resolves when only the history has them. */
async function failed(supervisor: TestSupervisor, ...given: Record<string, unknown>[]): Promise<string[]> {
  const ids = await submit(supervisor, ...given.map((each) => ({ params: { end: 'permanent' }, ...each })));
  for (const id of ids) await until(supervisor, id, () => !supervisor.state.tasks.has(id));
  return ids;
}

const failures = { filter: { type: ['scripted'] } };
const atOnce = { settings: 'FAILED_LIVE=0s\n' };

t.test('by filter each failure is run again once, however often that is asked', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t), atOnce);
  const { front, state } = supervisor;
  supervisor.begin();
  const [first] = (await failed(supervisor, {})) as [string];
  const [wanted] = (await submit(supervisor, { delay: '1h' })) as [string];
  await front.cancel(wanted, anybody);
  const chain = [first];
  for (let round = 1; round <= 4; round++) {
    t.equal((await front.retryMany(failures, true, anybody)).matched, 1, 'a preview counts the same');
    const answer = await front.retryMany(failures, false, anybody);
    const skipped = chain.slice(0, -1).map((id) => ({ id, code: 'resolved' }));
    t.match(answer, { matched: 1, changed: 1, next: null, skipped: skipped.reverse() }, `call ${round}`);
    t.equal(answer.skipped.length, round - 1);
    const { retriedAs } = (await front.task(chain.at(-1) as string)) as TaskView;
    await until(supervisor, retriedAs as string, () => !state.tasks.has(retriedAs as string));
    t.match(await front.task(retriedAs as string), { state: 'failed', retryOf: chain.at(-1), retriedAs: null });
    chain.push(retriedAs as string);
  }
  const twice = await Promise.all([1, 2].map(() => front.retryMany(failures, false, anybody)));
  t.same(twice.map(({ changed }) => changed).sort(), [0, 1], 'two people at once are one');
  await until(supervisor, (await front.task(chain[4] as string))?.retriedAs as string, hasEnded);
  t.match(await front.retryMany({ ...failures, resolved: true }, true, anybody), { matched: 6, skipped: [] });
  t.match(await front.task(wanted), { state: 'canceled', retriedAs: null }, 'what somebody stopped is no failure');
  t.match(await front.retryMany({ ids: [wanted] }, false, anybody), { changed: 1 }, 'and comes back by its id');
  const byHand = await front.retry(first, anybody);
  t.match(byHand, { source: 'history', originalId: first, task: { retryOf: first } }, 'a person may always');
  t.match(await front.task(first), { state: 'failed', retriedAs: byHand.task.id }, 'the newest counts');
  const listed = (await front.tasks(page({ limit: 500 }))).items;
  t.equal(listed.filter(({ id }) => id === first).length, 1, 'it is one task in lists');
  await supervisor.stop();
});

t.test('who was run again as whom outlives a restart, and is written again when a crash came in between', async (t) => {
  const dataDir = testFolder(t);
  const before = `${dataDir}-before`;
  t.teardown(() => removeFolder(before));
  const supervisor = await openTestSupervisor(dataDir, atOnce);
  supervisor.begin();
  const [one, two] = (await failed(supervisor, {}, {})) as [string, string];
  await supervisor.crash();
  cpSync(join(dataDir, 'history'), before, { recursive: true });
  const second = await openTestSupervisor(dataDir);
  const first = await second.front.retry(one, anybody);
  const again = await second.front.retry(two, anybody);
  const last = await second.front.retry(two, anybody);
  await second.crash();
  for (const lost of [false, true]) {
    if (lost) rmSync(join(dataDir, 'history'), { recursive: true });
    if (lost) cpSync(before, join(dataDir, 'history'), { recursive: true });
    const third = await openTestSupervisor(dataDir);
    const what = lost ? 'the history stopped before it' : 'a restart';
    t.match(await third.front.task(one), { state: 'failed', retriedAs: first.task.id }, what);
    t.match(await third.front.task(two), { state: 'failed', retriedAs: last.task.id });
    t.match(await third.front.retryMany(failures, true, anybody), { matched: 0 });
    t.equal((await third.history.endings(two)).length, 3, 'and not written twice');
    t.ok(await third.front.task(again.task.id));
    await third.crash();
  }
});

t.test('a failure whose ending and retry the history both lost has them both after the next start', async (t) => {
  const dataDir = testFolder(t);
  const before = `${dataDir}-before`;
  t.teardown(() => removeFolder(before));
  const supervisor = await openTestSupervisor(dataDir, atOnce);
  cpSync(join(dataDir, 'history'), before, { recursive: true });
  supervisor.begin();
  const [id] = (await failed(supervisor, { params: { end: 'permanent', value: 'kept' } })) as [string];
  const { task: retried } = await supervisor.front.retry(id, anybody);
  await supervisor.crash();
  rmSync(join(dataDir, 'history'), { recursive: true });
  cpSync(before, join(dataDir, 'history'), { recursive: true });
  const again = await openTestSupervisor(dataDir, atOnce);
  t.match(await again.front.task(id), { state: 'failed', retriedAs: retried.id, params: { value: 'kept' } });
  await again.stop();
});

t.test('a retry that the journal lost is taken back: the failure is unresolved again', async (t) => {
  const dataDir = testFolder(t);
  const before = `${dataDir}-before`;
  t.teardown(() => removeFolder(before));
  const supervisor = await openTestSupervisor(dataDir, atOnce);
  supervisor.begin();
  const [id] = (await failed(supervisor, {})) as [string];
  await supervisor.crash();
  cpSync(join(dataDir, 'journal'), before, { recursive: true });
  const second = await openTestSupervisor(dataDir);
  const { task: retried } = await second.front.retry(id, anybody);
  await second.crash();
  rmSync(join(dataDir, 'journal'), { recursive: true });
  cpSync(before, join(dataDir, 'journal'), { recursive: true });
  const third = await openTestSupervisor(dataDir);
  t.match(await third.front.task(id), { state: 'failed', retriedAs: null });
  t.equal(await third.front.task(retried.id), null);
  t.match(await third.front.retryMany(failures, false, anybody), { changed: 1 });
  await third.stop();
});

t.test('of more failures than a call may take, a second call without a cursor takes those that are left', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  const { front, recorder } = supervisor;
  const [oldest] = (await submit(supervisor, {})) as [string];
  const { ids } = await front.submit(Array(tasksPerCallMax).fill(task({})), anybody);
  for (const id of [oldest, ...ids]) {
    recorder.record({ e: 'attempt.started', id, n: 1, worker: 'cpu-1', handler: null, solo: false });
    recorder.record({ e: 'attempt.ended', id, n: 1, outcome: 'failed', next: 'failed' });
    recorder.record({ e: 'task.archived', ids: [id] });
  }
  t.match(await front.retryMany(failures, false, anybody), { changed: tasksPerCallMax, next: ids[0] });
  const answer = await front.retryMany(failures, false, anybody);
  t.match(answer, { matched: 1, changed: 1, next: null });
  t.equal(answer.skipped.length, resolvedNamedMax, 'and the answer does not grow with what is resolved');
  t.match(await front.task(oldest), { retriedAs: String });
  await supervisor.stop();
});

t.test('many are canceled by filter, told apart by id, and a preview changes nothing', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  const ids = await submit(
    supervisor,
    { delay: '1h', tags: ['night'] },
    { delay: '1h', tags: ['night'] },
    { delay: '1h' },
  );
  const preview = await supervisor.front.cancelMany({ filter: { tag: ['night'] } }, true, anybody);
  t.match(preview, { matched: 2, changed: 0 });
  t.equal(supervisor.state.counts.scheduled, 3);
  t.match(await supervisor.front.cancelMany({ filter: { tag: ['night'] } }, false, anybody), {
    matched: 2,
    changed: 2,
    skipped: [],
  });
  const missing = '01900000-0000-7000-8000-000000000000';
  const mixed = await supervisor.front.cancelMany({ ids: [...ids, missing] }, false, anybody);
  t.equal(mixed.changed, 1);
  t.same(mixed.skipped.map(({ code }) => code).sort(), ['conflict', 'conflict', 'not_found']);
  await supervisor.stop();
});

t.test(
  'a call for more tasks than it may take leaves the older ones to the next, and meets none that came later',
  async (t) => {
    const supervisor = await openTestSupervisor(testFolder(t));
    const { front, state } = supervisor;
    const [oldest] = await submit(supervisor, { delay: '1h' });
    const wait = task({ delay: '1h' });
    await front.submit(Array(tasksPerCallMax).fill(wait), anybody);
    const preview = await front.cancelMany({ filter: {} }, true, anybody);
    t.match(preview, { matched: tasksPerCallMax, changed: 0, next: state.order.at(1) });
    t.equal(preview.sample?.length, 20);
    const first = await front.cancelMany({ filter: {} }, false, anybody);
    t.match(first, { matched: tasksPerCallMax, changed: tasksPerCallMax, skipped: [] });
    const [newer] = await submit(supervisor, { delay: '1h' });
    const rest = { filter: {}, after: first.next };
    t.same(await front.cancelMany(rest, false, anybody), { matched: 1, changed: 1, skipped: [], next: null });
    t.equal((await front.task(oldest as string))?.state, 'canceled');
    t.equal((await front.task(newer as string))?.state, 'scheduled');
    t.match(await front.cancelMany({ filter: {} }, false, anybody), { matched: 1, changed: 1, next: null });
    t.match(await front.cancelMany({ filter: { state: ['failed'] } }, false, anybody), { matched: 0, next: null });
    await supervisor.stop();
  },
);

t.test('many are picked by members of their params, equal in value and type, live and from history', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t), { settings: 'FAILED_LIVE=0s\n' });
  const { front } = supervisor;
  const given = [
    { platform: 1, n: null },
    { platform: '1', n: 0 },
    { platform: 2 },
    { other: 1 },
    [1],
    'platform',
    null,
  ];
  const ids = await submit(supervisor, ...given.map((params) => ({ params, delay: '1h' })));
  const picked = async (param: TaskFilter['param']) => {
    const { sample = [] } = await front.cancelMany({ filter: { ...(param && { param }) } }, true, anybody);
    return sample.map(({ id }) => ids.indexOf(id)).sort();
  };
  t.same(await picked({ platform: 1 }), [0]);
  t.same(await picked({ platform: '1' }), [1]);
  t.same(await picked({ platform: 1, n: null }), [0]);
  t.same(await picked({ platform: 1, n: 0 }), [], 'all of them must be equal');
  t.same(await picked({ n: null }), [0], 'what is missing is not null');
  t.same(await picked({ constructor: null, length: 1 }), [], 'only members of its own');
  supervisor.begin();
  const failing = await submit(supervisor, ...[1, 2].map((platform) => ({ params: { end: 'permanent', platform } })));
  for (const id of failing) await until(supervisor, id, () => supervisor.state.counts.failed === 0);
  for (const id of failing) t.equal((await until(supervisor, id, hasEnded)).state, 'failed');
  const { sample } = await front.retryMany({ filter: { param: { platform: 2 } } }, true, anybody);
  t.match(sample, [{ id: failing[1] }]);
  t.equal(sample?.length, 1);
  await supervisor.stop();
});

t.test('what a person asks for is written down with who asked and from where', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  const { front, state } = supervisor;
  const asked = async (origin: string, ask: (actor: Actor) => Promise<unknown>) => {
    await ask({ origin, from: `192.0.2.7 (${origin})` });
  };
  supervisor.begin();
  const [running, first, later, failed] = (await submit(
    supervisor,
    { params: { end: 'hang' } },
    { delay: '1h' },
    { delay: '2h' },
    { params: { end: 'permanent' } },
  )) as [string, string, string, string];
  await until(supervisor, running, ({ state }) => state === 'running');
  await until(supervisor, failed, hasEnded);
  await asked('a', (actor) => front.pause(null, 'night', actor));
  await asked('b', (actor) => front.retry(failed, actor));
  await asked('c', (actor) => front.promote(first, actor));
  await asked('d', (actor) => front.cancelMany({ ids: [later, running] }, false, actor));
  await asked('e', (actor) => front.recycle('cpu-1', actor));
  await asked('f', (actor) => front.resume(null, actor));
  await front.pause('scripted', 'no address', anybody);
  await t.rejects(front.recycle('cpu-99', anybody), { code: 'not_found' });
  const entries = journalOf(supervisor.dataDir).flatMap(({ e, by, from }) => (by === undefined ? [] : [[e, by, from]]));
  const wanted = [
    ['queue.paused', 'a'],
    ['task.retried', 'b'],
    ['task.promoted', 'c'],
    ['task.canceled', 'd'],
    ['task.cancel_requested', 'd'],
    ['worker.recycled', 'e'],
    ['queue.resumed', 'f'],
  ];
  t.same(entries, [...wanted.map(([e, by]) => [e, by, `192.0.2.7 (${by})`]), ['queue.paused', 'http', undefined]]);
  const { seq } = state;
  await supervisor.crash();
  const again = await openTestSupervisor(supervisor.dataDir);
  t.ok(again.state.seq > seq, 'and the next start reads it');
  t.match(await again.front.queue(), { types: [{ type: 'scripted', paused: { reason: 'no address', by: 'http' } }] });
  await again.stop();
});

/** Entries in the journal, oldest first. */
function journalOf(dataDir: string): Record<string, unknown>[] {
  const dir = join(dataDir, 'journal');
  const files = readdirSync(dir).filter((name) => name.endsWith('.ndjson'));
  const lines = files.sort().flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n'));
  return lines.filter((line) => line.startsWith('{"seq"')).map((line) => JSON.parse(line));
}

t.test('a paused queue, a paused type and limits say why a task waits, and let go', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t), { settings: 'LIMITS=type:scripted=1,rate:slow=1/1h\n' });
  supervisor.begin();
  await supervisor.front.pause(null, 'maintenance', anybody);
  const [first, second, slow] = (await submit(supervisor, { params: { end: 'hang' } }, {}, { group: 'slow' })) as [
    string,
    string,
    string,
  ];
  t.match(await supervisor.front.task(first), { waiting: { reason: 'paused', detail: /maintenance/ } });
  await supervisor.front.pause('scripted', 'this one too', anybody);
  await supervisor.front.resume(null, anybody);
  t.match(await supervisor.front.task(first), { waiting: { reason: 'paused', detail: /this one too/ } });
  await supervisor.front.resume('scripted', anybody);
  await until(supervisor, first, ({ state }) => state === 'running');
  t.match(await supervisor.front.task(second), { waiting: { reason: 'concurrency' } });
  await supervisor.front.cancel(first, anybody);
  for (const id of [first, second, slow]) await until(supervisor, id, hasEnded);
  const [again] = (await submit(supervisor, { group: 'slow' })) as [string];
  t.match(await supervisor.front.task(again), { state: 'queued', waiting: { reason: 'rate-limit', until: String } });
  await supervisor.stop();
});

t.test('a handler submits a task; run again after a crash it submits nothing twice', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const params = { submit: { type: 'scripted', params: { value: 'child' } }, end: 'hang' };
  const [id] = (await submit(supervisor, { params })) as [string];
  const children = async (of: TestSupervisor) =>
    (await of.front.tasks(page({ filter: { origin: [`handler:${id}`] } }))).items;
  await new Promise<void>((resolve) => {
    const stop = supervisor.front.events.subscribe(async () => {
      if ((await children(supervisor)).length === 0) return;
      stop();
      resolve();
    });
  });
  await supervisor.crash();
  const again = await openTestSupervisor(supervisor.dataDir);
  again.begin();
  await until(again, id, ({ state, attempt }) => state === 'running' && attempt === 2);
  await again.front.cancel(id, anybody);
  await until(again, id, hasEnded);
  t.equal((await children(again)).length, 1);
  await again.stop();
});

t.test('a snapshot written while work goes on and the entries after it give the same state', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  await submit(
    supervisor,
    ...Array.from({ length: 3_000 }, (_, value) => ({ params: { value, text: 'ü'.repeat(value % 50) }, delay: '1h' })),
  );
  await supervisor.front.pause('other', 'for the snapshot', anybody);
  const walk = new StateWalk(supervisor.state, machineClock, () => supervisor.history.sync());
  const snapshot = supervisor.journal.snapshot(walk, supervisor.state.seq);
  const during = await submit(supervisor, { params: { value: 'during' }, delay: '1h', idempotencyKey: 'k' });
  await supervisor.front.cancel(
    (await supervisor.front.tasks(page({ order: 'oldest', limit: 1 }))).items[0]?.id as string,
    anybody,
  );
  await snapshot;
  const before = await dump(supervisor);
  await supervisor.crash();
  t.equal(readdirSync(join(supervisor.dataDir, 'snapshots')).length, 1);
  const again = await openTestSupervisor(supervisor.dataDir);
  t.same(await dump(again), before);
  t.equal(again.state.tasks.size, 3_000);
  t.match(await again.front.task(during[0] as string), { params: { value: 'during' } });
  await again.stop();
});

async function dump({ state, supervisor }: TestSupervisor) {
  const tasks = [...state.tasks.values()];
  const texts = await supervisor.paramsOf(tasks);
  return {
    tasks: tasks.map(({ id, options, state: name, at, idempotencyKey, life }, index) => ({
      id,
      options,
      name,
      at,
      idempotencyKey,
      life,
      params: texts[index],
    })),
    keys: [...state.liveKeys].map(([digest, { taskId }]) => [digest, taskId]),
    paused: [...state.pausedTypes].map(([type, { reason }]) => [type, reason]),
    counts: state.counts,
    totals: state.totals,
  };
}

t.test('what an attempt logs is read back and followed, also from the log of a crashed one', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  supervisor.begin();
  const [id] = (await submit(supervisor, { params: { log: 'here I am', end: 'hang' } })) as [string];
  const line = await new Promise<string>((resolve) => {
    until(supervisor, id, ({ state }) => state === 'running').then(() => {
      supervisor.front.followLog(
        id,
        null,
        ({ text }) => resolve(text),
        () => {},
      );
    });
  });
  t.equal(line, 'here I am');
  await supervisor.crash();
  const again = await openTestSupervisor(supervisor.dataDir);
  t.match(await again.front.log(id, 1), { ended: true, lines: [{ text: 'here I am', level: 'info' }] });
  await again.stop();
});

t.test('a jump of the clock moves what waits for a delay, not what waits for a moment', async (t) => {
  let jump = 0;
  const clock = { ...machineClock, wall: () => Date.now() + jump };
  const supervisor = await openTestSupervisor(testFolder(t), { clock });
  supervisor.begin();
  const moment = Date.now() + 3_600_000;
  const [delayed, named] = (await submit(supervisor, { delay: '1h' }, { runAt: iso(moment) })) as [string, string];
  const before = Date.parse((await supervisor.front.task(delayed))?.runAt ?? '');
  jump = -86_400_000;
  supervisor.timekeeper.begin();
  const after = Date.parse((await supervisor.front.task(delayed))?.runAt ?? '');
  t.ok(Math.abs(before - after - 86_400_000) < 5_000, 'an hour stays an hour');
  t.equal((await supervisor.front.task(named))?.runAt, iso(moment));
  await supervisor.stop();
});

t.test('workers say what they are: idle, starting, busy, draining once they have been replaced', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t), { settings: 'WORKERS=2\n' });
  const states = async () => (await supervisor.front.workers()).slice(0, 2).map(({ state }) => state);
  supervisor.begin();
  t.match(await supervisor.front.workers(), [{ id: 'cpu-1', state: 'idle', startedAt: null, memory: null }]);
  const [id] = (await submit(supervisor, { params: { end: 'hang', log: 'here' } })) as [string];
  await until(supervisor, id, ({ state }) => state === 'running');
  t.match(await supervisor.front.workers(), [
    { state: 'starting', startedAt: String, memory: null },
    { state: 'idle' },
  ]);
  const begun = new Promise<void>((resolve) => {
    supervisor.front.followLog(
      id,
      null,
      () => resolve(),
      () => {},
    );
  });
  await begun;
  const [worker] = await supervisor.front.workers();
  t.match(worker, { state: 'busy', tasks: [{ id }], memory: { heapBytes: Number, externalBytes: Number } });
  await supervisor.front.recycle('cpu-1', anybody);
  t.same(await states(), ['draining', 'idle']);
  t.match(await supervisor.front.workers(), [{ startedAt: worker?.startedAt }, { startedAt: null }]);
  await supervisor.front.cancel(id, anybody);
  await until(supervisor, id, hasEnded);
  t.match(await supervisor.front.task(id), { attempts: [{ outcome: 'canceled' }] }, 'it was not cut');
  await supervisor.stop();
});

t.test('damage in what was acknowledged stops the start and names the place', async (t) => {
  const supervisor = await openTestSupervisor(testFolder(t));
  await submit(supervisor, { delay: '1h' });
  await supervisor.stop();
  const [segment] = readdirSync(join(supervisor.dataDir, 'journal')).filter((name) => name.endsWith('.ndjson')) as [
    string,
  ];
  const path = join(supervisor.dataDir, 'journal', segment);
  const text = readFileSync(path, 'utf8');
  appendFileSync(path, text.slice(-40));
  await t.rejects(openTestSupervisor(supervisor.dataDir), { exit: 'damaged', message: new RegExp(segment) });
});
