/** Who reads just now: a file is let go of only once those are done who may hold on to it. */
export class Reading {
  readonly #under = new Set<Promise<unknown>>();

  async during<T>(read: () => Promise<T>): Promise<T> {
    const reading = read();
    this.#under.add(reading);
    try {
      return await reading;
    } finally {
      this.#under.delete(reading);
    }
  }

  /** Resolves once all are done who read now. */
  async over(): Promise<void> {
    await Promise.allSettled(this.#under);
  }
}
