/** What the last incarnation left in `.taking/`: files whose tasks are journaled go on, the others are read again. */
import { join } from 'node:path';
import type { InboxFiles } from './files.ts';
import type { InboxFolders } from './folders.ts';
import type { InboxSupervisor } from './inbox-options.ts';
import type { MovingOn } from './moving-on.ts';
import { parseTakenName, startOfDay } from './names.ts';
import type { Taken } from './taken-file.ts';

/** @returns the files to read again. */
export async function recoverTaken(
  folders: InboxFolders,
  files: InboxFiles,
  supervisor: InboxSupervisor,
  movingOn: MovingOn,
): Promise<Taken[]> {
  // After a mere kill the last renames may not be on disk yet, and what follows rests on them.
  await files.syncFolder(folders.taking);
  await files.syncFolder(folders.inbox);
  const known = new Set(supervisor.known());
  const unknown: Taken[] = [];
  for (const entry of await files.names(folders.taking)) {
    const parsed = parseTakenName(entry);
    if (parsed === null) {
      supervisor.log('warn', 'a stranger in .taking is left alone', { file: entry });
      continue;
    }
    const taken = { ...parsed, path: join(folders.taking, entry) };
    if (known.delete(taken.id)) movingOn.add({ taken, rejection: null });
    else unknown.push(taken);
  }
  if (known.size > 0) {
    await syncDays(folders, files);
    supervisor.settled([...known]);
  }
  return unknown;
}

/** Files of ids with nothing in `.taking/` have been moved on, into one of these, perhaps just before the kill. */
async function syncDays(folders: InboxFolders, files: InboxFiles): Promise<void> {
  for (const name of await files.names(folders.accepted)) {
    if (startOfDay(name) !== null) await files.syncFolder(join(folders.accepted, name));
  }
}
