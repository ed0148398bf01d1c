/** Runs on the real parts: threads and processes, journal and restarts. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import { anybody, openTestSupervisor, type TestSupervisor, testFolder } from '../helpers/open-supervisor.ts';

/** Adds `params.next` to the next stage, each with the params its name has in `params.of`; ends as `params.end` says. */
const STAGED = `
export default {
  type: 'staged',
  maxAttempts: 2,
  async run({ next = [], of = {}, end = 'ok' }, ctx) {
    const answers = await Promise.all(next.map((key) => ctx.next({ key, params: of[key] ?? {}, label: 'L ' + key })));
    if (end === 'hang') await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
    if (end === 'fail') throw Object.assign(new Error('as asked'), { retryable: false });
    if (end === 'once' && ctx.attempt === 1) throw new Error('the first time');
    return answers.map(({ added }) => added);
  },
};
`;

const PIPELINE = `
name: library
stages:
  - { name: collect, type: staged }
  - { name: work, type: staged, start: flow }
  - { name: upload, type: staged }
`;

function folder(t: Test, pipelines: Readonly<Record<string, string>> = { 'library.yaml': PIPELINE }): string {
  const dataDir = testFolder(t);
  writeFileSync(join(dataDir, 'handlers', 'staged.mjs'), STAGED);
  mkdirSync(join(dataDir, 'pipelines'));
  for (const [name, text] of Object.entries(pipelines)) writeFileSync(join(dataDir, 'pipelines', name), text);
  return dataDir;
}

async function open(dataDir: string, settings = ''): Promise<TestSupervisor> {
  const opened = await openTestSupervisor(dataDir, { settings });
  opened.begin();
  return opened;
}

function untilRun(opened: TestSupervisor, id: string, wanted: (run: RunRecord) => boolean): Promise<RunRecord> {
  return new Promise((resolve, reject) => {
    const look = () => {
      opened.runs.show(id).then((run) => {
        if (!wanted(run)) return;
        stop();
        resolve(run);
      }, reject);
    };
    const stop = opened.front.events.subscribe(look);
    look();
  });
}

const isOver = ({ state }: RunRecord) => /succeeded|failed|canceled/.test(state);

function start(opened: TestSupervisor, params: object, more: object = {}): Promise<RunRecord> {
  return opened.runs.start({ pipeline: 'library', params, ...more }, anybody);
}

t.test('a run takes its tasks through the stages, each with its key, its label and its run', async (t) => {
  const opened = await open(folder(t));
  const of = { a: { next: ['a1', 'shared'] }, b: { next: ['b1', 'shared'] } };
  const { id, state } = await start(opened, { next: ['a', 'b'], of });
  t.match(state, /queued|running/);
  const run = await untilRun(opened, id, isOver);
  t.match(run, { state: 'succeeded', counts: { accepted: 6, succeeded: 6, waiting: 0 } });
  t.same(
    run.stages.map(({ counts }) => counts.accepted),
    [1, 2, 3],
  );
  const filter = { run: [id], stage: ['upload'] };
  const page = await opened.front.tasks({ filter, limit: 10, after: null, order: 'oldest' });
  t.match(page.items.map(({ label }) => label).sort(), ['L a1', 'L b1', 'L shared']);
  t.match(page.items[0], { run: { id, stage: 'upload' }, origin: 'run:library', type: 'staged' });
  t.match((await opened.runs.list({ limit: 10, after: null })).items, [{ id }]);
  await opened.stop();
});

t.test('an attempt that is repeated adds nothing twice', async (t) => {
  const opened = await open(folder(t));
  const { id } = await start(opened, { next: ['a', 'b', 'a'], end: 'once', of: { a: { end: 'ok' } } });
  const first = [...opened.state.tasks.values()].find(({ options }) => options.run?.id === id);
  const retrying = await new Promise<void>((resolve) => {
    const stop = opened.front.events.subscribe(() => {
      if (first?.state !== 'retrying') return;
      stop();
      resolve();
    });
  }).then(() => opened.front.promote(first?.id as string, anybody));
  t.ok(retrying);
  const run = await untilRun(opened, id, isOver);
  t.match(run, { state: 'succeeded', counts: { accepted: 3, succeeded: 3 } });
  await opened.stop();
});

