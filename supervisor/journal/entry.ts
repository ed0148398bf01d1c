/**
 * The frame around an entry: `{"seq":N,"d":D,"at":T,` + body + `,"crc":"xxxxxxxx"}` and a line feed.
 * Every line is valid JSON. `crc` is the last member, so it is checked on raw bytes, without parsing and without a
 * canonical form; it is seeded with the segment's epoch, so that a line of another file's life never verifies here.
 */
import { crc32 } from 'node:zlib';

export const lineBytesMax = 1024 * 1024;
/** `,"crc":"xxxxxxxx"}` without the line feed. */
export const crcBytes = 18;
const crcDigitsBack = 10;
export const CRC_PLACEHOLDER = ',"crc":"00000000"}\n';
const CRC_FRAME = Buffer.from(',"crc":"');
const CRC_END = Buffer.from('"}');
const HEX = Buffer.from('0123456789abcdef');
const LF = 10;
const QUOTE = 34;
const COMMA = 44;
const SEQ = Buffer.from('{"seq":');
const D = Buffer.from('"d":');
const AT = Buffer.from('"at":');
const GROUP = Buffer.from('"g":["');

function writeHex(bytes: Buffer, at: number, value: number): void {
  for (let digit = 7, rest = value; digit >= 0; digit--, rest >>>= 4) bytes[at + digit] = HEX[rest & 15] as number;
}

/** Puts the checksum into every line of `bytes[start, end)`, which ends with a line feed. @returns number of lines */
export function fillChecksums(bytes: Buffer, start: number, end: number, epoch: number): number {
  let lines = 0;
  for (let from = start; from < end; lines++) {
    const feed = bytes.indexOf(LF, from);
    writeHex(bytes, feed - crcDigitsBack, crc32(bytes.subarray(from, feed - crcBytes), epoch));
    from = feed + 1;
  }
  return lines;
}

/** Whether `bytes[start, end)`, a line without its line feed, is what was written. Hex digits are compared literally. */
export function checksumHolds(bytes: Buffer, start: number, end: number, epoch: number): boolean {
  const frame = end - crcBytes;
  if (frame <= start || !matches(bytes, frame, CRC_FRAME) || !matches(bytes, end - 2, CRC_END)) return false;
  let rest = crc32(bytes.subarray(start, frame), epoch);
  for (let at = end - 3; at >= frame + CRC_FRAME.length; at--, rest >>>= 4)
    if (bytes[at] !== HEX[rest & 15]) return false;
  return true;
}

/** A whole line of `members`, JSON text from its opening brace without the closing one. */
export function sealedLine(members: string, epoch: number): Buffer {
  const line = Buffer.from(members + CRC_PLACEHOLDER);
  fillChecksums(line, 0, line.length, epoch);
  return line;
}

/** The same, filled up with blanks to `bytes`, so that what follows it stands at a place known beforehand. */
export function paddedLine(members: string, bytes: number, epoch: number): Buffer {
  return sealedLine(members + ' '.repeat(bytes - Buffer.byteLength(members) - CRC_PLACEHOLDER.length), epoch);
}

/** An entry's frame, read from bytes; one object is reused for many lines. */
export interface EntryFrame {
  seq: number;
  /** Highest sequence on disk when its batch was written; -1 where it is not said. */
  d: number;
  at: number;
  /** -1 for an entry of no group. */
  groupIndex: number;
  groupCount: number;
  bodyStart: number;
  bodyEnd: number;
}

export function emptyFrame(): EntryFrame {
  return { seq: 0, d: -1, at: 0, groupIndex: -1, groupCount: 0, bodyStart: 0, bodyEnd: 0 };
}

/** Reads the frame of the entry at `bytes[start, end)`; false when it is none. The checksum is not looked at. */
export function readFrame(bytes: Buffer, start: number, end: number, frame: EntryFrame): boolean {
  if (!matches(bytes, start, SEQ)) return false;
  frame.seq = readNumber(bytes, start + SEQ.length);
  let at = afterNumber;
  frame.d = -1;
  if (matches(bytes, at + 1, D)) {
    frame.d = readNumber(bytes, at + 1 + D.length);
    at = afterNumber;
  }
  if (!matches(bytes, at + 1, AT)) return false;
  frame.at = readNumber(bytes, at + 1 + AT.length);
  at = afterNumber;
  frame.groupIndex = -1;
  if (matches(bytes, at + 1, GROUP)) {
    const quote = bytes.indexOf(QUOTE, at + 1 + GROUP.length);
    frame.groupIndex = readNumber(bytes, quote + 2);
    frame.groupCount = readNumber(bytes, afterNumber + 1);
    at = afterNumber + 1;
  }
  frame.bodyStart = at + 1;
  frame.bodyEnd = end - crcBytes;
  return bytes[at] === COMMA && frame.bodyEnd > frame.bodyStart && Number.isSafeInteger(frame.seq);
}

/** Reads the frame of a snapshot's line, `{"seq":N,` + body. @returns where the body starts, or -1 */
export function entityBody(bytes: Buffer, start: number, frame: EntryFrame): number {
  if (!matches(bytes, start, SEQ)) return -1;
  frame.seq = readNumber(bytes, start + SEQ.length);
  return afterNumber + 1;
}

/** Where the last number read ended: a second answer without an object for each line. */
let afterNumber = 0;

function readNumber(bytes: Buffer, start: number): number {
  let value = 0;
  let at = start;
  for (; ; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  afterNumber = at;
  return at === start ? Number.NaN : value;
}

export function matches(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}
