/**
 * A snapshot's file: a header, one line for each entity (`{"seq":N,` + body), a footer with count and digest.
 * It is taken while the state goes on changing, so each line carries the sequence number of its entity's last change, and
 * header and footer say between which entries it was taken.
 */
import { sealedLine } from './entry.ts';
import { formatVersion, oldestReader } from './version.ts';

export interface SnapshotHeader {
  readonly epoch: number;
  /** Entries up to here are in it. */
  readonly seq: number;
  readonly at: number;
  readonly incarnation: string;
}

export interface SnapshotFooter {
  readonly n: number;
  /** Entries up to here may be in it. */
  readonly to: number;
  readonly at: number;
  /** Of all bytes before this line. */
  readonly sha256: string;
}

export function snapshotHeaderLine(header: SnapshotHeader): Buffer {
  return sealedLine(
    JSON.stringify({ t: 'snap', v: formatVersion, min: oldestReader, ...header }).slice(0, -1),
    header.epoch,
  );
}

export function snapshotFooterLine(footer: SnapshotFooter, epoch: number): Buffer {
  return sealedLine(JSON.stringify({ t: 'foot', ...footer }).slice(0, -1), epoch);
}
