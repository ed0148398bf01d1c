import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { apply, trimKeys } from '../../supervisor/core/apply.ts';
import { encodeEvent, encodeTaskHead } from '../../supervisor/core/codec.ts';
import { type Ending, endAttempt, recoverAttempt } from '../../supervisor/core/decide/attempt.ts';
import { claimTask, probationMs, soloProbationMs, soloProbationMsMax } from '../../supervisor/core/decide/claim.ts';
import { failedLiveMax, nextMoment, passTime } from '../../supervisor/core/decide/pass-time.ts';
import { cancelTask, pauseQueue, promoteTask, resumeQueue, retryTask } from '../../supervisor/core/decide/steer.ts';
import { submitTasks } from '../../supervisor/core/decide/submit.ts';
import { decodeEvent, decodeTask, UnknownEntry } from '../../supervisor/core/decode.ts';
import { EVENT_NAMES, type Event } from '../../supervisor/core/event.ts';
import { nextRateAt, releaseRates } from '../../supervisor/core/gate.ts';
import {
  attemptsKeptMax,
  durationMsMax,
  errorMessageCharsMax,
  errorStackCharsMax,
} from '../../supervisor/core/limits.ts';
import { iso, recordHead, taskRecord, withParams } from '../../supervisor/core/record.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import type { Pipeline } from '../../supervisor/core/run/pipeline.ts';
import type { Rule } from '../../supervisor/core/schedule/schedule.ts';
import { defaultLimits, freshState, type State } from '../../supervisor/core/state.ts';
import { freshLife, type Outcome, TASK_STATE_NAMES, type Task, type TaskState } from '../../supervisor/core/task.ts';
import { MOVES } from '../../supervisor/core/transitions.ts';
import { waitingOf } from '../../supervisor/core/waiting.ts';
import { dump, idOf, inputOf, Life, noon, plainOptions } from './fixtures.ts';

const anywhere = () => true;

function ending(outcome: Outcome, more: Partial<Ending> = {}): Ending {
  return {
    outcome,
    error: outcome === 'succeeded' ? null : { code: outcome, message: 'no' },
    result: null,
    retryable: true,
    retryAfterMs: null,
    log: null,
    ...more,
  };
}

/** Claims and starts the task whose turn it is. */
function startNext(life: Life): { readonly task: Task; readonly solo: boolean } | null {
  const claim = claimTask(life.state, life.now, anywhere);
  if (!claim) return null;
  const n = (claim.task.life?.attempts.at(-1)?.number ?? 0) + 1;
  life.record({ e: 'attempt.started', id: claim.task.id, n, worker: 'cpu-1', handler: null, solo: claim.solo });
  return claim;
}

function end(life: Life, task: Task, outcome: Outcome, more: Partial<Ending> = {}): void {
  life.record(endAttempt(task, task.life?.attempts.at(-1)?.number ?? 0, ending(outcome, more), life.now, 0.5));
}

/** What the start after a crash or a stop does. */
function restart(life: Life, orderly = false, at: number | null = null): void {
  const running = [...life.state.running];
  life.record({ e: 'supervisor.started', incarnation: `i${life.state.seq}`, boot: 'boot', version: '1', pid: 1 });
  for (const task of running) life.record(recoverAttempt(task, { orderly, at }));
}

t.test('every event that moves a task is refused by every state the table does not name', async (t) => {
  const events: Record<string, (id: string) => Event> = {
    'attempt.started': (id) => ({ e: 'attempt.started', id, n: 2, worker: 'w', handler: null, solo: false }),
    'task.due': (id) => ({ e: 'task.due', ids: [id] }),
    'task.promoted': (id) => ({ e: 'task.promoted', id, by: 'http' }),
    'task.canceled': (id) => ({ e: 'task.canceled', id, by: 'http' }),
    'task.retried': (id) => ({ e: 'task.retried', id, by: 'http' }),
    'attempt.ended': (id) => ({ e: 'attempt.ended', id, n: 1, outcome: 'succeeded', next: 'succeeded' }),
  };
  for (const state of TASK_STATE_NAMES.filter((name) => name !== 'succeeded' && name !== 'canceled')) {
    for (const [name, event] of Object.entries(events)) {
      const life = inState(state);
      const allowed = MOVES.some((move) => move.from === state && move.by === name);
      if (allowed) t.doesNotThrow(() => life.record(event(idOf(1))), `${state} takes ${name}`);
      else t.throws(() => life.record(event(idOf(1))), `${state} refuses ${name}`);
    }
  }
});

/** One task that is in this state. */
function inState(state: TaskState): Life {
  const life = new Life();
  life.accept(
    1,
    { maxAttempts: state === 'failed' ? 1 : 3, onInterrupt: 'hold' },
    state === 'scheduled' ? { runAt: noon + 1_000 } : {},
  );
  if (state === 'queued' || state === 'scheduled') return life;
  life.start(1);
  if (state === 'interrupted') restart(life);
  else if (state !== 'running') end(life, life.task(1), 'failed');
  if (life.task(1).state !== state) throw new Error(`it is ${life.task(1).state}`);
  return life;
}

