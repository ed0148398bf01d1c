/** The folders of the inbox, made when missing: one that was deleted comes back. */
import { join } from 'node:path';
import { Fault } from '../core/fault.ts';
import { codeOf, type InboxFiles } from './files.ts';

export interface InboxFolders {
  readonly data: string;
  readonly inbox: string;
  /** Files on their way, inside the inbox so that a rename into it never crosses file systems. */
  readonly taking: string;
  readonly accepted: string;
  readonly rejected: string;
}

export function inboxFolders(dataDir: string): InboxFolders {
  const inbox = join(dataDir, 'inbox');
  return {
    data: dataDir,
    inbox,
    taking: join(inbox, '.taking'),
    accepted: join(dataDir, 'accepted'),
    rejected: join(dataDir, 'rejected'),
  };
}

/** @returns the identity of the inbox. @throws Fault when `starting`, else what the file system says. */
export async function ensureFolders(folders: InboxFolders, files: InboxFiles, starting: boolean): Promise<string> {
  try {
    let made = false;
    for (const path of [folders.inbox, folders.taking, folders.accepted, folders.rejected])
      made = (await ensure(path, files)) || made;
    if (made) {
      await files.syncFolder(folders.inbox);
      await files.syncFolder(folders.data);
    }
    return (await files.status(folders.inbox))?.identity ?? '';
  } catch (error) {
    if (!starting) throw error;
    const message =
      error instanceof Fault
        ? error.message
        : `the folders of the inbox in ${folders.data} cannot be made: ${codeOf(error)}`;
    throw new Fault('dataFolder', message, 'Give the user that runs Nightshift the data folder, writable.', {
      cause: error,
    });
  }
}

/** @returns whether it had to be made. A link to a folder is fine but for `.taking`, which must stay where it is. */
async function ensure(path: string, files: InboxFiles): Promise<boolean> {
  const status = await files.status(path);
  if (status?.kind === 'folder' || (status?.kind === 'symbolic link' && !path.endsWith('.taking'))) return false;
  if (status !== null) throw Object.assign(new Error(`${path} is a ${status.kind}, not a folder`), { code: 'ENOTDIR' });
  await files.makeFolder(path);
  return true;
}
