/**
 * A segment read line by line, every checksum and sequence number looked at: what holds, where it stops holding, and what
 * the rest says about how much was known to be on disk. It only observes; `verdict.ts` judges.
 */
import type { Disk } from './disk.ts';
import { readAll } from './disk.ts';
import { checksumHolds, emptyFrame, readFrame } from './entry.ts';
import { visitLines } from './lines.ts';
import { headerBytes, type SegmentHeader } from './segment.ts';
import { checkVersion } from './version.ts';

const sectorBytes = 512;

export type BadReason = 'unreadable' | 'sequence' | 'group' | 'newline' | 'unknown' | 'after the seal';

/** The first line that does not hold, and what follows it. */
export interface BadLine {
  readonly reason: BadReason;
  readonly offset: number;
  /** Sequence number that should have stood there. */
  readonly seq: number;
  /** Whether it ended with a line feed. */
  readonly whole: boolean;
  /** It has a 512-byte sector, or its part of one, full of zeros: written by a file system that lost power. */
  readonly zeroSector: boolean;
  readonly zeroByte: boolean;
  /** Lines from it on, itself included. */
  lines: number;
}

export interface Inspection {
  readonly size: number;
  readonly header: SegmentHeader | null;
  /** Last entry of the part that holds; the one before the first when there is none. */
  last: number;
  lastAt: number;
  entries: number;
  /** Where the part that holds ends. */
  goodEnd: number;
  /** Highest sequence number that any line knows to be on disk. */
  proven: number;
  /** Where batches begin, unless with the rest of a group, that are not proven, and the last one before them: ascending. */
  starts: { readonly seq: number; readonly offset: number }[];
  /** A group of entries that must be all or nothing, and is not complete where the part that holds ends. */
  openGroup: { readonly seq: number; readonly offset: number } | null;
  sealed: boolean;
  clean: boolean;
  bad: BadLine | null;
  /** Highest sequence number of a valid line after the bad one. */
  validAfter: number;
}

interface Walk {
  readonly epoch: number;
  readonly found: Inspection;
  groupNext: number;
  groupCount: number;
}

/** @param name what its name says: first sequence number and epoch */
export function inspectSegment(disk: Disk, path: string, fd: number, name: { seq: number; epoch: number }): Inspection {
  const size = disk.size(fd);
  const head = Buffer.alloc(Math.min(headerBytes, size));
  readAll(disk, fd, head, 0);
  const header = readHeader(head, name, path);
  const found: Inspection = {
    size,
    header,
    last: name.seq - 1,
    lastAt: header?.at ?? 0,
    entries: 0,
    goodEnd: Math.min(size, headerBytes),
    proven: name.seq - 1,
    starts: [],
    openGroup: null,
    sealed: false,
    clean: false,
    bad: null,
    validAfter: 0,
  };
  const walk: Walk = { epoch: name.epoch, found, groupNext: 0, groupCount: 0 };
  if (size > headerBytes) {
    visitLines(disk, fd, headerBytes, size, (bytes, start, end, offset, whole) => {
      if (found.bad) afterBad(walk, bytes, start, end);
      else takeLine(walk, bytes, start, end, offset, whole);
      return true;
    });
  }
  return found;
}

/** The header, or null when it is damaged or not there yet. A format of the future throws. */
export function readHeader(head: Buffer, name: { seq: number; epoch: number }, path: string): SegmentHeader | null {
  let value: (SegmentHeader & { t?: unknown; v?: unknown; min?: unknown }) | null = null;
  try {
    value = JSON.parse(head.toString('utf8', 0, Math.max(0, head.indexOf(10))));
  } catch {
    return null;
  }
  if (value?.t !== 'head') return null;
  checkVersion(value, path);
  const holds =
    head.length === headerBytes && head[headerBytes - 1] === 10 && checksumHolds(head, 0, headerBytes - 1, name.epoch);
  return holds && value.first === name.seq && value.epoch === name.epoch ? value : null;
}

const frame = emptyFrame();

function takeLine(walk: Walk, bytes: Buffer, start: number, end: number, offset: number, whole: boolean): void {
  const { found } = walk;
  const reason =
    whole && checksumHolds(bytes, start, end, walk.epoch) ? takeValid(walk, bytes, start, end, offset) : 'unreadable';
  if (reason === null) {
    found.goodEnd = offset + (end - start) + 1;
    return;
  }
  const range = bytes.subarray(start, end);
  // A line that verifies but for what stands in place of its line feed was written whole: that is no tear.
  const newline =
    !whole && reason === 'unreadable' && end - start > 1 && checksumHolds(bytes, start, end - 1, walk.epoch);
  found.bad = {
    reason: newline ? 'newline' : reason,
    offset,
    seq: found.last + 1,
    whole,
    zeroSector: hasZeroSector(range, offset),
    zeroByte: range.includes(0),
    lines: 1,
  };
  if (reason !== 'unreadable') learn(walk, bytes, start, end);
}

