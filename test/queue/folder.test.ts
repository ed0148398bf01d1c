/** The queue in a folder: what is there again after a close, a kill, a failed disk, and for a supervisor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openQueue } from '../../supervisor/queue/open-queue.ts';
import { FaultyDisk } from '../helpers/faulty-disk.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { freshFolder, openTestSupervisor, removeFolder } from '../helpers/open-supervisor.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';
import { codeOf, folderOf, isPending, queueBed, take } from './queue-bed.ts';

const consumer = fileURLToPath(new URL('./consumer.js', import.meta.url));
const kills = Number(process.env['QUEUE_KILLS'] ?? 5);

t.test('what was pushed, failed, delayed and stored is there again after a close, what is done is not', async (t) => {
  const folder = join(folderOf(t), 'made', 'when missing');
  const clock = new ManualClock('2026-11-27T08:00:00Z');
  const first = await queueBed(t, { folder }, { clock });
  const { queue } = first;
  const [done, failed, under, waits] = await queue.pushAll([
    { type: 'a', params: 'done' },
    { type: 'a', params: 'failed', maxAttempts: 1 },
    { type: 'a', params: 'under way', maxAttempts: 1 },
    { type: 'a', params: { waits: ['ä', 1] }, delay: '10m', tags: ['x'], group: 'g' },
  ]);
  await queue.done(await take(queue), { sum: 1 });
  await queue.fail(await take(queue), new Error('no'));
  t.match(await take(queue), { id: under?.id });
  await queue.setPublic('k', [1], { ttl: '10m' });
  await queue.close({ timeout: 0 });

  clock.advance(599_999);
  const again = (await queueBed(t, { folder }, { clock })).queue;
  t.match(await again.task(done?.id as string), { state: 'succeeded', result: { sum: 1 }, params: 'done' });
  t.match(await again.task(failed?.id as string), { state: 'failed', error: { message: 'no' } });
  t.match(await again.getPublic('k'), { value: [1] });
  t.match(await take(again), { id: under?.id, attempt: 2 }, 'a close does not count against its attempts');
  t.equal(await again.pop({ timeout: 0 }), null);
  clock.advance(1);
  t.equal(await again.getPublic('k'), null);
  const late = { id: waits?.id, params: { waits: ['ä', 1] }, tags: ['x'], group: 'g', attempt: 1 };
  t.match(await again.pop(), late);
  t.match(await again.counts(), { running: 2, failed: 1, queued: 0 });
});

t.test('several consumers at once are given each task once', async (t) => {
  const { queue } = await queueBed(t, { folder: folderOf(t) });
  const tasks = Array.from({ length: 300 }, (_, n) => ({ type: `type-${n % 3}`, params: n }));
  const given: unknown[] = [];
  const consumers = Array.from({ length: 7 }, async () => {
    for (let task = await queue.pop(); task; task = await queue.pop()) {
      given.push(task.params);
      await queue.done(task);
      if (given.length === tasks.length) void queue.close();
    }
  });
  await Promise.all([queue.pushAll(tasks.slice(0, 150)), ...tasks.slice(150).map((task) => queue.push(task))]);
  await Promise.all(consumers);
  t.same(
    given.sort((a, b) => Number(a) - Number(b)),
    tasks.map((_, n) => n),
  );
});

t.test('one at a time has the folder, in this process as in another', async (t) => {
  const folder = folderOf(t);
  const queue = await openQueue({ folder });
  await t.rejects(openQueue({ folder }), {
    code: 'held',
    message: new RegExp(`pid ${process.pid}`),
    action: /close it/,
  });
  await queue.close();
  const other = spawn(process.execPath, [consumer, folder, join(folder, 'log')], { env: plainEnvironment() });
  await once(createInterface({ input: other.stdout }), 'line');
  await t.rejects(openQueue({ folder }), { code: 'held', message: new RegExp(`pid ${other.pid}`) });
  other.kill('SIGKILL');
  await once(other, 'exit');
  await (await openQueue({ folder })).close();
});

t.test('a folder that cannot be used is refused, with what to do', async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'file'), 'x');
  await t.rejects(openQueue({ folder: join(folder, 'file') }), { code: 'folder', action: /give a folder/ });
});

t.test('damage in what was acknowledged stops the opening, and the folder is let go of', async (t) => {
  const folder = folderOf(t);
  const queue = await openQueue({ folder });
  for (let n = 0; n < 5; n++) await queue.push({ type: 'a', params: `value ${n}` });
  await queue.close();
  const [name = ''] = readdirSync(join(folder, 'journal')).filter((file) => file.endsWith('.ndjson'));
  const path = join(folder, 'journal', name);
  const whole = readFileSync(path, 'latin1');
  writeFileSync(path, whole.replace('value 2', 'value 3'), 'latin1');
  await t.rejects(openQueue({ folder }), { code: 'damaged', message: /0000000000000001-e000001\.ndjson/ });
  writeFileSync(path, whole, 'latin1');
  const again = await openQueue({ folder });
  t.match(await again.counts(), { queued: 5 });
  await again.close();
});

t.test(
  'when the disk fails whoever waits is told, nothing is taken any more, and the folder is let go of',
  async (t) => {
    const folder = folderOf(t);
    const disk = new FaultyDisk();
    disk.folders.add(folder);
    const { queue } = await queueBed(t, { folder }, { disk });
    await queue.pushAll([{ type: 'a' }, { type: 'a' }]);
    const [task, neighbor] = [await take(queue), await take(queue)];
    const popping = queue.pop();
    t.ok(await isPending(popping));
    disk.plan = { at: 1, call: 'fdatasync', code: 'EIO' };
    const codes = await Promise.all([codeOf(queue.push({ type: 'b', delay: '1h' })), codeOf(popping)]);
    t.same(codes, ['outcome_unknown', 'disk_failed']);
    t.match(task.signal.reason, { code: 'disk_failed' });
    for (const call of [queue.push({ type: 'a' }), queue.done(task), queue.pop(), queue.getPublic('k')])
      t.equal(await codeOf(call), 'disk_failed');
    await queue.close();
    const { queue: again, clock } = await queueBed(t, { folder }, { disk: disk.killed() });
    // Nobody said goodbye: what was under way then comes alone until it has ended or proved itself.
    const first = await take(again);
    t.match(first, { id: task.id, attempt: 2 });
    const second = again.pop();
    t.ok(await isPending(second));
    clock.advance(30_000);
    t.match(await second, { id: neighbor.id, attempt: 2 });
    await again.done(first);
  },
);

t.test('a supervisor takes the folder over, and gives it back', async (t) => {
  const folder = freshFolder();
  t.teardown(() => removeFolder(folder));
  const queue = await openQueue({ folder });
  const [done, waits] = await queue.pushAll([{ type: 'a' }, { type: 'scripted', params: { value: 7 } }]);
  await queue.done(await take(queue), 'here');
  await queue.setPublic('k', 1);
  await queue.close();

  const supervisor = await openTestSupervisor(folder);
  t.match(await supervisor.front.task(done?.id as string), { state: 'succeeded', result: 'here', origin: 'library' });
  t.match(await supervisor.store.get('k'), { value: '1' });
  const ended = new Promise<void>((resolve) => {
    supervisor.front.events.subscribe((events) => {
      if (events.some(({ name, task }) => name === 'attempt.ended' && task === waits?.id)) resolve();
    });
  });
  supervisor.begin();
  await ended;
  await supervisor.stop();

  const again = await openQueue({ folder });
  t.match(await again.task(waits?.id as string), { state: 'succeeded', result: { value: 7 } });
  t.equal(await again.pop({ timeout: 0 }), null);
  await again.close();
});

/** Runs the program until it has said so many lines, then kills it. */
async function killed(folder: string, log: string, lines: number): Promise<void> {
  const child = spawn(process.execPath, [consumer, folder, log], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: plainEnvironment(),
  });
  const exited = once(child, 'exit');
  let left = lines;
  for await (const _ of createInterface({ input: child.stdout })) if (--left === 0) child.kill('SIGKILL');
  const [code, signal] = await exited;
  if (signal !== 'SIGKILL') throw new Error(`it ended by itself, with ${code}`);
}

