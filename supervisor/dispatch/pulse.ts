/** Whether something keeps a thread, or the process behind a slot, from its own event loop. */
import { NOTES } from '../../workers/contract.ts';

/** Whoever runs something makes notes each second; one that has made none for so long is stuck. */
const stuckMs = 5_000;

export class Pulse {
  #seen = { count: -1, at: 0 };

  /** Asked every now and then while something runs. @param notes null while it is not up */
  isStuck(notes: Float64Array | null, now: number): boolean {
    const count = notes?.[NOTES.count] ?? 0;
    if (count !== this.#seen.count) this.#seen = { count, at: now };
    return now - this.#seen.at > stuckMs;
  }
}
