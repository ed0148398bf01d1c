/**
 * A month moved aside, `archive/YYYY-MM.ndjson.gz`: the bytes of its file as gzip members (RFC 1952) of a bounded size, so
 * that one record is read by inflating one member or two, and `zcat` gives the month back byte for byte.
 *
 * Behind them stand members without content, which say in their extra fields what a reader would otherwise have to find
 * out: the length of each member, then what is in the month. Each member's own length stands in its header as well.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, gunzip } from 'node:zlib';
import type { StateCounts } from './row.ts';

/** Bytes of the month in each member but the last. */
export const memberPlainBytes = 128 * 1024;
/** What deflate makes of bytes that cannot be compressed is a little longer than they are. */
export const memberBytesMax = memberPlainBytes + 1024;
export const memberHeadBytes = 24;
/** The last member is found within so many bytes of the end. */
export const endBytesMax = 8 * 1024;
const tableEntriesMax = 16_000;
const formatNumber = 1;

const deflate = promisify(deflateRaw);
const inflate = promisify(gunzip);

/** What is in an archived month. */
export interface ArchiveSummary {
  /** Size of the month's file. */
  readonly plainBytes: number;
  readonly members: number;
  /** Where the table of members begins, and the crc32 of it. */
  readonly tableAt: number;
  readonly tableCrc: number;
  /** The month's last bytes, as its index knows them. */
  readonly tailBytes: number;
  readonly tailCrc: number;
  readonly records: number;
  readonly maxSeq: number;
  /** Ids of the first and the last record by id; null when there is none. */
  readonly ids: readonly [string, string] | null;
  /** When these two were created. */
  readonly created: readonly [string, string] | null;
  readonly states: Readonly<StateCounts>;
}

/** @param plain at most `memberPlainBytes` */
export async function memberOf(plain: Buffer): Promise<Buffer> {
  const body = await deflate(plain);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(memberHeadBytes + body.length + 8, 0);
  lengths.writeUInt32LE(plain.length, 4);
  return Buffer.concat([headOf([['M', lengths]]), body, trailerOf(crc32(plain), plain.length)]);
}

/** @returns lengths of a data member, packed and plain; null when none begins here */
export function readMemberHead(bytes: Buffer): { readonly packed: number; readonly plain: number } | null {
  const lengths = bytes.length < memberHeadBytes ? null : fieldsOf(bytes)?.get('M');
  if (lengths?.length !== 8) return null;
  const [packed, plain] = [lengths.readUInt32LE(0), lengths.readUInt32LE(4)];
  if (packed > memberBytesMax || packed <= memberHeadBytes || plain === 0 || plain > memberPlainBytes) return null;
  return { packed, plain };
}

/** @returns what a member holds, null when it is damaged */
export async function unpackMember(member: Buffer, plain: number): Promise<Buffer | null> {
  const bytes = await inflate(member, { maxOutputLength: memberPlainBytes }).catch(() => null);
  return bytes?.length === plain ? bytes : null;
}

/** @param lengths of all data members, packed */
export function tableOf(lengths: readonly number[]): { readonly members: Buffer; readonly crc: number } {
  const members: Buffer[] = [];
  let crc = 0;
  for (let from = 0; from < lengths.length; from += tableEntriesMax) {
    const some = lengths.slice(from, from + tableEntriesMax);
    const entries = Buffer.alloc(some.length * 4);
    some.forEach((length, index) => {
      entries.writeUInt32LE(length, index * 4);
    });
    crc = crc32(entries, crc);
    members.push(emptyMember([['T', entries]]));
  }
  return { members: Buffer.concat(members), crc };
}

/** @returns where each data member begins, and where the last one ends; null when the table is damaged */
export function readTable(bytes: Buffer, { members, tableCrc }: ArchiveSummary): Float64Array | null {
  const offsets = new Float64Array(members + 1);
  let [count, crc, at] = [0, 0, 0];
  while (count < members) {
    const entries = fieldsOf(bytes.subarray(at))?.get('T');
    if (!entries || count + entries.length / 4 > members) return null;
    crc = crc32(entries, crc);
    for (let entry = 0; entry < entries.length; entry += 4, count++)
      offsets[count + 1] = (offsets[count] as number) + entries.readUInt32LE(entry);
    at += emptyMemberBytes(entries.length);
  }
  return crc === tableCrc ? offsets : null;
}

export function endOf(summary: ArchiveSummary): Buffer {
  const text = Buffer.from(JSON.stringify({ nightshift: formatNumber, ...summary }));
  const about = Buffer.alloc(8);
  about.writeUInt32LE(text.length, 0);
  about.writeUInt32LE(crc32(text), 4);
  return emptyMember([
    ['S', text],
    ['L', about],
  ]);
}

/** @param bytes the last ones of the file. @returns null when they are not what an archive ends with */
export function readEnd(bytes: Buffer): ArchiveSummary | null {
  const aboutAt = bytes.length - emptyTrailerBytes - 8;
  if (aboutAt < 0) return null;
  const textBytes = bytes.readUInt32LE(aboutAt);
  const textAt = aboutAt - fieldHeadBytes - textBytes;
  if (textAt < 0) return null;
  const text = bytes.subarray(textAt, textAt + textBytes);
  if (crc32(text) !== bytes.readUInt32LE(aboutAt + 4)) return null;
  const { nightshift, ...summary } = JSON.parse(text.toString()) as ArchiveSummary & { nightshift: number };
  return nightshift === formatNumber ? summary : null;
}

const fixedHeadBytes = 12;
const fieldHeadBytes = 4;
/** An empty block of deflate, and the eight bytes every member ends with. */
const EMPTY = Buffer.from([0x03, 0x00]);
const emptyTrailerBytes = EMPTY.length + 8;
/** Deflate, with extra fields, no time, of no particular system. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]);
const FIELD = 'N';

type Field = readonly [name: string, value: Buffer];

function headOf(fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(([name, value]) => {
    const head = Buffer.from(`${FIELD}${name}\0\0`, 'latin1');
    head.writeUInt16LE(value.length, 2);
    return [head, value];
  });
  const length = Buffer.alloc(2);
  length.writeUInt16LE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([HEAD, length, ...parts]);
}

function fieldsOf(bytes: Buffer): Map<string, Buffer> | null {
  if (bytes.length < fixedHeadBytes || !bytes.subarray(0, HEAD.length).equals(HEAD)) return null;
  const end = fixedHeadBytes + bytes.readUInt16LE(HEAD.length);
  const fields = new Map<string, Buffer>();
  for (let at = fixedHeadBytes; at + fieldHeadBytes <= end; ) {
    const next = at + fieldHeadBytes + bytes.readUInt16LE(at + 2);
    if (next > end || next > bytes.length) return null;
    if (bytes[at] === FIELD.charCodeAt(0))
      fields.set(String.fromCharCode(bytes[at + 1] as number), bytes.subarray(at + fieldHeadBytes, next));
    at = next;
  }
  return fields;
}

function trailerOf(crc: number, plainBytes: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(plainBytes, 4);
  return trailer;
}

function emptyMember(fields: readonly Field[]): Buffer {
  return Buffer.concat([headOf(fields), EMPTY, trailerOf(0, 0)]);
}

function emptyMemberBytes(valueBytes: number): number {
  return fixedHeadBytes + fieldHeadBytes + valueBytes + emptyTrailerBytes;
}
