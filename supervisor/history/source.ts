/**
 * Where index rows come from: the tail in memory or a sorted run on disk. Both cover one stretch of a month's data file
 * and give their rows in order of id, then sequence number.
 */
import { Contents } from './contents.ts';
import type { Head } from './line.ts';
import {
  compareIds,
  countState,
  type IdWords,
  idMoment,
  Rows,
  rowWords,
  type StateCounts,
  stateCode,
  typeHash,
} from './row.ts';

/** Some neighboring rows of a source: the one at `index` is `rows` at `order[index - base]`, or at `index - base`. */
export interface Window {
  readonly rows: Rows;
  readonly base: number;
  readonly length: number;
  readonly order: Uint32Array | null;
}

export interface Source {
  readonly count: number;
  /** Ids of its first and last row. */
  readonly first: IdWords;
  readonly last: IdWords;
  /** Highest sequence number in it. */
  readonly maxSeq: number;
  /** How many of its records are in each state. */
  readonly counts: Readonly<StateCounts>;
  /** How many by type and state; the figures of statistics only when they are asked for. */
  contents(withFigures?: boolean): Promise<Contents>;
  /** @returns index of the first row with this id or a later one; `count` when there is none */
  lowerBound(id: IdWords): Promise<number>;
  /** Rows around `index`, reaching about `wanted` rows into the direction of reading. */
  window(index: number, wanted: number, backward: boolean): Promise<Window>;
}

export function rowOf(window: Window, index: number): number {
  return window.order ? (window.order[index - window.base] as number) : index - window.base;
}

export const tailRowsMax = 16_384;

/** Rows of the newest records, in the order they were written; put into order of id when somebody asks. */
export class Tail {
  readonly rows = new Rows(tailRowsMax);
  /** The stretch of the data file it covers. */
  readonly from: number;
  to: number;
  readonly counts: StateCounts = [0, 0, 0, 0];
  readonly contents = new Contents();
  /** Lines in its stretch that could not be read. */
  damagedLines = 0;
  #order: number[] = [];

  constructor(from: number) {
    this.from = from;
    this.to = from;
  }

  get full(): boolean {
    return this.rows.count === tailRowsMax;
  }

  /** Called in order of offset. */
  add(head: Head, offset: number, bytes: number): void {
    const state = stateCode(head.state);
    this.to = offset + bytes;
    if (this.rows.add(head.id, head.seq, offset, typeHash(head.type), bytes, state)) {
      countState(this.counts, state);
      this.contents.add(head);
    } else this.damagedLines += 1;
  }

  /** Lines that are none, counted and passed over. */
  skip(lines: number, to: number): void {
    this.damagedLines += lines;
    this.to = to;
  }

  /** The rows as they are now: what is added later does not show. Null when there are none. */
  view(): TailView | null {
    const { rows } = this;
    if (rows.count === 0) return null;
    if (this.#order.length < rows.count) this.#sort();
    return new TailView(this, Uint32Array.from(this.#order));
  }

  /** What was in order stays in order, so this is a merge of the newcomers more than a sort. */
  #sort(): void {
    const { rows } = this;
    const moments = new Float64Array(rows.count);
    for (let row = 0; row < rows.count; row++) moments[row] = idMoment(rows.words, row * rowWords);
    for (let row = this.#order.length; row < rows.count; row++) this.#order.push(row);
    this.#order.sort((a, b) => {
      // One number decides nearly always, several times faster than four words.
      const order = (moments[a] as number) - (moments[b] as number);
      if (order !== 0) return order;
      return compareIds(rows.words, a * rowWords, rows.words, b * rowWords) || rows.seq(a) - rows.seq(b);
    });
  }
}

class TailView implements Source {
  readonly rows: Rows;
  readonly order: Uint32Array;
  readonly first: IdWords;
  readonly last: IdWords;
  readonly maxSeq: number;
  readonly counts: Readonly<StateCounts>;
  /** With what came later: as a sum of what may be there it is still right. */
  readonly #contents: Contents;

  constructor({ rows, counts, contents }: Tail, order: Uint32Array) {
    this.rows = rows;
    this.order = order;
    this.maxSeq = rows.seq(rows.count - 1);
    this.counts = counts;
    this.#contents = contents;
    this.first = this.#id(0);
    this.last = this.#id(order.length - 1);
  }

  get count(): number {
    return this.order.length;
  }

  async contents(): Promise<Contents> {
    return this.#contents;
  }

  #id(index: number): IdWords {
    const at = (this.order[index] as number) * rowWords;
    return this.rows.words.slice(at, at + 4);
  }

  async lowerBound(id: IdWords): Promise<number> {
    const { words } = this.rows;
    return firstNotBelow(this.count, (index) => compareIds(words, (this.order[index] as number) * rowWords, id, 0) < 0);
  }

  async window(): Promise<Window> {
    return { rows: this.rows, base: 0, length: this.count, order: this.order };
  }
}

/** Binary search: @returns the first index of `count` for which `below` is false */
export function firstNotBelow(count: number, below: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (below(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
