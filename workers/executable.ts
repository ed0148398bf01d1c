/** Runs one program through the launcher: journaled before it starts, its output line by line, its whole group ended. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Ended, type Launched, launch } from './launcher.ts';
import type { LineTaker } from './lines.ts';

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
  /** What it gives back is waited for before more is read. */
  readonly line: (stream: 'stdout' | 'stderr', text: string) => ReturnType<LineTaker>;
  /** Resolves when the start is durable; the program does not begin before. */
  readonly aboutToStart: (groupId: number, startTicks: string) => Promise<unknown>;
}

/** @throws the signal's reason when it was raised; then nothing of the program is left */
export async function runProgram(program: Program, watching: Watching): Promise<Ended> {
  watching.signal.throwIfAborted();
  const launched = launch(program, watching.line);
  const closing = () => launched.control.destroy();
  try {
    watching.signal.addEventListener('abort', closing);
    const groupId = await started(launched);
    giveInput(launched, program.stdin);
    await watching.aboutToStart(groupId, startTicksOf(groupId));
    launched.control.write('go\n');
    return await launched.ended.finally(() => watching.signal.throwIfAborted());
  } catch (error) {
    closing();
    if (launched.process.pid !== undefined) await launched.ended.catch(() => {});
    throw error;
  } finally {
    watching.signal.removeEventListener('abort', closing);
  }
}

async function started({ process: launcher }: Launched): Promise<number> {
  if (launcher.pid === undefined) await once(launcher, 'spawn');
  return launcher.pid as number;
}

function giveInput({ process: launcher }: Launched, text: string): void {
  // A program that does not read its input closes it: no fault.
  launcher.stdin?.on('error', () => {});
  launcher.stdin?.end(text);
}

const INHERITED = /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+)$/;

/** What a program gets of our own environment. */
export function inheritedEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && INHERITED.test(name)) env[name] = value;
  }
  return env;
}

/**
 * When the process began, in clock ticks since the machine did: field 22 of `/proc/PID/stat`, which tells it from a
 * later process with the same number. Empty where there is no `/proc`.
 */
export function startTicksOf(pid: number): string {
  return statOf(pid)?.startTicks ?? '';
}

export interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly startTicks: string;
}

/** Fields 3, 4, 5 and 22 of `/proc/PID/stat`, see proc(5); null when there is no such process, or no `/proc`. */
export function statOf(pid: number): ProcessStat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; fields are counted behind it, from the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = '', parent, group] = fields;
    return { state, parent: Number(parent), group: Number(group), startTicks: fields[19] ?? '' };
  } catch {
    return null;
  }
}
