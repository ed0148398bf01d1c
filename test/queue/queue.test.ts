/** The queue as a library: what a program may rely on, on a clock that is moved by hand. */
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { MOVES } from '../../supervisor/core/transitions.ts';
import { popsWaitingMax } from '../../supervisor/queue/consumers.ts';
import { finishedKeptMax } from '../../supervisor/queue/memory.ts';
import { openQueue, type QueueOptions } from '../../supervisor/queue/open-queue.ts';
import { codeOf, isPending, type QueueBed, queueBed, take, turns } from './queue-bed.ts';

const MINUTE = 60_000;
const at = (seen: QueueBed['seen']) => seen.map(({ state, by, outcome }) => [state, by, ...(outcome ? [outcome] : [])]);

/** What is done with one task, and the moves that tells of. */
const ROWS: readonly [string, object, (bed: QueueBed, id: string) => Promise<unknown>, readonly string[][]][] = [
  ['pushed', {}, async () => {}, []],
  ['popped', {}, ({ queue }) => take(queue), [['running', 'attempt.started']]],
  [
    'done',
    {},
    async ({ queue }) => queue.done(await take(queue), { ok: true }),
    [
      ['running', 'attempt.started'],
      ['succeeded', 'attempt.ended', 'succeeded'],
    ],
  ],
  [
    'failed, and due again when its backoff is over',
    { backoff: { kind: 'fixed', base: '10s', jitter: 0 } },
    async ({ queue, clock }) => {
      await queue.fail(await take(queue), new Error('no'));
      clock.advance(9_999);
      t.equal(await queue.pop({ timeout: 0 }), null);
      clock.advance(1);
      t.match(await take(queue), { attempt: 2 });
    },
    [
      ['running', 'attempt.started'],
      ['retrying', 'attempt.ended', 'failed'],
      ['queued', 'task.due'],
      ['running', 'attempt.started'],
    ],
  ],
  [
    'failed, and due again when its consumer said',
    {},
    async ({ queue, clock }) => {
      await queue.fail(await take(queue), { error: 'busy', retryAfter: '2h' });
      clock.advance(120 * MINUTE);
    },
    [
      ['running', 'attempt.started'],
      ['retrying', 'attempt.ended', 'failed'],
      ['queued', 'task.due'],
    ],
  ],
  [
    'failed for good',
    {},
    async ({ queue }) => queue.fail(await take(queue), { error: new Error('never'), retryable: false }),
    [
      ['running', 'attempt.started'],
      ['failed', 'attempt.ended', 'failed'],
    ],
  ],
  [
    'failed for good, as the error says',
    {},
    async ({ queue }) => queue.fail(await take(queue), Object.assign(new Error('never'), { retryable: false })),
    [
      ['running', 'attempt.started'],
      ['failed', 'attempt.ended', 'failed'],
    ],
  ],
  [
    'failed at its last attempt, and run again because somebody asks',
    { maxAttempts: 1 },
    async ({ queue }, id) => {
      await queue.fail(await take(queue));
      t.equal(await queue.retry(id), id);
    },
    [
      ['running', 'attempt.started'],
      ['failed', 'attempt.ended', 'failed'],
      ['queued', 'task.retried'],
    ],
  ],
  [
    'not over in time',
    { timeout: '5m' },
    async ({ queue, clock }) => {
      const task = await take(queue);
      clock.advance(5 * MINUTE - 1);
      t.notOk(task.signal.aborted);
      clock.advance(1);
      t.match(task.signal.reason, { code: 'timed_out' });
      t.equal(await codeOf(queue.done(task)), 'attempt_over', 'and its consumer has no say any more');
    },
    [
      ['running', 'attempt.started'],
      ['retrying', 'attempt.ended', 'timed_out'],
    ],
  ],
  ['canceled while it waits', {}, ({ queue }, id) => queue.cancel(id), [['canceled', 'task.canceled']]],
  [
    'canceled under its attempt, which gives up',
    {},
    async ({ queue }, id) => {
      const task = await take(queue);
      await queue.cancel(id);
      t.match(task.signal.reason, { code: 'canceled' });
      await queue.fail(task, task.signal.reason);
    },
    [
      ['running', 'attempt.started'],
      ['canceled', 'attempt.ended', 'failed'],
    ],
  ],
  [
    'canceled under its attempt, which was faster',
    {},
    async ({ queue }, id) => {
      const task = await take(queue);
      await queue.cancel(id);
      await queue.done(task);
    },
    [
      ['running', 'attempt.started'],
      ['succeeded', 'attempt.ended', 'succeeded'],
    ],
  ],
  ...(
    [
      ['requeue', 'queued'],
      ['hold', 'interrupted'],
      ['fail', 'failed'],
    ] as const
  ).map(([onInterrupt, state]): (typeof ROWS)[number] => [
    `cut by a close, and says ${onInterrupt}`,
    { onInterrupt },
    async ({ queue }) => {
      const task = await take(queue);
      await queue.close({ timeout: 0 });
      t.match(task.signal.reason, { code: 'closed' });
    },
    [
      ['running', 'attempt.started'],
      [state, 'attempt.ended', 'interrupted'],
    ],
  ]),
];