t.test(
  'killed again and again, no task that was acknowledged is lost, and none that is done begins again',
  async (t) => {
    const parent = folderOf(t);
    const [folder, log] = [join(parent, 'queue'), join(parent, 'log')];
    for (let kill = 0; kill < kills; kill++) {
      const lines = 1 + Math.floor(Math.random() * 150);
      t.comment(`killed after ${lines} lines`);
      await killed(folder, log, lines);
    }
    const last = spawn(process.execPath, [consumer, folder, log, 'last'], { stdio: 'ignore', env: plainEnvironment() });
    t.same(await once(last, 'exit'), [0, null]);

    const told = readFileSync(log, 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
    const pushed = told.flatMap(([what, id = '']) => (what === 'pushed' ? [id] : []));
    const done = new Set<string>();
    const again: string[] = [];
    for (const [what, id = ''] of told) {
      if (what === 'done') done.add(id);
      else if (what === 'began' && done.has(id)) again.push(id);
    }
    t.same(again, [], 'none begins again');
    t.ok(pushed.length >= kills, `${pushed.length} tasks were acknowledged, ${done.size} told to be done`);
    t.ok(existsSync(folder));
    const queue = await openQueue({ folder });
    for (const id of pushed) {
      const task = await queue.task(id);
      // One that ran alone at three kills in a row is not tried again by itself, and says so.
      if (task?.state !== 'succeeded' && task?.error?.code !== 'crash_loop') t.fail(`${id} is ${task?.state}`);
    }
    t.match(await queue.counts(), { queued: 0, running: 0, retrying: 0, scheduled: 0 });
    await queue.close();
  },
);
