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
