/**
 * When to look whether files are others than before: soon after whatever stirred, again until what was seen stays the
 * same, and every few seconds anyway. One look at a time; what stirs meanwhile brings the next one at once.
 */
import type { Clock } from './clock.ts';

/** What came of a look: when to look again, and the stamp that was seen if it has to be seen once more to count. */
export interface Looked {
  readonly ms: number;
  readonly seen: string | null;
}

export class Looks {
  readonly #clock: Clock;
  readonly #settleMs: number;
  /** @param seen the stamp of the look before, when that saw a change */
  readonly #look: (seen: string | null) => Promise<Looked>;
  #cancel: (() => void) | null = null;
  #looking: Promise<void> | null = null;
  #stirred = false;
  #ended = false;

  /** @param settleMs how long after something stirred */
  constructor(clock: Clock, settleMs: number, look: (seen: string | null) => Promise<Looked>) {
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

  #wait(ms: number, seen: string | null = null): void {
    this.#cancel?.();
    if (this.#ended) return;
    this.#cancel = this.#clock.after(ms, () => {
      this.#stirred = false;
      this.#looking = this.#look(seen).then(({ ms, seen }) => {
        this.#looking = null;
        this.#wait(this.#stirred ? this.#settleMs : ms, seen);
      });
    });
  }
}
