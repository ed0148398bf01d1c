/** Removes folders of accepted files whose day is long enough ago; only those named for a day, others are not ours. */
import { join } from 'node:path';
import type { InboxFiles } from './files.ts';
import { startOfDay } from './names.ts';

const dayMs = 86_400_000;

/** @returns names of the folders removed. */
export async function removeOldDays(
  acceptedDir: string,
  retentionMs: number,
  wall: number,
  files: InboxFiles,
): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await files.names(acceptedDir)) {
    const start = startOfDay(name);
    if (start === null || wall - (start + dayMs) < retentionMs) continue;
    const path = join(acceptedDir, name);
    if ((await files.status(path))?.kind !== 'folder') continue;
    await files.removeFolder(path);
    removed.push(name);
  }
  return removed;
}
