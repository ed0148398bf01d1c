/** Reads the records that rows point to, neighbors together, each checked against its crc. */
import type { HistoryRecord } from '../core/record.ts';
import type { Damage } from './damage.ts';
import { checkLine, parseLine } from './line.ts';
import type { Month } from './month.ts';
import type { Rows } from './row.ts';

const NEWLINE = 0x0a;
const gapBytesMax = 16 * 1024;
const spanBytesMax = 1024 * 1024;
/** As many as Node's pool has threads. */
const readsAtOnceMax = 4;

/** One record found in the index: a row and the month it belongs to. */
export interface Hit {
  readonly month: Month;
  readonly rows: Rows;
  readonly row: number;
}

export function idOf({ rows, row }: Hit): string {
  return rows.id(row);
}

export function seqOf({ rows, row }: Hit): number {
  return rows.seq(row);
}

function offsetOf({ rows, row }: Hit): number {
  return rows.offset(row);
}

function bytesOf({ rows, row }: Hit): number {
  return rows.bytes(row);
}

/** Records of the hits, in their order; null where one did not match or is damaged. */
export async function readRecords(
  hits: readonly Hit[],
  damage: (damage: Damage) => void,
  matchBytes?: (line: Buffer) => boolean,
): Promise<(HistoryRecord | null)[]> {
  const records: (HistoryRecord | null)[] = new Array(hits.length).fill(null);
  const spans = spansOf(hits);
  const readSome = async () => {
    for (let span = spans.pop(); span; span = spans.pop()) {
      const bytes = Buffer.allocUnsafe(span.to - span.from);
      const got = await readSpan(span, bytes, damage);
      if (got === null) continue;
      for (const index of span.hits) {
        records[index] = recordAt(hits[index] as Hit, bytes.subarray(0, got), span.from, damage, matchBytes);
      }
    }
  };
  await Promise.all(Array.from({ length: readsAtOnceMax }, readSome));
  return records;
}

/** A file that cannot be read costs its own records alone. @returns bytes read, null when it could not be */
async function readSpan(
  { month, from }: Span,
  bytes: Buffer,
  damage: (damage: Damage) => void,
): Promise<number | null> {
  try {
    return await month.read(bytes, bytes.length, from);
  } catch (error) {
    const what = `cannot be read: ${(error as Error).message}`;
    damage({ file: month.file, offset: from, bytes: bytes.length, what });
    return null;
  }
}

function recordAt(
  hit: Hit,
  bytes: Buffer,
  from: number,
  damage: (damage: Damage) => void,
  matchBytes?: (line: Buffer) => boolean,
): HistoryRecord | null {
  const start = offsetOf(hit) - from;
  const end = start + bytesOf(hit) - 1;
  if (matchBytes && !matchBytes(bytes.subarray(start, end))) return null;
  const bodyEnd = bytes[end] === NEWLINE ? checkLine(bytes, start, end) : -1;
  if (bodyEnd >= 0) return parseLine(bytes, start, bodyEnd);
  damage(unreadable(hit));
  return null;
}

function unreadable(hit: Hit): Damage {
  const what = `the record of ${idOf(hit)} is unreadable`;
  return { file: hit.month.file, offset: offsetOf(hit), bytes: bytesOf(hit), what };
}

interface Span {
  readonly month: Month;
  readonly from: number;
  to: number;
  readonly hits: number[];
}

/** What stands close together is read at once: by id and by place is nearly the same order. */
function spansOf(hits: readonly Hit[]): Span[] {
  const order = hits.map((_, index) => index);
  const at = (index: number) => hits[index] as Hit;
  order.sort((a, b) => compareNames(at(a).month.name, at(b).month.name) || offsetOf(at(a)) - offsetOf(at(b)));
  const spans: Span[] = [];
  for (const index of order) {
    const { month } = at(index);
    const [offset, bytes] = [offsetOf(at(index)), bytesOf(at(index))];
    const last = spans.at(-1);
    const joins =
      last?.month === month && offset - last.to <= gapBytesMax && offset + bytes - last.from <= spanBytesMax;
    if (joins) {
      last.to = Math.max(last.to, offset + bytes);
      last.hits.push(index);
    } else spans.push({ month, from: offset, to: offset + bytes, hits: [index] });
  }
  return spans;
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
