/** A real supervisor in a process of its own, as `nightshift start` makes it, on a data folder of the demo's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const startMsMax = 60_000;
const stopMsMax = 30_000;
const saidCharsMax = 8_000;

export interface SupervisorProcess {
  readonly url: string;
  readonly pid: number;
  /** Settled when it has ended, however that came about. */
  readonly ended: Promise<number | null>;
  /** Asks it to stop and waits; one that does not is ended. */
  stop(): Promise<void>;
}

/** @param settings as the env file has them */
export async function startSupervisor(
  dataDir: string,
  settings: Readonly<Record<string, string>>,
): Promise<SupervisorProcess> {
  mkdirSync(dataDir, { recursive: true });
  const child = spawn(process.execPath, [program, 'start', '--data', dataDir, '--port', '0'], {
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C is for the demo, which then stops it in order. Should the demo be killed, the channel closes, and it stops by itself.
    detached: true,
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await readiness(child, ended);
  const { url } = JSON.parse(readFileSync(join(dataDir, 'supervisor.json'), 'utf8')) as { url: string };
  return { url, pid: child.pid ?? 0, ended, stop: () => stop(child, ended) };
}

/** Without whatever the person at the terminal has set for a supervisor of their own. */
function environment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('NIGHTSHIFT_'));
  const given = Object.entries(settings).map(([key, value]) => [`NIGHTSHIFT_${key}`, value] as const);
  return Object.fromEntries([...kept, ...given]);
}

async function readiness(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
  let said = '';
  const listen = (piece: Buffer) => {
    said = (said + piece.toString()).slice(-saidCharsMax);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<'ready'>((resolve) =>
    child.on('message', (message) => message === 'ready' && resolve('ready')),
  );
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, startMsMax, 'late');
  });
  const first = await Promise.race([ready, late, ended]);
  clearTimeout(timer);
  if (first === 'ready') return;
  child.kill('SIGKILL');
  throw new Error(`the supervisor ${first === 'late' ? 'did not start in time' : `ended with ${first}`}:\n${said}`);
}

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await ended;
  clearTimeout(timer);
}
