/**
 * A file as lines, streamed: a few megabytes at a time and ranges of one buffer, never a string of the whole file
 * (V8 ends at half a gigabyte) and never one object for each line.
 */
import type { Disk } from './disk.ts';
import { readAll } from './disk.ts';
import { lineBytesMax } from './entry.ts';

const chunkBytes = 4 * 1024 * 1024;
const LF = 10;

/**
 * `bytes[start, end)` is a line without its line feed, standing at `offset` of the file. `whole` is false for what has
 * no line feed: the last bytes of a file, or a stretch longer than any line may be. Answer false to stop.
 */
export type LineVisitor = (
  bytes: Buffer,
  start: number,
  end: number,
  offset: number,
  whole: boolean,
) => boolean | undefined;

/** Visits the lines of `[from, to)`. The bytes handed over are good only until the visitor returns. */
export function visitLines(disk: Disk, fd: number, from: number, to: number, visit: LineVisitor): void {
  const room = Buffer.allocUnsafeSlow(Math.max(1, Math.min(chunkBytes + lineBytesMax, to - from)));
  let kept = 0;
  for (let position = from; position < to; ) {
    const wanted = Math.min(room.length - kept, to - position);
    const read = readAll(disk, fd, room.subarray(kept, kept + wanted), position);
    const base = position - kept;
    const end = kept + read;
    position += read;
    const last = read < wanted || position >= to;
    let start = 0;
    for (let feed = room.indexOf(LF, kept); feed !== -1 && feed < end; feed = room.indexOf(LF, start)) {
      if (visit(room, start, feed, base + start, true) === false) return;
      start = feed + 1;
    }
    kept = end - start;
    if (kept > 0 && (last || kept > lineBytesMax)) {
      if (visit(room, start, end, base + start, false) === false) return;
      kept = 0;
    }
    if (last) return;
    room.copyWithin(0, start, end);
  }
}
