/**
 * Finished tasks leave memory for here: one file a month, only ever appended to, each record found again by its id years
 * later. Appends cost the loop a microsecond and are written behind; `sync` says when they are on disk.
 *
 * Records come in order of their sequence number, so the last one found at a start tells which are already there. What
 * the journal replays below it is recognized by `holds` and not written twice.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { HistoryRecord } from '../core/record.ts';
import { Appender } from './appender.ts';
import type { Cut } from './cut.ts';
import { type Disk, type DiskTrouble, machineDisk, troubleOf } from './disk.ts';
import { Indexer } from './indexer.ts';
import { type Head, lineBytesMax, writeLine } from './line.ts';
import { Month } from './month.ts';
import { type HistoryPage, type HistoryQuery, readEndings, readPage, type SourceList } from './query.ts';
import { type Damage, indexFolder, isolate, recover } from './recover.ts';
import { recordBytesMax } from './row.ts';
import { IndexDamage } from './run-format.ts';
import { type LastGroup, scanLines } from './scan.ts';
import { type StateCounts, Tail } from './source.ts';

export interface HistoryOptions {
  /** `DATA/history` */
  readonly folder: string;
  /** `DATA/quarantine` */
  readonly quarantine: string;
  /**
   * Sequence number of the snapshot recovery begins with, 0 without one: what finished up to there is known to be on
   * disk here, what finished later the journal still holds.
   */
  readonly provenSeq: number;
  /** Highest sequence number the journal has; a record beyond it is of an entry that was lost, and is taken back. */
  readonly journalSeq: number;
  readonly clock: Clock;
  readonly disk?: Disk;
  readonly trouble: (trouble: DiskTrouble) => void;
  readonly recovered: (file: string) => void;
  readonly damage: (damage: Damage) => void;
}

/** A record about to be appended; its JSON text must carry the same members. */
export interface Ending extends Head {
  /** ms since 1970: decides the month; of a record that is written once more, when that was. */
  readonly finishedAt: number;
}

export interface HistoryTotals {
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
}

const rebuildsMax = 100;
const tailsWaitingMax = 4;

interface CurrentMonth {
  readonly month: Month;
  readonly appender: Appender;
  /** ms since 1970: from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
}

export class History {
  readonly #options: HistoryOptions;
  readonly #disk: Disk;
  readonly #months: Map<string, Month>;
  readonly #indexer: Indexer;
  readonly #resumed: LastGroup | null;
  readonly #unproven: { readonly month: Month; readonly from: number } | null;
  #current: CurrentMonth | null = null;
  #lastSeq: number;
  #closing = false;
  /** What was cut off the end of files at this start. */
  readonly cuts: readonly Cut[];

  static async open(options: HistoryOptions): Promise<History> {
    const disk = options.disk ?? machineDisk;
    const found = await recover({ ...options, disk });
    const { months, last, cuts, unproven } = found;
    const indexer = new Indexer({ disk, folder: indexFolder(options.folder), trouble: options.trouble });
    const history = new History(options, disk, indexer, { months, last, cuts, unproven });
    for (const { month, indexed } of found.unindexed) history.#index(month, indexed, month.size);
    for (const month of months.values()) if (month.tails.length > 1) void indexer.flushFull(month);
    return history;
  }

  private constructor(
    options: HistoryOptions,
    disk: Disk,
    indexer: Indexer,
    found: Pick<Awaited<ReturnType<typeof recover>>, 'months' | 'last' | 'cuts' | 'unproven'>,
  ) {
    this.#options = options;
    this.#disk = disk;
    this.#indexer = indexer;
    this.#months = found.months;
    this.#resumed = found.last;
    this.#unproven = found.unproven;
    this.#lastSeq = found.last?.seq ?? 0;
    this.cuts = found.cuts;
  }

  /** Highest sequence number in history; at a start, of what was found. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether the start found this ending: replay need not append it again. */
  holds(seq: number, id: string): boolean {
    const resumed = this.#resumed;
    return resumed !== null && (seq < resumed.seq || (seq === resumed.seq && resumed.ids.has(id)));
  }

