/** What an owner meets from outside: handlers that misbehave, a full disk, a stop, a pause of the whole process, the inbox. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { needs } from '../helpers/needs.ts';
import { startFor, startOn } from '../helpers/supervised.ts';
import { dataFolder, eventually, executions, type Folder, SupervisorProcess } from '../helpers/supervisor-process.ts';

const BAD = `
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
const tasks = {
  async 'never returns'() { setInterval(() => {}, 1000); await new Promise(() => {}); },
  'spins for ever'() { for (;;); },
  async 'floods stdout'() { const line = 'x'.repeat(1000); for (let n = 0; n < 20000; n++) console.log(line); return 'done'; },
  'returns a function'() { return () => 1; },
  'returns a circle'() { const a = {}; a.a = a; return a; },
  'returns too much'() { return 'x'.repeat(2 ** 20); },
  'throws text'() { throw 'just text'; },
  'throws nothing'() { throw undefined; },
  'throws a trap'() { throw new Proxy({}, { get() { throw new Error('trap'); }, has() { throw new Error('trap'); }, getPrototypeOf() { throw new Error('trap'); } }); },
  'exits'() { process.exit(3); },
  async 'rejects behind its back'() { void Promise.reject(new Error('nobody waits for this')); await wait(50); },
  async 'throws behind its back'() { setTimeout(() => { throw new Error('nobody catches this'); }, 1); await wait(50); },
  'eats memory'() { const kept = []; for (;;) kept.push({ at: kept.length, text: 'x' + kept.length }); },
};
export default {
  type: 'bad',
  maxAttempts: 1,
  run({ how, begun }) {
    if (begun) writeFileSync(begun, '');
    return tasks[how]();
  },
};
`;

t.test('a handler that misbehaves gets an outcome of its own, and everything else goes on', async (t) => {
  const settings = { CANCEL_GRACE: '300ms', WORKERS: '2' };
  // A small heap, so that a handler that eats memory dies before the machine suffers.
  const supervisor = await startFor(
    t,
    { 'bad.mjs': BAD },
    { settings, under: ['env', 'NODE_OPTIONS=--max-old-space-size=160'] },
  );
  const bad = (how: string, more: object = {}) => supervisor.add({ type: 'bad', params: { how }, ...more });
  const begun = join(supervisor.folder.dir, '..', 'begun');
  const neighbors: string[] = [];
  const neighbor = async () =>
    void neighbors.push(
      (await supervisor.add({ type: 'record', params: { file: supervisor.folder.record }, priority: 9 })).id,
    );

  for (const how of ['never returns', 'spins for ever']) {
    const { id } = await bad(how, { params: { how, begun } });
    await eventually('it to begin', () => (existsSync(begun) ? true : null));
    rmSync(begun);
    await neighbor();
    const { status, body } = await supervisor.call<{ task: { state: string } }>('POST', `/tasks/${id}/cancel`);
    t.equal(status, 202);
    t.equal(body.task.state, 'running', 'a cancel is a wish');
    t.match(
      await supervisor.until(id, 'canceled'),
      { attempts: [{ outcome: 'canceled' }] },
      `${how}: ended after its grace`,
    );
    const timed = await bad(how, { timeout: '200ms' });
    t.match(
      await supervisor.until(timed.id, 'failed'),
      {
        attempts: [{ outcome: 'timed_out' }],
        error: { message: /^did not end within its timeout of (0\.2 s and 0\.3 s after it|200 ms)/ },
      },
      `${how}: timed out`,
    );
  }
  const table: [string, string, object][] = [
    ['floods stdout', 'succeeded', { result: 'done' }],
    ['returns a function', 'failed', { error: { code: 'result_not_json' } }],
    ['returns a circle', 'failed', { error: { code: 'result_not_json' } }],
    ['returns too much', 'failed', { error: { code: 'result_too_large' } }],
    ['throws text', 'failed', { error: { message: /just text/ } }],
    ['throws nothing', 'failed', { error: { message: /undefined/ } }],
    ['throws a trap', 'failed', { attempts: [{ outcome: 'failed' }] }],
    ['exits', 'failed', { attempts: [{ outcome: 'worker_crashed' }] }],
    ['rejects behind its back', 'failed', {}],
    ['throws behind its back', 'failed', {}],
    ['eats memory', 'failed', { attempts: [{ outcome: 'worker_crashed' }] }],
  ];
  const failed = new Set<string>();
  for (const [how, state, pattern] of table) {
    const { id } = await bad(how);
    await neighbor();
    t.match(await supervisor.until(id, 'succeeded', 'failed'), { state, ...pattern }, how);
    if (state === 'failed') failed.add(id);
  }
  for (const id of neighbors) await supervisor.until(id, 'succeeded');
  const ran = executions(supervisor.folder);
  t.equal(new Set(ran).size, ran.length, 'no attempt was executed twice');
  const logs = readdirSync(join(supervisor.folder.dir, 'logs'), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile(),
  );
  t.ok(
    logs.reduce((sum, { parentPath, name }) => sum + readFileSync(join(parentPath, name)).length, 0) < 20_000_000,
    'what floods is cut',
  );
  t.same(await supervisor.stop(), { code: 0, signal: null });
  const told = (msg: string) => supervisor.logged().filter((line) => line['msg'] === msg && line['level'] === 40);
  const named = told('a task has failed for good').filter(({ task }) => failed.has(String(task)));
  t.equal(named.length, failed.size, 'each that failed for good stands in the log once');
  t.ok(named.every(({ type, error }) => type === 'bad' && typeof error === 'string'));
  t.equal(told('a worker thread has died').length, 2, 'so does each thread that died');
  // Who spins cannot end by itself; one that only never returns may be given up by its own thread first.
  t.ok(told('a worker thread was ended').length >= 2, 'and each that had to be ended');
  t.notMatch(supervisor.output, neighbors[0], 'what succeeds leaves no line');
});

t.test(
  'on a full disk new work is refused and the page lives; with room it goes on by itself',
  needs('unshare'),
  async (t) => {
    const folder = dataFolder();
    t.teardown(() => folder.remove());
    const script =
      'cp -r "$1/handlers" "$1/../kept" && mount -t tmpfs -o size=40m none "$1" && cp -r "$1/../kept" "$1/handlers" && mkdir "$1/inbox" && shift && exec "$@"';
    const supervisor = await startOn(t, folder, { under: ['unshare', '-Urm', 'sh', '-c', script, 'sh', folder.dir] });
    const inside = join(`/proc/${supervisor.pid}/root`, folder.dir);
    const kept = await supervisor.add({ type: 'record', params: { file: join(folder.dir, 'ran') }, delay: '1h' });
    const ballast = join(inside, 'ballast');
    fill(ballast);
    const refused = await eventually('new work to be refused', async () => {
      const answer = await supervisor.call<{ code: string }>('POST', '/tasks', {
        type: 'record',
        params: { file: join(folder.dir, 'ran'), ballast: 'x'.repeat(240_000) },
        delay: '1h',
      });
      return answer.status === 201 ? null : answer;
    });
    t.match(refused, { status: 507, body: { code: 'disk_full' } });
    t.equal((await fetch(`${supervisor.url}/`)).status, 200, 'the page is alive');
    t.match(JSON.stringify((await supervisor.call('GET', '/status')).body), 'disk_full', 'health says so');
    t.equal((await supervisor.task(kept.id)).state, 'scheduled');
    t.equal(
      (await supervisor.call('POST', `/tasks/${kept.id}/cancel`)).status,
      202,
      'what is there can still be decided on',
    );
    rmSync(ballast);
    const again = await eventually('work to be taken again', async () => {
      const answer = await supervisor.call<{ task: { id: string } }>('POST', '/tasks', {
        type: 'record',
        params: { file: join(folder.dir, 'ran') },
      });
      return answer.status === 201 ? answer.body.task : null;
    });
    await supervisor.until(again.id, 'succeeded');
    t.equal((await supervisor.task(kept.id)).state, 'canceled');
    t.same(await supervisor.stop(), { code: 0, signal: null });
  },
);

/** Writes until nothing fits any more. */
function fill(path: string): void {
  for (const bytes of [1_048_576, 4_096]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes, 1), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

t.test('asked to stop, it takes no new work and lets running tasks end', async (t) => {
  const supervisor = await startFor(t);
  const { id } = await supervisor.add({ type: 'record', params: { file: supervisor.folder.record, ms: 1_500 } });
  await eventually('it to run', () => (executions(supervisor.folder).length === 1 ? true : null));
  supervisor.signal('SIGTERM');
  const refused = await eventually('new work to be refused', async () => {
    const answer = await supervisor
      .call('POST', '/tasks', { type: 'record', params: { file: supervisor.folder.record }, delay: '1h' })
      .catch(() => ({ status: 0, body: {} }));
    return answer.status === 201 ? null : answer;
  });
  t.match(refused, { status: 503, body: { code: 'draining' } });
  t.same(await supervisor.ended, { code: 0, signal: null });
  t.notMatch(supervisor.output, /hangs/, 'threads that can end do');
  const next = await startOn(t, supervisor.folder);
  t.match(await next.task(id), { state: 'succeeded', attempt: 1 });
  t.equal(executions(supervisor.folder).length, 1);
});

t.test(
  'what does not end within the drain is cut, counts for nothing and runs again after the next start',
  async (t) => {
    const settings = { DRAIN_TIMEOUT: '200ms' };
    const supervisor = await startFor(t, {}, { settings });
    const add = (more: object) =>
      supervisor.add({ type: 'record', params: { file: supervisor.folder.record, ms: 600_000 }, ...more });
    const again = await add({});
    const held = await add({ onInterrupt: 'hold' });
    await eventually('both to run', () => (executions(supervisor.folder).length === 2 ? true : null));
    t.same(await supervisor.stop(), { code: 0, signal: null });
    const next = await startOn(t, supervisor.folder, { settings });
    t.match(await next.until(again.id, 'running'), { attempts: [{ outcome: 'interrupted' }, { outcome: null }] });
    t.match(await next.task(held.id), { state: 'interrupted', waiting: { reason: 'interrupted' } });
    t.equal((await next.call('POST', `/tasks/${held.id}/retry`)).status, 200);
    await next.until(held.id, 'running');
  },
);

const STUCK = `
import { openSync, writeFileSync } from 'node:fs';
export default {
  type: 'stuck',
  run({ fifo, begun }) {
    writeFileSync(begun, '');
    openSync(fifo, 'r');
  },
};
`;

t.test('a thread that hangs in a call of the system does not keep a stop from ending', needs('mkfifo'), async (t) => {
  const settings = { DRAIN_TIMEOUT: '100ms', CANCEL_GRACE: '100ms' };
  const supervisor = await startFor(t, { 'stuck.mjs': STUCK }, { settings });
  const [fifo, begun] = ['fifo', 'begun'].map((name) => join(supervisor.folder.dir, '..', name)) as [string, string];
  execFileSync('mkfifo', [fifo]);
  const { id } = await supervisor.add({ type: 'stuck', params: { fifo, begun } });
  await eventually('it to hang', () => (existsSync(begun) ? true : null));
  const asked = performance.now();
  t.same(await supervisor.stop(), { code: 0, signal: null });
  const tookMs = performance.now() - asked;
  t.ok(tookMs < 20_000, `${tookMs} ms`);
  t.match(supervisor.output, /waiting for 1 task to end \(1 stuck\), 0\.2 s at most; a second signal stops at once/);
  t.match(supervisor.output, /1 task was still running and has been interrupted; it runs again/);
  t.match(supervisor.output, /a worker thread hangs .* has not ended within 5 s/);
  t.match(supervisor.output, /"msg":"stopped"/);
  rmSync(join(supervisor.folder.dir, 'handlers', 'stuck.mjs'));
  const next = await startOn(t, supervisor.folder, { settings });
  t.match(await next.task(id), { state: 'queued', attempts: [{ outcome: 'interrupted' }] });
  t.notMatch(next.output, /recovered/, 'the journal was closed as it should be');
});

t.test('a second signal ends a supervisor with a thread that hangs as well', needs('mkfifo'), async (t) => {
  const settings = { DRAIN_TIMEOUT: '1h' };
  const supervisor = await startFor(t, { 'stuck.mjs': STUCK }, { settings });
  const [fifo, begun] = ['fifo', 'begun'].map((name) => join(supervisor.folder.dir, '..', name)) as [string, string];
  execFileSync('mkfifo', [fifo]);
  await supervisor.add({ type: 'stuck', params: { fifo, begun } });
  await eventually('it to hang', () => (existsSync(begun) ? true : null));
  supervisor.signal('SIGTERM');
  await eventually('it to drain', () => (supervisor.output.includes('waiting for 1 task') ? true : null));
  supervisor.signal('SIGTERM');
  await supervisor.ended;
  const next = await startOn(t, supervisor.folder, { settings });
  t.match(next.output, /recovered 1 task after a stop/);
});

t.test('a second signal stops at once, and nothing is lost', async (t) => {
  const settings = { DRAIN_TIMEOUT: '1h' };
  const supervisor = await startFor(t, {}, { settings });
  const { id } = await supervisor.add({ type: 'record', params: { file: supervisor.folder.record, ms: 600_000 } });
  await eventually('it to run', () => (executions(supervisor.folder).length === 1 ? true : null));
  supervisor.signal('SIGTERM');
  await eventually('it to drain', () => (supervisor.output.includes('waiting for 1 task') ? true : null));
  supervisor.signal('SIGTERM');
  t.equal((await supervisor.ended).signal, null);
  t.match(supervisor.output, /waiting for 1 task to end \(1 record\), 3605 s at most/);
  t.match(supervisor.output, /stopping at once: asked a second time \(SIGTERM\)/);
  const next = await startOn(t, supervisor.folder, { settings });
  t.match(await next.until(id, 'running'), { attempts: [{ outcome: 'interrupted' }, {}] });
});

/** Runs until a file of its name appears. */
const GATE = `
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'gate',
  async run({ file }, ctx) {
    while (!existsSync(file)) await wait(10, null, { signal: ctx.signal });
  },
};
`;

t.test(
  'the message of pm2, and the end of the one who started it, let running tasks end as a signal does',
  async (t) => {
    const wishes = {
      'asked to by pm2': (supervisor: SupervisorProcess) => supervisor.send('shutdown'),
      'the one who started it is gone': (supervisor: SupervisorProcess) => supervisor.disconnect(),
      // As pm2 ends itself: the channel closes behind the message, which must not count as a second wish.
      'asked to by pm2, who leaves': (supervisor: SupervisorProcess) => {
        supervisor.send('shutdown');
        supervisor.disconnect();
      },
    };
    for (const [reason, wish] of Object.entries(wishes)) {
      const supervisor = await startFor(t, { 'gate.mjs': GATE }, { channel: true });
      const file = join(supervisor.folder.dir, '..', 'open');
      const { id } = await supervisor.add({ type: 'gate', params: { file } });
      await supervisor.until(id, 'running');
      wish(supervisor);
      await eventually('it to drain', async () =>
        (await supervisor.call<{ state: string }>('GET', '/status')).body.state === 'draining' ? true : null,
      );
      t.equal((await supervisor.task(id)).state, 'running', 'it waits for its task');
      writeFileSync(file, '');
      t.same(await supervisor.ended, { code: 0, signal: null });
      t.match(supervisor.output, `stopping: ${reason.split(',')[0]}`);
      const next = await startOn(t, supervisor.folder);
      t.match(
        await next.task(id),
        { state: 'succeeded', attempts: [{ outcome: 'succeeded' }] },
        'in its first attempt',
      );
      await next.stop();
    }
  },
);

t.test('stopped like a process in a shell and woken again, it goes on as if nothing had been', async (t) => {
  const supervisor = await startFor(t);
  const ids: string[] = [];
  for (let count = 0; count < 5; count++)
    ids.push((await supervisor.add({ type: 'record', params: { file: supervisor.folder.record, ms: 300 } })).id);
  supervisor.signal('SIGSTOP');
  const answer = supervisor.add({ type: 'record', params: { file: supervisor.folder.record } });
  await eventually('it to be stopped', () =>
    readFileSync(`/proc/${supervisor.pid}/stat`, 'utf8').includes(') T ') ? true : null,
  );
  const second = await SupervisorProcess.start(supervisor.folder).then(
    () => null,
    (error: Error) => error,
  );
  t.match(second?.message, /ended with 73/, 'its folder is still its own');
  supervisor.signal('SIGCONT');
  ids.push((await answer).id);
  for (const id of ids) t.match(await supervisor.until(id, 'succeeded'), { attempt: 1 });
  t.equal(executions(supervisor.folder).length, 6);
});

function drop(folder: Folder, name: string, text: string): void {
  const part = join(folder.dir, 'inbox', `.${name}.part`);
  writeFileSync(part, text);
  renameSync(part, join(folder.dir, 'inbox', name));
}

t.test(
  'files in the inbox become tasks, whatever format they are in; one with a mistake submits nothing',
  async (t) => {
    const supervisor = await startFor(t);
    const { folder } = supervisor;
    const task = (name: string) => ({ type: 'record', params: { file: folder.record, name } });
    drop(folder, 'one.json', JSON.stringify(task('one')));
    drop(folder, 'list.json', JSON.stringify([task('list'), task('list')]));
    drop(folder, 'lines.ndjson', `${JSON.stringify(task('lines'))}\n${JSON.stringify(task('lines'))}\n`);
    drop(folder, 'plain.yaml', `type: record\nparams:\n  file: ${folder.record}\n  name: plain\n`);
    drop(folder, 'broken.json', '{"type": "record",\n "params": {]}');
    drop(folder, 'nobody.json', '{"type": "http.downlod"}');
    drop(folder, 'misspelt.ndjson', `${JSON.stringify(task('never'))}\n{"type":"record","prio":5}\n`);
    const names = ['one', 'list', 'list', 'lines', 'lines', 'plain'];
    await eventually('all to have run', () => (executions(folder).length === names.length ? true : null));
    await eventually('the others to be rejected', () =>
      readdirSync(join(folder.dir, 'rejected')).length >= 4 ? true : null,
    );
    const found = (await supervisor.tasks('&type=record'))
      .map(({ params }) => (params as { name: string }).name)
      .sort();
    t.same(found, names.sort());
    const mistake = (name: string) =>
      readFileSync(
        join(
          folder.dir,
          'rejected',
          readdirSync(join(folder.dir, 'rejected')).find(
            (file) => file.startsWith(name) && file.endsWith('.error.json'),
          ) ?? 'none',
        ),
        'utf8',
      );
    t.match(mistake('broken'), /"line":\s*2/);
    const meant = /1 task waits for a handler of http\.downlod: did you mean http\.download\?/;
    t.match(JSON.stringify((await supervisor.call('GET', '/status')).body), meant);
    const told = supervisor.logged();
    t.match(
      told.find(({ file, level }) => file === 'list.json' && level === 30),
      { msg: 'accepted a file', tasks: 2 },
    );
    t.match(
      told.find(({ file }) => file === 'broken.json'),
      { level: 40, msg: 'rejected a file', line: 2 },
    );
    t.match(
      told.find(({ file, level }) => file === 'nobody.json' && level === 40),
      { msg: meant },
    );
    t.match(mistake('misspelt'), /prio/);
    t.match(mistake('misspelt'), /"line":\s*2/);
    await eventually('the inbox to be empty', () =>
      readdirSync(join(folder.dir, 'inbox')).every((name) => name.startsWith('.')) ? true : null,
    );
  },
);

t.test('three hundred files dropped at once run exactly once each', async (t) => {
  const supervisor = await startFor(t);
  const { folder } = supervisor;
  for (let file = 0; file < 300; file++)
    drop(folder, `file-${file}.json`, JSON.stringify({ type: 'record', params: { file: folder.record, name: file } }));
  await eventually('all to have run', () => (executions(folder).length >= 300 ? true : null), 60_000);
  await supervisor.untilIdle();
  const names = (await supervisor.tasks()).map(({ params }) => (params as { name: number }).name);
  t.equal(names.length, 300);
  t.equal(new Set(names).size, 300);
  t.equal(executions(folder).length, 300);
  t.ok(existsSync(join(folder.dir, 'accepted')));
});
