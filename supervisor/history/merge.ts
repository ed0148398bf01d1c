/**
 * Rows of many sources as one sequence by id, in either direction. A source is opened only when the sequence reaches its
 * ids, so a page of the newest touches the newest month and not ten years of them.
 */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { compareIds, type IdWords, type Rows, rowWords } from './row.ts';
import { rowOf, type Source, type Window } from './source.ts';

const firstWindowRows = 128;
const windowRowsMax = 4_096;
const rowsPerTurn = 10_000;

/** Ids from `low`, inclusive, to `high`, exclusive. */
export interface IdRange {
  readonly low: IdWords;
  readonly high: IdWords;
}

/** One source being read; `rows` and `row` are where it stands. */
class Cursor<Owner> {
  readonly owner: Owner;
  readonly source: Source;
  readonly #backward: boolean;
  #index = 0;
  #left = 0;
  #wanted = firstWindowRows;
  #window: Window | null = null;
  row = 0;

  constructor(source: Source, owner: Owner, backward: boolean) {
    this.source = source;
    this.owner = owner;
    this.#backward = backward;
  }

  get rows(): Rows {
    return (this.#window as Window).rows;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  async start(range: IdRange): Promise<void> {
    const from = await this.source.lowerBound(range.low);
    const to = await this.source.lowerBound(range.high);
    this.#left = to - from;
    this.#index = this.#backward ? to - 1 : from;
    await this.load();
  }

  async load(): Promise<void> {
    if (this.done) return;
    this.#window = await this.source.window(this.#index, Math.min(this.#wanted, this.#left), this.#backward);
    this.#wanted = Math.min(this.#wanted * 2, windowRowsMax);
    this.row = rowOf(this.#window, this.#index);
  }

  /** @returns false when it is done or must load first */
  next(): boolean {
    this.#left -= 1;
    if (this.#left === 0) return false;
    this.#index += this.#backward ? -1 : 1;
    const window = this.#window as Window;
    if (this.#index < window.base || this.#index >= window.base + window.length) {
      this.#window = null;
      return false;
    }
    this.row = rowOf(window, this.#index);
    return true;
  }

  get loaded(): boolean {
    return this.#window !== null;
  }
}

/** Whether a source may have ids in the range. */
export function reaches(source: Source, { low, high }: IdRange): boolean {
  return source.count > 0 && compareIds(source.last, 0, low, 0) >= 0 && compareIds(source.first, 0, high, 0) < 0;
}

export class Merge<Owner> {
  readonly #range: IdRange;
  readonly #backward: boolean;
  /** Not yet reached, the next one last. */
  readonly #ahead: Cursor<Owner>[];
  #active: Cursor<Owner>[] = [];
  #ready = false;
  #sinceTurn = 0;

  constructor(sources: readonly { source: Source; owner: Owner }[], range: IdRange, backward: boolean) {
    this.#range = range;
    this.#backward = backward;
    const within = sources.filter(({ source }) => reaches(source, range));
    this.#ahead = within.map(({ source, owner }) => new Cursor(source, owner, backward));
    this.#ahead.sort((a, b) => -this.#compare(this.#edge(a), 0, this.#edge(b), 0));
  }

  #edge(cursor: Cursor<Owner>): IdWords {
    return this.#backward ? cursor.source.last : cursor.source.first;
  }

  /** Less than zero when `a` comes first in the direction of reading. */
  #compare(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
    return this.#backward ? compareIds(b, bAt, a, aAt) : compareIds(a, aAt, b, bAt);
  }

  /** Loads what the next rows need. @returns false at the end */
  async fill(): Promise<boolean> {
    if (this.#sinceTurn >= rowsPerTurn) {
      this.#sinceTurn = 0;
      await turnOfLoop();
    }
    for (const cursor of this.#active) if (!cursor.done && !cursor.loaded) await cursor.load();
    this.#active = this.#active.filter((cursor) => !cursor.done);
    for (let next = this.#ahead.at(-1); next; next = this.#ahead.at(-1)) {
      const least = this.#least();
      if (least && this.#compare(this.#edge(next), 0, least.rows.words, least.row * rowWords) > 0) break;
      this.#ahead.pop();
      await next.start(this.#range);
      if (!next.done) this.#active.push(next);
    }
    this.#ready = this.#active.length > 0;
    return this.#ready;
  }

  /** The cursor that stands at the next row, or null when `fill` must be called first. */
  peek(): Cursor<Owner> | null {
    if (!this.#ready) return null;
    const least = this.#least() as Cursor<Owner>;
    const next = this.#ahead.at(-1);
    if (next && this.#compare(this.#edge(next), 0, least.rows.words, least.row * rowWords) <= 0) return null;
    return least;
  }

  advance(cursor: Cursor<Owner>): void {
    this.#sinceTurn += 1;
    this.#ready = cursor.next() && this.#sinceTurn < rowsPerTurn;
  }

  #least(): Cursor<Owner> | null {
    let least: Cursor<Owner> | null = null;
    for (const cursor of this.#active) {
      if (!least || this.#compareRows(cursor, least) < 0) least = cursor;
    }
    return least;
  }

  /** By id; equal ids in order of sequence number, whatever the direction. */
  #compareRows(a: Cursor<Owner>, b: Cursor<Owner>): number {
    const order = this.#compare(a.rows.words, a.row * rowWords, b.rows.words, b.row * rowWords);
    return order === 0 ? a.rows.seq(a.row) - b.rows.seq(b.row) : order;
  }
}
