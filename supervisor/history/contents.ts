/**
 * What a stretch of a month holds, without reading it: how many records by type and state, for lists, and how many tasks
 * ended in each quarter of an hour, and how long they took, for statistics. Of quarters of an hour the days of every zone
 * can be put together. Always made from the records, with the index of the stretch, and joined as runs are.
 */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { bucketOf, durationBuckets } from './durations.ts';
import type { Head } from './line.ts';
import { countedStates, countState, type StateCounts, type StateSlot, slotOf, stateCode, stateSlots } from './row.ts';
import { Tally } from './tally.ts';

export const quarterMs = 15 * 60_000;
/** Types beyond these are counted together, under no name. */
export const typesCountedMax = 1_000;

/** Some tasks of one type that ended in the same quarter of an hour in the same way, having taken about as long. */
export interface Figure {
  /** Quarters of an hour since 1970. */
  readonly quarter: number;
  readonly state: StateSlot;
  /** Of the durations, for those that succeeded in an attempt. */
  readonly bucket: number | null;
  readonly count: number;
}

/** How they ended, as one number: codes of states, then buckets of durations of those that succeeded. */
const firstBucketSlot = countedStates.length + 1;
const slots = firstBucketSlot + durationBuckets;
/** What a word holds: a clock that shows a year beyond 100,000 is broken. */
const quarterMax = 2 ** 32 - 1;
const figureWords = 3;
const figureBytes = figureWords * 4;

interface OfType {
  readonly counts: StateCounts;
  /** By quarter and slot in one number. */
  tally: Tally;
}

interface TypesText {
  readonly rewritten: number;
  readonly types: readonly [type: string | null, figures: number, ...counts: StateCounts][];
}

export class Contents {
  /** What came when there were too many has no name. */
  readonly #types = new Map<string | null, OfType>();
  #rewritten = 0;

  /** How many records tell of a task whose ending was told before. */
  get rewritten(): number {
    return this.#rewritten;
  }

  add({ type, state, finishedAt, durationMs, rewritten }: Head): void {
    const code = stateCode(state);
    const { counts, tally } = this.#ofType(type);
    countState(counts, code);
    if (rewritten) this.#rewritten += 1;
    if (rewritten || finishedAt === null) return;
    const slot = durationMs === null ? slotOf(code) : firstBucketSlot + bucketOf(durationMs);
    const quarter = Math.min(Math.max(0, Math.floor(finishedAt / quarterMs)), quarterMax);
    tally.add(quarter * slots + slot);
  }

  #ofType(type: string | null): OfType {
    const known = this.#types.get(type);
    if (known) return known;
    if (type !== null && this.#types.size >= typesCountedMax) return this.#ofType(null);
    const made = { counts: [0, 0, 0, 0] as StateCounts, tally: new Tally() };
    this.#types.set(type, made);
    return made;
  }

  /** Joins what another stretch holds, letting others in between types. */
  async join(other: Contents): Promise<void> {
    this.#rewritten += other.#rewritten;
    for (const [type, { counts, tally }] of other.#types) {
      const mine = this.#ofType(type);
      for (const slot of stateSlots) mine.counts[slot] += counts[slot];
      mine.tally.join(tally);
      await turnOfLoop();
    }
  }

  /**
   * How many records there are at most; none for certain when it is 0.
   * @param types null: of all. @param states null: all
   */
  count(types: readonly string[] | null, states: readonly StateSlot[] | null): number {
    const unnamed = this.#types.get(null);
    const some = types
      ? [...new Set(types)].flatMap((type) => this.#types.get(type) ?? []).concat(unnamed ?? [])
      : this.#types.values();
    let sum = 0;
    for (const { counts } of some) for (const slot of states ?? stateSlots) sum += counts[slot];
    return sum;
  }

  /** Null is the name of all types beyond `typesCountedMax`. */
  get types(): Iterable<string | null> {
    return this.#types.keys();
  }

  *figures(type: string | null): Generator<Figure> {
    for (const [key, count] of this.#types.get(type)?.tally.entries() ?? []) {
      const slot = key % slots;
      const bucket = slot < firstBucketSlot ? null : slot - firstBucketSlot;
      yield { quarter: (key - slot) / slots, state: bucket === null ? (slot as StateSlot) : 0, bucket, count };
    }
  }

  /** As `fromParts` takes it: JSON with a row a type, and three words a figure. */
  toParts(): { readonly types: Buffer; readonly figures: Buffer } {
    const types = [...this.#types].map(([type, { counts, tally }]) => [type, tally.size, ...counts]);
    const words = new Uint32Array(types.reduce((sum, [, size]) => sum + (size as number), 0) * figureWords);
    let at = 0;
    for (const { tally } of this.#types.values()) {
      for (const [key, count] of tally.entries()) {
        const slot = key % slots;
        words[at++] = (key - slot) / slots;
        words[at++] = slot;
        words[at++] = count;
      }
    }
    return {
      types: Buffer.from(JSON.stringify({ rewritten: this.#rewritten, types })),
      figures: Buffer.from(words.buffer),
    };
  }

  /** @param figures null: they are not asked for */
  static fromParts(types: Buffer, figures: Buffer | null): Contents {
    const contents = new Contents();
    const known = JSON.parse(types.toString()) as TypesText;
    contents.#rewritten = known.rewritten;
    let at = 0;
    for (const [type, size, ...counts] of known.types) {
      const mine = contents.#ofType(type);
      mine.counts.splice(0, stateSlots.length, ...counts);
      if (figures) mine.tally = tallyOf(figures.subarray(at, at + size * figureBytes), size);
      at += size * figureBytes;
    }
    return contents;
  }
}

function tallyOf(bytes: Buffer, size: number): Tally {
  const words = new Uint32Array(size * figureWords);
  Buffer.from(words.buffer).set(bytes);
  const [keys, counts] = [new Float64Array(size), new Uint32Array(size)];
  for (let row = 0; row < size; row++) {
    const at = row * figureWords;
    keys[row] = (words[at] as number) * slots + (words[at + 1] as number);
    counts[row] = words[at + 2] as number;
  }
  return Tally.of(keys, counts);
}
