/**
 * Sorts rows out by what a row tells, the newest ending of each id. Sources that hold nothing of what is asked for are
 * passed over; as one of them may have a newer ending of a task found elsewhere, they are asked about those that are left.
 */
import { type IdRange, Merge, reaches } from './merge.ts';
import type { Month } from './month.ts';
import type { HistoryQuery, SourceList } from './query.ts';
import { type Hit, idOf, seqOf } from './records.ts';
import { compareIds, idWords, Rows, rowWords, type StateSlot, slotOf, stateCode, typeHash } from './row.ts';
import { rowOf, type Source } from './source.ts';

export type Sorting = Pick<HistoryQuery, 'states' | 'types' | 'exclude'>;

interface Sifted {
  readonly read: SourceList;
  /** Hold none of the states asked for, but perhaps a newer ending of a task that was in one of them. */
  readonly passedOver: readonly Source[];
}

/** A task keeps its type for good, so what has none of the types asked for is not looked at again. */
async function sift(sources: SourceList, range: IdRange, { states, types }: Sorting): Promise<Sifted> {
  const slots = states ? [...new Set(states.map((state) => slotOf(stateCode(state))))] : null;
  const read: SourceList = [];
  const passedOver: Source[] = [];
  for (const one of sources) {
    const { source } = one;
    if (!reaches(source, range)) continue;
    if (slots && sumOf(source, slots) === 0) passedOver.push(source);
    else if (!types) read.push(one);
    else {
      const contents = await source.contents();
      if (contents.count(types, slots) > 0) read.push(one);
      else if (contents.count(types, null) > 0) passedOver.push(source);
    }
  }
  return { read, passedOver };
}

function sumOf({ counts }: Source, slots: readonly StateSlot[]): number {
  return slots.reduce<number>((sum, slot) => sum + counts[slot], 0);
}

async function hasNewer(source: Source, hit: Hit): Promise<boolean> {
  const id = idWords(idOf(hit));
  if (!id || source.maxSeq <= seqOf(hit)) return false;
  if (compareIds(source.first, 0, id, 0) > 0 || compareIds(source.last, 0, id, 0) < 0) return false;
  for (let index = await source.lowerBound(id); index < source.count; index++) {
    const window = await source.window(index, 1, false);
    const row = rowOf(window, index);
    if (compareIds(window.rows.words, row * rowWords, id, 0) !== 0) return false;
    if (window.rows.seq(row) > seqOf(hit)) return true;
  }
  return false;
}

/** Rows that pass what a row tells, the newest ending of each id. */
export class Selection {
  readonly #merge: Merge<Month>;
  readonly #passedOver: readonly Source[];
  readonly #states: number | null;
  readonly #types: ReadonlySet<number> | null;
  readonly #exclude: ((id: string) => boolean) | undefined;
  /** The newest ending so far of the id under way. */
  readonly #held = new Rows(1);
  #heldIn: Month | null = null;
  #chosen = new Rows(0);

  /** So many rows may still be looked at. */
  rowsLeft = Number.POSITIVE_INFINITY;

  static async of(sources: SourceList, range: IdRange, query: Sorting, backward: boolean): Promise<Selection> {
    const { read, passedOver } = await sift(sources, range, query);
    return new Selection(new Merge(read, range, backward), passedOver, query);
  }

  private constructor(merge: Merge<Month>, passedOver: readonly Source[], query: Sorting) {
    this.#merge = merge;
    this.#passedOver = passedOver;
    this.#states = query.states ? query.states.reduce((mask, state) => mask | (1 << stateCode(state)), 0) : null;
    this.#types = query.types ? new Set(query.types.map(typeHash)) : null;
    this.#exclude = query.exclude;
  }

  /** Of these hits, those that are the newest ending of their task. */
  async newest(hits: readonly Hit[]): Promise<readonly Hit[]> {
    if (this.#passedOver.length === 0) return hits;
    const newest: Hit[] = [];
    for (const hit of hits) {
      let superseded = false;
      for (const source of this.#passedOver) superseded ||= await hasNewer(source, hit);
      if (!superseded) newest.push(hit);
    }
    return newest;
  }

  /** @returns up to `wanted` hits in order, to be asked about with `newest`; none at the end, or with no rows left */
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
        if (--this.rowsLeft <= 0) return hits;
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
