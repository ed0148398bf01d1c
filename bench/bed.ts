/** Supervisors to measure: the parts in this process, or the program itself in another, each on a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, machineClock } from '../supervisor/clock.ts';
import { checkTask, type TaskInput } from '../supervisor/core/task-input.ts';
import { Health } from '../supervisor/health.ts';
import { lockDataFolder } from '../supervisor/journal/lock.ts';
import { makeLog } from '../supervisor/log.ts';
import { type Opened, openSupervisor } from '../supervisor/open.ts';
import { loadSettings } from '../supervisor/settings/load.ts';

const NOOP = "export default { type: 'noop', async run() {} };\n";
const BEGAN = "export default { type: 'began', run: () => performance.timeOrigin + performance.now() };\n";

export function freshFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-bench-'));
  mkdirSync(join(dir, 'handlers'), { mode: 0o700 });
  mkdirSync(join(dir, 'inbox'), { mode: 0o700 });
  writeFileSync(join(dir, 'handlers', 'noop.mjs'), NOOP);
  writeFileSync(join(dir, 'handlers', 'began.mjs'), BEGAN);
  return dir;
}

/** Params of about 190 bytes, as the peers were measured with. */
export function given(number: number): Record<string, unknown> {
  const url = `https://media.example.org/feeds/evening-talks/episodes/${number}.mp3`;
  return {
    type: 'noop',
    params: {
      url,
      title: 'An evening talk about the stars',
      number,
      dir: 'podcasts/evening talks',
      keep: true,
      bitrate: 128_000,
    },
  };
}

export function input(number: number): TaskInput {
  const checked = checkTask(given(number));
  if (!checked.ok) throw new Error('the bench gives a wrong task');
  return checked.value;
}

export interface Bed extends Opened {
  readonly dir: string;
}

/** Queue and journal in this process; nothing is claimed until `begin`. */
export async function openHere(dir = freshFolder(), clock: Clock = machineClock): Promise<Bed> {
  await lockDataFolder(dir, {});
  const { settings, texts } = await loadSettings({ dataDir: dir, environment: {}, flags: {} });
  const opened = await openSupervisor({
    dataDir: dir,
    settings,
    texts,
    clock,
    health: new Health(clock),
    log: makeLog('silent'),
    onFault(fault) {
      throw fault;
    },
    version: 'bench',
    incarnation: 'bench',
    bootId: 'bench',
  });
  return { ...opened, dir };
}

export interface Program {
  readonly child: ChildProcess;
  readonly url: string;
  /** From spawn to listening. */
  readonly startMs: number;
  kill(): Promise<void>;
  /** In order. */
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));

export async function startProgram(dir: string, settings: Readonly<Record<string, string>> = {}): Promise<Program> {
  const env = {
    ...process.env,
    ...Object.fromEntries(Object.entries(settings).map(([key, text]) => [`NIGHTSHIFT_${key}`, text])),
  };
  const since = performance.now();
  const child = spawn(process.execPath, [main, 'start', '--data', dir, '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /listening on (http:\/\/[^"\s]+)/.exec(said);
      if (found) resolve(found[1] as string);
    });
    child.once('exit', (code) => reject(new Error(`the supervisor ended with ${code}: ${said}`)));
  });
  const startMs = performance.now() - since;
  return {
    child,
    url,
    startMs,
    kill: () => ended(child, 'SIGKILL'),
    stop: () => ended(child, 'SIGTERM'),
  };
}

function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

export async function post(url: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

export async function status(url: string): Promise<{ counts: Record<string, number>; totals: Record<string, number> }> {
  return (await fetch(`${url}/api/v1/status`)).json() as never;
}

/** Resident memory in bytes, and CPU time in seconds, of a process and all its threads. */
export function usage(pid: number): { rssBytes: number; cpuSeconds: number; writtenBytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  const written = /write_bytes: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
  const ticksPerSecond = 100;
  return {
    rssBytes: Number(rss?.[1]) * 1_024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    writtenBytes: Number(written?.[1]),
  };
}

export function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}