t.test('paused in the middle, crashed, and resumed after the restart: counts are exact', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir);
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  const of = Object.fromEntries(keys.map((key) => [key, { next: [`${key}-up`] }]));
  const { id } = await start(opened, { next: keys, of });
  await untilRun(opened, id, ({ stages }) => (stages[1]?.counts.succeeded ?? 0) > 0);
  await opened.runs.pause(id, 'for the night', anybody);
  const paused = await untilRun(opened, id, ({ state }) => state === 'paused');
  await opened.crash();
  opened = await open(dataDir);
  t.match(await opened.runs.show(id), { state: 'paused', paused: { reason: 'for the night' }, counts: paused.counts });
  await opened.runs.resume(id, anybody);
  const run = await untilRun(opened, id, isOver);
  t.match(run, { state: 'succeeded', counts: { accepted: 81, succeeded: 81, failed: 0 } });
  await opened.stop();
});

t.test('a crash cuts a run that goes on by itself, and one that holds waits for a person', async (t) => {
  const HOLD = `onInterrupt: hold\nstages: [{ name: only, type: staged }]\n`;
  const dataDir = folder(t, { 'library.yaml': PIPELINE, 'careful.yaml': HOLD });
  let opened = await open(dataDir);
  const { id } = await start(opened, { end: 'hang' });
  const held = await opened.runs.start({ pipeline: 'careful', params: { end: 'hang' } }, anybody);
  for (const one of [id, held.id]) await untilRun(opened, one, ({ counts }) => counts.running === 1);
  await opened.crash();
  opened = await open(dataDir);
  const paused = await opened.runs.show(held.id);
  t.match(paused, { state: 'paused', paused: { by: 'recovery' } });
  const filter = { run: [held.id], state: ['interrupted' as const] };
  const cut = await opened.front.tasks({ filter, limit: 10, after: null, order: 'oldest' });
  t.equal(cut.items.length, 1);
  await untilRun(opened, id, ({ counts }) => counts.running === 1);
  await opened.runs.cancel(id, anybody);
  t.match(await untilRun(opened, id, isOver), { state: 'canceled' });
  await opened.runs.resume(held.id, anybody);
  await untilRun(opened, held.id, ({ counts }) => counts.running === 1);
  await opened.runs.cancel(held.id, anybody);
  await untilRun(opened, held.id, isOver);
  await opened.stop();
});

t.test('a cancel ends what runs and waits, keeps what is done, and goes on after a restart', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir, 'WORKERS=2');
  const keys = Array.from({ length: 1_200 }, (_, index) => `k${index}`);
  const of = { k0: { end: 'hang' } };
  const { id } = await start(opened, { next: keys.slice(0, 900), of });
  await untilRun(opened, id, ({ stages }) => (stages[1]?.counts.succeeded ?? 0) > 3);
  await opened.runs.cancel(id, anybody);
  await opened.crash();
  opened = await open(dataDir);
  const run = await untilRun(opened, id, isOver);
  const over = await untilRun(opened, id, ({ counts }) => counts.waiting + counts.running === 0);
  t.equal(run.state, 'canceled');
  const { accepted, succeeded, canceled } = over.counts;
  t.equal(succeeded + canceled, accepted);
  const { items } = await opened.front.tasks({ filter: { run: [id] }, after: null, limit: 50, order: 'newest' });
  for (const task of items) {
    t.match(task.retryRefused, /is canceled: start another/, 'each of its tasks says that it does not run again');
    await t.rejects(opened.front.retry(task.id, anybody), { code: 'conflict', message: task.retryRefused });
  }
  await opened.stop();
});

