/** When a dropped file has settled: its size and time have not changed for a while. Pure; both clocks are given. */
import { growingMs } from './intake-limits.ts';

export interface Sight {
  readonly name: string;
  readonly signature: string;
  /** Wall time at which it was last written. */
  readonly modifiedAt: number;
}

export interface Now {
  readonly wall: number;
  readonly monotonic: number;
}

interface Watched {
  signature: string;
  /** Monotonic times. */
  since: number;
  readonly first: number;
}

export class Settling {
  readonly #settleMs: () => number;
  #watched = new Map<string, Watched>();

  /** @param settleMs INBOX_SETTLE as it is now */
  constructor(settleMs: () => number) {
    this.#settleMs = settleMs;
  }

  /** @returns 0 when it has settled, else milliseconds until it may have. */
  look(sight: Sight, now: Now): number {
    const settleMs = this.#settleMs();
    const age = now.wall - sight.modifiedAt;
    // Moved in whole, or there since before the start. A time in the future says nothing: then only watching helps.
    if (age >= settleMs) {
      this.#watched.delete(sight.name);
      return 0;
    }
    const watched = this.#watched.get(sight.name);
    if (!watched) {
      this.#watched.set(sight.name, { signature: sight.signature, since: now.monotonic, first: now.monotonic });
      return age >= 0 ? settleMs - age : settleMs;
    }
    if (watched.signature !== sight.signature) {
      watched.signature = sight.signature;
      watched.since = now.monotonic;
    }
    const left = settleMs - (now.monotonic - watched.since);
    if (left <= 0) this.#watched.delete(sight.name);
    return Math.max(0, left);
  }

  /** Names that have kept changing for a minute. */
  growing(monotonic: number): string[] {
    return [...this.#watched].filter(([, watched]) => monotonic - watched.first >= growingMs).map(([name]) => name);
  }

  /** Forgets all but these names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#watched.keys()) if (!names.has(name)) this.#watched.delete(name);
  }
}
