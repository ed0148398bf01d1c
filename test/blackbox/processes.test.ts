/** What an owner meets of handlers in processes: programs dropped in, handlers that die hard, a supervisor that is killed. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { folderFor, startOn } from '../helpers/supervised.ts';
import { eventually } from '../helpers/supervisor-process.ts';

const linux = process.platform === 'linux' ? {} : { skip: 'reads /proc' };

const HARD = `
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
export default {
  type: 'hard',
  maxAttempts: 1,
  async run({ how, file }, ctx) {
    if (how === 'abort') process.abort();
    if (how === 'pid') return process.pid;
    if (how === 'heap') for (const held = []; ; ) held.push(new Array(1_000).fill(held.length));
    if (how === 'kill') process.kill(process.pid, 'SIGKILL');
    if (how === 'neighbor') {
      writeFileSync(file + '.begun', '');
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
      return { attempt: ctx.attempt, pid: process.pid };
    }
    const { pid } = spawn('sleep', ['600'], { stdio: 'ignore' });
    writeFileSync(file, process.pid + ' ' + pid + '\\n');
    await new Promise(() => {});
  },
};
`;
const PROGRAM = `#!/bin/sh
# nightshift-settings: HANDLER_WORD
read -r params
if [ "$NIGHTSHIFT_ATTEMPT" = 1 ]; then
  echo '::checkpoint {"seen":1}'
  echo '::retry 1s'
  exit 75
fi
echo "::progress 1/2 halfway"
echo "::count ok=3 failed=1"
echo '::submit {"type":"echo","params":{"from":"a program"}}'
echo "params $params, word $HANDLER_WORD"
printf '{"checkpoint":%s}' "$(cat "$NIGHTSHIFT_CHECKPOINT")" > "$NIGHTSHIFT_RESULT"
`;
const SLEEPER = `#!/bin/sh
read -r file
sleep 600 &
echo "$$ $!" > "$(echo "$file" | tr -d '"')"
wait
`;

function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

/** Its group is that of its launcher. */
function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