t.test('a retry takes just what failed: of a stage, by filter, or one task', async (t) => {
  const opened = await open(folder(t));
  const of = { a: { end: 'fail' }, b: { end: 'fail' }, c: { next: ['up'], of: { up: { end: 'fail' } } } };
  const { id } = await start(opened, { next: ['a', 'b', 'c'], of });
  t.match(await untilRun(opened, id, isOver), { state: 'partially_failed', counts: { failed: 3, succeeded: 2 } });
  const retry = (more: object) =>
    opened.runs.retry(id, { stage: null, filter: {}, task: null, force: false, ...more }, anybody);
  const settled = (total: number) => untilRun(opened, id, (run) => isOver(run) && opened.state.totals.failed === total);
  t.match(await retry({ stage: 'upload' }), { matched: 1, changed: 1 });
  await settled(4);
  t.match(await retry({ filter: { q: 'L a' } }), { changed: 1 });
  await settled(5);
  t.match(await retry({}), { changed: 3 });
  await settled(8);
  const filter = { run: [id] };
  const { items } = await opened.front.tasks({ filter, limit: 10, after: null, order: 'oldest' });
  const failed = items.find(({ label }) => label === 'L b');
  t.match(await retry({ task: failed?.id }), { changed: 1 });
  await settled(9);
  const succeeded = items.find(({ label }) => label === 'L c');
  await t.rejects(retry({ task: succeeded?.id }), { code: 'conflict', message: /succeeded: with "force"/ });
  t.match(await retry({ task: succeeded?.id, force: true }), { changed: 1 });
  const run = await untilRun(opened, id, (one) => isOver(one) && opened.state.totals.succeeded === 3);
  t.match(run, { state: 'partially_failed', counts: { accepted: 5, failed: 3, succeeded: 2 } }, 'in its place');
  await t.rejects(retry({ task: succeeded?.id, force: true }), { code: 'conflict', message: /has been retried as/ });
  await t.rejects(retry({ stage: 'nothing' }), { code: 'validation' });
  await opened.stop();
});

t.test('a failed task of a run runs again with other params, or later, and still counts once', async (t) => {
  const opened = await open(folder(t));
  const { id } = await start(opened, { next: ['a', 'b'], of: { a: { end: 'fail' }, b: { end: 'fail' } } });
  await untilRun(opened, id, isOver);
  const filter = { run: [id], state: ['failed' as const] };
  const page = await opened.front.tasks({ filter, limit: 10, after: null, order: 'oldest' });
  const [a = '', b = ''] = ['L a', 'L b'].map((name) => page.items.find(({ label }) => label === name)?.id);
  const edited = await opened.front.retry(a, anybody, '{"end":"ok"}');
  t.match(edited, { originalId: a, task: { params: { end: 'ok' }, run: { id, stage: 'work' }, label: 'L a' } });
  t.not(edited.task.id, a, 'the one that failed keeps its own');
  t.match(await untilRun(opened, id, ({ counts }) => counts.succeeded === 2), { counts: { accepted: 3, failed: 1 } });
  await t.rejects(opened.front.retry(a, anybody, '{"end":"ok"}'), { code: 'conflict', message: /has been retried as/ });

  const delayMs = 3_600_000;
  await opened.retries.retry(b, anybody, { delayMs });
  t.match(await opened.runs.show(id), { state: 'running', counts: { accepted: 3, waiting: 1, failed: 0 } });
  await opened.front.promote(b, anybody);
  await untilRun(opened, id, ({ counts }) => counts.failed === 1);
  const { task } = await opened.retries.retry(b, anybody, { delayMs, params: '{}' });
  t.match(task, { state: 'scheduled', label: 'L b' });
  await opened.front.promote(task.id, anybody);
  t.match(await untilRun(opened, id, isOver), { state: 'succeeded', counts: { accepted: 3, succeeded: 3, failed: 0 } });
  await opened.stop();
});

t.test('a program puts work into the next stage with a line', async (t) => {
  const dataDir = folder(t, {
    'p.yaml': 'stages: [{ name: a, type: shell.next }, { name: b, type: staged }]',
  });
  const file = join(dataDir, 'handlers', 'shell.next.sh');
  writeFileSync(
    file,
    `#!/bin/sh\necho '::next {"key":"x","label":"from sh"}'\necho '::next {"key":"x"}'\necho '::next {"key":"x","stage":"a","type":"staged"}'\n`,
  );
  chmodSync(file, 0o700);
  const opened = await open(dataDir);
  const { id } = await opened.runs.start({ pipeline: 'p' }, anybody);
  t.match(await untilRun(opened, id, isOver), { state: 'succeeded', counts: { accepted: 3 } });
  await opened.stop();
});