t.test('what becomes of a task when an attempt ends', async (t) => {
  const table: [
    string,
    Outcome,
    { wish?: boolean; spent?: number; max?: number; on?: 'hold' | 'fail' } & Partial<Ending>,
    string,
  ][] = [
    ['it worked', 'succeeded', {}, 'succeeded'],
    ['it worked before the wish to cancel reached it', 'succeeded', { wish: true }, 'succeeded'],
    ['it failed and may try again', 'failed', {}, 'retrying'],
    ['it timed out and may try again', 'timed_out', {}, 'retrying'],
    ['its worker died and it may try again', 'worker_crashed', {}, 'retrying'],
    ['it failed for the last time', 'failed', { spent: 2 }, 'failed'],
    ['its only attempt failed', 'failed', { max: 1 }, 'failed'],
    ['it failed and said that trying again is no use', 'failed', { retryable: false }, 'failed'],
    ['it failed after somebody asked it to stop', 'failed', { wish: true }, 'canceled'],
    ['it was canceled', 'canceled', { wish: true }, 'canceled'],
    ['it was cut by a stop', 'interrupted', { begun: true }, 'queued'],
    ['it was cut by a stop after many attempts', 'interrupted', { spent: 2, begun: true }, 'queued'],
    ['it was cut by a stop and canceled', 'interrupted', { wish: true, begun: true }, 'canceled'],
    ['it was cut by a stop and wants a person', 'interrupted', { on: 'hold', begun: true }, 'interrupted'],
    ['it was cut by a stop and must not run twice', 'interrupted', { on: 'fail', begun: true }, 'failed'],
    ['it was taken back before it began, and wants a person once it has', 'interrupted', { on: 'hold' }, 'queued'],
    ['it was taken back before it began, and must not run twice', 'interrupted', { on: 'fail' }, 'queued'],
  ];
  for (const [name, outcome, { wish, spent, max, on, ...more }, next] of table) {
    const life = new Life();
    const task = life.accept(1, { maxAttempts: max ?? 3, onInterrupt: on ?? 'requeue' });
    life.start(1);
    if (task.life && spent) task.life.spent = spent;
    if (wish) life.record({ e: 'task.cancel_requested', id: task.id, by: 'http' });
    end(life, task, outcome, more);
    t.equal(task.state, next, name);
    t.equal(
      task.life?.spent,
      (spent ?? 0) + (['failed', 'timed_out', 'worker_crashed'].includes(outcome) ? 1 : 0),
      'only its own failures count',
    );
    t.equal(life.state.running.size, 0);
    t.same([...life.state.runningByType], []);
  }
  const life = new Life();
  const task = life.accept(1);
  life.start(1);
  end(life, task, 'failed', { retryAfterMs: 77_000 });
  t.equal(task.at, noon + 77_000, 'a handler may choose the moment');
});

t.test('an attempt cut by a crash ended when the supervisor was last heard of, not when it came back', async (t) => {
  const life = new Life();
  const task = life.accept(1);
  life.start(1);
  life.now += 8 * 3_600_000;
  restart(life, false, noon + 6_000);
  t.match(task.life?.attempts, [
    { outcome: 'interrupted', startedAt: noon, finishedAt: noon + 6_000, error: { message: /killed/ } },
  ]);
  t.equal(task.at, life.now, 'it has been queued since the start');
});

t.test('a server that asks for no patience gets what the backoff leaves it', async (t) => {
  for (const [retryAfterMs, wait] of [
    [1, 10_000],
    [77_000, 77_000],
  ] as const) {
    const life = new Life();
    const task = life.accept(1);
    life.start(1);
    end(life, task, 'failed', { retryAfterMs, backoffHolds: true });
    t.equal(task.at, noon + wait);
  }
});

t.test('a handler that asks for more patience than a clock has is tried again within ten years', async (t) => {
  for (const retryAfterMs of [99_999_999_999 * 86_400_000, Number.POSITIVE_INFINITY]) {
    const life = new Life();
    const task = life.accept(1);
    life.start(1);
    end(life, task, 'failed', { retryAfterMs });
    t.equal(task.at, noon + durationMsMax);
    t.match(life.events.at(-1)?.event, { runAt: noon + durationMsMax }, 'and the journal says so');
  }
});

t.test('a moment no clock has, in a journal of before, does not keep a task from being shown', async (t) => {
  const life = new Life();
  const task = life.accept(1);
  life.start(1);
  const runAt = noon + 99_999_999_999 * 86_400_000;
  life.record({ e: 'attempt.ended', id: task.id, n: 1, outcome: 'failed', next: 'retrying', runAt });
  t.equal(task.at, noon + durationMsMax, 'it is brought within reach');
  // A snapshot has it as it was.
  task.at = runAt;
  t.equal(taskRecord(task, '{}').runAt, '+275760-09-13T00:00:00.000Z');
  t.match(JSON.parse(withParams(recordHead(task), '{}')), { runAt: '+275760-09-13T00:00:00.000Z' });
  for (const at of [Number.NaN, Number.NEGATIVE_INFINITY, -9e15]) t.doesNotThrow(() => iso(at), String(at));
});

t.test('ten tasks cut by a crash run alone, one after another, and nothing beside them', async (t) => {
  const life = new Life();
  for (let number = 1; number <= 12; number++) life.accept(number);
  for (let count = 0; count < 10; count++) startNext(life);
  restart(life);
  t.equal(life.state.suspects.size, 10);
  for (let turn = 0; turn < 10; turn++) {
    const claim = startNext(life);
    t.equal(claim?.solo, true);
    t.equal(startNext(life), null, 'nothing runs beside a suspect');
    if (claim) end(life, claim.task, turn % 2 ? 'succeeded' : 'failed');
  }
  t.equal(life.state.suspects.size, 0);
  t.equal(startNext(life)?.solo, false);
  t.equal(startNext(life)?.solo, false, 'then work goes on as before');
});

