/**
 * Which files some process has open for writing, as Linux shows it in /proc: of the processes of this user, and to root
 * of all. Of others, and where there is no /proc, nobody is known to write.
 */
import fs from 'node:fs';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';

/** All processes are looked through, for so long before everybody else gets a turn. */
const sliceMsMax = 4;
const O_ACCMODE = 3;

/** @param paths of one folder. @returns those of them that are being written. Costs the same for one as for many. */
export async function openForWriting(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const wanted = new Map(paths.map((path) => [basename(path), path]));
  const open = new Set<string>();
  let pausedAt = performance.now();
  for (const pid of wanted.size === 0 ? [] : namesIn('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      if (performance.now() - pausedAt > sliceMsMax) {
        await setImmediate();
        pausedAt = performance.now();
      }
      const path = wanted.get(basename(leadsTo(`/proc/${pid}/fd/${descriptor}`)));
      if (path !== undefined && isWriting(pid, descriptor, path)) open.add(path);
    }
  }
  return open;
}

/** Of a name alone it could be another file, in another folder. */
function isWriting(pid: string, descriptor: string, path: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(fs.readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1'))?.[1];
    if (flags === undefined || (Number.parseInt(flags, 8) & O_ACCMODE) === fs.constants.O_RDONLY) return false;
    const [theirs, ours] = [fs.statSync(`/proc/${pid}/fd/${descriptor}`), fs.lstatSync(path)];
    return theirs.ino === ours.ino && theirs.dev === ours.dev;
  } catch {
    return false;
  }
}

/** A process may end meanwhile, or be somebody else's. */
function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function leadsTo(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}
