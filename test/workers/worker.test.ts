import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type { CallItem, CheckpointItem, OutcomeItem, ProgressItem, WorkerItem } from '../../workers/contract.ts';
import { LEDGER } from '../../workers/contract.ts';
import { bed, builtIn, fixture, newLedger } from './thread-pool.ts';

const scripted = await fixture('scripted.mjs');
const of = <Kind extends WorkerItem['kind']>(items: readonly WorkerItem[], kind: Kind) =>
  items.filter((item): item is Extract<WorkerItem, { kind: Kind }> => item.kind === kind);

t.test('every way a handler can end is an outcome made of plain data', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const rows: [unknown, Partial<OutcomeItem>][] = [
    [{ do: 'nothing' }, { outcome: 'succeeded', result: null, error: null }],
    [
      { do: 'value', value: { n: 1 } },
      { outcome: 'succeeded', result: '{"n":1}' },
    ],
    [
      { do: 'promise', value: 'text' },
      { outcome: 'succeeded', result: '"text"' },
    ],
    [
      { do: 'throw', code: 'mine' },
      { outcome: 'failed', retryable: true, error: { code: 'mine', message: 'scripted' } },
    ],
    [{ do: 'throw' }, { error: { code: 'handler_error', message: 'scripted' } }],
    [
      { do: 'throw', retryable: false },
      { outcome: 'failed', retryable: false },
    ],
    [{ do: 'reject' }, { outcome: 'failed', error: { code: 'handler_error', message: 'rejected' } }],
    [{ do: 'throw-text' }, { error: { code: 'handler_error', message: "threw 'just text', which is not an Error" } }],
    [{ do: 'throw-null' }, { error: { code: 'handler_error', message: 'threw null, which is not an Error' } }],
    [
      { do: 'throw-hostile' },
      {
        outcome: 'failed',
        error: { code: 'handler_error', message: 'the handler threw something that cannot be read' },
      },
    ],
    [{ do: 'throw-cause' }, { error: { code: 'handler_error', message: 'fetch failed: nobody listens' } }],
    [{ do: 'permanent' }, { outcome: 'failed', retryable: false, error: { code: 'hopeless', message: 'no use' } }],
    [{ do: 'retry-after' }, { outcome: 'failed', retryable: true, retryAfterMs: 600_000 }],
    [
      { do: 'function' },
      {
        retryable: false,
        error: { code: 'result_not_json', message: 'the result cannot be written as JSON: JSON has no function' },
      },
    ],
    [
      { do: 'nested-function' },
      {
        error: {
          code: 'result_not_json',
          message: 'the result cannot be written as JSON: JSON has no function at "call"',
        },
      },
    ],
    [
      { do: 'bigint' },
      {
        error: {
          code: 'result_not_json',
          message: 'the result cannot be written as JSON: JSON has no bigint at "count"',
        },
      },
    ],
    [
      { do: 'nan' },
      {
        error: { code: 'result_not_json', message: 'the result cannot be written as JSON: JSON has no NaN at "ratio"' },
      },
    ],
    [
      { do: 'map' },
      {
        error: { code: 'result_not_json', message: 'the result cannot be written as JSON: JSON has no Map at "seen"' },
      },
    ],
    [{ do: 'cycle' }, { outcome: 'failed', retryable: false }],
    [{ do: 'large', bytes: 256 * 1024 - 2 }, { outcome: 'succeeded' }],
    [
      { do: 'large', bytes: 256 * 1024 - 1 },
      { outcome: 'failed', retryable: false },
    ],
    [
      { do: 'throw-in-timer' },
      { outcome: 'failed', retryable: true, error: { code: 'uncaught_exception', message: 'from a timer' } },
    ],
    [{ do: 'reject-unseen' }, { outcome: 'failed', error: { code: 'unhandled_rejection', message: 'nobody looks' } }],
    [{ do: 'reject-seen-later' }, { outcome: 'succeeded', result: '"fine"' }],
    [
      { do: 'large-checkpoint', bytes: 70_000 },
      { outcome: 'failed', retryable: false },
    ],
  ];
  for (const [params, expected] of rows) {
    const outcome = await pool.outcome(order(params));
    t.match(outcome, expected, `${JSON.stringify(params)}`);
    t.ok(outcome.durationMs >= 0);
  }
  t.match((await pool.outcome(order({ do: 'cycle' }))).error, { code: 'result_not_json', message: /circular/ });
  t.match((await pool.outcome(order({ do: 'large', bytes: 300_000 }))).error, {
    code: 'result_too_large',
    message: /300002 bytes.*at most 262144/,
  });
  t.equal(pool.ports.length, 1, 'and all of it on one thread, which nothing has ended');
});