/** Fans out into its own stage with tasks of another type, and goes past the next stage. */
const FANS = `
export default {
  type: 'fans',
  async run({ things }, ctx) {
    if (things) {
      for (const key of things) await ctx.next({ key, params: { end: 'once', next: [key + '-n'] }, stage: ctx.task.run.stage, type: 'staged' });
      await ctx.next({ key: 'past', stage: 'upload', type: 'fans' });
      return 'fanned out';
    }
    const refused = async (work) => ctx.next({ key: 'x', ...work }).then(() => null, ({ code }) => code);
    return [await refused({}), await refused({ stage: 'nowhere' }), await refused({ stage: 'collect' }), await refused({ stage: '' })];
  },
};
`;

t.test('a task fans out into its own stage, passes a stage over, and is told where there is none', async (t) => {
  const fanned = PIPELINE.replace('collect, type: staged', 'collect, type: fans');
  const dataDir = folder(t, { 'library.yaml': fanned });
  writeFileSync(join(dataDir, 'handlers', 'fans.mjs'), FANS);
  const opened = await open(dataDir);
  const { id } = await start(opened, { things: ['a', 'b'] });
  const filter = { run: [id] };
  const tasks = async (more: object) =>
    (await opened.front.tasks({ filter: { ...filter, ...more }, limit: 10, after: null, order: 'oldest' })).items;
  const both = () =>
    [...opened.state.tasks.values()].filter(({ options, state }) => options.type === 'staged' && state === 'retrying');
  const retrying = await untilRun(opened, id, ({ counts }) => both().length === 2 && counts.running === 0);
  t.match(retrying.stages[0], { state: 'running', counts: { accepted: 3 } }, 'what it added keeps its stage open');
  for (const { id: task } of await tasks({ state: ['retrying'] })) await opened.front.promote(task, anybody);
  const run = await untilRun(opened, id, isOver);
  t.match(run, { state: 'succeeded', counts: { accepted: 6, succeeded: 6 } });
  t.same(
    run.stages.map(({ counts }) => counts.accepted),
    [3, 2, 1],
  );
  t.match(await tasks({ stage: ['collect'], type: ['staged'] }), [{ type: 'staged' }, { type: 'staged' }]);
  const [past] = await tasks({ stage: ['upload'] });
  const { task } = await opened.front.retry(past?.id as string, anybody);
  t.match(task, { type: 'fans', run: { id, stage: 'upload' } }, 'it runs again as what it was');
  await untilRun(opened, id, isOver);
  const results = await tasks({ stage: ['upload'] });
  t.match(results.at(-1), { result: ['no_stage', 'no_stage', 'conflict', 'validation'] });
  await opened.stop();
});

t.test('a run is refused by name: no such pipeline, no such handler, wrong members', async (t) => {
  const dataDir = folder(t, { 'lost.yaml': 'stages: [{ name: a, type: nobody.knows }]' });
  const opened = await open(dataDir);
  await t.rejects(start(opened, {}), {
    code: 'validation',
    message: /"library" is no pipeline; known are library\.collect, [^;]*, lost/,
  });
  await t.rejects(opened.runs.start({ pipeline: 'lost' }, anybody), { code: 'unknown_type' });
  await t.rejects(opened.runs.start({ pipeline: 'lost', stage: 1 }, anybody), { code: 'validation' });
  await t.rejects(opened.runs.show('nothing'), { code: 'not_found' });
  await opened.stop();
});

t.test('runs that ended long ago can be looked at, and nothing of them runs again', async (t) => {
  const dataDir = folder(t);
  let opened = await open(dataDir, 'FAILED_LIVE=0s');
  const { id } = await start(opened, { end: 'fail' });
  await untilRun(opened, id, isOver);
  await untilRun(opened, id, ({ retryable }) => !retryable);
  const request = { stage: null, filter: {}, task: null, force: false };
  await t.rejects(opened.runs.retry(id, request, anybody), { code: 'conflict', message: /FAILED_LIVE/ });
  const { items } = await opened.front.tasks({ filter: { run: [id] }, limit: 5, after: null, order: 'oldest' });
  await t.rejects(opened.front.retry(items[0]?.id as string, anybody), { code: 'conflict', message: /FAILED_LIVE/ });
  await opened.stop();
  opened = await open(dataDir);
  t.match(await opened.runs.show(id), { state: 'failed', retryable: false });
  await opened.stop();
});