t.test('three crashes while ten tasks run fail none of them', async (t) => {
  const life = new Life();
  for (let number = 1; number <= 10; number++) life.accept(number);
  for (let count = 0; count < 10; count++) startNext(life);
  for (let crash = 0; crash < 3; crash++) {
    restart(life);
    startNext(life);
  }
  t.equal(life.state.failed.size, 0);
  for (let count = 0; count < 11; count++) {
    for (const task of [...life.state.running]) end(life, task, 'succeeded');
    startNext(life);
  }
  t.same(life.state.totals, { accepted: 10, succeeded: 10, failed: 0, canceled: 0 });
});

t.test(
  'a task that kills the supervisor is found after three solo runs, and its neighbors have ended by then',
  async (t) => {
    const life = new Life();
    for (let number = 1; number <= 10; number++) life.accept(number);
    for (let count = 0; count < 10; count++) startNext(life);
    const killer = idOf(1);
    restart(life);
    let solo = 0;
    for (let guard = 0; guard < 100 && life.state.tasks.get(killer)?.state !== 'failed'; guard++) {
      const claim = startNext(life);
      if (!claim) break;
      if (claim.task.id !== killer) end(life, claim.task, 'succeeded');
      else {
        solo++;
        t.equal(life.state.running.size, 1);
        restart(life);
      }
    }
    t.equal(solo, 3);
    t.match(life.task(1), { state: 'failed', life: { error: { code: 'crash_loop' }, spent: 0 } });
    t.equal(life.state.totals.succeeded, 9);
    const [again] = retryTask(life.task(1), { by: 'http' }) as Event[];
    life.record(again as Event);
    t.match(
      life.task(1),
      { state: 'queued', life: { crashes: 0, suspicions: 0 } },
      'retried by a person it begins anew',
    );
  },
);

t.test('who carries the least blame goes first', async (t) => {
  const life = new Life();
  for (const number of [1, 2, 3]) life.accept(number);
  for (let count = 0; count < 3; count++) startNext(life);
  restart(life);
  const order: string[] = [];
  for (let crash = 0; crash < 3; crash++) {
    order.push((startNext(life) as { task: Task }).task.id);
    restart(life);
  }
  t.same(order, [1, 2, 3].map(idOf), 'each is alone once before any is alone twice');
  t.equal(life.state.failed.size, 0);
});

t.test(
  'a suspect that has run alone long enough lets others join, and a crash then counts against nobody',
  async (t) => {
    const life = new Life();
    life.accept(1);
    life.accept(2);
    startNext(life);
    restart(life);
    t.equal(startNext(life)?.task.id, idOf(1));
    t.equal(probationMs(life.task(1)), soloProbationMs);
    life.record({ e: 'suspect.cleared', id: idOf(1) });
    t.equal(startNext(life)?.task.id, idOf(2));
    restart(life);
    t.equal(life.task(1).life?.crashes, 0);
    t.equal(probationMs(life.task(1)), soloProbationMs * 4, 'but it has to prove itself for longer next time');
    for (let crash = 0; crash < 10; crash++) {
      startNext(life);
      for (const { id } of life.state.running) life.record({ e: 'suspect.cleared', id });
      restart(life);
    }
    t.equal(probationMs(life.task(1)), soloProbationMsMax, 'an hour at most');
  },
);

t.test('a stop as asked and a power cut put nobody under suspicion', async (t) => {
  const life = new Life();
  life.accept(1);
  startNext(life);
  restart(life, true);
  t.equal(life.state.suspects.size, 0);
  t.match(life.task(1), { state: 'queued', life: { suspicions: 0, attempts: [{ outcome: 'interrupted' }] } });
});

t.test('a suspect that may not run does not hold up the others', async (t) => {
  const life = new Life();
  life.accept(1, { type: 'paused' });
  life.accept(2, { type: 'held', onInterrupt: 'hold' });
  life.accept(3);
  startNext(life);
  startNext(life);
  for (const event of pauseQueue(life.state, 'paused', 'broken', { by: 'http' })) life.record(event);
  restart(life);
  t.equal(life.state.suspects.size, 2);
  t.match(startNext(life), { task: { id: idOf(3) }, solo: false });
  t.match(waitingOf(life.state, life.task(2), noon, { diskFull: false }), { reason: 'interrupted' });
});

t.test('a checkpoint shows that a task gets on: its crashes are forgotten', async (t) => {
  const life = new Life();
  life.accept(1);
  startNext(life);
  for (let crash = 0; crash < 6; crash++) {
    restart(life);
    startNext(life);
    life.record({ e: 'attempt.checkpointed', id: idOf(1), n: crash + 2, data: `{"page":${crash}}` });
  }
  t.match(life.task(1), { state: 'running', life: { crashes: 0, checkpoint: { page: 5 } } });
});

t.test('programs an attempt has started are remembered until it has ended by itself', async (t) => {
  const life = new Life();
  life.accept(1);
  life.start(1);
  life.record({ e: 'child.started', id: idOf(1), n: 1, group: 77, ticks: '5', boot: 'boot' });
  t.equal(life.state.children.size, 1);
  end(life, life.task(1), 'worker_crashed');
  t.equal(life.state.children.size, 1, 'a dead worker may have left them behind');
  life.record({ e: 'task.due', ids: [idOf(1)] });
  life.start(1);
  end(life, life.task(1), 'succeeded');
  t.equal(life.state.children.size, 0);
});