  /** Bytes that are accepted but not yet in a file. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const month of this.#months.values()) bytes += month.appender?.pendingBytes ?? 0;
    return bytes;
  }

  /**
   * What a start found already is passed over.
   * @param json text of the record without `seq`
   */
  append(ending: Ending, json: string): void {
    if (this.holds(ending.seq, ending.id)) return;
    if (ending.seq < this.#lastSeq) throw new Error(`history goes by sequence: ${ending.seq} after ${this.#lastSeq}`);
    const { month, appender } = this.#monthOf(ending.finishedAt);
    const { bytes, used } = appender.reserve(lineBytesMax(json));
    const end = writeLine(bytes, used, ending.seq, json);
    if (end - used > recordBytesMax) throw new Error(`the record of ${ending.id} has ${end - used} bytes`);
    const full = month.addRow(ending, appender.commit(end), end - used);
    this.#lastSeq = ending.seq;
    if (full) void this.#indexer.flushFull(month);
  }

  #monthOf(finishedAt: number): CurrentMonth {
    const current = this.#current;
    if (current && finishedAt >= current.from && finishedAt < current.to) return current;
    this.#current = this.#enter(finishedAt);
    if (current) {
      // Synced before the next month is begun, so that only one file can have an unfinished end.
      const until = current.appender.size;
      this.#current.appender.holdUntil(() => current.appender.sync(until));
      void this.#indexer.seal(current.month);
    }
    return this.#current;
  }

  #enter(finishedAt: number): CurrentMonth {
    const date = new Date(finishedAt);
    const [year, index] = [date.getUTCFullYear(), date.getUTCMonth()];
    const name = date.toISOString().slice(0, 7);
    const path = join(this.#options.folder, `${name}.ndjson`);
    let month = this.#months.get(name);
    if (!month) {
      month = new Month(this.#disk, name, path, 0, 0);
      this.#months.set(name, month);
    }
    month.appender ??= this.#appenderOf(month);
    return { month, appender: month.appender, from: Date.UTC(year, index), to: Date.UTC(year, index + 1) };
  }

  #appenderOf(month: Month): Appender {
    const { clock, trouble, recovered } = this.#options;
    const unproven = this.#unproven?.month === month ? this.#unproven.from : month.size;
    const options = { disk: this.#disk, clock, path: month.path, size: month.size, trouble, recovered };
    return new Appender({ ...options, syncedBytes: Math.min(unproven, month.size) });
  }

  /** Resolves once everything appended so far is on disk; rejects when it is not. Does nothing when nothing is new. */
  async sync(): Promise<void> {
    // The end found at the start has a writer only once something is appended; it must be vouched for even so.
    const { month } = this.#unproven ?? {};
    if (month && month.size > 0) month.appender ??= this.#appenderOf(month);
    const appenders = [...this.#months.values()].flatMap((each) => each.appender ?? []);
    await Promise.all(appenders.map((appender) => appender.sync()));
  }

  /** How many records by state: a task that was retried counts once for each ending, and once more for each time it was run again from here. */
  get totals(): HistoryTotals {
    const counts: StateCounts = [0, 0, 0, 0];
    for (const month of this.#months.values()) month.addCounts(counts);
    return { succeeded: counts[0], failed: counts[1], canceled: counts[2] };
  }

  /** The newest record of an id. */
  async get(id: string): Promise<HistoryRecord | null> {
    return (await this.endings(id))[0] ?? null;
  }

  /** All records of an id, newest first: more than one when it was retried. */
  endings(id: string): Promise<HistoryRecord[]> {
    return this.#read((sources) => readEndings(sources, id, this.#options.damage));
  }

  list(query: HistoryQuery): Promise<HistoryPage> {
    return this.#read((sources) => readPage(sources, query, this.#options.damage));
  }

  async #read<T>(read: (sources: SourceList) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      for (const month of this.#months.values()) await month.ready;
      const sources = [...this.#months.values()].flatMap((month) => month.sources());
      try {
        return await read(sources);
      } catch (error) {
        if (!(error instanceof IndexDamage) || attempt === rebuildsMax) throw error;
        this.#makeAgain(error);
      } finally {
        for (const { release } of sources) release();
      }
    }
  }

  /** A damaged index costs time, never records: its stretch of the data is read again. */
  #makeAgain(damage: IndexDamage): void {
    this.#options.trouble(troubleOf('index', damage.path, damage));
    for (const month of this.#months.values()) {
      const run = month.runs.find(({ path }) => path === damage.path);
      if (!run) continue;
      const { from, to } = run.summary;
      month.runs = month.runs.filter((other) => other !== run);
      run.retire(true);
      this.#index(month, from, to);
    }
  }

  /** Indexes a stretch of a month's file behind; who looks something up meanwhile waits for it. */
  #index(month: Month, from: number, to: number): void {
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
      if (month.tails.length > tailsWaitingMax) await this.#indexer.flushFull(month);
    }
    if (tail.to > tail.from) month.insertTail(tail);
    await this.#indexer.flushFull(month);
  }

  /** Writes and syncs what is left, then lets go of all files. Rejects when something could not be brought to disk. */
  async close(): Promise<void> {
    this.#closing = true;
    try {
      await this.sync();
    } finally {
      for (const month of this.#months.values()) await month.ready;
      await this.#indexer.close(this.#months.values());
      for (const month of this.#months.values()) await month.close();
    }
  }
}
