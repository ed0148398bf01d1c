import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { TaskView } from '../../supervisor/facade.ts';
import { folderFor, startOn } from '../helpers/supervised.ts';
import { eventually, executions } from '../helpers/supervisor-process.ts';
import { crash } from './crash.ts';

t.test('killed at random while tasks come in from all sides, it keeps every promise', async (t) => {
  const seed = Number(process.env['NIGHTSHIFT_CRASH_SEED'] ?? Date.now() % 1_000_000_000);
  const report = await crash({ kills: 15, seed });
  t.comment(JSON.stringify(report));
  t.same(report.broken, [], `seed ${seed}`);
  t.ok(report.acknowledged > 0 && report.fromFiles > 0);
});

t.test('so it does under pm2, which brings it back each time', async (t) => {
  const seed = Number(process.env['NIGHTSHIFT_CRASH_SEED'] ?? Date.now() % 1_000_000_000);
  const report = await crash({ kills: 5, seed, pm2: true });
  t.comment(JSON.stringify(report));
  t.same(report.broken, [], `seed ${seed}`);
  t.ok(report.acknowledged > 0 && report.fromFiles > 0 && report.toldEndings > 0);
});

/** Runs until a file named in its params exists. */
const GATE = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'gate',
  lane: 'io',
  maxAttempts: 1,
  async run({ file, gate }, ctx) {
    appendFileSync(file, ctx.task.id + ' ' + ctx.attempt + '\\n');
    while (!existsSync(gate)) await wait(10, undefined, { signal: ctx.signal });
  },
};
`;

t.test('three kills while ten tasks run fail none of them', async (t) => {
  const folder = folderFor(t, { 'gate.mjs': GATE });
  const gate = join(folder.dir, '..', 'gate');
  let supervisor = await startOn(t, folder);
  const ids: string[] = [];
  for (let count = 0; count < 10; count++)
    ids.push((await supervisor.add({ type: 'gate', params: { file: folder.record, gate } })).id);
  await eventually('all ten to run', () => (executions(folder).length === 10 ? true : null));
  for (let kill = 1; kill <= 3; kill++) {
    await supervisor.kill();
    supervisor = await startOn(t, folder);
    await eventually('one to run alone', () => (executions(folder).length === 10 + kill ? true : null));
    t.equal((await supervisor.counts())['running'], 1);
  }
  writeFileSync(gate, '');
  await supervisor.untilIdle();
  for (const id of ids) {
    const task = await supervisor.task(id);
    t.equal(task.state, 'succeeded');
    t.same(
      task.attempts.slice(0, -1).map(({ outcome }) => outcome),
      task.attempts.slice(0, -1).map(() => 'interrupted'),
      'and no attempt counted against it',
    );
  }
});

/** Kills the whole process once its neighbours run. */
const KILLER = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'killer',
  lane: 'cpu',
  async run({ file, after }, ctx) {
    appendFileSync(file, ctx.task.id + ' ' + ctx.attempt + '\\n');
    while (!existsSync(after)) await wait(10);
    process.kill(process.pid, 'SIGKILL');
    await wait(60_000);
  },
};
`;

