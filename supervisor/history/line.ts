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
  /** ms since 1970 */
  readonly finishedAt: number | null;
  /** What the attempt took in which it succeeded, ms; null when it did not. */
  readonly durationMs: number | null;
  /** Of a task whose ending has been told already, once more for what has been made known of it since. */
  readonly rewritten: boolean;
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

const headBytesMax = 4_096;
const LIFE =
  /"createdAt":"[^"]*","startedAt":[^,]*,"finishedAt":"([^"]*)","attempt":(\d+),"attempts":\[(?:\{"number":1,"outcome":"succeeded","startedAt":"([^"]*)","finishedAt":"([^"]*)")?/;
const RETRIED = /,"retriedAs":"[0-9a-f-]{36}"$/;
const retriedBytes = ',"retriedAs":""'.length + 36;
const HEAD = /^\{"seq":(\d{1,16}),"id":"([0-9a-f-]{36})","type":"([^"\\]+)","state":"([a-z_]+)"[,}]?/;

/** What the index needs of a checked line, without parsing all of it when it was written in the usual order. */
export function readHead(bytes: Buffer, start: number, bodyEnd: number): Head | null {
  const text = bytes.toString('utf8', start, Math.min(bodyEnd, start + headBytesMax));
  const head = HEAD.exec(text);
  const life = head && LIFE.exec(text);
  // The attempt that succeeded is the last one: at hand when it is the first as well.
  if (!life || (head[4] === 'succeeded' && (life[2] !== '1' || !life[4]))) return parseHead(bytes, start, bodyEnd);
  return {
    seq: Number(head[1]),
    id: head[2] as string,
    type: head[3] as string,
    state: head[4] as string,
    finishedAt: momentOf(life[1]),
    durationMs: head[4] === 'succeeded' ? msBetween(life[3], life[4]) : null,
    rewritten: RETRIED.test(bytes.toString('latin1', Math.max(start, bodyEnd - retriedBytes), bodyEnd)),
  };
}

function parseHead(bytes: Buffer, start: number, bodyEnd: number): Head | null {
  try {
    const record: Partial<HistoryRecord> = parseLine(bytes, start, bodyEnd);
    const { seq, id, type, state } = record;
    if (!Number.isSafeInteger(seq) || typeof id !== 'string' || typeof type !== 'string' || !state) return null;
    const last = state === 'succeeded' ? record.attempts?.at(-1) : undefined;
    return {
      seq: seq as number,
      id,
      type,
      state,
      finishedAt: momentOf(record.finishedAt),
      durationMs: last?.outcome === 'succeeded' ? msBetween(last.startedAt, last.finishedAt) : null,
      rewritten: record.retriedAs !== undefined,
    };
  } catch {
    return null;
  }
}

function momentOf(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : at;
}

function msBetween(from: string | null | undefined, to: string | null | undefined): number | null {
  const ms = Date.parse(to ?? '') - Date.parse(from ?? '');
  return Number.isNaN(ms) ? null : ms;
}