t.test('what a handler throws after it has returned is told to its own attempt and never to the next', async (t) => {
  const { pool, order } = await bed(t, scripted);
  for (const [how, text] of [
    ['throw-after-return', /too late/],
    ['reject-after-return', /rejected too late/],
  ] as const) {
    const first = order({ do: how });
    t.equal((await pool.outcome(first)).outcome, 'succeeded');
    const next = order({ do: 'until-stopped' });
    const running = pool.outcome(next);
    await pool.until(() => pool.log(first).length > 0);
    t.match(pool.log(first)[0], { level: 'warn', text });
    pool.stop(next, 'canceled');
    t.match(await running, { outcome: 'canceled' }, 'the one running meanwhile is not blamed');
  }
  t.same(pool.errors, []);
});

t.test('a stop is a wish: the handler decides how it ends, its reason is kept', async (t) => {
  const { pool, order } = await bed(t, scripted);
  await pool.outcome(order({ do: 'nothing' }));
  const rows = [
    ['until-stopped', 'canceled', { outcome: 'canceled', error: { code: 'canceled', message: 'canceled' } }],
    [
      'until-stopped',
      'drain',
      { outcome: 'canceled', error: { code: 'drain', message: 'stopped because the supervisor stops' } },
    ],
    [
      'stopped-badly',
      'canceled',
      {
        outcome: 'canceled',
        error: { code: 'canceled', message: 'canceled; the handler ended with: could not clean up' },
      },
    ],
    ['stopped-well', 'canceled', { outcome: 'succeeded', result: '"finished all the same"' }],
  ] as const;
  for (const [how, reason, expected] of rows) {
    const given = order({ do: how });
    const ledger = newLedger(1);
    const running = pool.run([given], ledger);
    await pool.until(() => pool.log(given).length > 0);
    pool.stop(given, reason);
    t.match(of(await running, 'outcome')[0], expected, `${how} ${reason}`);
  }
  const early = order({ do: 'value', value: 'done' });
  const running = pool.outcome(early);
  pool.stop(early, 'canceled');
  t.match((await running).outcome, /canceled|succeeded/, 'a stop that overtakes its order is not lost');
});

t.test('an attempt that lasts longer than its timeout is asked to end, and ends as timed out', async (t) => {
  const { pool, order } = await bed(t, scripted);
  t.match(await pool.outcome(order({ do: 'until-stopped' }, { timeoutMs: 30 })), {
    outcome: 'timed_out',
    retryable: true,
    error: { code: 'timed_out', message: 'did not end within its timeout of 30 ms' },
  });
  t.match(
    await pool.outcome(order({ do: 'promise', value: 1 }, { timeoutMs: 100 * 86_400_000 })),
    { outcome: 'succeeded' },
    'a long one does not overflow',
  );
});

