/**
 * Child processes that outlived a killed supervisor: ended before their tasks run again. A process group is known by its
 * leader's id and start time within one boot, so that a number given to somebody else since is not taken for it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Child } from './core/state.ts';

const termGraceMs = 2_000;
const lookEveryMs = 20;

export interface OrphanParts {
  readonly bootId: string;
  readonly wait: (ms: number) => Promise<void>;
}

/** @returns how many groups had to be ended */
export async function endOrphans(children: Iterable<Child>, { bootId, wait }: OrphanParts): Promise<number> {
  // Without /proc (macOS) the launchers alone end their groups when the supervisor is gone.
  if (!existsSync('/proc/self/stat')) return 0;
  let groups = [...children].filter((child) => child.boot === bootId && mayBeOurs(child)).map(({ group }) => group);
  groups = alive(groups);
  const found = groups.length;
  for (const group of groups) signal(group, 'SIGTERM');
  for (let waited = 0; waited < termGraceMs && alive(groups).length > 0; waited += lookEveryMs) await wait(lookEveryMs);
  for (const group of alive(groups)) signal(group, 'SIGKILL');
  while (alive(groups).length > 0) await wait(lookEveryMs);
  return found;
}

/** The leader may be gone while its group lives on; a leader with another start time is somebody else's. */
function mayBeOurs({ group, ticks }: Child): boolean {
  const leader = readStat(String(group));
  return leader === null || leader.startTicks === ticks;
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/** Groups of which a process still runs; one that has ended and waits to be collected does not count. */
function alive(groups: readonly number[]): number[] {
  const wanted = new Set(groups);
  if (wanted.size === 0) return [];
  const found = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : null;
    if (stat && wanted.has(stat.group) && stat.state !== 'Z') found.add(stat.group);
  }
  return [...found];
}

/** State, process group and start time, fields 3, 5 and 22 of /proc/PID/stat: see proc(5). */
function readStat(pid: string): { state: string; group: number; startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] as string, group: Number(fields[2]), startTicks: fields[19] as string };
  } catch {
    return null;
  }
}
