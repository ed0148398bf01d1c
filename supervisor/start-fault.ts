/**
 * What the file system refuses while the supervisor starts, as the fault it is: a full disk or a wrong permission is the
 * data folder's (72), an I/O error the disk's (74), and neither a fault of the program (70).
 */
import { Fault } from './core/fault.ts';

const makeRoom = 'make room on the disk of the data folder, then start again';
const giveIt = 'give the user that runs Nightshift the data folder with all in it (chown -R), writable';
const moveIt = 'move away what is in the way there, then start again';

const ACTIONS: Readonly<Record<string, string>> = {
  ENOSPC: makeRoom,
  EDQUOT: makeRoom,
  EFBIG: makeRoom,
  EACCES: giveIt,
  EPERM: giveIt,
  EROFS: 'mount it for writing, or give another folder with --data',
  ENOTDIR: moveIt,
  EISDIR: moveIt,
  EEXIST: moveIt,
  ELOOP: moveIt,
};

/** @returns a fault, or the error itself when it is not about the data folder */
export function startFault(error: unknown, dataDir: string): unknown {
  const { code = '', path, message } = error as NodeJS.ErrnoException;
  // Calls on open files do not know their path; while starting there are none but those of the data folder.
  if (error instanceof Fault || (path !== undefined && !path.startsWith(dataDir))) return error;
  const place = path ?? dataDir;
  if (code === 'EIO')
    return new Fault('diskFailed', `${place}: ${message}`, 'check the disk (dmesg, smartctl), then start again', {
      cause: error,
    });
  const action = ACTIONS[code];
  if (action === undefined) return error;
  return new Fault('dataFolder', `${place} cannot be used: ${message}`, action, { cause: error });
}
