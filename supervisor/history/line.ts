/**
 * One line of a history file: the record's JSON between `"seq"` and `"crc"`, the crc32 of the bytes before it.
 * The crc has no seed, so that months may be joined, sorted or picked apart with ordinary tools and stay checkable.
 */
import { crc32 } from 'node:zlib';
import type { HistoryRecord } from '../core/record.ts';

/** What a line's place in the index needs. */
export interface Head {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly state: string;
}

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const CRC = Buffer.from(',"crc":"', 'latin1');
const CRC_END = Buffer.from('"}', 'latin1');
const crcDigits = 8;
const crcBytes = CRC.length + crcDigits + CRC_END.length;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

/** Room one line needs at most: a UTF-16 unit becomes at most three bytes. */
export function lineBytesMax(json: string): number {
  return json.length * 3 + 64;
}

/**
 * Writes one line with its newline at `at`.
 * @param json text of a JSON object with at least one member
 * @returns where the line ends
 */
export function writeLine(into: Buffer, at: number, seq: number, json: string): number {
  const joint = at + into.write(`{"seq":${seq}`, at, 'latin1');
  const bodyEnd = joint + into.write(json, joint, 'utf8') - 1;
  into[joint] = COMMA;
  return writeCrc(into, at, bodyEnd);
}

function writeCrc(into: Buffer, at: number, bodyEnd: number): number {
  const crc = crc32(into.subarray(at, bodyEnd));
  let end = bodyEnd;
  // Byte by byte: for so few, a call that copies costs more than the copying.
  for (let index = 0; index < CRC.length; index++) into[end++] = CRC[index] as number;
  for (let shift = 28; shift >= 0; shift -= 4) into[end++] = DIGITS[(crc >>> shift) & 15] as number;
  for (let index = 0; index < CRC_END.length; index++) into[end++] = CRC_END[index] as number;
  into[end++] = NEWLINE;
  return end;
}

/**
 * @param end where the newline stands
 * @returns where the crc member begins, or -1 when the line is not whole
 */
export function checkLine(bytes: Buffer, start: number, end: number): number {
  const bodyEnd = end - crcBytes;
  if (bodyEnd <= start || bytes.compare(CRC, 0, CRC.length, bodyEnd, bodyEnd + CRC.length) !== 0) return -1;
  if (bytes.compare(CRC_END, 0, CRC_END.length, end - CRC_END.length, end) !== 0) return -1;
  const crc = crc32(bytes.subarray(start, bodyEnd));
  let at = bodyEnd + CRC.length;
  for (let shift = 28; shift >= 0; shift -= 4) {
    // Compared digit by digit: reading the text as a number would forgive an upper-case or a missing digit.
    if (bytes[at++] !== DIGITS[(crc >>> shift) & 15]) return -1;
  }
  return bodyEnd;
}

/** @param bodyEnd as `checkLine` gave it */
export function parseLine(bytes: Buffer, start: number, bodyEnd: number): HistoryRecord {
  return JSON.parse(`${bytes.toString('utf8', start, bodyEnd)}}`);
}

const headBytesMax = 1_024;
const HEAD = /^\{"seq":(\d{1,16}),"id":"([0-9a-f-]{36})","type":"([^"\\]+)","state":"([a-z_]+)"[,}]?/;

/** What the index needs of a checked line, without parsing all of it when it was written in the usual order. */
export function readHead(bytes: Buffer, start: number, bodyEnd: number): Head | null {
  const match = HEAD.exec(bytes.toString('utf8', start, Math.min(bodyEnd, start + headBytesMax)));
  if (match) {
    return { seq: Number(match[1]), id: match[2] as string, type: match[3] as string, state: match[4] as string };
  }
  try {
    const { seq, id, type, state }: Partial<HistoryRecord> = parseLine(bytes, start, bodyEnd);
    if (!Number.isSafeInteger(seq) || typeof id !== 'string' || typeof type !== 'string' || !state) return null;
    return { seq: seq as number, id, type, state };
  } catch {
    return null;
  }
}
