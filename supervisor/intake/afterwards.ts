/**
 * Accepted files are looked at once more: whoever had one open where nobody could see it, on another machine or as
 * another user, may have gone on writing after it was taken. What he added is not taken, and must not be lost in silence.
 */
import { eachBounded } from './bounded.ts';
import type { InboxFiles } from './files.ts';
import { callsMax, heldFilesMax, lateMs, lateShownMax } from './intake-limits.ts';

export interface Accepted {
  readonly path: string;
  /** Of the file as it was read. */
  readonly signature: string;
}

export class Afterwards {
  readonly #files: InboxFiles;
  /** Monotonic time of acceptance, oldest first. */
  readonly #held: { readonly accepted: Accepted; readonly at: number }[] = [];
  readonly #late = new Map<string, Accepted>();

  constructor(files: InboxFiles) {
    this.#files = files;
  }

  hold(accepted: readonly Accepted[], now: number): void {
    for (const one of accepted) this.#held.push({ accepted: one, at: now });
  }

  /** @returns those that have been written to since they were read, while they are still there */
  async late(now: number): Promise<string[]> {
    const due = this.#held.findIndex(({ at }) => now - at < lateMs);
    const crowd = this.#held.length - heldFilesMax;
    const look = this.#held.splice(0, Math.max(due < 0 ? this.#held.length : due, crowd));
    const all = [...this.#late.values(), ...look.map(({ accepted }) => accepted)];
    await eachBounded(all, callsMax, async (accepted) => {
      const status = await this.#files.status(accepted.path);
      if (status === null || status.signature === accepted.signature) this.#late.delete(accepted.path);
      else if (this.#late.size < lateShownMax) this.#late.set(accepted.path, accepted);
    });
    return [...this.#late.keys()];
  }
}
