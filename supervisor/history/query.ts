/**
 * Pages and lookups over all months: rows are merged by id and sorted out by what a row tells, and only the records that
 * remain are read, neighbors together.
 */
import type { HistoryRecord } from '../core/record.ts';
import type { Damage } from './damage.ts';
import { type IdRange, Merge } from './merge.ts';
import type { Month } from './month.ts';
import { type Hit, idOf, readRecords, seqOf } from './records.ts';
import { compareIds, type IdWords, idWords, Rows, rowWords, stateCode, typeHash } from './row.ts';

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
  const selection = new Selection(new Merge(sources, range, query.order === 'newest'), query);
  const items: HistoryRecord[] = [];
  let left = query.readMax ?? readMaxDefault;
  for (let wanted = Math.min(query.limit + 1, firstBatch); ; wanted = Math.min(wanted * 2, batchMax)) {
    query.signal?.throwIfAborted();
    const hits = await selection.next(Math.min(wanted, left));
    if (hits.length === 0) return { items, next: null };
    const records = await readRecords(hits, damage, query.matchBytes);
    for (const record of records) {
      if (!record || (query.match && !query.match(record))) continue;
      if (items.length === query.limit) return { items, next: (items.at(-1) as HistoryRecord).id };
      items.push(record);
    }
    left -= hits.length;
    if (left <= 0) return { items, next: idOf(hits.at(-1) as Hit) };
  }
}

/** All endings of one id, newest first. */
export async function readEndings(
  sources: SourceList,
  id: string,
  damage: (damage: Damage) => void,
): Promise<HistoryRecord[]> {
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
  const whole = hits.filter((hit, index) => index === 0 || seqOf(hit) !== seqOf(hits[index - 1] as Hit));
  return (await readRecords(whole, damage)).filter((record) => record !== null);
}

/** Rows that pass what a row tells, the newest ending of each id. */
class Selection {
  readonly #merge: Merge<Month>;
  readonly #states: number | null;
  readonly #types: ReadonlySet<number> | null;
  readonly #exclude: ((id: string) => boolean) | undefined;
  /** The newest ending so far of the id under way. */
  readonly #held = new Rows(1);
  #heldIn: Month | null = null;
  #chosen = new Rows(0);

  constructor(merge: Merge<Month>, query: HistoryQuery) {
    this.#merge = merge;
    this.#states = query.states ? query.states.reduce((mask, state) => mask | (1 << stateCode(state)), 0) : null;
    this.#types = query.types ? new Set(query.types.map(typeHash)) : null;
    this.#exclude = query.exclude;
  }

  /** @returns up to `wanted` hits in order; none at the end */
  async next(wanted: number): Promise<Hit[]> {
    const hits: Hit[] = [];
    this.#chosen = new Rows(wanted);
    while (await this.#merge.fill()) {
      for (let cursor = this.#merge.peek(); cursor; cursor = this.#merge.peek()) {
        const { rows, row } = cursor;
        if (!this.#heldIn || compareIds(rows.words, row * rowWords, this.#held.words, 0) !== 0) {
          this.#release(hits);
          if (hits.length === wanted) return hits;
          this.#hold(rows, row, cursor.owner);
        } else if (rows.seq(row) > this.#held.seq(0)) {
          this.#hold(rows, row, cursor.owner);
        }
        this.#merge.advance(cursor);
      }
    }
    this.#release(hits);
    return hits;
  }

  #hold(rows: Rows, row: number, month: Month): void {
    this.#held.count = 0;
    this.#held.copy(rows, row);
    this.#heldIn = month;
  }

  #release(hits: Hit[]): void {
    const month = this.#heldIn;
    if (!month) return;
    this.#heldIn = null;
    if (this.#states !== null && !(this.#states & (1 << this.#held.state(0)))) return;
    if (this.#types && !this.#types.has(this.#held.typeHash(0))) return;
    if (this.#exclude?.(this.#held.id(0))) return;
    const row = this.#chosen.count;
    this.#chosen.copy(this.#held, 0);
    hits.push({ month, rows: this.#chosen, row });
  }
}

/** Null when `after` is no id at all, or nothing can lie within. */
function rangeOf({ after, order, from, to }: HistoryQuery): IdRange | null {
  let low = from === undefined ? new Uint32Array(4) : momentWords(from);
  let high = to === undefined ? new Uint32Array(4).fill(0xffff_ffff) : momentWords(to);
  if (after) {
    const words = idWords(after);
    if (!words) return null;
    if (order === 'newest') high = least(high, words);
    else low = most(low, following(words));
  }
  return compareIds(low, 0, high, 0) < 0 ? { low, high } : null;
}

function least(a: IdWords, b: IdWords): IdWords {
  return compareIds(a, 0, b, 0) < 0 ? a : b;
}

function most(a: IdWords, b: IdWords): IdWords {
  return compareIds(a, 0, b, 0) < 0 ? b : a;
}

/** The smallest id made at this moment: the first 48 bits of a UUIDv7 are its time. */
function momentWords(at: number): IdWords {
  const ms = Math.min(Math.max(0, Math.ceil(at)), 2 ** 48 - 1);
  return Uint32Array.of(Math.floor(ms / 0x1_0000), (ms % 0x1_0000) * 0x1_0000, 0, 0);
}

/** The next id there can be. */
function following(id: IdWords): IdWords {
  const next = id.slice();
  for (let word = 3; word >= 0; word--) {
    const value = ((next[word] as number) + 1) >>> 0;
    next[word] = value;
    if (value !== 0) break;
  }
  return next;
}
