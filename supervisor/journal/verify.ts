/** Checks a data folder without changing it: every file the manifest lists, every line, every digest. For tests and `nightshift doctor check`. */
import { createHash } from 'node:crypto';
import { Fault } from '../core/fault.ts';
import { type Disk, machineDisk } from './disk.ts';
import { checksumHolds } from './entry.ts';
import { inspectSegment } from './inspect.ts';
import { visitLines } from './lines.ts';
import { parseFileName } from './segment.ts';
import { type OpenSegment, type OpenSnapshot, surveyFolder } from './survey.ts';

export interface Finding {
  readonly file: string;
  readonly offset: number;
  readonly message: string;
}

export interface Verification {
  /** Whether a start would go through, and what it would find. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly segments: number;
  readonly snapshots: number;
  readonly lastSeq: number;
  readonly droppedBytes: number;
}

/** Unlike a start it looks at everything, also at what a newer snapshot has made superfluous, and goes on after a finding. */
export function verifyFolder(input: { dir: string; disk?: Disk; bootId: string }): Verification {
  const { dir, disk = machineDisk, bootId } = input;
  const findings: Finding[] = [];
  try {
    const survey = surveyFolder({ disk, dir, bootId });
    try {
      for (const segment of survey.segments) findings.push(...verifySegment(disk, segment));
      for (const snapshot of survey.snapshots) findings.push(...verifySnapshot(disk, snapshot));
      const judgment = survey.last?.judgment;
      const lastSeq = judgment?.last ?? survey.segments.at(-1)?.last ?? survey.snapshots[0]?.seq ?? 0;
      const segments = survey.segments.length + (survey.last ? 1 : 0);
      const found = {
        segments,
        snapshots: survey.snapshots.length,
        lastSeq,
        droppedBytes: judgment?.droppedBytes ?? 0,
      };
      return { ok: findings.length === 0, findings, notes: survey.notes, ...found };
    } finally {
      survey.close();
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { file = dir, offset = 0 } = error as Partial<Finding>;
    findings.push({ file, offset, message: error.message });
    return { ok: false, findings, notes: [], segments: 0, snapshots: 0, lastSeq: 0, droppedBytes: 0 };
  }
}

function verifySegment(disk: Disk, segment: OpenSegment): Finding[] {
  const { path: file, fd, bytes } = segment;
  if (digest(disk, fd, bytes) === segment.sha256) return [];
  const { bad } = inspectSegment(disk, file, fd, parseFileName(segment.file) ?? { seq: segment.first, epoch: 0 });
  return [
    {
      file,
      offset: bad?.offset ?? 0,
      message: `entries ${bad?.seq ?? segment.first} to ${segment.last}: the digest does not match the manifest`,
    },
  ];
}

function verifySnapshot(disk: Disk, snapshot: OpenSnapshot): Finding[] {
  const { path: file, fd, bytes } = snapshot;
  const size = disk.size(fd);
  if (size !== bytes)
    return [{ file, offset: Math.min(size, bytes), message: `it holds ${size} bytes, but ${bytes} were written` }];
  if (digest(disk, fd, bytes) === snapshot.sha256) return [];
  const epoch = parseFileName(snapshot.file)?.epoch ?? 0;
  let at = 0;
  visitLines(disk, fd, 0, bytes, (room, start, end, offset, whole) => {
    at = offset;
    return whole && checksumHolds(room, start, end, epoch);
  });
  return [{ file, offset: at, message: 'the snapshot is damaged: its digest does not match the manifest' }];
}

function digest(disk: Disk, fd: number, bytes: number): string {
  const hash = createHash('sha256');
  const size = Math.min(bytes, disk.size(fd));
  visitLines(disk, fd, 0, size, (room, start, end, _offset, whole) => {
    hash.update(room.subarray(start, whole ? end + 1 : end));
    return true;
  });
  return hash.digest('hex');
}