t.test('each move of a task is told, once, in order, and is one of the table of moves', async (t) => {
  for (const [name, settings, act, moves] of ROWS) {
    const bed = await queueBed(t);
    const { id } = await bed.queue.push({ type: 'a', ...settings });
    await act(bed, id);
    await turns();
    t.same(at(bed.seen), [['queued', 'task.accepted'], ...moves], name);
    for (const [index, { state, by }] of bed.seen.entries()) {
      const from = bed.seen[index - 1]?.state ?? null;
      t.ok(
        MOVES.some((move) => move.from === from && move.to === state && move.by === by),
        `${name}: ${from} → ${state}`,
      );
    }
  }
});

t.test('a task that is pushed with a delay waits for it, and wakes who waits for a task', async (t) => {
  const { queue, clock, seen } = await queueBed(t);
  const popping = queue.pop();
  await queue.push({ type: 'a', delay: '3m' });
  clock.advance(3 * MINUTE - 1);
  t.ok(await isPending(popping));
  clock.advance(1);
  t.match(await popping, { type: 'a', params: {}, attempt: 1 });
  t.same(
    seen.map(({ state }) => state),
    ['scheduled', 'queued', 'running'],
  );
});

t.test('a pop waits for a push; those who wait are served in their order, each task goes to one', async (t) => {
  const { queue } = await queueBed(t);
  const pops = [queue.pop(), queue.pop({ timeout: '1h' }), queue.pop()];
  t.ok(await isPending(Promise.race(pops)));
  await queue.pushAll([
    { type: 'a', params: 1 },
    { type: 'a', params: 2 },
  ]);
  t.match(await Promise.all(pops.slice(0, 2)), [{ params: 1 }, { params: 2 }]);
  t.ok(await isPending(pops[2] as Promise<unknown>));
  await queue.push({ type: 'a', params: 3 });
  t.match(await pops[2], { params: 3 });
});

t.test('a pop that waited as long as it may is given null, and its task goes to another', async (t) => {
  const { queue, clock } = await queueBed(t);
  t.equal(await queue.pop({ timeout: 0 }), null);
  const [short, long] = [queue.pop({ timeout: 500 }), queue.pop({ timeout: '90m' })];
  clock.advance(499);
  t.ok(await isPending(short));
  clock.advance(1);
  t.equal(await short, null);
  clock.advance(90 * MINUTE - 501);
  t.ok(await isPending(long), 'beyond what one timer may be');
  clock.advance(1);
  t.equal(await long, null);
  const next = queue.pop();
  await queue.push({ type: 'a' });
  t.match(await next, { attempt: 1 });
});

t.test('a pop that is given up leaves the task it was about to get, and no attempt is counted', async (t) => {
  const { queue } = await queueBed(t);
  const [before, between] = [new AbortController(), new AbortController()];
  const waiting = queue.pop({ signal: before.signal });
  before.abort(new Error('enough'));
  await t.rejects(waiting, { message: 'enough' });
  await t.rejects(queue.pop({ signal: before.signal }), { message: 'enough' });
  const { id } = await queue.push({ type: 'a', maxAttempts: 1 });
  const popping = queue.pop({ signal: between.signal });
  between.abort(new Error('while its start is written down'));
  await t.rejects(popping, { message: 'while its start is written down' });
  t.match(await queue.task(id), { state: 'queued' });
  await queue.fail(await take(queue));
  t.match(await queue.task(id), { state: 'failed' }, 'its one attempt was still there');
});

