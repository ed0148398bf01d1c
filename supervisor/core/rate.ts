/** "At most `count` starts in any `perMs`", exactly: the last `count` start times are kept in a ring. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

export class RateWindow {
  readonly rate: Rate;
  readonly #starts: Float64Array;
  #next = 0;

  constructor(rate: Rate) {
    this.rate = rate;
    this.#starts = new Float64Array(rate.count).fill(Number.NEGATIVE_INFINITY);
  }

  /** The earliest moment another start is allowed. */
  nextAt(): number {
    return (this.#starts[this.#next] as number) + this.rate.perMs;
  }

  take(now: number): void {
    this.#starts[this.#next] = now;
    this.#next = (this.#next + 1) % this.rate.count;
  }

  /** Start times that still count, the oldest first. */
  startsSince(moment: number): number[] {
    return [...this.#starts].filter((start) => start > moment).sort((a, b) => a - b);
  }

  /** The wall clock jumped: the starts were as long ago as before. */
  shift(byMs: number): void {
    for (let index = 0; index < this.#starts.length; index++)
      this.#starts[index] = (this.#starts[index] as number) + byMs;
  }
}
