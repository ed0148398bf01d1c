/**
 * One month of history: its data file, which only grows, or the archive it was packed into, and what indexes it: sorted
 * runs on disk for the older part, tails in memory for the newest. The index holds for both: places are the same.
 */
import type { Appender } from './appender.ts';
import type { Archive } from './archive.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { Head } from './line.ts';
import { archiveFile, monthFile } from './places.ts';
import { type StateCounts, stateSlots } from './row.ts';
import type { Run } from './run.ts';
import { type Source, Tail } from './source.ts';

export class Month {
  readonly name: string;
  readonly path: string;
  readonly #disk: Disk;
  /** In order of the stretch they cover. */
  runs: Run[] = [];
  /** In order; the last one takes new rows. */
  tails: Tail[];
  appender: Appender | null = null;
  /** Once there is one, the month is read from it and takes no more records. */
  archive: Archive | null = null;
  /** True while it is packed or removed: it takes no more records. */
  leaving = false;
  /** Nobody finds it anymore, its files are about to go. */
  gone = false;
  /** Pending while a part of the file has yet to be indexed: who looks something up waits for it. */
  ready: Promise<void> | null = null;
  #size: number;
  #file: Promise<DiskFile> | null = null;

  /** @param indexed bytes from the start of the file that need no tail */
  constructor(disk: Disk, name: string, path: string, size: number, indexed: number) {
    this.#disk = disk;
    this.name = name;
    this.path = path;
    this.#size = size;
    this.tails = [new Tail(indexed)];
  }

  /** Its file, as people find it in `history/`. */
  get file(): string {
    return this.archive ? archiveFile(this.name) : monthFile(this.name);
  }

  /** With what is still pending. */
  get size(): number {
    return this.appender?.size ?? this.#size;
  }

  /** Size on the disk as it was found, or made by cutting. */
  set size(size: number) {
    this.#size = size;
  }

  get tail(): Tail {
    return this.tails.at(-1) as Tail;
  }

  /** Called in order of offset. @returns whether the tail is full now, so that it may be made a run */
  addRow(head: Head, offset: number, bytes: number): boolean {
    const { tail } = this;
    tail.add(head, offset, bytes);
    if (!tail.full) return false;
    this.tails.push(new Tail(tail.to));
    return true;
  }

  /** Rows of an older stretch, indexed again. */
  insertTail(tail: Tail): void {
    this.tails.splice(-1, 0, tail);
  }

  /** Everything indexed so far, as it is now. Runs are retained: release them. */
  sources(): { source: Source; owner: Month; release: () => void }[] {
    const sources: { source: Source; owner: Month; release: () => void }[] = [];
    if (this.gone) return sources;
    for (const run of this.runs) {
      run.retain();
      sources.push({ source: run, owner: this, release: () => run.release() });
    }
    for (const tail of this.tails) {
      const view = tail.view();
      if (view) sources.push({ source: view, owner: this, release: () => {} });
    }
    return sources;
  }

  /** ms since 1970 before which all that is in it ended. */
  get until(): number {
    const [year, month] = this.name.split('-').map(Number) as [number, number];
    return Date.UTC(year, month);
  }

  addCounts(counts: StateCounts): void {
    if (this.gone) return;
    for (const part of [...this.runs.map((run) => run.summary), ...this.tails]) {
      for (const slot of stateSlots) counts[slot] += part.counts[slot];
    }
  }

  /** All of it in one run; null while it is not. */
  get sealed(): Run | null {
    const [run] = this.runs;
    const whole =
      this.runs.length === 1 && run?.summary.to === this.size && this.tails.every(({ rows }) => rows.count === 0);
    return whole ? (run as Run) : null;
  }

  replaceTail(tail: Tail, run: Run): void {
    this.tails = this.tails.filter((other) => other !== tail);
    if (this.tails.length === 0) this.tails.push(new Tail(tail.to));
    this.runs = [...this.runs, run].sort((a, b) => a.summary.from - b.summary.from);
  }

  replaceRuns(merged: readonly Run[], run: Run): void {
    this.runs = [...this.runs.filter((other) => !merged.includes(other)), run].sort(
      (a, b) => a.summary.from - b.summary.from,
    );
    for (const old of merged) old.retire(old.path === run.path);
  }

  read = async (into: Buffer, length: number, position: number): Promise<number> => {
    if (this.archive) return this.archive.read(into, length, position);
    if (this.appender) return this.appender.read(into, length, position);
    this.#file ??= this.#disk.open(this.path, 'read').catch((error) => {
      this.#file = null;
      throw error;
    });
    return (await this.#file).read(into, length, position);
  };

  async close(): Promise<void> {
    await this.closePlain();
    await Promise.all(this.runs.map((run) => run.close()));
    await this.archive?.close();
  }

  /** Lets go of the plain file. */
  async closePlain(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file) await (await file).close().catch(() => {});
    await this.appender?.close();
  }
}
