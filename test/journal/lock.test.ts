/** One supervisor a data folder, whatever is tried; and which folders are refused, with the way out in the message. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { lockDataFolder } from '../../supervisor/journal/lock.ts';
import { needs, needsNamespaces } from '../helpers/needs.ts';

const child = fileURLToPath(new URL('./child.js', import.meta.url));

interface Contender {
  readonly process: ChildProcess;
  readonly said: string[];
  /** `locked`, or the exit code. */
  readonly outcome: Promise<string | number | null>;
  next(): Promise<string>;
}

function contend(dir: string, wrap: readonly string[] = []): Contender {
  const [command = '', ...args] = [...wrap, process.execPath, child, 'lock', dir];
  const started = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const said: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let seen = 0;
  createInterface({ input: started.stdout }).on('line', (line) => {
    said.push(line);
    waiting.shift()?.(line);
  });
  const next = () =>
    new Promise<string>((resolve) =>
      seen++ < said.length ? resolve(said[seen - 1] as string) : waiting.push(resolve),
    );
  const exit = new Promise<number | null>((resolve) => {
    started.on('close', (code) => resolve(code));
  });
  const outcome = next().then<string | number | null>((line) => (line === 'locked' ? line : exit));
  return { process: started, said, next, outcome: Promise.race([outcome, exit]) };
}

function ended(contender: Contender): Promise<void> {
  const { process: run } = contender;
  return run.exitCode !== null || run.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => run.once('close', () => resolve()));
}

function folder(t: { teardown(after: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-lock-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

t.test('of 50 started at once exactly one gets the folder', needs('flock'), async (t) => {
  const dir = folder(t);
  const contenders = Array.from({ length: 50 }, () => contend(dir));
  const outcomes = await Promise.all(contenders.map(({ outcome }) => outcome));
  t.equal(outcomes.filter((outcome) => outcome === 'locked').length, 1);
  t.equal(outcomes.filter((outcome) => outcome === 73).length, 49);
  for (const contender of contenders) contender.process.stdin?.end();
  await Promise.all(contenders.map(ended));
});

t.test('the owner is named; stopped it keeps the folder, killed it leaves it', needs('flock'), async (t) => {
  const dir = folder(t);
  const owner = contend(dir);
  t.equal(await owner.outcome, 'locked');
  await t.rejects(lockDataFolder(dir), { exitCode: 73, message: new RegExp(`pid ${owner.process.pid}`) });
  writeFileSync(join(dir, 'supervisor.json'), JSON.stringify({ pid: owner.process.pid, url: 'http://127.0.0.1:8421' }));
  await t.rejects(lockDataFolder(dir), { exitCode: 73, message: /http:\/\/127\.0\.0\.1:8421/ });
  owner.process.kill('SIGSTOP');
  await t.rejects(lockDataFolder(dir), { name: 'Fault', exitCode: 73 });
  owner.process.kill('SIGCONT');
  await t.rejects(lockDataFolder(dir), { name: 'Fault', exitCode: 73 });
  owner.process.kill('SIGKILL');
  await ended(owner);
  const lock = await lockDataFolder(dir);
  lock.check();
  await lock.release();
  await (await lockDataFolder(dir)).release();
});

t.test('deleting the lock file lets nobody in, and the owner puts it back', needs('flock'), async (t) => {
  const dir = folder(t);
  const owner = contend(dir);
  t.equal(await owner.outcome, 'locked');
  unlinkSync(join(dir, 'LOCK'));
  await t.rejects(lockDataFolder(dir), { name: 'Fault', exitCode: 73 });
  owner.process.kill('SIGUSR2');
  t.equal(await owner.next(), 'checked');
  await t.rejects(lockDataFolder(dir), { exitCode: 73, message: new RegExp(`pid ${owner.process.pid}`) });
  owner.process.stdin?.end();
  await ended(owner);
  await (await lockDataFolder(dir)).release();
});

t.test('the lock holds across network namespaces, where a socket would not', needsNamespaces('-Urn'), async (t) => {
  const wrap = ['unshare', '-Urn'];
  const dir = folder(t);
  const owner = contend(dir);
  t.equal(await owner.outcome, 'locked');
  t.equal(await contend(dir, wrap).outcome, 73);
  owner.process.stdin?.end();
  await ended(owner);
});

t.test('the weaker lock by socket keeps a second one out too, and goes with its owner', async (t) => {
  const dir = folder(t);
  if (process.platform !== 'linux') {
    await t.rejects(lockDataFolder(dir, { mode: 'socket' }), { name: 'Fault', exitCode: 72 });
    return;
  }
  const lock = await lockDataFolder(dir, { mode: 'socket' });
  await t.rejects(lockDataFolder(dir, { mode: 'socket' }), { name: 'Fault', exitCode: 73 });
  await lock.release();
  await (await lockDataFolder(dir, { mode: 'socket' })).release();
});

t.test('a folder that cannot be used is refused with what to do', async (t) => {
  const dir = folder(t);
  await t.rejects(lockDataFolder(join(dir, 'missing')), { exitCode: 72, message: /does not exist/ });
  writeFileSync(join(dir, 'file'), '');
  await t.rejects(lockDataFolder(join(dir, 'file')), { exitCode: 72, message: /not a folder/ });
  const path = process.env['PATH'];
  process.env['PATH'] = dir;
  await t
    .rejects(lockDataFolder(dir), { exitCode: 72, message: /flock\(1\) is not installed/, action: /--lock=socket/ })
    .finally(() => {
      process.env['PATH'] = path;
    });
  const closed = join(dir, 'closed');
  mkdirSync(closed);
  if (process.getuid?.() === 0) {
    chownSync(closed, 65_534, 65_534);
    await t.rejects(lockDataFolder(closed), { exitCode: 72, message: /belongs to user 65534/ });
  } else {
    chmodSync(closed, 0o500);
    await t.rejects(lockDataFolder(closed), { exitCode: 72, message: /cannot be written to/ });
  }
});

t.test('a folder mounted read-only is refused', needsNamespaces('-Urm'), async (t) => {
  const dir = folder(t);
  const mount = `mount -t tmpfs -o ro tmpfs ${dir}`;
  const contender = contend(dir, ['unshare', '-Urm', 'sh', '-c', `${mount} && exec "$@"`, 'sh']);
  t.equal(await contender.outcome, 72);
  t.match(contender.said[0], /read-only/);
});
