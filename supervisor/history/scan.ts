/** Reads a data file line by line, in pieces, telling whole lines from damage. */
import { checkLine, type Head, readHead } from './line.ts';

export type ReadAt = (into: Buffer, length: number, position: number) => Promise<number>;

export interface Found {
  readonly offset: number;
  /** With its newline, if it has one. */
  readonly bytes: number;
  /** Null: not a whole line of ours. */
  readonly head: Head | null;
}

const pieceBytes = 1024 * 1024;
/** Longer than any record can be: what has no newline for so long is not one. */
const lineBytesMax = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Yields what stands between `from` and `to`, a piece at a time. */
export async function* scanLines(read: ReadAt, from: number, to: number): AsyncGenerator<readonly Found[]> {
  let buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(1, to - from)));
  let held = 0;
  let offset = from;
  while (offset + held < to) {
    const got = await readPiece(read, buffer, held, offset + held, to);
    if (got === 0) break;
    held += got;
    const { found, used } = findLines(buffer, held, offset);
    buffer.copyWithin(0, used, held);
    held -= used;
    offset += used;
    if (held === buffer.length && held < lineBytesMax) {
      buffer = Buffer.concat([buffer, Buffer.allocUnsafeSlow(held)]);
    } else if (held === buffer.length) {
      found.push({ offset, bytes: held, head: null });
      offset += held;
      held = 0;
    }
    yield found;
  }
  if (held > 0) yield [{ offset, bytes: held, head: null }];
}

function readPiece(read: ReadAt, buffer: Buffer, held: number, position: number, to: number): Promise<number> {
  const room = buffer.subarray(held);
  return read(room, Math.min(room.length, to - position), position);
}

function findLines(buffer: Buffer, held: number, offset: number): { found: Found[]; used: number } {
  const found: Found[] = [];
  let start = 0;
  for (;;) {
    const end = buffer.indexOf(NEWLINE, start);
    if (end < 0 || end >= held) return { found, used: start };
    const bodyEnd = checkLine(buffer, start, end);
    const head = bodyEnd < 0 ? null : readHead(buffer, start, bodyEnd);
    found.push({ offset: offset + start, bytes: end + 1 - start, head });
    start = end + 1;
  }
}

export interface LastGroup {
  readonly seq: number;
  /** Ids of all records with that sequence number: one entry of the journal may end many tasks. */
  readonly ids: ReadonlySet<string>;
}

const lookBackBytesMax = 256 * 1024 * 1024;

/** The last sequence number in a data file, found from its end. Null when nothing whole stands near the end. */
export async function lastGroup(read: ReadAt, size: number): Promise<LastGroup | null> {
  for (let back = 256 * 1024; ; back *= 4) {
    const from = Math.max(0, size - back);
    const heads: Head[] = [];
    for await (const found of scanLines(read, from, size)) {
      for (const { head } of found) if (head) heads.push(head);
    }
    const seq = heads.at(-1)?.seq;
    const complete = from === 0 || back >= lookBackBytesMax || (seq !== undefined && heads[0]?.seq !== seq);
    if (complete && seq === undefined) return null;
    if (complete)
      return { seq: seq as number, ids: new Set(heads.filter((head) => head.seq === seq).map(({ id }) => id)) };
  }
}
