/**
 * Moves months aside that are old enough, and removes those that are older still: packed and on the disk before the plain
 * file goes, so that whatever breaks off leaves at least one of the two whole. Both for a moment is no harm: a start
 * takes the plain file, and the next cleanup packs it once more.
 *
 * The month written last always stays as it is: how far history goes is found at its end.
 */
import { basename, join } from 'node:path';
import { Archive } from './archive.ts';
import { type MonthFacts, writeArchive } from './archive-writer.ts';
import type { Damage } from './damage.ts';
import type { Disk } from './disk.ts';
import type { Indexer } from './indexer.ts';
import type { Month } from './month.ts';
import { archiveFile, archiveFolder } from './places.ts';
import { idMoment, idText } from './row.ts';

export interface Ages {
  /** Whole months older than this are packed; null: none. */
  readonly archiveAfterMs: number | null;
  /** Whole months older than this are removed; null: none. */
  readonly retentionMs: number | null;
}

export interface ArchivedMonth extends RemovedMonth {
  /** What is left of its bytes. */
  readonly archiveBytes: number;
}

export interface RemovedMonth {
  /** `YYYY-MM` */
  readonly month: string;
  readonly records: number;
  readonly bytes: number;
}

export interface HistoryCleanup {
  readonly archived: readonly ArchivedMonth[];
  readonly removed: readonly RemovedMonth[];
}

export interface CleanerParts {
  readonly disk: Disk;
  /** `DATA/history` */
  readonly folder: string;
  readonly quarantine: string;
  readonly months: Map<string, Month>;
  readonly indexer: Indexer;
  /** The month written last. */
  readonly newest: () => Month | null;
  /** Resolves once nobody reads anymore who began before. */
  readonly read: () => Promise<void>;
  readonly damage: (damage: Damage) => void;
}

export class Cleaner {
  readonly #parts: CleanerParts;
  #under: Promise<HistoryCleanup> | null = null;
  #stopped = false;

  constructor(parts: CleanerParts) {
    this.#parts = parts;
  }

  /**
   * One at a time: who asks while one is under way is told of that one.
   * @throws Error that names the months that could not be done; the others are
   */
  clean(now: number, ages: Ages): Promise<HistoryCleanup> {
    this.#under ??= this.#clean(now, ages).finally(() => {
      this.#under = null;
    });
    return this.#under;
  }

  /** Breaks off what is under way, leaving nothing half done. */
  async end(): Promise<void> {
    this.#stopped = true;
    await this.#under?.catch(() => {});
  }

  async #clean(now: number, { archiveAfterMs, retentionMs }: Ages): Promise<HistoryCleanup> {
    const [archived, removed, failed]: [ArchivedMonth[], RemovedMonth[], string[]] = [[], [], []];
    const months = [...this.#parts.months.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const month of months) {
      if (this.#stopped) throw new Error('the supervisor stops');
      if (month === this.#parts.newest() || month.size === 0) continue;
      const ageMs = now - month.until;
      try {
        if (retentionMs !== null && ageMs >= retentionMs) removed.push(await this.#remove(month));
        else if (archiveAfterMs !== null && ageMs >= archiveAfterMs && !month.archive) {
          const done = await this.#archive(month);
          if (done) archived.push(done);
        }
      } catch (error) {
        failed.push(`${month.name}: ${(error as Error).message}`);
      }
    }
    if (failed.length > 0) throw new Error(`history/ could not be tidied up whole: ${failed.join('; ')}`);
    return { archived, removed };
  }

  /** @returns null for a month with damage: it stays as it is, to be looked at and brought back */
  async #archive(month: Month): Promise<ArchivedMonth | null> {
    const { disk, folder, indexer, read } = this.#parts;
    month.leaving = true;
    try {
      await month.ready;
      await month.appender?.sync();
      await indexer.seal(month);
      const facts = factsOf(month);
      if (!facts) return null;
      await disk.makeFolder(archiveFolder(folder));
      await disk.syncFolder(folder);
      const path = join(folder, archiveFile(month.name));
      await this.#setAside(month, facts);
      await writeArchive({ disk, read: month.read, path, facts, stopped: () => this.#stopped });
      const archive = await Archive.open(disk, path);
      month.archive = archive;
      archive.unreadable = (offset, bytes, what) => this.#parts.damage({ file: month.file, offset, bytes, what });
      await read();
      await month.closePlain();
      month.appender = null;
      await disk.remove(month.path);
      await disk.syncFolder(folder);
      const { records, plainBytes: bytes } = facts;
      return { month: month.name, records, bytes, archiveBytes: archive.packedBytes };
    } finally {
      month.leaving = false;
    }
  }

  /** An archive of the same month that holds something else is kept as evidence; one that a crash left is written anew. */
  async #setAside(month: Month, { plainBytes, tailCrc, maxSeq }: MonthFacts): Promise<void> {
    const { disk, folder, quarantine } = this.#parts;
    const path = join(folder, archiveFile(month.name));
    if (!(await disk.list(archiveFolder(folder))).includes(basename(path))) return;
    const { summary } = await Archive.open(disk, path);
    if (summary?.plainBytes === plainBytes && summary.tailCrc === tailCrc && summary.maxSeq === maxSeq) return;
    await disk.makeFolder(quarantine);
    const taken = await disk.list(quarantine);
    const wanted = (number: number) => `history-${month.name}.${number}.ndjson.gz`;
    let number = 1;
    while (taken.includes(wanted(number))) number++;
    await disk.rename(path, join(quarantine, wanted(number)));
    await disk.syncFolder(quarantine);
  }

  /** The index goes first: without its month it would be taken for that of a month somebody has deleted. */
  async #remove(month: Month): Promise<RemovedMonth> {
    const { disk, folder, months, indexer, read } = this.#parts;
    month.leaving = true;
    await month.ready;
    await indexer.seal(month);
    const gone = { month: month.name, records: 0, bytes: month.archive?.packedBytes ?? month.size };
    for (const part of [...month.runs.map(({ count }) => count), ...month.tails.map(({ rows }) => rows.count)])
      gone.records += part;
    month.gone = true;
    await read();
    await month.close();
    for (const { path } of month.runs) await disk.remove(path);
    await disk.remove(month.path);
    await disk.syncFolder(folder);
    await disk.remove(join(folder, archiveFile(month.name)));
    if (month.archive) await disk.syncFolder(archiveFolder(folder));
    months.delete(month.name);
    return gone;
  }
}

/** @throws Error when its index is not whole, e.g. because the disk has refused it */
function factsOf(month: Month): MonthFacts | null {
  const run = month.sealed;
  if (!run) throw new Error('its index could not be completed');
  const { to, count, maxSeq, damagedLines, counts, tailBytes, tailCrc, first, last } = run.summary;
  if (damagedLines > 0) return null;
  const moment = (words: Uint32Array) => new Date(idMoment(words, 0)).toISOString();
  return {
    plainBytes: to,
    tailBytes,
    tailCrc,
    records: count,
    maxSeq,
    ids: count > 0 ? [idText(first, 0), idText(last, 0)] : null,
    created: count > 0 ? [moment(first), moment(last)] : null,
    states: counts,
  };
}
