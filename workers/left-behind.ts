/**
 * Programs that a handler has started and left running end with its attempt, though the process they came from goes on
 * to the next one. All of them are in the group of its launcher, whoever their parent is by now; those with a session of
 * their own are let go.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { statOf } from './executable.ts';

const lookEveryMs = 20;

/** Whether what is left behind can be seen at all: where there is no `/proc`, only the launcher can end it. */
export function canSeeProcesses(): boolean {
  return statOf(process.pid) !== null;
}

/**
 * @param groupId id of the launcher; it, what watches for it, and this process stay
 * @param patienceMs between SIGTERM and SIGKILL
 * @returns how many had to be ended
 */
export async function endLeftBehind(groupId: number, patienceMs: number): Promise<number> {
  const found = leftBehind(groupId);
  for (const pid of found) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < patienceMs && leftBehind(groupId).length > 0; waited += lookEveryMs)
    await wait(lookEveryMs);
  for (let left = leftBehind(groupId); left.length > 0; left = leftBehind(groupId)) {
    for (const pid of left) signal(pid, 'SIGKILL');
    await wait(lookEveryMs);
  }
  return found.length;
}

function leftBehind(groupId: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    if (pid === process.pid || pid === groupId) return false;
    const stat = statOf(pid);
    return stat !== null && stat.group === groupId && stat.parent !== groupId && stat.state !== 'Z';
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already, which is what was wanted.
  }
}
