/** Passes one after another: each says when the next is due, a stir brings it forward, none runs beside another. */
import type { Clock } from '../clock.ts';
import { passPauseMsLeast, passPauseMsMax } from './intake-limits.ts';

export class Pace {
  readonly #clock: Clock;
  /** @returns milliseconds until the next pass. Never throws. */
  readonly #pass: () => Promise<number>;
  #running: Promise<void> | null = null;
  /** From before a pass begins, when there is no promise of it yet. */
  #busy = false;
  /** What was asked for while a pass was under way. */
  #wishMs = Number.POSITIVE_INFINITY;
  #stopped = false;
  /** Monotonic times: until when to rest, and when the armed pass begins. */
  #restUntil = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #disarm: () => void = () => {};

  constructor(clock: Clock, pass: () => Promise<number>) {
    this.#clock = clock;
    this.#pass = pass;
  }

  /** Something may have changed. */
  stir(): void {
    this.within(0);
  }

  /** Something will want to be looked at again. */
  within(delayMs: number): void {
    if (this.#busy) this.#wishMs = Math.min(this.#wishMs, delayMs);
    else this.#arm(delayMs);
  }

  /** A whole pass that begins after this call. */
  async now(): Promise<void> {
    while (this.#running) await this.#running;
    if (!this.#stopped) await this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#disarm();
    await this.#running;
  }

  #arm(delayMs: number): void {
    const now = this.#clock.monotonic();
    const at = Math.max(now + delayMs, this.#restUntil);
    if (this.#stopped || at >= this.#dueAt) return;
    this.#disarm();
    this.#dueAt = at;
    this.#disarm = this.#clock.after(at - now, () => void (this.#busy || this.#run()));
  }

  #run(): Promise<void> {
    this.#disarm();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#wishMs = Number.POSITIVE_INFINITY;
    this.#busy = true;
    this.#running = this.#runOnce();
    return this.#running;
  }

  async #runOnce(): Promise<void> {
    const began = this.#clock.monotonic();
    const nextMs = await this.#pass();
    const ended = this.#clock.monotonic();
    this.#busy = false;
    this.#running = null;
    // While ten thousand files arrive each pass sees them all again: rest about as long as it took.
    this.#restUntil = ended + Math.min(passPauseMsMax, Math.max(passPauseMsLeast, ended - began));
    this.#arm(Math.min(nextMs, this.#wishMs));
  }
}
