/** Runs one program through the launcher: journaled before it starts, its output line by line, its whole group ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { LAUNCHER } from './launcher.ts';
import { readLines } from './lines.ts';

export interface Program {
  /** Path and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Between SIGTERM and SIGKILL. */
  readonly patienceMs: number;
}

export interface Watching {
  readonly signal: AbortSignal;
  readonly line: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Resolves when the start is durable; the program does not begin before. */
  readonly aboutToStart: (groupId: number, startTicks: string) => Promise<unknown>;
}

export interface Ended {
  readonly exitCode: number | null;
  /** As a shell tells it: an exit code above 128 is the signal that ended the program. */
  readonly signal: string | null;
}

/** Pipes that something outside the group still holds are not waited for longer. */
const pipesMs = 1_000;

/** @throws the signal's reason when it was raised; then nothing of the program is left */
export async function runProgram(program: Program, watching: Watching): Promise<Ended> {
  watching.signal.throwIfAborted();
  const launcher = launch(program);
  const control = launcher.stdio[3] as Duplex;
  control.on('error', () => {});
  const closing = () => control.destroy();
  const ended = endOf(launcher, control);
  // Awaited further down; until then a launcher that could not be started must not look like a forgotten promise.
  ended.catch(() => {});
  try {
    watching.signal.addEventListener('abort', closing);
    await started(launcher);
    readLines(launcher.stdout as Duplex, (text) => watching.line('stdout', text));
    readLines(launcher.stderr as Duplex, (text) => watching.line('stderr', text));
    giveInput(launcher, program.stdin);
    const groupId = launcher.pid ?? 0;
    await watching.aboutToStart(groupId, startTicksOf(groupId));
    control.write('go\n');
    return await ended.finally(() => watching.signal.throwIfAborted());
  } catch (error) {
    closing();
    if (launcher.pid !== undefined) await ended.catch(() => {});
    throw error;
  } finally {
    watching.signal.removeEventListener('abort', closing);
  }
}

function launch(program: Program): ChildProcess {
  const patience = String(Math.max(1, Math.round(program.patienceMs / 100)));
  return spawn('/bin/sh', ['-c', LAUNCHER, 'nightshift', patience, ...program.command], {
    cwd: program.cwd,
    env: program.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

async function started(launcher: ChildProcess): Promise<void> {
  if (launcher.pid === undefined) await once(launcher, 'spawn');
}

function giveInput(launcher: ChildProcess, text: string): void {
  // A program that does not read its input closes it: no fault.
  launcher.stdin?.on('error', () => {});
  launcher.stdin?.end(text);
}

/** The launcher tells the program's status on its control descriptor and then kills its group, itself included. */
async function endOf(launcher: ChildProcess, control: Duplex): Promise<Ended> {
  let told = '';
  control.on('data', (chunk: Buffer) => {
    told += chunk.toString('latin1');
  });
  const closed = once(launcher, 'close');
  closed.catch(() => {});
  const [code, signal] = (await once(launcher, 'exit')) as [number | null, string | null];
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, pipesMs).unref())]);
  launcher.stdout?.destroy();
  launcher.stderr?.destroy();
  const status = /^exit (\d{1,3})$/m.exec(told)?.[1];
  if (status === undefined) return { exitCode: code, signal };
  return { exitCode: Number(status), signal: signalName(Number(status) - 128) };
}

function signalName(number: number): string | null {
  if (number <= 0) return null;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}

/**
 * When the process began, in clock ticks since the machine did: field 22 of `/proc/PID/stat`, which tells it from a
 * later process with the same number. Empty where there is no `/proc`.
 */
export function startTicksOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; fields are counted behind it, from the third.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
