/** What stands for the journal, the histories and the ledger of a queue that nothing is to be left of. */
import type { HistoryRecord } from '../core/record.ts';
import type { Ending, History } from '../history/history.ts';
import type { Journal } from '../journal/live-journal.ts';
import type { Records } from './records.ts';

/** Finished tasks. */
export const finishedKeptMax = 1_000;

/** Takes what a journal takes and keeps none of it. An entry counts as durable one turn of the event loop later. */
class MemoryJournal implements Pick<Journal, keyof Records['journal']> {
  readonly durability = 'os';
  readonly full = false;
  readonly snapshotDue = false;
  #last = 0;
  #durable = 0;
  #turn: Promise<void> | null = null;
  readonly #listeners: ((seq: number) => void)[] = [];

  append(seq: number, _at: number, body: string) {
    this.#last = seq;
    this.#turn ??= new Promise((resolve) => {
      // A turn, and not a microtask: whoever is served at once must not keep timers from being heard.
      setImmediate(() => {
        this.#turn = null;
        this.#durable = this.#last;
        for (const listener of this.#listeners) listener(this.#durable);
        resolve();
      });
    });
    return { file: 0, offset: 0, length: body.length };
  }

  durable(seq: number): Promise<void> | undefined {
    return seq <= this.#durable ? undefined : (this.#turn ?? undefined);
  }

  onDurable(listener: (seq: number) => void): void {
    this.#listeners.push(listener);
  }

  onSpace(): void {}

  async read(): Promise<string[]> {
    throw new Error('params of a queue in memory are in memory');
  }

  async snapshot(): Promise<void> {}

  async close(): Promise<void> {
    await this.#turn;
  }
}

/** The newest of what has finished, so that it can be asked for at all. */
class MemoryHistory implements Pick<History, keyof Records['history']> {
  readonly #records = new Map<string, { readonly seq: number; readonly json: string }>();

  append({ id, seq }: Ending, json: string): void {
    this.#records.delete(id);
    this.#records.set(id, { seq, json });
    const [oldest] = this.#records.keys();
    if (this.#records.size > finishedKeptMax) this.#records.delete(oldest as string);
  }

  getAll(ids: readonly string[]) {
    return Promise.all(ids.map((id) => this.get(id)));
  }

  async get(id: string): Promise<HistoryRecord | null> {
    const kept = this.#records.get(id);
    return kept ? { ...JSON.parse(kept.json), seq: kept.seq } : null;
  }

  /** The library finds tasks by id alone. */
  async list() {
    return { items: [], next: null };
  }

  async count() {
    return { count: 0, whole: true };
  }

  async endingsCount(): Promise<number> {
    return 0;
  }

  async stats() {
    return [];
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}

export function memoryRecords(): Records {
  const nowhere = { append() {}, async sync() {}, async close() {} };
  return { journal: new MemoryJournal(), history: new MemoryHistory(), ledger: nowhere, pastRuns: nowhere };
}