/** @returns null when the line is the one that must come next */
function takeValid(walk: Walk, bytes: Buffer, start: number, end: number, offset: number): BadReason | null {
  const { found } = walk;
  if (found.sealed) return 'after the seal';
  if (!readFrame(bytes, start, end, frame)) return takeOther(walk, bytes.toString('utf8', start, end));
  if (frame.seq !== found.last + 1) return 'sequence';
  if (!takeGroup(walk, offset)) return 'group';
  if (frame.d >= 0) {
    if (frame.d >= frame.seq) return 'sequence';
    // The tail is written again from one of these on, and no segment may begin in the midst of a group.
    if (frame.groupIndex <= 0) noteStart(found, frame.seq, offset);
    prove(found, frame.d);
  }
  found.last = frame.seq;
  found.lastAt = frame.at;
  found.entries++;
  return null;
}

/** Entries of a group follow one another; whatever interrupts them was not written by us. */
function takeGroup(walk: Walk, offset: number): boolean {
  const { found } = walk;
  if (found.openGroup === null) {
    if (frame.groupIndex === -1) return true;
    if (frame.groupIndex !== 0) return false;
    if (frame.groupCount > 1) found.openGroup = { seq: frame.seq, offset };
    walk.groupNext = 1;
    walk.groupCount = frame.groupCount;
    return true;
  }
  if (frame.groupIndex !== walk.groupNext || frame.groupCount !== walk.groupCount) return false;
  walk.groupNext++;
  if (walk.groupNext === walk.groupCount) found.openGroup = null;
  return true;
}

function takeOther(walk: Walk, text: string): BadReason | null {
  const { found } = walk;
  const line = JSON.parse(text) as { t?: unknown; d?: number; seq?: number; at?: number; clean?: boolean };
  if (line.t !== 'mark' && line.t !== 'seal') return 'unknown';
  const d = (line.t === 'mark' ? line.d : line.seq) ?? -1;
  if (d > found.last) return 'sequence';
  if (line.t === 'seal') {
    if (d !== found.last) return 'sequence';
    if (found.openGroup) return 'group';
    found.sealed = true;
    found.clean = line.clean === true;
  }
  if (!found.openGroup) noteStart(found, found.last + 1, found.goodEnd);
  prove(found, d);
  found.lastAt = Math.max(found.lastAt, line.at ?? 0);
  return null;
}

function noteStart(found: Inspection, seq: number, offset: number): void {
  found.starts.push({ seq, offset });
}

function prove(found: Inspection, d: number): void {
  found.proven = Math.max(found.proven, d);
  while ((found.starts[1]?.seq ?? Number.POSITIVE_INFINITY) <= found.proven + 1) found.starts.shift();
}

/** Lines after the bad one are not replayed, but what they know still counts: it may prove that the bad one mattered. */
function afterBad(walk: Walk, bytes: Buffer, start: number, end: number): void {
  if (walk.found.bad) walk.found.bad.lines++;
  if (checksumHolds(bytes, start, end, walk.epoch)) learn(walk, bytes, start, end);
}

function learn(walk: Walk, bytes: Buffer, start: number, end: number): void {
  const { found } = walk;
  if (readFrame(bytes, start, end, frame)) {
    found.validAfter = Math.max(found.validAfter, frame.seq);
    found.proven = Math.max(found.proven, frame.d);
    return;
  }
  try {
    const line = JSON.parse(bytes.toString('utf8', start, end)) as { t?: unknown; d?: number; seq?: number };
    if (line.t === 'mark' || line.t === 'seal') found.proven = Math.max(found.proven, line.d ?? line.seq ?? 0);
  } catch {
    // Its checksum holds and it is no JSON: nothing to learn from it.
  }
}

/** Whether a sector of the disk that the range touches holds nothing but zeros, as far as the range goes. */
function hasZeroSector(range: Buffer, offset: number): boolean {
  for (let start = 0; start < range.length; ) {
    const end = Math.min(range.length, start + sectorBytes - ((offset + start) % sectorBytes));
    if (range.subarray(start, end).every((byte) => byte === 0)) return true;
    start = end;
  }
  return false;
}