t.test('a program is a handler, and handlers of your own can be kept in processes', linux, async (t) => {
  const folder = folderFor(t, { 'hard.mjs': HARD });
  const put = (name: string, content: string) => {
    writeFileSync(join(folder.dir, 'handlers', name), content);
    chmodSync(join(folder.dir, 'handlers', name), 0o755);
  };
  put('greet.sh', PROGRAM);
  put('sleeper', SLEEPER);
  put('broken.py', '#!/nowhere/python\n');
  const settings = { HANDLER_WORD: 'hello', ISOLATION: 'process', PROCESS_WORKERS: '3' };
  const supervisor = await startOn(t, folder, { settings });
  const { body } = await supervisor.call<{
    items: { type: string; lane: string }[];
    failures: { file: string; message: string }[];
  }>('GET', '/handlers');
  t.match(
    body.items.find(({ type }) => type === 'greet'),
    { lane: 'process', settings: ['HANDLER_WORD'], builtIn: false },
  );
  t.match(body.failures, [{ file: /broken\.py$/, message: /needs the interpreter \/nowhere\/python/ }]);

  const greeted = await supervisor.add({ type: 'greet', params: { a: [1] } });
  const done = await supervisor.until(greeted.id, 'succeeded', 'failed');
  t.match(done, {
    state: 'succeeded',
    result: { checkpoint: { seen: 1 } },
    progress: { done: 1, total: 2, text: 'halfway' },
    counts: { succeeded: 3, failed: 1 },
    attempts: [
      { outcome: 'failed', error: { code: 'exit_75' } },
      { outcome: 'succeeded', worker: /^process-\d$/ },
    ],
  });
  const log = await fetch(`${supervisor.url}/api/v1/tasks/${greeted.id}/log`);
  t.match(await log.text(), /params \{"a":\[1\]\}, word hello/);
  const echoed = await eventually('what it has submitted', async () => {
    const [task] = await supervisor.tasks('&type=echo');
    return task ?? null;
  });
  t.match(echoed, { params: { from: 'a program' }, origin: `handler:${greeted.id}` });

  const pid = await supervisor.add({ type: 'hard', params: { how: 'pid' } });
  t.not(
    (await supervisor.until(pid.id, 'succeeded')).result,
    supervisor.pid,
    'it asked for no lane, and has a process',
  );
  const aborted = await supervisor.add({ type: 'hard', params: { how: 'abort' } });
  t.match(await supervisor.until(aborted.id, 'failed'), {
    attempts: [{ outcome: 'worker_crashed' }],
    error: { code: 'worker_crashed', message: /its process was ended by SIGABRT/ },
  });
  t.ok(supervisor.logged().some(({ msg }) => msg === 'a worker process has died'));

  const files = [join(folder.dir, '..', 'module'), join(folder.dir, '..', 'program')] as const;
  await supervisor.add({ type: 'hard', params: { how: 'stay', file: files[0] } });
  await supervisor.add({ type: 'sleeper', params: files[1] });
  const pids = await eventually('both to run', () =>
    files.every((file) => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
      ? files.flatMap((file) => readFileSync(file, 'utf8').trim().split(' ').map(Number))
      : null,
  );
  const { body: workers } = await supervisor.call<{ items: object[] }>('GET', '/workers');
  t.match(
    workers.items.filter((item) => 'lane' in item && item.lane === 'process').map((item) => ({ ...item }).valueOf()),
    [{ id: 'process-1' }, { id: 'process-2' }, { id: 'process-3' }],
  );
  process.kill(supervisor.pid, 'SIGKILL');
  await supervisor.ended;
  await eventually('all of them to be gone', () => (pids.every(isGone) ? true : null));
  t.equal(pids.length, 4, 'handlers, and what they had started, end with the supervisor');
});

t.test('abort, want of memory and SIGKILL crash the attempt with the reason, and no other', linux, async (t) => {
  const folder = folderFor(t, { 'hard.mjs': HARD });
  const settings = { ISOLATION: 'process', PROCESS_WORKERS: '2', PROCESS_MEMORY: '64' };
  const supervisor = await startOn(t, folder, { settings });
  const file = join(folder.dir, '..', 'go');
  const neighbor = await supervisor.add({ type: 'hard', params: { how: 'neighbor', file } });
  await eventually('the neighbor to run', () => (existsSync(`${file}.begun`) ? true : null));
  const rows: Readonly<Record<string, RegExp>> = {
    abort: /its process was ended by SIGABRT/,
    heap: /its process ran out of memory: .* it may use 64 MiB \(PROCESS_MEMORY\)/,
    kill: /its process was ended by SIGKILL/,
  };
  for (const [how, message] of Object.entries(rows)) {
    const { id } = await supervisor.add({ type: 'hard', params: { how } });
    const error = { code: 'worker_crashed', message };
    t.match(
      await supervisor.until(id, 'succeeded', 'failed'),
      { state: 'failed', error, attempts: [{ number: 1, outcome: 'worker_crashed', error }] },
      how,
    );
  }
  t.match(await supervisor.task(neighbor.id), { state: 'running', attempts: [{ number: 1 }] });
  writeFileSync(file, '');
  t.match(await supervisor.until(neighbor.id, 'succeeded', 'failed'), { state: 'succeeded', result: { attempt: 1 } });
  const after = await supervisor.add({ type: 'hard', params: { how: 'pid' } });
  t.equal((await supervisor.until(after.id, 'succeeded', 'failed')).state, 'succeeded', 'and the slot goes on');
  t.equal((await supervisor.call('GET', '/status')).status, 200);
});

t.test('what survives although its launcher is gone is ended at the next start', linux, async (t) => {
  const folder = folderFor(t, { 'hard.mjs': HARD });
  const file = join(folder.dir, '..', 'pids');
  const settings = { ISOLATION: 'process' };
  const first = await startOn(t, folder, { settings });
  const { id } = await first.add({ type: 'hard', params: { how: 'stay', file }, onInterrupt: 'hold' });
  const [module = 0, program = 0] = await eventually('it to run', () =>
    existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')
      ? readFileSync(file, 'utf8').trim().split(' ').map(Number)
      : null,
  );
  const launcher = groupOf(module);
  const children = readFileSync(`/proc/${launcher}/task/${launcher}/children`, 'utf8').trim().split(' ').map(Number);
  // It must not see what happens next.
  process.kill(first.pid, 'SIGSTOP');
  for (const pid of [launcher, ...children]) if (pid !== module) process.kill(pid, 'SIGKILL');
  await first.kill();
  await eventually('the handler to notice', () => (isGone(module) ? true : null));
  t.notOk(isGone(program), 'what it had started is still there');
  const second = await startOn(t, folder, { settings });
  t.ok(isGone(program));
  t.ok(
    second
      .logged()
      .some(({ msg }) => /ended process groups that the last incarnation had left behind: 1/.test(String(msg))),
  );
  t.match(await second.task(id), { state: 'interrupted' });
});
