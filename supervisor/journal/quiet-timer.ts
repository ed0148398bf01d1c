/** Calls once after it has been quiet for a while. Touched many thousand times a second, so it sets no timer each time. */
import type { Clock } from '../clock.ts';

export class QuietTimer {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #call: () => void;
  #touchedAt = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, delayMs: number, call: () => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#call = call;
  }

  touch(): void {
    this.#touchedAt = this.#clock.monotonic();
  }

  arm(): void {
    this.#cancel ??= this.#wait(this.#delayMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #wait(ms: number): () => void {
    return this.#clock.after(ms, () => {
      const quietMs = this.#clock.monotonic() - this.#touchedAt;
      this.#cancel = quietMs < this.#delayMs ? this.#wait(this.#delayMs - quietMs) : null;
      if (this.#cancel === null) this.#call();
    });
  }
}