t.test(
  'a task that kills the supervisor by itself ends as crash_loop after three solo runs, its neighbors succeed',
  async (t) => {
    const folder = folderFor(t, { 'gate.mjs': GATE, 'killer.mjs': KILLER });
    const after = join(folder.dir, '..', 'after');
    const gate = join(folder.dir, '..', 'gate');
    let supervisor = await startOn(t, folder, { settings: { WORKERS: '2' } });
    const killer = await supervisor.add({ type: 'killer', params: { file: folder.record, after } });
    const neighbors: TaskView[] = [];
    for (let count = 0; count < 4; count++)
      neighbors.push(await supervisor.add({ type: 'gate', params: { file: folder.record, gate } }));
    await eventually('all to run', () => (executions(folder).length === 5 ? true : null));
    writeFileSync(gate, '');
    writeFileSync(after, '');
    for (let crash = 0; crash < 4; crash++) {
      t.same(await supervisor.ended, { code: null, signal: 'SIGKILL' });
      supervisor = await startOn(t, folder, { settings: { WORKERS: '2' } });
    }
    const ended = await supervisor.until(killer.id, 'failed');
    t.match(ended, { error: { code: 'crash_loop' }, attempts: [1, 2, 3, 4].map(() => ({ outcome: 'interrupted' })) });
    t.equal(
      executions(folder).filter((line) => line.startsWith(killer.id)).length,
      4,
      'once among others, three times alone',
    );
    for (const { id } of neighbors) t.equal((await supervisor.until(id, 'succeeded')).state, 'succeeded');
    t.same(await supervisor.stop(), { code: 0, signal: null });
  },
);

/** Notes who of the last run is still alive, then starts a child that outlives it unless it is ended. */
const TREE = `#!/bin/sh
for pid in $(cat "$1/pids" 2>/dev/null); do
  state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null)
  case "$state" in ''|Z|X) ;; *) echo "$pid" >> "$1/alive" ;; esac
done
sh -c 'sleep 1000 & sleep 1000' &
echo "$$ $!" >> "$1/pids"
echo run >> "$1/runs"
test "$(wc -l < "$1/runs")" -ge 2 && { kill $!; exit 0; }
wait
`;

for (const also of ['the supervisor alone', 'the supervisor and the launcher at once']) {
  t.test(`killing ${also} leaves no program behind that runs beside its second attempt`, async (t) => {
    const folder = folderFor(t);
    const root = join(folder.dir, '..');
    const script = join(root, 'tree.sh');
    writeFileSync(script, TREE);
    chmodSync(script, 0o755);
    const settings = { COMMANDS: `tree=${script}` };
    const supervisor = await startOn(t, folder, { settings });
    const { id } = await supervisor.add({
      type: 'command.run',
      params: { command: 'tree', args: [root] },
      timeout: '5m',
    });
    const [pid = 0] = await eventually('the program to run', () => pidsIn(root));
    if (also.includes('launcher')) {
      process.kill(supervisor.pid, 'SIGSTOP');
      for (const ancestor of ancestors(pid, supervisor.pid)) process.kill(ancestor, 'SIGKILL');
    }
    await supervisor.kill();
    const next = await startOn(t, folder, { settings });
    await next.until(id, 'succeeded', 'failed');
    t.equal((await next.task(id)).state, 'succeeded');
    t.equal(readFileSync(join(root, 'runs'), 'utf8'), 'run\nrun\n');
    t.notOk(existsSync(join(root, 'alive')), 'the first program and its children were gone when the second began');
  });
}

function pidsIn(root: string): number[] | null {
  const file = join(root, 'pids');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.includes('\n') ? text.trim().split(/\s+/).map(Number) : null;
}

/** Processes between a program and the supervisor. */
function ancestors(pid: number, top: number): number[] {
  const found: number[] = [];
  for (let at = parentOf(pid); at !== top && at > 1; at = parentOf(at)) found.push(at);
  return found;
}

function parentOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ')[1]);
}

t.test('a long list, killed before it was all known to be on disk and killed again, is there whole', async (t) => {
  const folder = folderFor(t);
  const count = 10_000;
  for (let turn = 1; turn <= 2; turn++) {
    const supervisor = await startOn(t, folder);
    const tasks = Array.from({ length: count }, (_, number) => ({
      type: 'record',
      params: { file: folder.record, number },
      delay: '1h',
    }));
    const { status } = await supervisor.call('POST', '/tasks', tasks);
    t.equal(status, 201);
    await supervisor.kill();
    for (let kill = 0; kill < 2; kill++) await (await startOn(t, folder)).kill();
    const next = await startOn(t, folder);
    t.equal((await next.counts())['scheduled'], turn * count);
    await next.kill();
  }
});