t.test('an order taken back before the worker got to it is not performed', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const orders = [order({ do: 'value', value: 1 }), order({ do: 'value', value: 2 }), order({ do: 'value', value: 3 })];
  const ledger = newLedger(3);
  Atomics.store(ledger, 1, LEDGER.withdrawn);
  const outcomes = of(await pool.run(orders, ledger), 'outcome');
  t.same(
    outcomes.map((item) => item.result),
    ['1', '3'],
  );
  t.same([...ledger], [LEDGER.done, LEDGER.withdrawn, LEDGER.done]);
});

t.test('outcomes of a batch do not wait for a slow one behind them', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const slow = order({ do: 'until-stopped' });
  const quick = order({ do: 'value', value: 'quick' });
  const running = pool.run([quick, slow]);
  await pool.until(() => of(pool.items, 'outcome').some((item) => item.taskId === quick.taskId));
  pool.stop(slow, 'canceled');
  t.equal(of(await running, 'outcome').length, 2);
});

t.test('nor for one that blocks its thread, when the one before it did', async (t) => {
  const { pool, order } = await bed(t, scripted);
  await pool.outcome(order({ do: 'spin', ms: 20 }));
  const quick = order({ do: 'value', value: 1 });
  const blocking = order({ do: 'spin', ms: 400 });
  let seenAt = 0;
  const began = performance.now();
  const seen = pool
    .until(() => of(pool.items, 'outcome').some((item) => item.taskId === quick.taskId))
    .then(() => {
      seenAt = performance.now();
    });
  const between = order({ do: 'spin', ms: 5 });
  await pool.run([quick, between, blocking]);
  await seen;
  t.ok(seenAt - began < 400, `the first outcome came after ${seenAt - began} ms`);
});

t.test('batches given together run one after another unless the setup says otherwise', async (t) => {
  const { pool, order } = await bed(t, scripted, { atOnce: false }, { concurrentTasksPerWorker: 2 });
  const first = order({ do: 'until-stopped' });
  const second = order({ do: 'value', value: 2 });
  const ledger = newLedger(1);
  const both = [pool.outcome(first), pool.run([second], ledger)] as const;
  await pool.until(() => pool.log(first).length > 0);
  t.equal(Atomics.load(ledger, 0), LEDGER.waiting, 'the second can still be taken back');
  pool.stop(first, 'canceled');
  t.equal((await both[0]).outcome, 'canceled');
  t.equal(of(await both[1], 'outcome')[0]?.outcome, 'succeeded');
});

t.test(
  'what a handler prints stands in the log of its attempt, each line as one, and nothing on our own output',
  async (t) => {
    const { pool, order } = await bed(t, scripted, {}, { concurrentTasksPerWorker: 2 });
    const raw: string[] = [];
    for (const thread of pool.piscina.threads) {
      thread.stdout.on('data', (chunk: Buffer) => raw.push(chunk.toString()));
      thread.stderr.on('data', (chunk: Buffer) => raw.push(chunk.toString()));
    }
    const [print, other] = [order({ do: 'print', later: true }), order({ do: 'print' })];
    t.match(await Promise.all([pool.outcome(print), pool.outcome(other)]), [
      { outcome: 'succeeded' },
      { outcome: 'succeeded' },
    ]);
    for (const one of [print, other])
      t.same(
        pool.log(one).map(({ level, text }) => `${level}: ${text}`),
        ['stdout: color in red', 'stderr: to stderr', 'stderr: in two lines', 'stdout: as bytes'],
      );
    // Nothing else keeps this process waiting.
    const waiting = setInterval(() => {}, 1_000);
    await pool.until(() => pool.printed.length > 0);
    clearInterval(waiting);
    t.same(pool.printed, ['stdout: after the end'], 'what belongs to no attempt any more is told as such');
    t.same(raw, []);
  },
);

