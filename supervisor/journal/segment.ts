/**
 * A segment of the journal: its name, the header that makes it self-describing, the mark and the seal.
 * The header is padded to a fixed size, so that the place of every entry is known while the file does not exist yet.
 */

import { paddedLine, sealedLine } from './entry.ts';
import type { FsyncPolicy } from './journal.ts';
import { formatVersion, oldestReader } from './version.ts';

export const headerBytes = 512;
export const segmentBytesMaxDefault = 64 * 1024 * 1024;

/** How much of the segment before was accepted, and what it held: the chain from file to file. */
export interface Predecessor {
  readonly file: string;
  readonly seq: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface SegmentHeader {
  readonly epoch: number;
  /** Sequence number of its first entry. */
  readonly first: number;
  readonly at: number;
  readonly boot: string;
  readonly incarnation: string;
  readonly version: string;
  readonly fsync: FsyncPolicy;
  readonly prev: Predecessor | null;
}

const NAME = /^(\d{16})-e(\d{6,})\.ndjson$/;

/** Segments: first sequence number and epoch; snapshots: last sequence number covered and epoch. */
export function fileName(seq: number, epoch: number): string {
  return `${String(seq).padStart(16, '0')}-e${String(epoch).padStart(6, '0')}.ndjson`;
}

export function parseFileName(name: string): { seq: number; epoch: number } | null {
  const found = NAME.exec(name);
  return found ? { seq: Number(found[1]), epoch: Number(found[2]) } : null;
}

export function headerLine(header: SegmentHeader): Buffer {
  const members = JSON.stringify({ t: 'head', v: formatVersion, min: oldestReader, ...header });
  return paddedLine(members.slice(0, -1), headerBytes, header.epoch);
}

/** Written once the journal has been quiet for a moment: says that everything before it is on disk. Takes no sequence number. */
export function markText(d: number, at: number): string {
  return `{"t":"mark","d":${d},"at":${at}`;
}

/** Last line of a segment that is complete. */
export function sealLine(
  seal: { seq: number; at: number; n: number; sha256: string; clean: boolean },
  epoch: number,
): Buffer {
  return sealedLine(JSON.stringify({ t: 'seal', ...seal }).slice(0, -1), epoch);
}
