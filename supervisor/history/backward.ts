/** Reads the lines of a file from its end back, a piece at a time. */
import type { ReadAt } from './scan.ts';

export interface BackwardLine {
  /** With its newline, if it has one. */
  readonly text: string;
  readonly offset: number;
  readonly bytes: number;
}

const pieceBytes = 64 * 1024;
const NEWLINE = 0x0a;

/** @param end where the last line ends */
export async function* linesBefore(read: ReadAt, end: number): AsyncGenerator<BackwardLine> {
  let held: Buffer = Buffer.alloc(0);
  let offset = end;
  while (offset > 0 || held.length > 0) {
    const from = Math.max(0, offset - pieceBytes);
    const piece = Buffer.allocUnsafe(offset - from);
    const got = await read(piece, piece.length, from);
    held = Buffer.concat([piece.subarray(0, got), held]);
    offset = from;
    // What stands before the first newline may have begun in the piece before.
    const first = offset === 0 ? 0 : held.indexOf(NEWLINE) + 1;
    if (first === 0 && offset > 0) continue;
    let to = held.length;
    while (to > first) {
      const start = Math.max(first, held.lastIndexOf(NEWLINE, to - 2) + 1);
      yield { text: held.toString('utf8', start, to), offset: offset + start, bytes: to - start };
      to = start;
    }
    held = held.subarray(0, first);
    if (offset === 0) return;
  }
}
