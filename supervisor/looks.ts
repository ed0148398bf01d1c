/**
 * When to look whether files are others than before: soon after whatever stirred last, and again when the look before
 * asked for it. One look at a time; what stirs meanwhile brings the next one at once.
 */
import type { Clock } from './clock.ts';

export class Looks {
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #look: () => Promise<number>;
  #cancel: (() => void) | null = null;
  #looking: Promise<void> | null = null;
  #stirred = false;
  #ended = false;

  /**
   * @param settleMs how long after something stirred
   * @param look answers in how many milliseconds to look again, unless something stirs before
   */
  constructor(clock: Clock, settleMs: number, look: () => Promise<number>) {
    this.#clock = clock;
    this.#settleMs = settleMs;
    this.#look = look;
  }

  begin(): void {
    this.#wait(this.#settleMs);
  }

  stir(): void {
    this.#stirred = true;
    if (!this.#looking) this.#wait(this.#settleMs);
  }

  /** Resolves when no look is under way, and none will come. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#cancel?.();
    await this.#looking;
  }

  #wait(ms: number): void {
    this.#cancel?.();
    if (this.#ended) return;
    this.#cancel = this.#clock.after(ms, () => {
      this.#stirred = false;
      this.#looking = this.#look().then((ms) => {
        this.#looking = null;
        this.#wait(this.#stirred ? this.#settleMs : ms);
      });
    });
  }
}
