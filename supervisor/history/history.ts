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
import { type Ages, Cleaner, type HistoryCleanup } from './cleaner.ts';
import type { Cut } from './cut.ts';
import type { Damage } from './damage.ts';
import { type Disk, type DiskTrouble, machineDisk } from './disk.ts';
import { Indexer } from './indexer.ts';
import { type Head, lineBytesMax, writeLine } from './line.ts';
import { Month } from './month.ts';
import { indexFolder, monthFile } from './places.ts';
import {
  type CountQuery,
  countRecords,
  type HistoryCount,
  type HistoryPage,
  type HistoryQuery,
  readEndings,
  readNewest,
  readPage,
  type SourceList,
} from './query.ts';
import { Reading } from './reading.ts';
import { type Recovered, recover } from './recover.ts';
import { Reindexer } from './reindexer.ts';
import { recordBytesMax, type StateCounts } from './row.ts';
import { IndexDamage } from './run-format.ts';
import type { LastGroup } from './scan.ts';
import { type StatsQuery, StatsSum, statsFrom, type TypeStats } from './stats.ts';

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
  readonly #reindexer: Reindexer;
  readonly #cleaner: Cleaner;
  readonly #reading = new Reading();
  #current: CurrentMonth | null = null;
  #lastSeq: number;
  /** What was cut off the end of files at this start. */
  readonly cuts: readonly Cut[];

  static async open(options: HistoryOptions): Promise<History> {
    const disk = options.disk ?? machineDisk;
    const found = await recover({ ...options, disk });
    const history = new History(options, disk, found);
    for (const { month, indexed } of found.unindexed) history.#reindexer.index(month, indexed, month.size);
    for (const month of found.months.values()) if (month.tails.length > 1) void history.#indexer.flushFull(month);
    return history;
  }

  private constructor(options: HistoryOptions, disk: Disk, { months, last, newest, cuts, unproven }: Recovered) {
    const { folder, quarantine, trouble, damage } = options;
    this.#options = options;
    this.#disk = disk;
    this.#months = months;
    this.#resumed = last;
    this.#unproven = unproven;
    this.#lastSeq = last?.seq ?? 0;
    this.cuts = cuts;
    const indexer = new Indexer({ disk, folder: indexFolder(folder), trouble });
    this.#indexer = indexer;
    this.#reindexer = new Reindexer({ indexer, trouble, damage });
    this.#cleaner = new Cleaner({
      ...{ disk, folder, quarantine, months, indexer, damage },
      newest: () => this.#current?.month ?? newest,
      read: () => this.#reading.over(),
    });
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
    if (current && current.month !== this.#current.month) {
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
    const month = this.#openMonth(year, index);
    month.appender ??= this.#appenderOf(month);
    return { month, appender: month.appender, from: Date.UTC(year, index), to: Date.UTC(year, index + 1) };
  }

  /** One that is moved aside takes no more: what a clock that went back says belongs there goes to the next one. */
  #openMonth(year: number, index: number): Month {
    const name = new Date(Date.UTC(year, index)).toISOString().slice(0, 7);
    const known = this.#months.get(name);
    if (known?.archive || known?.leaving) return this.#openMonth(year, index + 1);
    if (known) return known;
    const month = new Month(this.#disk, name, join(this.#options.folder, monthFile(name)), 0, 0);
    this.#months.set(name, month);
    return month;
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
    if (month && month.size > 0 && !month.archive) month.appender ??= this.#appenderOf(month);
    const appenders = [...this.#months.values()].flatMap((each) => each.appender ?? []);
    await Promise.all(appenders.map((appender) => appender.sync()));
  }

  /** How many records by state: a task that was retried counts once for each ending, and once more for each time it was run again from here. */
  get totals(): HistoryTotals {
    const counts: StateCounts = [0, 0, 0, 0];
    for (const month of this.#months.values()) month.addCounts(counts);
    return { succeeded: counts[0], failed: counts[1], canceled: counts[2] };
  }

  /** How many records there are, whatever their state. */
  get records(): number {
    const counts: StateCounts = [0, 0, 0, 0];
    for (const month of this.#months.values()) month.addCounts(counts);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The newest record of an id. */
  async get(id: string): Promise<HistoryRecord | null> {
    return (await this.endings(id))[0] ?? null;
  }

  /** The newest record of each id, in their order; null for one that is not there. */
  getAll(ids: readonly string[]): Promise<readonly (HistoryRecord | null)[]> {
    return this.#read((sources) => readNewest(sources, ids, this.#options.damage));
  }

  /** All records of an id, newest first: more than one when it was retried. */
  endings(id: string): Promise<HistoryRecord[]> {
    return this.#read((sources) => readEndings(sources, id, this.#options.damage));
  }

  list(query: HistoryQuery): Promise<HistoryPage> {
    return this.#read((sources) => readPage(sources, query, this.#options.damage));
  }

  /** @param rowsMax so many records are looked at, in the index */
  count(query: CountQuery, rowsMax: number): Promise<HistoryCount> {
    return this.#read((sources) => countRecords(sources, query, rowsMax));
  }

  /** How many endings there are; what was written once more because its task was run again counts once. */
  endingsCount(): Promise<number> {
    return this.#read(async (sources) => {
      let count = 0;
      for (const { source } of sources) count += source.count - (await source.contents()).rewritten;
      return count;
    });
  }

  /** How tasks went by type and day, as far as their months are still there. */
  stats(query: StatsQuery): Promise<readonly TypeStats[]> {
    return this.#read(async (sources) => {
      const [sum, from] = [new StatsSum(query), statsFrom(query)];
      for (const { source, owner } of sources) if (owner.until > from) sum.add(await source.contents(true));
      return sum.stats;
    });
  }

  /**
   * Moves old months aside and removes what is older still, while everything else goes on.
   * @param now ms since 1970
   * @throws Error that names the months that could not be done; the others are
   */
  clean(now: number, ages: Ages): Promise<HistoryCleanup> {
    return this.#cleaner.clean(now, ages);
  }

  #read<T>(read: (sources: SourceList) => Promise<T>): Promise<T> {
    return this.#reading.during(() => this.#readNow(read));
  }

  async #readNow<T>(read: (sources: SourceList) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      for (const month of this.#months.values()) await month.ready;
      const sources = [...this.#months.values()].flatMap((month) => month.sources());
      try {
        return await read(sources);
      } catch (error) {
        if (!(error instanceof IndexDamage) || attempt === rebuildsMax) throw error;
        this.#reindexer.makeAgain(this.#months.values(), error);
      } finally {
        for (const { release } of sources) release();
      }
    }
  }

  /** Writes and syncs what is left, then lets go of all files. Rejects when something could not be brought to disk. */
  async close(): Promise<void> {
    this.#reindexer.end();
    await this.#cleaner.end();
    try {
      await this.sync();
    } finally {
      for (const month of this.#months.values()) await month.ready;
      await this.#indexer.close(this.#months.values());
      for (const month of this.#months.values()) await month.close();
    }
  }
}