t.test('a flood of log lines is cut, counted and said; the order stays', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const flood = order({ do: 'flood', lines: 20_000 });
  await pool.outcome(flood);
  const lines = pool.log(flood);
  t.ok(lines.length < 2_000, `${lines.length} lines`);
  const cut = lines
    .filter((line) => line.level === 'warn')
    .map((line) => Number(/^(\d+) log lines .* were left out here/.exec(line.text)?.[1]));
  const kept = lines.filter((line) => line.level === 'info');
  t.equal(cut.reduce((sum, count) => sum + count, 0) + kept.length, 20_000, 'every line is there or counted');
  t.same(
    kept.slice(0, 3).map((line) => line.text),
    ['line 0', 'line 1', 'line 2'],
  );
  const long = order({ do: 'long-line', chars: 10_000 });
  await pool.outcome(long);
  t.match(pool.log(long)[0]?.text, /y… \(1808 more characters cut\)$/);
});

t.test('progress and counts are thinned out, but the last value arrives before the outcome', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const items = await pool.run([order({ do: 'progress', upTo: 5_000 })]);
  const progress = of(items, 'progress');
  t.ok(progress.length <= 10, `${progress.length} progress items`);
  t.match(progress.at(-1), { done: 5_000, total: 5_000, text: 'at 5000' } satisfies Partial<ProgressItem>);
  t.match(of(items, 'count').at(-1), { processed: 5_001, succeeded: 5_000, failed: 1 });
  t.equal(items.at(-1)?.kind, 'outcome');
});

t.test('a checkpoint is what the next attempt resumes from', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const items = await pool.run([order({ do: 'checkpoint', data: { at: 7 } })]);
  t.match(of(items, 'checkpoint'), [{ data: '{"at":7}' } satisfies Partial<CheckpointItem>]);
  t.equal((await pool.outcome(order({ do: 'resume' }, { attempt: 2, resume: { at: 7 } }))).result, '{"at":7}');
});

t.test('ctx tells task, attempt and settings', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const taskId = '018bcfe5-6800-7000-8000-000000000001';
  const given = order(
    { do: 'context' },
    { taskId, attempt: 3, tags: ['x'], group: 'g', settings: { HANDLER_KEY: 'v' } },
  );
  t.match(JSON.parse((await pool.outcome(given)).result ?? ''), {
    task: {
      id: given.taskId,
      type: 'scripted',
      priority: 5,
      tags: ['x'],
      group: 'g',
      createdAt: '2023-11-14T22:13:20.000Z',
      run: null,
    },
    attempt: 3,
    settings: { HANDLER_KEY: 'v' },
    resume: null,
  });
});

t.test('what a later version gives handlers fails for good here, and says so', async (t) => {
  const folder = t.testdir({
    'later.mjs': `export default {
      type: 'scripted',
      async run({ name }, { next }) {
        if (name === 'nothing') return 'taken apart, and not used';
        next({ key: 'a' });
      },
    }`,
  });
  const { pool, order } = await bed(t, join(folder, 'later.mjs'));
  t.match(
    await pool.outcome(order({ name: 'next' })),
    { outcome: 'failed', retryable: false, error: { code: 'not_in_a_run' } },
    'without a run there is no stage',
  );
  t.match(await pool.outcome(order({ name: 'nothing' })), { outcome: 'succeeded' });
});

t.test('submitted tasks carry a key that a rerun repeats, and the attempt waits for the answers', async (t) => {
  const { pool, order } = await bed(t, scripted);
  const requests: CallItem['request'][] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  pool.answer = async ({ request, call }) => {
    requests.push(request);
    await held;
    return { id: `task-${call}` };
  };
  const tasks = [{ type: 'a' }, { type: 'b', idempotencyKey: 'own' }];
  const first = order({ do: 'submit', tasks });
  const running = pool.outcome(first);
  await pool.until(() => requests.length === 2);
  t.same(requests, [
    { name: 'submit', task: { type: 'a', idempotencyKey: `${first.taskId}/1` } },
    { name: 'submit', task: { type: 'b', idempotencyKey: 'own' } },
  ]);
  const gone = order({ do: 'submit-and-go', tasks });
  const second = pool.outcome(gone);
  release();
  t.equal((await running).result, '[{"id":"task-1"},{"id":"task-2"}]');
  t.match(await second, { outcome: 'succeeded', result: '"gone"' });
  t.equal(requests.length, 4, 'also when the handler does not wait for them');
});

