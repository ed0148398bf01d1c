/** `nightshift/testing`: what an author finds out about a handler without a supervisor is what a supervisor would find. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { defineHandler, type NextWork, Permanent, RetryAfter } from '../../workers/define.ts';
import { handlerIn, manualClock, perform } from '../../workers/testing.ts';

const copy = defineHandler<{ files: string[] }>({
  type: 'copy',
  settings: ['HANDLER_TARGET'],
  async run({ files }, ctx) {
    const from = (ctx.resume as { next: number } | null)?.next ?? 0;
    for (let next = from; next < files.length; next++) {
      ctx.log.info('copying', files[next], 'to', ctx.settings['HANDLER_TARGET']);
      ctx.progress(next + 1, files.length, files[next]);
      ctx.checkpoint({ next: next + 1 });
    }
    ctx.count({ succeeded: files.length - from });
    await ctx.submit({ type: 'notify', params: { files: files.length } });
    return { copied: files.length - from };
  },
});

t.test('everything a handler tells is collected, however fast it comes', async (t) => {
  const told: string[] = [];
  const done = await perform(copy, {
    params: { files: ['a', 'b', 'c'] },
    settings: { HANDLER_TARGET: '/music', HANDLER_OTHER: 'x' },
    said: ({ text }) => told.push(text),
  });
  t.match(done, {
    outcome: 'succeeded',
    result: { copied: 3 },
    error: null,
    log: [{ level: 'info', text: 'copying a to /music' }, {}, {}],
    progress: [{ done: 1, total: 3, text: 'a' }, { done: 2 }, { done: 3 }],
    counts: { processed: 3, succeeded: 3, failed: 0 },
    checkpoint: { next: 3 },
    submitted: [{ type: 'notify', params: { files: 3 } }],
  });
  t.equal(told.length, 3);
});

t.test('a handler finds the store as it is given, and leaves it as a supervisor would', async (t) => {
  const clock = manualClock();
  const counts = defineHandler({
    type: 'counts',
    async run(_params, { store }) {
      const before = await store.get('seen');
      await store.set('seen', [...((before?.value ?? []) as string[]), 'b'], { ifVersion: before?.version });
      await store.increment('hits', 2, { ttl: 60 });
      const hits = await store.increment('hits', 3, { ttl: '7d' });
      await store.set('soon', 1, { ttl: '1m' });
      clock.advance('59s');
      const alive = (await store.list('s')).items.map(({ key }) => key);
      clock.advance('1s');
      const refusals = await Promise.all(
        [
          store.set('seen', 1, { ifVersion: before?.version }),
          store.increment('seen'),
          store.set('a', 1, { ttl: 0 }),
        ].map((asked) => asked.catch(({ code }) => code)),
      );
      return { hits: hits.value, alive, soon: await store.get('soon'), gone: await store.delete('old'), refusals };
    },
  });
  const done = await perform(counts, { store: { seen: ['a'], old: 1 }, clock });
  t.match(done, {
    outcome: 'succeeded',
    result: {
      hits: 5,
      alive: ['seen', 'soon'],
      soon: null,
      gone: true,
      refusals: ['precondition_failed', 'conflict', 'validation'],
    },
  });
  t.same(done.stored, { seen: ['a', 'b'] }, 'and what has expired is not in it');
});

t.test('work for stages is told, and refused where the pipeline has no such stage', async (t) => {
  const passes = defineHandler<{ works: NextWork[] }>({
    type: 'passes',
    run: ({ works }, ctx) => Promise.all(works.map((work) => ctx.next(work).catch(({ code }) => code))),
  });
  const works = [
    { key: 'a' },
    { key: 'a', stage: 'two' },
    { key: 'a', stage: 'one', type: 'x' },
    { key: 'a', stage: 'none' },
  ];
  const task = { run: { id: 'r', stage: 'one' } };
  const told = [{ added: true }, { added: false }, { added: true }];
  const done = await perform(passes, { params: { works }, task, stages: ['one', 'two'] });
  t.match(done, { result: [...told, 'no_stage'], nexts: works.slice(0, 3) });
  t.equal(done.nexts.length, 3);
  const last = { params: { works }, task: { run: { id: 'r', stage: 'two' } }, stages: ['one', 'two'] };
  t.match((await perform(passes, last)).result, ['no_stage', { added: true }, 'conflict', 'no_stage']);
  t.match((await perform(passes, { params: { works }, task })).result, Array(4).fill({ added: true }));
});

t.test('an attempt goes on from a checkpoint', async (t) => {
  const done = await perform(copy, { params: { files: ['a', 'b', 'c'] }, attempt: 2, resume: { next: 2 } });
  t.match(done, { result: { copied: 1 }, progress: [{ done: 3, total: 3 }] });
});

t.test('a timeout falls due when the clock of the test says so, and not before', async (t) => {
  const clock = manualClock();
  const waits = defineHandler({
    type: 'waits',
    timeout: '5m',
    run: (_params, ctx) =>
      new Promise((_, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason));
        clock.advance('299s');
        ctx.log.info(String(ctx.signal.aborted));
        clock.advance('1s');
      }),
  });
  t.match(await perform(waits, { clock }), {
    outcome: 'timed_out',
    error: { code: 'timed_out' },
    log: [{ text: 'false' }],
  });
});

t.test('a signal cancels, before the start as well', async (t) => {
  const canceling = new AbortController();
  const obeys = defineHandler({
    type: 'obeys',
    run: (_params, ctx) =>
      new Promise((_, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason));
        canceling.abort();
      }),
  });
  t.match(await perform(obeys, { signal: canceling.signal }), { outcome: 'canceled' });
  t.match(await perform(copy, { params: { files: [] }, signal: AbortSignal.abort() }), { outcome: 'canceled' });
});

t.test('each way to end is the one a supervisor would record', async (t) => {
  const throws = (error: unknown) =>
    perform({
      type: 'throws',
      run() {
        throw error;
      },
    });
  t.match(await throws(new Permanent('gone', { code: 'http_404' })), { retryable: false, error: { code: 'http_404' } });
  t.match(await throws(new RetryAfter('10m')), { retryable: true, retryAfterMs: 600_000 });
  t.match(await throws('text'), { outcome: 'failed', error: { message: /which is not an Error/ } });
  t.match(await perform({ type: 'big', run: () => 1n }), { outcome: 'failed', error: { code: 'result_not_json' } });
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: () => ({ issues: [{ message: 'must be a number', path: ['size'] }] }),
    },
  };
  t.match(await perform({ type: 'strict', params: schema, run: () => {} }), {
    outcome: 'failed',
    retryable: false,
    error: { code: 'validation', message: '$.params.size: must be a number' },
  });
  const refused = () => {
    throw new Error('the queue is full');
  };
  t.match(await perform(copy, { params: { files: [] }, submit: refused }), {
    outcome: 'failed',
    error: { message: /queue is full/ },
  });
});

t.test('a scratch folder is there while it runs, and gone afterwards', async (t) => {
  let folder = '';
  await perform({
    type: 'scratch',
    async run(_params, ctx) {
      folder = await ctx.scratch();
      t.ok(existsSync(folder));
    },
  });
  t.notOk(existsSync(folder));
});

t.test('what is no handler is named', async (t) => {
  await t.rejects(perform({ type: '' } as never), /"type" must be a name[\s\S]*"run" must be a function/);
  t.throws(() => manualClock().advance('soon'), /duration/);
});

t.test('a file that ends its process, never ends loading or is no JavaScript says so', async (t) => {
  const file = (name: string, text: string) => {
    const path = join(t.testdirName, name);
    writeFileSync(path, text);
    return path;
  };
  t.testdir();
  await t.rejects(handlerIn(file('ends.mjs', 'process.exit(3);')), {
    message: 'ended its thread while loading, with exit code 3',
  });
  await t.rejects(handlerIn(file('hangs.mjs', 'while (true) {}'), 1_000), {
    message: 'did not finish loading within 1 s',
  });
  await t.rejects(handlerIn(file('broken.mjs', 'export default {\n  type: oops oops,\n};')), {
    message: /SyntaxError in line 2/,
  });
});

t.test('a program is tried as it is: params, words, result and exit code', async (t) => {
  const file = join(t.testdir(), 'greet.sh');
  writeFileSync(
    file,
    `#!/bin/sh
# nightshift-settings: HANDLER_CITY
read -r params
echo "$params in $HANDLER_CITY"
echo "::progress 1/2 half"
echo "::checkpoint {\\"next\\":1}"
echo '{"greeted":true}' > "$NIGHTSHIFT_RESULT"
`,
    { mode: 0o700 },
  );
  const handler = await handlerIn(file);
  t.equal(handler.type, 'greet');
  t.match(await perform(handler, { params: { name: 'Ada' }, settings: { HANDLER_CITY: 'Rome', HANDLER_X: 'no' } }), {
    outcome: 'succeeded',
    result: { greeted: true },
    log: [{ level: 'stdout', text: '{"name":"Ada"} in Rome' }],
    progress: [{ done: 1, total: 2, text: 'half' }],
    checkpoint: { next: 1 },
  });
  writeFileSync(file, '#!/bin/sh\necho no such thing >&2\nexit 66\n', { mode: 0o700 });
  t.match(await perform(await handlerIn(file)), {
    outcome: 'failed',
    retryable: false,
    error: { message: /no such thing/ },
  });
  writeFileSync(join(t.testdirName, 'notes.md'), 'nothing');
  await t.rejects(handlerIn(join(t.testdirName, 'notes.md')), /no program either/);
});
