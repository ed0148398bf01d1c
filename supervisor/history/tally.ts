/**
 * How often each of many numbers came: as sorted arrays, so that millions are no objects and two tallies are joined in one
 * walk. What is added is only written down, and put in order when somebody asks.
 */
export class Tally {
  #keys = new Float64Array(0);
  #counts = new Uint32Array(0);
  #recent: number[] = [];

  add(key: number): void {
    this.#recent.push(key);
  }

  /** How many different numbers. */
  get size(): number {
    this.#settle();
    return this.#keys.length;
  }

  join(other: Tally): void {
    this.#settle();
    other.#settle();
    this.#merge(other.#keys, other.#counts);
  }

  *entries(): Generator<readonly [key: number, count: number]> {
    this.#settle();
    const [keys, counts] = [this.#keys, this.#counts];
    for (let at = 0; at < keys.length; at++) yield [keys[at] as number, counts[at] as number];
  }

  /** @param keys in order, none twice */
  static of(keys: Float64Array<ArrayBuffer>, counts: Uint32Array<ArrayBuffer>): Tally {
    const tally = new Tally();
    tally.#keys = keys;
    tally.#counts = counts;
    return tally;
  }

  #settle(): void {
    if (this.#recent.length === 0) return;
    const keys = Float64Array.from(this.#recent).sort();
    this.#recent = [];
    const counts = new Uint32Array(keys.length);
    let last = 0;
    for (const key of keys) {
      if (counts[last] !== 0 && key !== keys[last]) last++;
      keys[last] = key;
      counts[last] = (counts[last] as number) + 1;
    }
    this.#merge(keys.subarray(0, last + 1), counts.subarray(0, last + 1));
  }

  #merge(keys: Float64Array, counts: Uint32Array): void {
    const [mine, times] = [this.#keys, this.#counts];
    const merged = new Float64Array(mine.length + keys.length);
    const sums = new Uint32Array(merged.length);
    let [a, b, size] = [0, 0, 0];
    while (a < mine.length || b < keys.length) {
      const [left, right] = [mine[a] ?? Number.POSITIVE_INFINITY, keys[b] ?? Number.POSITIVE_INFINITY];
      merged[size] = Math.min(left, right);
      sums[size++] = (left <= right ? (times[a++] as number) : 0) + (right <= left ? (counts[b++] as number) : 0);
    }
    this.#keys = merged.slice(0, size);
    this.#counts = sums.slice(0, size);
  }
}
