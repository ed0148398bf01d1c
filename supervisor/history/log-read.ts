/** Picks the lines of one attempt out of a stretch of a log file, in pieces, so that a large file is no large buffer. */
import { type LogLine, needleOf, parseLogLine } from './log-line.ts';
import type { ReadAt } from './scan.ts';

const pieceBytes = 1024 * 1024;
const NEWLINE = 0x0a;

export async function pickLines(
  read: ReadAt,
  from: number,
  to: number,
  taskId: string,
  attempt: number,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const needle = needleOf(taskId, attempt);
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(pieceBytes, to - from)));
  let held = 0;
  for (let position = from; position < to; ) {
    const room = buffer.subarray(held);
    const got = await read(room, Math.min(room.length, to - position), position);
    if (got === 0) break;
    position += got;
    const piece = buffer.subarray(0, held + got);
    pick(piece, needle, (line) => {
      const parsed = parseLogLine(line, taskId, attempt);
      if (parsed) lines.push(parsed);
    });
    const rest = piece.length - (piece.lastIndexOf(NEWLINE) + 1);
    // No line is as long as a piece; what has no end for so long is passed over.
    held = rest === buffer.length ? 0 : rest;
    buffer.copyWithin(0, piece.length - held, piece.length);
  }
  return lines;
}

function pick(piece: Buffer, needle: Buffer, found: (line: string) => void): void {
  for (let at = piece.indexOf(needle); at >= 0; ) {
    const end = piece.indexOf(NEWLINE, at);
    if (end < 0) return;
    found(piece.toString('utf8', piece.lastIndexOf(NEWLINE, at) + 1, end));
    at = piece.indexOf(needle, end);
  }
}
