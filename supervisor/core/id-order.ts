/** Ids of live tasks in ascending order, for lists: a page begins anywhere without a look at what lies before it. */
const slackMin = 1_024;

export class IdOrder {
  #ids: string[] = [];

  /** @param id sorts after every id added before */
  add(id: string): void {
    const last = this.#ids.at(-1);
    if (last === undefined || last < id) this.#ids.push(id);
    else {
      const at = this.after(id);
      if (this.#ids[at - 1] !== id) this.#ids.splice(at, 0, id);
    }
  }

  get length(): number {
    return this.#ids.length;
  }

  at(index: number): string | undefined {
    return this.#ids[index];
  }

  /** Index of the first id that sorts after `id`. */
  after(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ids[middle] as string) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Drops ids of tasks that are gone once they are the greater part. */
  compact(live: number, isLive: (id: string) => boolean): void {
    if (this.#ids.length > live * 2 + slackMin) this.#ids = this.#ids.filter(isLive);
  }
}