t.test('a refused submit fails the attempt, with the code of the refusal, also when nobody looked', async (t) => {
  const { pool, order } = await bed(t, scripted);
  pool.answer = () => {
    throw Object.assign(new Error('nobody handles "a"'), { code: 'unknown_type' });
  };
  for (const how of ['submit', 'submit-and-go']) {
    const outcome = await pool.outcome(order({ do: how, tasks: [{ type: 'a' }] }));
    t.match(outcome, { outcome: 'failed', error: { code: 'unknown_type', message: 'nobody handles "a"' } }, how);
  }
});

t.test('the scratch folder is there for the attempt and gone after it', async (t) => {
  const { pool, order, dataDir } = await bed(t, scripted);
  const folder = JSON.parse((await pool.outcome(order({ do: 'scratch' }))).result ?? '');
  t.ok(folder.startsWith(join(dataDir, 'scratch')));
  t.notOk(existsSync(folder));
});

t.test('a thread that a handler ends costs its batch, not the pool', async (t) => {
  const { pool, order } = await bed(t, scripted, {}, { resourceLimits: { maxOldGenerationSizeMb: 48 } });
  await t.rejects(pool.run([order({ do: 'exit' })]), /exited with code: 3/);
  // Later versions of Node end the whole process when a thread runs out of memory: recovery is what holds then.
  if (process.version.startsWith('v20.')) {
    await t.rejects(pool.run([order({ do: 'allocate-until-death' })]), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  }
  t.equal((await pool.outcome(order({ do: 'value', value: 1 }))).result, '1');
});

t.test('params that the schema refuses fail for good, naming path and message', async (t) => {
  const { pool, order } = await bed(t, builtIn('http.request'));
  t.match(await pool.outcome(order({ url: 5, speed: 'high', headers: { 'bad name': 'x' } })), {
    outcome: 'failed',
    retryable: false,
    error: { code: 'validation', message: /\$\.params\.url: .*\$\.params\.headers\["bad name"\].*speed/s },
  });
});

t.test('a handler that cannot be loaded fails its attempts', async (t) => {
  const folder = t.testdir({ 'broken.mjs': 'export default { type: ' });
  const { pool, order } = await bed(t, scripted);
  const broken = order({}, { handlerUrl: pathToFileURL(join(folder, 'broken.mjs')).href });
  t.match(await pool.outcome(broken), {
    outcome: 'failed',
    retryable: true,
    error: { code: 'handler_load_failed', message: /could not be loaded: / },
  });
  const missing = order({}, { handlerUrl: pathToFileURL(join(folder, 'gone.mjs')).href });
  t.match(await pool.outcome(missing), {
    outcome: 'failed',
    error: { code: 'handler_load_failed', message: /Cannot find module/ },
  });
});

t.test('nightshift/handler resolves from any folder, for ES modules and CommonJS', async (t) => {
  const folder = t.testdir();
  const body = 'run: () => { throw new Permanent("no", { code: "c" }) }';
  await writeFile(
    join(folder, 'esm.js'),
    `import { Permanent, defineHandler } from 'nightshift/handler'; export default defineHandler({ type: 'x', ${body} });`,
  );
  await writeFile(
    join(folder, 'common.cjs'),
    `const { Permanent } = require('nightshift/handler'); module.exports = { type: 'y', ${body} };`,
  );
  for (const name of ['esm.js', 'common.cjs']) {
    const { pool, order } = await bed(t, join(folder, name));
    t.match(
      await pool.outcome(order({})),
      { outcome: 'failed', retryable: false, error: { code: 'c', message: 'no' } },
      name,
    );
  }
});