t.test('why a task is not running, the most telling reason first', async (t) => {
  const limits = {
    ...defaultLimits,
    concurrencyByType: new Map([['one', 1]]),
    concurrencyByGroup: new Map([['g', 1]]),
    rateByGroup: new Map([['r', { count: 1, perMs: 60_000 }]]),
  };
  const fresh = () => new Life(freshState(limits));
  const reason = (life: Life, number: number, diskFull = false) =>
    waitingOf(life.state, life.task(number), life.now, { diskFull });

  let life = fresh();
  life.accept(1, {}, { runAt: noon + 5_000 });
  t.match(reason(life, 1), { reason: 'scheduled', until: new Date(noon + 5_000).toISOString() });
  life.accept(2);
  life.start(2);
  t.equal(reason(life, 2), null);
  end(life, life.task(2), 'failed');
  t.match(reason(life, 2), { reason: 'backoff', until: new Date(noon + 10_000).toISOString(), detail: /attempt 1/ });

  life = fresh();
  life.accept(1, { type: 'one' });
  life.accept(2, { type: 'one' });
  life.start(1);
  t.match(reason(life, 2), { reason: 'concurrency', until: null, detail: /at most 1 of one/ });
  life.accept(3, { group: 'g' });
  life.accept(4, { group: 'g' });
  life.start(3);
  t.match(reason(life, 4), { reason: 'concurrency', detail: /group g/ });
  life.accept(5, { group: 'r' });
  life.accept(6, { group: 'r' });
  life.start(5);
  t.match(reason(life, 6), { reason: 'rate-limit', until: new Date(noon + 60_000).toISOString() });
  life.accept(7);
  t.match(reason(life, 7), { reason: 'concurrency', detail: /all slots/ });
  life.record({ e: 'queue.paused', type: 'echo', reason: 'broken', by: 'http' });
  t.match(reason(life, 7), { reason: 'paused', detail: /echo is paused: broken/ });
  life.record({ e: 'queue.paused', type: null, reason: '', by: 'http' });
  t.match(reason(life, 7), { reason: 'paused', detail: 'the queue is paused' });
  t.match(reason(life, 7, true), { reason: 'disk-full' });
  life.state.draining = true;
  t.match(reason(life, 7, true), { reason: 'drain' });
  life.state.lanes = new Map([['one', 'cpu']]);
  t.match(reason(life, 7, true), { reason: 'no-handler', detail: /echo/ });

  life = fresh();
  life.accept(1);
  life.accept(2);
  startNext(life);
  restart(life);
  for (const number of [1, 2]) t.match(reason(life, number), { reason: 'recovery', until: null, detail: /runs alone/ });
  startNext(life);
  t.match(reason(life, 2), { reason: 'recovery', until: new Date(noon + 30_000).toISOString() });
});

t.test('a paused queue starts nothing, and goes on where it was', async (t) => {
  const life = new Life();
  life.accept(1);
  life.accept(2, { type: 'other' });
  const record = (events: readonly Event[]) => {
    for (const event of events) life.record(event);
  };
  record(pauseQueue(life.state, null, 'night', { by: 'http' }));
  t.same(pauseQueue(life.state, null, 'night', { by: 'http' }), [], 'paused twice is paused once');
  t.equal(startNext(life), null);
  record(resumeQueue(life.state, null, { by: 'http' }));
  t.same(resumeQueue(life.state, null, { by: 'http' }), []);
  record(pauseQueue(life.state, 'echo', '', { by: 'http' }));
  t.equal(startNext(life)?.task.id, idOf(2));
  t.equal(startNext(life), null);
  record(resumeQueue(life.state, 'echo', { by: 'http' }));
  t.equal(startNext(life)?.task.id, idOf(1));
});

t.test('a group starts as often as its rate allows, also after the clock jumped', async (t) => {
  const life = new Life(freshState({ ...defaultLimits, rateByGroup: new Map([['r', { count: 2, perMs: 1_000 }]]) }));
  for (let number = 1; number <= 4; number++) life.accept(number, { group: 'r' });
  t.ok(startNext(life));
  life.now += 400;
  t.ok(startNext(life));
  t.equal(startNext(life), null);
  t.equal(nextRateAt(life.state), noon + 1_000);
  life.now -= 3_600_000;
  life.record({ e: 'clock.jumped', byMs: -3_600_000 });
  t.equal(nextRateAt(life.state), noon + 1_000 - 3_600_000);
  life.now = nextRateAt(life.state);
  releaseRates(life.state, life.now);
  t.ok(startNext(life));
  t.equal(startNext(life), null);
});

t.test('when the clock jumps, what waits for a delay moves with it and what waits for a moment does not', async (t) => {
  const life = new Life();
  life.accept(1, {}, { runAt: noon + 60_000, relative: true });
  life.accept(2, {}, { runAt: noon + 60_000 });
  life.accept(3);
  life.start(3);
  end(life, life.task(3), 'failed');
  life.now += 3_600_000;
  life.record({ e: 'clock.jumped', byMs: 3_600_000 });
  t.same(
    [1, 2, 3].map((number) => life.task(number).at - noon),
    [3_660_000, 60_000, 3_610_000],
  );
  t.same(passTime(life.state, life.now), [{ e: 'task.due', ids: [idOf(2)] }]);
});

t.test('time brings what is due, once, and lets go of old failures', async (t) => {
  const life = new Life();
  life.accept(1, {}, { runAt: noon + 1_000 });
  life.accept(2, { maxAttempts: 1 });
  life.start(2);
  end(life, life.task(2), 'failed');
  t.equal(nextMoment(life.state), noon + 1_000);
  t.same(passTime(life.state, noon + 999), []);
  const due = passTime(life.state, noon + 1_000);
  t.same(due, [{ e: 'task.due', ids: [idOf(1)] }]);
  for (const event of due) life.record(event);
  t.same(passTime(life.state, noon + 1_000), []);
  const dayAfter = noon + defaultLimits.failedLiveMs;
  t.equal(nextMoment(life.state), dayAfter);
  t.same(passTime(life.state, dayAfter), [{ e: 'task.archived', ids: [idOf(2)] }]);
  const crowd = new Life();
  for (let number = 0; number < failedLiveMax + 5; number++) {
    crowd.accept(number, { maxAttempts: 1 });
    crowd.start(number);
    end(crowd, crowd.task(number), 'failed');
  }
  t.match(
    passTime(crowd.state, noon),
    [{ e: 'task.archived', ids: [0, 1, 2, 3, 4].map(idOf) }],
    'of too many the oldest go first',
  );
});

