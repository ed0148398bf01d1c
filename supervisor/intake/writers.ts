/**
 * Settled files that somebody still has open for writing: he has only paused, and what he wrote after the file was taken
 * would be lost. They wait until he closes them. All that are about to be taken are looked up together.
 */
import { growingMs, rescanMs } from './intake-limits.ts';

interface Waiting {
  /** Monotonic times. */
  readonly since: number;
  lookAt: number;
}

export class Writers {
  readonly #settleMs: () => number;
  readonly #openForWriting: (names: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly #waiting = new Map<string, Waiting>();

  constructor(settleMs: () => number, openForWriting: (names: readonly string[]) => Promise<ReadonlySet<string>>) {
    this.#settleMs = settleMs;
    this.#openForWriting = openForWriting;
  }

  /** @returns those that nobody writes, and milliseconds until one of the others may have been closed */
  async closed<T extends { readonly name: string }>(
    settled: readonly T[],
    now: number,
  ): Promise<{ closed: readonly T[]; nextMs: number }> {
    const due = settled.filter(({ name }) => now >= (this.#waiting.get(name)?.lookAt ?? now));
    const open = due.length === 0 ? new Set<string>() : await this.#openForWriting(due.map(({ name }) => name));
    for (const { name } of due) this.#note(name, open.has(name), now);
    let nextMs = rescanMs;
    for (const { lookAt } of this.#waiting.values()) nextMs = Math.min(nextMs, Math.max(0, lookAt - now));
    return { closed: settled.filter(({ name }) => !this.#waiting.has(name)), nextMs };
  }

  /** The longer it has been open, the less often it is looked at. */
  #note(name: string, isOpen: boolean, now: number): void {
    if (!isOpen) {
      this.#waiting.delete(name);
      return;
    }
    const since = this.#waiting.get(name)?.since ?? now;
    this.#waiting.set(name, { since, lookAt: now + Math.min(Math.max(this.#settleMs(), (now - since) / 4), rescanMs) });
  }

  /** Names that have been open for a minute. */
  long(now: number): string[] {
    return [...this.#waiting].filter(([, { since }]) => now - since >= growingMs).map(([name]) => name);
  }

  /** Forgets all but these names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#waiting.keys()) if (!names.has(name)) this.#waiting.delete(name);
  }
}
