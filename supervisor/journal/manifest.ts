/**
 * `journal/MANIFEST.json`: which files belong to the journal, with size and digest, so that a missing or exchanged file
 * is noticed. One line with a checksum, replaced atomically; the copy before it stays as `MANIFEST.prev.json`.
 */
import { join } from 'node:path';
import { Damage } from './damage.ts';
import type { Disk } from './disk.ts';
import { readAll, writeAll } from './disk.ts';
import { checksumHolds, sealedLine } from './entry.ts';
import { checkVersion, formatVersion, oldestReader } from './version.ts';

export interface ListedSegment {
  readonly file: string;
  readonly first: number;
  readonly last: number;
  /** Accepted bytes; an unsealed file may be longer by a tail that was dropped or written again. */
  readonly bytes: number;
  /** Of the accepted bytes. */
  readonly sha256: string;
  readonly sealed: boolean;
}

export interface ListedSnapshot {
  readonly file: string;
  /** Entries up to here are in it. */
  readonly seq: number;
  /** Entries up to here may be in it. */
  readonly to: number;
  readonly count: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly gen: number;
  readonly epoch: number;
  readonly at: number;
  /** Stopped as asked: the last segment is sealed and nothing came after it. */
  readonly clean: boolean;
  /** Oldest first. */
  readonly segments: readonly ListedSegment[];
  /** The segment being written. */
  readonly active: string | null;
  /** Newest first, at most two. */
  readonly snapshots: readonly ListedSnapshot[];
}

export const MANIFEST = 'MANIFEST.json';
export const MANIFEST_PREVIOUS = 'MANIFEST.prev.json';
const MANIFEST_NEXT = 'MANIFEST.json.tmp';
const manifestEpoch = 0;

export const emptyManifest: Manifest = {
  gen: 0,
  epoch: 0,
  at: 0,
  clean: true,
  segments: [],
  active: null,
  snapshots: [],
};

/** Durable when it returns. `folder` is the journal folder. */
export function publishManifest(disk: Disk, folder: string, manifest: Manifest): void {
  const next = join(folder, MANIFEST_NEXT);
  const names = disk.list(folder);
  if (names.includes(MANIFEST_NEXT)) disk.remove(next);
  const line = sealedLine(
    JSON.stringify({ t: 'manifest', v: formatVersion, min: oldestReader, ...manifest }).slice(0, -1),
    manifestEpoch,
  );
  const fd = disk.open(next, 'create');
  try {
    writeAll(disk, fd, line);
    disk.sync(fd);
  } finally {
    disk.close(fd);
  }
  if (names.includes(MANIFEST)) disk.rename(join(folder, MANIFEST), join(folder, MANIFEST_PREVIOUS));
  disk.rename(next, join(folder, MANIFEST));
  disk.syncFolder(folder);
}

export interface FoundManifest {
  readonly manifest: Manifest;
  /** False when the newest copy was missing or damaged and an older one is used. */
  readonly newest: boolean;
  readonly notes: readonly string[];
}

/** The newest readable copy, or null when there is neither. */
export function readManifest(disk: Disk, folder: string): FoundManifest | null {
  const names = disk.list(folder);
  const current = names.includes(MANIFEST) ? readCopy(disk, folder, MANIFEST) : null;
  const previous = names.includes(MANIFEST_PREVIOUS) ? readCopy(disk, folder, MANIFEST_PREVIOUS) : null;
  if (current && current.gen >= (previous?.gen ?? 0)) return { manifest: current, newest: true, notes: [] };
  if (previous) {
    return {
      manifest: previous,
      newest: false,
      notes: [`${MANIFEST} is missing, damaged or older than its copy: ${MANIFEST_PREVIOUS} is used`],
    };
  }
  if (current) return { manifest: current, newest: true, notes: [] };
  if (!names.includes(MANIFEST) && !names.includes(MANIFEST_PREVIOUS)) return null;
  throw new Damage(join(folder, MANIFEST), 0, 'the list of files is damaged and so is its copy, or there is none');
}

function readCopy(disk: Disk, folder: string, name: string): Manifest | null {
  const path = join(folder, name);
  const bytes = readWhole(disk, path);
  let value: (Manifest & { t?: unknown; v?: unknown; min?: unknown }) | null = null;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return null;
  }
  // A newer format may frame its checksum otherwise, so its version is looked at before its checksum.
  if (value?.t === 'manifest' && Number.isInteger(value.min)) checkVersion(value, path);
  return bytes.at(-1) === 10 && checksumHolds(bytes, 0, bytes.length - 1, manifestEpoch) ? value : null;
}

function readWhole(disk: Disk, path: string): Buffer {
  const fd = disk.open(path, 'read');
  try {
    const bytes = Buffer.alloc(disk.size(fd));
    return bytes.subarray(0, readAll(disk, fd, bytes, 0));
  } finally {
    disk.close(fd);
  }
}
