/**
 * Tasks as one stream, however many: a page is asked for when the reader has taken the one before, so that neither side
 * holds more than that. Who takes nothing for long is let go, and so many are made at once.
 */
import { Readable } from 'node:stream';
import type { Clock } from '../supervisor/clock.ts';
import { Refusal } from '../supervisor/core/refusal.ts';
import type { Facade, PageRequest, TaskView } from '../supervisor/facade.ts';
import { exportsMax, itemsPerPageMax, stalledMsMax } from './limits.ts';
import { csvHead, csvRow } from './task-csv.ts';

export interface ExportFormat {
  readonly type: string;
  readonly head: string;
  readonly row: (task: TaskView) => string;
}

export const EXPORT_FORMATS = {
  ndjson: { type: 'application/x-ndjson', head: '', row: (task) => `${JSON.stringify(task)}\n` },
  csv: { type: 'text/csv; charset=utf-8; header=present', head: csvHead, row: csvRow },
} as const satisfies Readonly<Record<string, ExportFormat>>;

type Question = Pick<PageRequest, 'filter' | 'order' | 'signal'>;

export class TaskExports {
  readonly #facade: Pick<Facade, 'tasks'>;
  readonly #clock: Clock;
  #under = 0;

  constructor(facade: Pick<Facade, 'tasks'>, clock: Clock) {
    this.#facade = facade;
    this.#clock = clock;
  }

  /** An error on the way cuts the stream off, so that a part is not taken for all. */
  begin(question: Question, format: ExportFormat): Readable {
    if (this.#under >= exportsMax)
      throw new Refusal('rate_limited', `${exportsMax} exports are under way already; wait for one to end`);
    this.#under++;
    const stream: Readable = Readable.from(
      this.#texts(this.#bounded(question), format, () => this.#watch(stream)),
      { objectMode: false },
    );
    stream.once('close', () => {
      this.#under--;
    });
    return stream;
  }

  /** Oldest first it would otherwise never end while tasks are added. */
  #bounded(question: Question): Question {
    const { filter, order } = question;
    if (order === 'newest') return question;
    const now = this.#clock.wall() + 1;
    return { ...question, filter: { ...filter, to: Math.min(filter.to ?? now, now) } };
  }

  #watch(stream: Readable): () => void {
    return this.#clock.after(stalledMsMax, () => {
      stream.destroy();
    });
  }

  async *#texts(question: Question, { head, row }: ExportFormat, watch: () => () => void): AsyncGenerator<string> {
    let after: string | null = null;
    let text = head;
    do {
      const page = await this.#facade.tasks({ ...question, after, limit: itemsPerPageMax });
      after = page.next;
      for (const task of page.items) text += row(task);
      const unwatch = watch();
      try {
        if (text !== '') yield text;
      } finally {
        unwatch();
      }
      text = '';
    } while (after !== null);
  }
}