t.test('what no longer waits for its moment neither names the next one nor stays in memory', async (t) => {
  const life = new Life();
  const many = 5_000;
  for (let number = 1; number <= many; number++) life.accept(number, {}, { runAt: noon + number * 1_000 });
  const leaves: [string, (id: string) => Event][] = [
    ['canceled', (id) => ({ e: 'task.canceled', id, by: 'http' })],
    ['promoted', (id) => ({ e: 'task.promoted', id, by: 'http' })],
    ['found due by a replay', (id) => ({ e: 'task.due', ids: [id] })],
  ];
  for (const [index, [how, leave]] of leaves.entries()) {
    life.record(leave(idOf(index + 1)));
    t.equal(nextMoment(life.state), noon + (index + 2) * 1_000, how);
  }
  for (let number = leaves.length + 1; number < many; number++) life.record(leaves[0]?.[1](idOf(number)) as Event);
  t.ok(life.state.due.size < many / 2, `${life.state.due.size} entries are kept for one task`);
  t.equal(nextMoment(life.state), noon + many * 1_000);
  t.same(passTime(life.state, noon + many * 1_000), [{ e: 'task.due', ids: [idOf(many)] }]);
  t.equal(nextMoment(life.state), Number.POSITIVE_INFINITY);
});

t.test('whatever is scheduled, moved, canceled and passes, the next moment is that of a task that waits', async (t) => {
  const step = fc.record({
    what: fc.constantFrom('accept', 'cancel', 'promote', 'jump', 'pass'),
    of: fc.nat(20),
    ms: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const life = new Life();
      let made = 0;
      for (const { what, of, ms } of steps) {
        const waiting = () => [...life.state.tasks.values()].filter(({ state }) => state === 'scheduled');
        const some = waiting()[of % Math.max(1, waiting().length)];
        if (what === 'accept') life.accept(++made, {}, { runAt: life.now + ms, relative: of % 2 === 0 });
        if (what === 'cancel' && some) life.record({ e: 'task.canceled', id: some.id, by: 'http' });
        if (what === 'promote' && some) life.record({ e: 'task.promoted', id: some.id, by: 'http' });
        if (what === 'jump') life.record({ e: 'clock.jumped', byMs: ms });
        if (what === 'pass') life.now += ms;
        if (what === 'pass') for (const event of passTime(life.state, life.now)) life.record(event);
        const least = Math.min(Number.POSITIVE_INFINITY, ...waiting().map(({ at }) => at));
        if (nextMoment(life.state) !== least) return false;
      }
      return true;
    }),
  );
  t.pass();
});

function submit(life: Life, inputs: readonly Record<string, unknown>[], made: { next: number }) {
  const answer = submitTasks(
    life.state,
    inputs.map(inputOf),
    'http',
    life.now,
    () => idOf(made.next++),
    () => undefined,
  );
  if (!(answer instanceof Refusal)) for (const event of answer.events) life.record(event);
  return answer;
}

function firstId(answer: ReturnType<typeof submit>): string {
  if (answer instanceof Refusal) throw answer;
  return answer.ids[0] as string;
}

t.test('a known idempotency key gives back the task that has it', async (t) => {
  const window = 60_000;
  const life = new Life(freshState({ ...defaultLimits, idempotencyWindowMs: window, idempotencyKeysMax: 3 }));
  const made = { next: 1 };
  const one = { idempotencyKey: 'k', params: { a: 1 } };
  t.match(submit(life, [one], made), { ids: [idOf(1)], created: [true] });
  t.match(submit(life, [one], made), { ids: [idOf(1)], created: [false], events: [] });
  t.match(submit(life, [{ ...one, type: 'other' }], made), { created: [true] }, 'a key belongs to a type');
  const other = submit(life, [{ type: 'fine' }, { ...one, params: { a: 2 } }], made);
  t.match(other, { code: 'conflict', mistakes: [{ path: '$[1].idempotencyKey' }] });
  t.equal(life.state.tasks.size, 2, 'and nothing of that list is taken');
  t.match(
    submit(life, [{ idempotencyKey: 'n' }, { idempotencyKey: 'n' }, { idempotencyKey: 'm' }], made),
    { created: [true, false, true] },
    'twice in one list is once',
  );
  const conflict = submit(
    life,
    [
      { idempotencyKey: 'z', params: 1 },
      { idempotencyKey: 'z', params: 2 },
    ],
    made,
  );
  t.match(
    conflict,
    {
      code: 'conflict',
      message: 'key "z" of type echo stands at $[0] too, with other params',
      mistakes: [{ path: '$[1].idempotencyKey', message: 'is also the key of $[0], which has other params' }],
    },
    'with other params it is a mistake there too, and names a task that is there: the other one of the list',
  );

  life.start(1);
  end(life, life.task(1), 'succeeded');
  life.now += window - 1;
  t.match(
    submit(life, [one], made),
    { ids: [idOf(1)], created: [false] },
    'known while the window lasts, long after it has left memory',
  );
  life.now += 1;
  const again = submit(life, [one], made);
  t.match(again, { created: [true] }, 'then it is new work');

  const failed = life.state.tasks.get(firstId(submit(life, [{ idempotencyKey: 'f', maxAttempts: 1 }], made))) as Task;
  life.record({ e: 'attempt.started', id: failed.id, n: 1, worker: 'w', handler: null, solo: false });
  end(life, failed, 'failed');
  for (const event of retryTask(failed, { by: 'http' }) as Event[]) life.record(event);
  life.now += window * 2;
  trimKeys(life.state, life.now);
  t.match(
    submit(life, [{ idempotencyKey: 'f' }], made),
    { ids: [failed.id], created: [false] },
    'a task that lives again has its key again',
  );

  for (let count = 0; count < 10; count++) {
    life.record({
      e: 'task.canceled',
      id: firstId(submit(life, [{ idempotencyKey: `many.${count}` }], made)),
      by: 'http',
    });
  }
  t.equal(life.state.finishedKeys.size, 3, 'no more keys than the cap are kept');
  t.match(submit(life, [{ idempotencyKey: 'many.0' }], made), { created: [true] });
  t.match(submit(life, [{ idempotencyKey: 'many.9' }], made), { created: [false] });
});

