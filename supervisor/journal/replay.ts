/** Hands the state over to its owner: the entities of a snapshot, then the entries after it, as ranges of a buffer. */
import { Damage } from './damage.ts';
import type { Disk } from './disk.ts';
import { crcBytes, emptyFrame, entityBody, readFrame } from './entry.ts';
import type { Replayer } from './journal.ts';
import { visitLines } from './lines.ts';
import { headerBytes } from './segment.ts';
import { checkVersion } from './version.ts';

const BRACE_T = Buffer.from('{"t":');
const frame = emptyFrame();

interface File {
  readonly disk: Disk;
  readonly fd: number;
  readonly path: string;
  readonly ordinal: number;
}

/** Feeds a snapshot whose digest has been checked. @returns number of entities */
export function feedSnapshot(file: File, bytes: number, replayer: Replayer): number {
  let count = 0;
  visitLines(file.disk, file.fd, 0, bytes, (room, start, end, offset) => {
    const body = entityBody(room, start, frame);
    if (body !== -1) {
      replayer.entity(frame.seq, room, body, end - crcBytes, file.ordinal, offset + body - start);
      count++;
    } else if (offset === 0) checkVersion(JSON.parse(room.toString('utf8', start, end)), file.path);
    return true;
  });
  return count;
}

export interface Fed {
  last: number;
  lastAt: number;
  entries: number;
}

/**
 * Feeds the entries of `[from, to)` of a segment that come after `fed.last`. Their checksums are not looked at again;
 * that none is missing is.
 */
export function feedSegment(file: File, from: number, to: number, replayer: Replayer, fed: Fed): void {
  visitLines(file.disk, file.fd, Math.max(from, headerBytes), to, (room, start, end, offset) => {
    if (!readFrame(room, start, end, frame)) {
      if (room.compare(BRACE_T, 0, BRACE_T.length, start, start + BRACE_T.length) === 0) return true;
      throw new Damage(file.path, offset, 'a line is no entry', { from: fed.last + 1 });
    }
    if (frame.seq <= fed.last) return true;
    if (frame.seq !== fed.last + 1) {
      throw new Damage(file.path, offset, `entry ${frame.seq} stands where ${fed.last + 1} was expected`, {
        from: fed.last + 1,
        to: frame.seq - 1,
      });
    }
    fed.last = frame.seq;
    fed.lastAt = frame.at;
    fed.entries++;
    replayer.entry(
      frame.seq,
      frame.at,
      room,
      frame.bodyStart,
      frame.bodyEnd,
      file.ordinal,
      offset + frame.bodyStart - start,
    );
    return true;
  });
}
