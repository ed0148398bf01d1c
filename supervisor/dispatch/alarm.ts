/**
 * One timer for the earliest thing due. It is never armed for longer than a minute, so a jump of the wall clock or a
 * sleep of the machine is noticed; it only rings, what is due is for others to find out.
 */
import { type Clock, timerMsMax } from '../clock.ts';

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Number.POSITIVE_INFINITY;
  #stop: (() => void) | null = null;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param at wall time of the earliest thing due; Infinity for nothing, which still looks once a minute */
  arm(at: number): void {
    const now = this.#clock.wall();
    const next = Math.min(at, now + timerMsMax);
    if (this.#stop && next >= this.#at) return;
    this.#stop?.();
    this.#at = next;
    this.#stop = this.#clock.after(Math.max(0, next - now), () => {
      this.#stop = null;
      this.#ring();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }
}