t.test('what may be asked of a task, by its state', async (t) => {
  const table: [TaskState, string, string, string][] = [
    ['scheduled', 'task.canceled', 'task.promoted', 'conflict'],
    ['queued', 'task.canceled', 'task.promoted', 'conflict'],
    ['running', 'task.cancel_requested', 'conflict', 'conflict'],
    ['retrying', 'task.canceled', 'task.promoted', 'task.retried'],
    ['interrupted', 'task.canceled', 'conflict', 'task.retried'],
    ['failed', 'conflict', 'conflict', 'task.retried'],
  ];
  const answer = (decision: readonly Event[] | Refusal) =>
    decision instanceof Refusal ? decision.code : decision[0]?.e;
  for (const [state, cancel, promote, retry] of table) {
    const task = inState(state).task(1);
    t.same(
      [cancelTask, promoteTask, retryTask].map((ask) => answer(ask(task, { by: 'http' }))),
      [cancel, promote, retry],
      state,
    );
  }
  const life = inState('running');
  life.record({ e: 'task.cancel_requested', id: idOf(1), by: 'http' });
  t.same(cancelTask(life.task(1), { by: 'http' }), [], 'a second wish changes nothing');
});

t.test('the order of members in params makes no other work of the same key', async (t) => {
  const life = new Life();
  const made = { next: 1 };
  const key = (params: unknown) => ({ idempotencyKey: 'k', params });
  t.match(submit(life, [key({ b: 2, a: { 2: [1, { d: 1, c: 2 }], x: null, 10: '' } })], made), { created: [true] });
  const again = [
    key(JSON.parse('{"a":{"x":null,"10":"","2":[1,{"c":2,"d":1}]},"b":2}')),
    key(JSON.parse('{"b":2,"a":{"10":"","2":[1,{"d":1,"c":2}],"x":null}}')),
  ];
  t.match(submit(life, again, made), { ids: [idOf(1), idOf(1)], created: [false, false] });
  const inOneList = [
    { ...key({ x: 1, y: 2 }), type: 'other' },
    { ...key({ y: 2, x: 1 }), type: 'other' },
  ];
  t.match(submit(life, inOneList, made), { created: [true, false] });
  for (const other of [{ b: 2 }, { b: 2, a: { 2: [{ d: 1, c: 2 }, 1], x: null, 10: '' } }, [], null, '{"b":2}'])
    t.match(submit(life, [key(other)], made), { code: 'conflict' }, JSON.stringify(other));
  const hidden = JSON.parse('{"__proto__":{"a":1},"b":1}');
  t.match(submit(life, [{ ...key(hidden), type: 'hidden' }], made), { created: [true] });
  t.match(submit(life, [{ ...key({ b: 1 }), type: 'hidden' }], made), { code: 'conflict' }, 'no member is lost');
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    ',"params":',
    ',"options":',
    '","params":{"a":1},"x":"',
    '\\","options":{',
    '"e":"task.accepted"',
    '\u2028\u0000\n\t"\\',
    '😀,"params":',
    '\ud800',
    '語',
  ),
);
const nastyJson = fc.oneof(
  nasty,
  fc.dictionary(nasty, fc.oneof(nasty, fc.jsonValue({ maxDepth: 2 }))),
  fc.jsonValue({ maxDepth: 3 }),
);

t.test('an accepted task is read back from its line as it was written, whatever stands in it', async (t) => {
  fc.assert(
    fc.property(
      fc.record({
        key: fc.option(nasty),
        params: nastyJson,
        tag: nasty,
        group: fc.option(nasty),
        origin: nasty,
        runAt: fc.option(fc.nat()),
        relative: fc.boolean(),
        retryOf: fc.option(fc.constant(idOf(9))),
        label: fc.option(nasty),
        replaces: fc.constantFrom(null, 'failed' as const, 'succeeded' as const),
      }),
      nasty,
      (given, before) => {
        const { key, params, runAt, relative, retryOf, label, replaces } = given;
        const options = { ...plainOptions, tags: [given.tag], group: given.group, origin: given.origin };
        const event: Event = {
          e: 'task.accepted',
          id: idOf(1),
          key,
          runAt,
          relative,
          retryOf,
          ...(label !== null && { label }),
          ...(replaces && { replaces }),
          options,
          params: JSON.stringify(params),
        };
        const prefix = Buffer.from(`{"seq":1,"x":${JSON.stringify(before)},`);
        const line = Buffer.concat([
          prefix,
          Buffer.from(encodeEvent(event)),
          Buffer.from(',"crc":"00000000"}\n{"seq":2,"options":1,"params":2}'),
        ]);
        const end = prefix.length + Buffer.byteLength(encodeEvent(event));
        JSON.parse(line.subarray(0, end + 18).toString());
        const decoded = decodeEvent(line, prefix.length, end, freshState());
        const place = decoded.params as { start: number; end: number };
        const same = isDeepStrictEqual({ ...decoded.event, params: event.params }, event);
        return (
          same &&
          line.toString('utf8', place.start, place.end) === event.params &&
          (key === null || (decoded.event as { params: string }).params === event.params)
        );
      },
    ),
  );
  t.pass();
});

