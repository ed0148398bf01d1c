/** A clock that stands still until it is told to go on. */
import type { Clock } from '../../supervisor/clock.ts';

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 1_000;
  readonly #timers = new Set<Timer>();

  /** @param wall ms since 1970, or a moment as text */
  constructor(wall: number | string) {
    this.#wall = typeof wall === 'string' ? Date.parse(wall) : wall;
  }

  wall(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, delayMs), call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Goes on, and calls on the way whatever has its time, each at its moment. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const next = [...this.#timers].reduce<Timer | null>((a, b) => (a && a.at <= b.at ? a : b), null);
      if (!next || next.at > end) break;
      this.#timers.delete(next);
      this.#go(Math.max(0, next.at - this.#monotonic));
      next.call();
    }
    this.#go(end - this.#monotonic);
  }

  /** Both clocks go on, and no timer is called on the way: the process stood still. */
  standStill(ms: number): void {
    this.#go(ms);
  }

  /** The wall clock is set. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #go(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
  }
}
