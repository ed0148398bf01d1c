/**
 * Pages and lookups over all months: rows are merged by id and sorted out by what a row tells, and only the records that
 * remain are read, neighbors together.
 */
import type { HistoryRecord } from '../core/record.ts';
import type { Damage } from './damage.ts';
import { following, rangeOf } from './id-range.ts';
import { Merge } from './merge.ts';
import type { Month } from './month.ts';
import { type Hit, idOf, readRecords, seqOf } from './records.ts';
import { idWords } from './row.ts';
import { Selection } from './selection.ts';

export interface HistoryQuery {
  /** Id after which the page begins, in the direction of reading. */
  readonly after?: string | null;
  readonly limit: number;
  readonly order: 'newest' | 'oldest';
  /** Creation time, ms since 1970: from inclusive, to exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Sorted out by the index, before anything is read. */
  readonly states?: readonly string[];
  readonly types?: readonly string[];
  /** Sorted out before anything is read, e.g. what is live again. */
  readonly exclude?: (id: string) => boolean;
  /** Sorted out before it is parsed: the bytes of the record's line. */
  readonly matchBytes?: (line: Buffer) => boolean;
  readonly match?: (record: HistoryRecord) => boolean;
  /** After so many records read in vain the page ends early, with `next` set. */
  readonly readMax?: number;
  readonly signal?: AbortSignal;
}

export interface HistoryPage {
  readonly items: readonly HistoryRecord[];
  /** Id to give as `after`; null at the end. */
  readonly next: string | null;
}

export type SourceList = ReturnType<Month['sources']>;

const firstBatch = 64;
const batchMax = 512;
const readMaxDefault = 1_000_000;

export async function readPage(
  sources: SourceList,
  query: HistoryQuery,
  damage: (damage: Damage) => void,
): Promise<HistoryPage> {
  const range = rangeOf(query);
  if (!range) return { items: [], next: null };
  const selection = await Selection.of(sources, range, query, query.order === 'newest');
  const items: HistoryRecord[] = [];
  let left = query.readMax ?? readMaxDefault;
  for (let wanted = Math.min(query.limit + 1, firstBatch); ; wanted = Math.min(wanted * 2, batchMax)) {
    query.signal?.throwIfAborted();
    const hits = await selection.next(Math.min(wanted, left));
    if (hits.length === 0) return { items, next: null };
    const records = await readRecords(await selection.newest(hits), damage, query.matchBytes);
    for (const record of records) {
      if (!record || (query.match && !query.match(record))) continue;
      if (items.length === query.limit) return { items, next: (items.at(-1) as HistoryRecord).id };
      items.push(record);
    }
    left -= hits.length;
    if (left <= 0) return { items, next: idOf(hits.at(-1) as Hit) };
  }
}

/** Of tasks that the index alone can tell. */
export type CountQuery = Pick<HistoryQuery, 'from' | 'to' | 'states' | 'types' | 'exclude'>;

export interface HistoryCount {
  readonly count: number;
  /** False when there may be more: so many rows were not looked at. */
  readonly whole: boolean;
}

/** Counts without reading a record. Types that share a hash, which two in four billion do, are counted as one. */
export async function countRecords(sources: SourceList, query: CountQuery, rowsMax: number): Promise<HistoryCount> {
  const range = rangeOf({ ...query, order: 'oldest' });
  if (!range) return { count: 0, whole: true };
  const selection = await Selection.of(sources, range, query, true);
  selection.rowsLeft = rowsMax;
  for (let count = 0; ; ) {
    const hits = await selection.next(batchMax);
    count += (await selection.newest(hits)).length;
    if (selection.rowsLeft <= 0) return { count, whole: false };
    if (hits.length < batchMax) return { count, whole: true };
  }
}

/** All endings of one id, newest first. */
export async function readEndings(
  sources: SourceList,
  id: string,
  damage: (damage: Damage) => void,
): Promise<HistoryRecord[]> {
  return (await readRecords(await hitsOf(sources, id), damage)).filter((record) => record !== null);
}

/** The newest ending of each id, in their order; null where there is none. Those that stand close together are read at once. */
export async function readNewest(
  sources: SourceList,
  ids: readonly string[],
  damage: (damage: Damage) => void,
): Promise<(HistoryRecord | null)[]> {
  const newest: (Hit | undefined)[] = [];
  for (const id of ids) newest.push((await hitsOf(sources, id))[0]);
  const read = await readRecords(
    newest.filter((hit) => hit !== undefined),
    damage,
  );
  let next = 0;
  const records: (HistoryRecord | null)[] = [];
  for (const [index, hit] of newest.entries()) {
    const record = hit ? (read[next++] as HistoryRecord | null) : null;
    // Where the newest is damaged, one before it still tells of the task.
    records.push(record ?? (hit ? ((await readEndings(sources, ids[index] as string, damage))[0] ?? null) : null));
  }
  return records;
}

async function hitsOf(sources: SourceList, id: string): Promise<Hit[]> {
  const low = idWords(id);
  if (!low) return [];
  const merge = new Merge(sources, { low, high: following(low) }, false);
  const hits: Hit[] = [];
  while (await merge.fill()) {
    for (let cursor = merge.peek(); cursor; cursor = merge.peek()) {
      hits.push({ month: cursor.owner, rows: cursor.rows, row: cursor.row });
      merge.advance(cursor);
    }
  }
  hits.sort((a, b) => seqOf(b) - seqOf(a));
  return hits.filter((hit, index) => index === 0 || seqOf(hit) !== seqOf(hits[index - 1] as Hit));
}