const RULE: Rule = {
  name: 'nightly',
  task: '{"type":"scripted"}',
  when: { kind: 'daily', at: '02:00' },
  timezone: null,
  catchUp: 'latest',
  catchUpLimit: 10,
  startDeadlineMs: null,
  overlap: 'skip',
  jitterMs: 0,
  pauseAfterFailures: null,
  flag: null,
  note: '',
};

const PIPELINE: Pipeline = {
  name: 'nightly',
  note: '',
  onInterrupt: 'hold',
  stages: [
    {
      name: 'collect',
      type: 'scripted',
      concurrency: 2,
      rate: { count: 10, perMs: 60_000 },
      maxAttempts: null,
      timeoutMs: null,
      start: 'flow',
      onFailure: { kind: 'percent', most: 10 },
    },
  ],
};

t.test('every other event survives its line, and an unknown one is refused, never skipped', async (t) => {
  const text = 'a "quoted" \\ line\nwith ,"params": 語';
  const error = { code: 'x', message: text, stack: text };
  const all: Event[] = [
    { e: 'attempt.started', id: idOf(1), n: 3, worker: 'cpu-1', handler: null, solo: true },
    { e: 'attempt.started', id: idOf(1), n: 3, worker: 'cpu-1', handler: 'abc123', solo: false },
    {
      e: 'attempt.ended',
      id: idOf(1),
      n: 3,
      outcome: 'failed',
      next: 'retrying',
      runAt: noon,
      error,
      result: JSON.stringify({ text }),
      log: { file: 'a', offset: 1, bytes: 2 },
      suspect: true,
      crashed: true,
    },
    { e: 'supervisor.started', incarnation: 'i', boot: 'b', version: '1', pid: 7 },
    { e: 'supervisor.stopped', incarnation: 'i' },
    { e: 'task.due', ids: [idOf(1), idOf(2)] },
    { e: 'task.promoted', id: idOf(1), by: text },
    { e: 'task.canceled', id: idOf(1), by: text, from: text },
    { e: 'task.cancel_requested', id: idOf(1), by: text },
    { e: 'task.retried', id: idOf(1), by: text },
    { e: 'task.retried', id: idOf(1), runAt: 1_700_000_000_000, by: text },
    { e: 'task.archived', ids: [] },
    {
      e: 'attempt.progressed',
      id: idOf(1),
      n: 1,
      progress: { done: 1, total: null, text },
      counts: { processed: 1, succeeded: 1, failed: 0 },
    },
    { e: 'attempt.checkpointed', id: idOf(1), n: 1, data: JSON.stringify([text]) },
    { e: 'suspect.cleared', id: idOf(1) },
    { e: 'child.started', id: idOf(1), n: 1, group: 5, ticks: '99', boot: 'b' },
    { e: 'queue.paused', type: null, reason: text, by: text },
    { e: 'queue.resumed', type: 'a', by: text },
    { e: 'worker.recycled', worker: 'cpu-1', by: text, from: text },
    { e: 'settings.changed', revision: 'r2', keys: ['WORKERS'], by: 'page', from: text },
    { e: 'flag.switched', flag: 'NIGHT_SYNC', on: true, by: 'file' },
    { e: 'handlers.changed', changes: [{ file: text, what: 'refused', type: null, version: null }], more: 0 },
    { e: 'inbox.taken', uuid: 'u', file: text, tasks: 5 },
    { e: 'inbox.settled', uuids: ['u'] },
    { e: 'clock.jumped', byMs: -5 },
    {
      e: 'run.started',
      id: idOf(1),
      pipeline: PIPELINE,
      version: 'abc',
      params: JSON.stringify({ text }),
      sources: [text],
      scope: { text },
      priority: 5,
      settingsRevision: null,
      by: text,
    },
    { e: 'run.paused', id: idOf(1), reason: text, by: text },
    { e: 'run.resumed', id: idOf(1), by: text },
    { e: 'run.canceled', id: idOf(1), by: text },
    { e: 'run.retried', id: idOf(1), by: text },
    { e: 'run.archived', ids: [idOf(1)] },
    { e: 'sources.changed', sources: 2, mistakes: 0 },
    { e: 'pipelines.changed', changes: [{ file: text, what: 'refused', pipeline: null, version: null }], more: 0 },
    { e: 'schedule.created', id: idOf(1), rule: RULE, builtIn: 'backup', by: text, from: text },
    { e: 'schedule.changed', id: idOf(1), rule: RULE, after: noon, by: text },
    { e: 'schedule.paused', id: idOf(1), reason: text, until: null, by: text },
    { e: 'schedule.resumed', id: idOf(1), to: noon, catchUp: true, by: text },
    { e: 'schedule.deleted', id: idOf(1), by: text },
    { e: 'schedules.paused', reason: text, until: noon, by: text },
    { e: 'schedules.resumed', to: noon, catchUp: false, by: text },
    { e: 'scheduler.set', on: true, zone: 'Europe/Berlin', after: noon },
    { e: 'store.set', key: text, expiresAt: noon, by: text, from: text, value: '{"value":[1]}' },
    { e: 'store.set', key: text, expiresAt: null, by: text, value: JSON.stringify(text) },
    { e: 'store.deleted', key: text, by: text },
    { e: 'store.cleared', upTo: noon },
    { e: 'schedule.run_ended', id: idOf(1), run: idOf(2), state: 'failed' },
    {
      e: 'library.put',
      playlists: [{ id: '0'.repeat(16), title: text }],
      tracks: [{ id: 'f'.repeat(16), file: null, info: { text } }],
      by: text,
    },
    {
      e: 'occurrences.settled',
      id: idOf(1),
      to: noon,
      rows: [{ plannedAt: noon, outcome: 'missed', reason: text, through: noon + 5, count: 2 }],
      waiting: [{ plannedAt: noon, outcome: 'queued' }],
    },
  ];
  t.same(
    new Set([...all.map(({ e }) => e), 'task.accepted']),
    new Set(Object.keys(EVENT_NAMES)),
    'none is left out here',
  );
  for (const event of all) {
    const bytes = Buffer.from(encodeEvent(event));
    t.same(decodeEvent(bytes, 0, bytes.length, freshState()), { event, params: null }, event.e);
    t.notOk(bytes.includes(10), 'it is one line');
  }
  for (const body of ['"e":"task.vanished"', '"e":"toString"', '"e":"task.accepted","id":"x"']) {
    const bytes = Buffer.from(body);
    t.ok(thrownBy(() => decodeEvent(bytes, 0, bytes.length, freshState())) instanceof UnknownEntry, body);
  }
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

t.test('a task is read back from a snapshot line as it was, whatever it carries', async (t) => {
  fc.assert(
    fc.property(
      fc.record({
        key: fc.option(nasty),
        label: fc.option(nasty),
        params: nastyJson,
        checkpoint: nastyJson,
        message: nasty,
        state: fc.constantFrom(...TASK_STATE_NAMES),
        hasLife: fc.boolean(),
        promoted: fc.boolean(),
        relative: fc.boolean(),
      }),
      (given) => {
        const state = freshState();
        const text = JSON.stringify(given.params);
        const life = {
          ...freshLife(),
          checkpoint: JSON.parse(JSON.stringify(given.checkpoint)),
          error: { code: 'x', message: given.message },
        };
        const task: Task = {
          id: idOf(1),
          options: state.options.of(plainOptions),
          params: state.params.add(text),
          idempotencyKey: given.key,
          state: given.state,
          seq: 5,
          at: noon,
          relative: given.relative,
          promoted: given.promoted,
          label: given.label,
          life: given.hasLife ? life : null,
          line: null,
          previous: null,
          next: null,
        };
        const bytes = Buffer.from(`....${encodeTaskHead(task)}${text}....`);
        const read = decodeTask({ seq: 5, bytes, start: 4, end: bytes.length - 4, file: 3, offset: 1_000 }, state);
        const place = state.params.place(read.params) as { offset: number; length: number; file: number };
        const found = bytes.toString('utf8', place.offset - 1_000 + 4, place.offset - 1_000 + 4 + place.length);
        return (
          isDeepStrictEqual({ ...read, params: 0 }, { ...task, params: 0 }) &&
          found === text &&
          place.file === 3 &&
          read.options === task.options
        );
      },
    ),
  );
  t.pass();
});

t.test('a task fits a line of a snapshot however often and at whatever length it has failed', async (t) => {
  const life = new Life();
  const task = life.accept(1, { maxAttempts: 1_000 }, { params: JSON.stringify('x'.repeat(256 * 1024 - 2)) });
  const error = { code: 'x', message: '語'.repeat(errorMessageCharsMax), stack: '\n'.repeat(errorStackCharsMax) };
  life.record({ e: 'attempt.checkpointed', id: task.id, n: 1, data: JSON.stringify('"'.repeat(32 * 1024)) });
  for (let attempt = 0; attempt < attemptsKeptMax + 5; attempt++) {
    life.start(1);
    end(life, task, 'failed', { error });
    life.record({ e: 'task.due', ids: [task.id] });
  }
  const bytes = Buffer.byteLength(encodeTaskHead(task)) + 256 * 1024;
  t.ok(bytes < 1024 * 1024, `${bytes} bytes`);
  t.equal(task.life?.attempts.length, attemptsKeptMax);
  t.same(task.life?.attempts.at(-1)?.error, error, 'the newest errors are whole');
});

t.test('replay refuses an entry about a task that nobody has heard of', async (t) => {
  const state = freshState();
  const event: Event = { e: 'task.canceled', id: idOf(1), by: 'http' };
  t.throws(() => apply(state, event, { seq: 7, at: noon, params: null, missingUntil: 6 }), /which is not there/);
  t.equal(
    apply(state, event, { seq: 7, at: noon, params: null, missingUntil: 7 }),
    null,
    'unless a snapshot may have missed it',
  );
});

t.test('the dump tells states apart', async (t) => {
  const one = new Life();
  const two = new Life();
  one.accept(1);
  two.accept(1);
  t.same(dump(one.state), dump(two.state));
  two.record({ e: 'task.promoted', id: idOf(1), by: 'http' });
  t.notSame(dump(one.state), dump(two.state));
  const state: State = two.state;
  t.equal(state.order.length, 1);
});