t.test(
  'a task that is canceled between claim and handing over is not handed over, and the pop goes on waiting',
  async (t) => {
    const { queue } = await queueBed(t);
    const { id } = await queue.push({ type: 'a', params: 1 });
    const popping = queue.pop();
    const canceling = queue.cancel(id);
    t.ok(await isPending(popping));
    await canceling;
    t.match(await queue.task(id), { state: 'canceled', attempt: 1 });
    await queue.push({ type: 'a', params: 2 });
    t.match(await popping, { params: 2 });
  },
);

t.test('priority goes before order, and limits hold back who pops', async (t) => {
  const { queue, clock } = await queueBed(t, { memory: true, limits: 'type:a=1,rate:g=1/1m' });
  await queue.pushAll([
    { type: 'a', params: 1 },
    { type: 'a', params: 2 },
    { type: 'b', params: 3, priority: 9, group: 'g' },
    { type: 'b', params: 4, priority: 9, group: 'g' },
  ]);
  const [urgent, first] = [await take(queue), await take(queue)];
  t.match([urgent, first], [{ params: 3 }, { params: 1 }]);
  const popping = queue.pop();
  t.ok(await isPending(popping), 'of type a one runs at once, and of group g one starts in a minute');
  await queue.done(first);
  t.match(await popping, { params: 2 });
  const second = queue.pop();
  clock.advance(MINUTE);
  t.match(await second, { params: 4 });
});

t.test('a known idempotency key gives the same task back, other params under it are refused', async (t) => {
  const { queue } = await queueBed(t);
  const task = { type: 'a', params: { n: 1 }, idempotencyKey: 'k' };
  const first = await queue.push(task);
  t.same(await queue.push(task), { id: first.id, created: false });
  await queue.done(await take(queue));
  t.same(await queue.push(task), { id: first.id, created: false }, 'also when it is done');
  t.equal(await codeOf(queue.push({ ...task, params: { n: 2 } })), 'conflict');
});

t.test('what is wrong is refused with its place, and takes nothing along', async (t) => {
  const { queue } = await queueBed(t, { memory: true, tasksMax: 3 });
  const wrong = [{ type: 'a' }, { type: 'a', priorty: 1 }] as never;
  await t.rejects(queue.pushAll(wrong), { code: 'validation', message: /^\$\[1\]\.priorty is not a member/ });
  await t.rejects(queue.pushAll({} as never), { code: 'validation' });
  await t.rejects(queue.push({ type: 'a', params: { at: new Date() } }), {
    code: 'validation',
    message: /\$\.params\.at/,
  });
  await t.rejects(queue.pop({ timeout: 'soon' }), { code: 'validation', message: /timeout must be milliseconds/ });
  t.match(await queue.counts(), { queued: 0 });
  await queue.push({ type: 'a' });
  const task = await take(queue);
  await t.rejects(queue.done(task, 'x'.repeat(300_000)), { code: 'too_large' });
  await t.rejects(queue.done(task, { n: 1n }), { code: 'validation' });
  await t.rejects(queue.fail(task, { retriable: false } as never), { code: 'validation', message: /fail\.retriable/ });
  await queue.done(task, 'after all');
  t.equal(await codeOf(queue.done(task)), 'attempt_over');
  t.equal(await codeOf(queue.cancel(task.id)), 'conflict');
  t.equal(await codeOf(queue.cancel('nobody')), 'not_found');
  t.equal(await codeOf(queue.pushAll(Array.from({ length: 4 }, () => ({ type: 'a' })))), 'full');
  await queue.pushAll(Array.from({ length: 3 }, () => ({ type: 'a' })));
  t.equal(await codeOf(queue.push({ type: 'a' })), 'full');
});

t.test('in memory the newest of the finished tasks are known, and no more', async (t) => {
  const { queue } = await queueBed(t);
  const tasks = Array.from({ length: finishedKeptMax + 1 }, () => ({ type: 'a' }));
  const [first, second] = await queue.pushAll(tasks);
  const popped = await Promise.all(tasks.map(() => take(queue)));
  await Promise.all(popped.map((task) => queue.done(task, 7)));
  t.equal(await queue.task(first?.id as string), null);
  t.match(await queue.task(second?.id as string), { state: 'succeeded', result: 7 });
});

t.test('so many pops may wait', async (t) => {
  const { queue } = await queueBed(t);
  const pops = Array.from({ length: popsWaitingMax }, () => queue.pop());
  t.equal(await codeOf(queue.pop()), 'full');
  await queue.close();
  t.same(new Set(await Promise.all(pops)), new Set([null]));
});

