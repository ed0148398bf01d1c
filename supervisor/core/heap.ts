/** A binary min-heap of things with a number each: the earliest first. */
export class Heap<T> {
  readonly #keys: number[] = [];
  readonly #values: T[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** Key of the first, or Infinity. */
  get earliest(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY;
  }

  /** The value of the first. */
  get first(): T | undefined {
    return this.#values[0];
  }

  push(key: number, value: T): void {
    let at = this.#keys.length;
    this.#keys.push(key);
    this.#values.push(value);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((this.#keys[above] as number) <= key) break;
      this.#move(above, at);
      at = above;
    }
    this.#put(at, key, value);
  }

  pop(): T | undefined {
    const first = this.#values[0];
    const key = this.#keys.pop();
    const value = this.#values.pop();
    if (this.#keys.length > 0) this.#sink(key as number, value as T);
    return first;
  }

  clear(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
  }

  /** Lets go of all others. */
  keep(wanted: (value: T) => boolean): void {
    const keys = [...this.#keys];
    const values = [...this.#values];
    this.clear();
    for (const [index, value] of values.entries()) if (wanted(value)) this.push(keys[index] as number, value);
  }

  values(): readonly T[] {
    return this.#values;
  }

  #sink(key: number, value: T): void {
    const size = this.#keys.length;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= size) break;
      if (below + 1 < size && (this.#keys[below + 1] as number) < (this.#keys[below] as number)) below++;
      if ((this.#keys[below] as number) >= key) break;
      this.#move(below, at);
      at = below;
    }
    this.#put(at, key, value);
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] as number;
    this.#values[to] = this.#values[from] as T;
  }

  #put(at: number, key: number, value: T): void {
    this.#keys[at] = key;
    this.#values[at] = value;
  }
}
