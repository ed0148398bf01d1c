/** What group commit works on, and whom it tells. */
import type { Clock } from '../clock.ts';
import type { Fault } from '../core/fault.ts';
import type { FsyncPolicy } from './journal.ts';
import type { SpaceState } from './reserve.ts';
import type { WriterPort } from './writer-port.ts';

/** An all-or-nothing list is appended in one go, index 0 to count - 1. */
export interface GroupPlace {
  /** Letters, digits and dashes. */
  readonly id: string;
  readonly index: number;
  readonly count: number;
}

export interface CommitInput {
  readonly port: WriterPort;
  readonly clock: Clock;
  readonly fsync: FsyncPolicy;
  readonly segmentBytesMax: number;
  /** Last entry on disk. */
  readonly last: number;
  readonly file: number;
  readonly bytes: number;
  /** Whether the segment holds entries already. */
  readonly used: boolean;
  /** Makes an ordinal for a segment whose name the writer will tell. */
  readonly nextFile: (first: number) => number;
  readonly onDurable: (seq: number) => void;
  readonly onSpace: (space: SpaceState) => void;
  readonly onFailure: (fault: Fault) => void;
}
