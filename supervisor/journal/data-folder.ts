/** Whether a data folder can be used at all: there, ours, writable, and on a disk of this machine. Changes nothing. */
import { accessSync, constants, readFileSync, realpathSync, type Stats, statfsSync, statSync } from 'node:fs';
import { Fault } from '../core/fault.ts';

/** Types of `statfs(2)` that are served by another machine: locks and syncs there promise less than they say. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);
const fuseType = 0x65735546;
/** FUSE serves local disks too (mergerfs, ntfs-3g); these of its kinds are remote. */
const NETWORK_FUSE =
  /^fuse\.(sshfs|rclone|glusterfs|s3fs|curlftpfs|davfs|goofys|gcsfuse|cephfs|ceph-fuse|moosefs|mfsmount|juicefs|smbnetfs|blobfuse2?)$/;

export interface FolderRules {
  /** Use a network file system all the same. */
  readonly forceNetwork?: boolean;
}

/** Throws a `dataFolder` fault that says what is wrong and what to do. */
export function checkDataFolder(dir: string, rules: FolderRules = {}): void {
  const found = statOf(dir);
  if (!found.isDirectory()) throw unusable(`${dir} is not a folder`, 'give the path of a folder with --data');
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid) {
    throw unusable(
      `${dir} belongs to user ${found.uid}, and this is user ${uid}`,
      'start as that user, or give the folder to this one (chown)',
    );
  }
  try {
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const readOnly = (error as NodeJS.ErrnoException).code === 'EROFS';
    const what = readOnly ? `${dir} is on a file system mounted read-only` : `${dir} cannot be written to`;
    throw unusable(
      what,
      readOnly
        ? 'mount it for writing, or give another folder with --data'
        : 'give this user write permission (chmod u+rwx)',
    );
  }
  const network = networkOf(dir);
  if (network && !rules.forceNetwork) {
    const way =
      'put the data folder on a disk of this machine, or start with --force-network and know that a power cut may cost acknowledged work';
    throw unusable(`${dir} is on a network file system (${network}), where locks and syncs cannot be trusted`, way);
  }
}

function statOf(dir: string): Stats {
  try {
    return statSync(dir);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw unusable(
      missing ? `${dir} does not exist` : `${dir} cannot be looked at: ${(error as Error).message}`,
      `${missing ? `create it (mkdir ${dir})` : 'see to it'}, or give another folder with --data`,
    );
  }
}

function networkOf(dir: string): string | null {
  if (process.platform !== 'linux') return null;
  const { type } = statfsSync(dir);
  if (type !== fuseType) return NETWORK_TYPES.get(type) ?? null;
  const kind = mountKind(realpathSync(dir));
  return kind !== null && NETWORK_FUSE.test(kind) ? kind : null;
}

/** File system type of the mount a path is on, from `/proc/self/mountinfo` (proc(5)). */
function mountKind(path: string): string | null {
  let kind: string | null = null;
  let longest = -1;
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [mount, rest] = [line.split(' ')[4], line.split(' - ')[1]];
    if (!mount || !rest) continue;
    const inside = mount === '/' || path === mount || path.startsWith(`${mount}/`);
    if (inside && mount.length >= longest) {
      longest = mount.length;
      kind = rest.split(' ')[0] ?? null;
    }
  }
  return kind;
}

export function unusable(message: string, action: string): Fault {
  return new Fault('dataFolder', message, action);
}