t.test('what cannot be a queue is refused before anything is touched', async (t) => {
  const wrong: unknown[] = [
    {},
    { folder: 'x', memory: true },
    { folder: '' },
    { folder: undefined },
    { memory: true, fsync: 'never' },
    { memory: true, limits: 'a=1' },
    { memory: true, tasksMax: 0 },
    { memory: true, foldr: 'x' },
    { memory: true, warn: 'x' },
    undefined,
  ];
  for (const options of wrong) await t.rejects(openQueue(options as QueueOptions), { code: 'validation' });
});

t.test('a close gives null to who waits, lets attempts end, and takes what they push', async (t) => {
  const { queue } = await queueBed(t);
  await queue.push({ type: 'a' });
  const task = await take(queue);
  const popping = queue.pop();
  const closing = queue.close();
  t.equal(await popping, null);
  t.equal(await queue.pop(), null);
  t.ok(await isPending(closing));
  t.notOk(task.signal.aborted);
  await queue.push({ type: 'b' });
  await queue.setPublic('last', task.id);
  await queue.done(task);
  await closing;
  t.equal(queue.close(), queue.close());
  for (const call of [
    queue.push({ type: 'a' }),
    queue.done(task),
    queue.getPublic('last'),
    queue.counts(),
    queue.task(task.id),
  ])
    t.equal(await codeOf(call), 'closed');
  t.equal(await queue.pop(), null, 'so that the loop of a consumer ends');
});

t.test('a close waits as long as it may', async (t) => {
  const { queue, clock, seen } = await queueBed(t);
  await queue.push({ type: 'a' });
  const task = await take(queue);
  const closing = queue.close();
  clock.advance(19_999);
  t.ok(await isPending(closing));
  clock.advance(1);
  await closing;
  t.match(task.signal.reason, { code: 'closed' });
  t.match(seen.at(-1), { state: 'queued', outcome: 'interrupted' });
  t.equal(await codeOf(queue.close()), null);
});

t.test('public data is gone at the millisecond it ends, and its versions never come again', async (t) => {
  const { queue, clock } = await queueBed(t);
  const first = await queue.setPublic('k', { n: 1 }, { ttl: '10s' });
  clock.advance(9_999);
  t.same(await queue.getPublic('k'), first);
  clock.advance(1);
  t.equal(await queue.getPublic('k'), null);
  t.equal(await queue.deletePublic('k'), false);
  t.match(await queue.cleanup(), { keys: 1 });
  const second = await queue.setPublic('k', 2, { ifVersion: 0 });
  t.ok(second.version > first.version);
  t.equal(await codeOf(queue.setPublic('k', 3, { ifVersion: 0 })), 'precondition_failed');
  t.equal(await codeOf(queue.setPublic('k', 3, { ttl: 0 })), 'validation');
  t.equal(await codeOf(queue.setPublic('k', 'x'.repeat(70_000))), 'too_large');
  t.equal(await codeOf(queue.deletePublic('k', { ifVersion: first.version })), 'precondition_failed');
  t.equal(await queue.deletePublic('k', { ifVersion: second.version }), true);
});

t.test('a listener that throws is heard of as any fault of the program, and the queue goes on', async (t) => {
  const { queue, seen } = await queueBed(t);
  const thrown = t.capture(process, 'nextTick', (call: () => void) => t.throws(call, /of the listener/));
  const end = queue.watch(() => {
    throw new Error('of the listener');
  });
  const { id } = await queue.push({ type: 'a' });
  end();
  thrown.restore();
  t.match(seen, [{ id, state: 'queued' }]);
  t.equal(thrown().length, 1);
  await queue.done(await take(queue));
});

t.test(
  'on the clock of the machine: nothing but the queue keeps the process, and timers are heard while it is busy',
  async (t) => {
    const queue = await openQueue({ memory: true });
    await queue.push({ type: 'slow', timeout: '50ms' });
    const slow = await take(queue);
    let over = false;
    slow.signal.addEventListener('abort', () => {
      over = true;
    });
    for (let n = 0; !over; n++) {
      await queue.push({ type: 'a', params: n });
      await queue.done(await take(queue));
    }
    t.match(slow.signal.reason, { code: 'timed_out' });
    await queue.close();
    await wait(0);
  },
);
