/**
 * The first start on a folder that a backup was restored to: `restored.json` says so. All schedules and runs are paused, so that a
 * box set up again does not fire at once; and a backup that was under way in the copy is not made here, where it might
 * remove those of the box it came from.
 */
import { closeSync, fsyncSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './core/run/run.ts';
import type { Task } from './core/task.ts';
import type { Actor } from './facade.ts';
import type { Log } from './log.ts';
import type { Opened } from './open.ts';

const RESTORED = 'restored.json';
const BY: Actor = { origin: 'restore', from: null };

/** A start that breaks off here does the same again. */
export async function pauseRestored(dataDir: string, opened: Opened, log: Log): Promise<void> {
  const reason = restoredFrom(join(dataDir, RESTORED));
  if (reason === null) return;
  const { state, supervisor, schedules, runs } = opened;
  await schedules.pauseAll({ reason, until: null }, BY);
  const underWay = [...state.runs.byId.values()].filter((run) => goesOn(run));
  for (const { id } of underWay) await runs.pause(id, reason, BY);
  const backups = [...state.tasks.values()].filter((task) => task.options.type === 'backup.create' && isWaiting(task));
  for (const { id } of backups) await supervisor.cancel(id, BY);
  rmSync(join(dataDir, RESTORED));
  const folder = openSync(dataDir, 'r');
  fsyncSync(folder);
  closeSync(folder);
  const what = underWay.length > 0 ? `all schedules, and ${underWay.length} runs,` : 'all schedules';
  log.warn(`${what} are paused: ${reason}; look around, then resume them`);
}

/** One that somebody has paused keeps the reason for it. */
function goesOn({ endedAt, cancel, pause }: Run): boolean {
  return endedAt === null && cancel === null && pause === null;
}

/** Nothing runs yet. */
function isWaiting({ state }: Task): boolean {
  return ['scheduled', 'queued', 'retrying', 'interrupted'].includes(state);
}

function restoredFrom(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { archive, madeAt } = JSON.parse(text) as { archive: unknown; madeAt: unknown };
    return `restored from ${archive}, made at ${madeAt}`;
  } catch {
    return 'restored from a backup';
  }
}
