/** Indexes what has no index, or a damaged one, behind: who looks something up in that month meanwhile waits for it. */
import { type Damage, isolate } from './damage.ts';
import { type DiskTrouble, troubleOf } from './disk.ts';
import type { Indexer } from './indexer.ts';
import type { Month } from './month.ts';
import type { IndexDamage } from './run-format.ts';
import { scanLines } from './scan.ts';
import { Tail } from './source.ts';

interface ReindexerOptions {
  readonly indexer: Indexer;
  readonly trouble: (trouble: DiskTrouble) => void;
  readonly damage: (damage: Damage) => void;
}

const tailsWaitingMax = 4;

export class Reindexer {
  readonly #options: ReindexerOptions;
  #closing = false;

  constructor(options: ReindexerOptions) {
    this.#options = options;
  }

  /** Breaks off what is under way. */
  end(): void {
    this.#closing = true;
  }

  /** A damaged index costs time, never records: its stretch of the data is read again. */
  makeAgain(months: Iterable<Month>, damage: IndexDamage): void {
    this.#options.trouble(troubleOf('index', damage.path, damage));
    for (const month of months) {
      const run = month.runs.find(({ path }) => path === damage.path);
      if (!run) continue;
      const { from, to } = run.summary;
      month.runs = month.runs.filter((other) => other !== run);
      run.retire(true);
      this.index(month, from, to);
    }
  }

  index(month: Month, from: number, to: number): void {
    const done = this.#indexStretch(month, from, to).catch((error) => {
      this.#options.trouble(troubleOf('index', month.path, error));
    });
    const before = month.ready;
    const ready = Promise.all([before, done]).then(() => {
      if (month.ready === ready) month.ready = null;
    });
    month.ready = ready;
  }

  async #indexStretch(month: Month, from: number, to: number): Promise<void> {
    const { indexer } = this.#options;
    let tail = new Tail(from);
    for await (const piece of scanLines(month.read, from, to)) {
      if (this.#closing) return;
      for (const found of piece) {
        if (found.head) tail.add(found.head, found.offset, found.bytes);
        else isolate(this.#options, month, tail, [found]);
        if (!tail.full) continue;
        month.insertTail(tail);
        tail = new Tail(tail.to);
      }
      if (month.tails.length > tailsWaitingMax) await indexer.flushFull(month);
    }
    if (tail.to > tail.from) month.insertTail(tail);
    await indexer.flushFull(month);
  }
}
