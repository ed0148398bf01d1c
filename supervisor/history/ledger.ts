/**
 * What became of each planned time, for good: one file a month in `ledger/`, a line for each entry of the journal that
 * settled some. Lines come in order of their sequence number, so the last one found at a start tells which are there
 * already; what the journal replays below it is not written twice.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Occurrence } from '../core/schedule/schedule.ts';
import { Appender } from './appender.ts';
import { linesBefore } from './backward.ts';
import { type Disk, type DiskTrouble, machineDisk } from './disk.ts';

export interface LedgerOptions {
  /** `DATA/ledger` */
  readonly folder: string;
  /** Up to here the journal no longer holds what stands in the ledger, and it is known to be on disk. */
  readonly provenSeq: number;
  /** Highest sequence the journal has; what stands beyond it is of entries that were lost. */
  readonly journalSeq: number;
  readonly clock: Clock;
  readonly disk?: Disk;
  readonly trouble: (trouble: DiskTrouble) => void;
  readonly recovered: (file: string) => void;
}

export interface LedgerLine {
  readonly seq: number;
  /** When it was written down, ms since 1970. */
  readonly at: number;
  /** Id of the schedule. */
  readonly schedule: string;
  readonly occurrences: readonly Occurrence[];
}

export interface LedgerPage {
  /** Newest first. */
  readonly occurrences: readonly Occurrence[];
  /** To be given as `after` for what is older; null when that was all. */
  readonly next: string | null;
}

const MONTH_FILE = /^(\d{4}-\d{2})\.ndjson$/;
/** `MONTH:OFFSET:SKIP` of the line that the page ended in. */
const CURSOR = /^(\d{4}-\d{2}):(\d{1,16}):(\d{1,6})$/;
const bytesPerCharMax = 3;

interface Month {
  readonly name: string;
  size: number;
  readonly appender: Appender;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #disk: Disk;
  /** Names of all months, ascending. */
  readonly #months: string[] = [];
  #current: Month | null = null;
  /** Months that are over, until they are on disk. */
  readonly #leaving = new Map<string, Appender>();
  /** Sequence of the last line. */
  lastSeq = 0;

  static async open(options: LedgerOptions): Promise<Ledger> {
    const ledger = new Ledger(options);
    await ledger.#recover();
    return ledger;
  }

  private constructor(options: LedgerOptions) {
    this.#options = options;
    this.#disk = options.disk ?? machineDisk;
  }

  /** Finds the last line that the journal vouches for; what stands behind it is cut off and comes again from there. */
  async #recover(): Promise<void> {
    const { folder, provenSeq, journalSeq } = this.#options;
    await this.#disk.makeFolder(folder);
    const names = (await this.#disk.list(folder)).flatMap((name) => MONTH_FILE.exec(name)?.[1] ?? []);
    this.#months.push(...names);
    for (const name of names.toReversed()) {
      const size = await this.#disk.size(this.#path(name));
      const end = await this.#endOf(name, size, (seq) => seq <= journalSeq);
      if (end === null) {
        await this.#cut(name, 0);
        continue;
      }
      if (end.to < size) await this.#cut(name, end.to);
      const proven = await this.#endOf(name, end.to, (seq) => seq <= provenSeq);
      this.lastSeq = end.seq;
      this.#current = { name, size: end.to, appender: this.#appender(name, end.to, proven?.to ?? 0) };
      return;
    }
  }

  /** The last whole line that is `wanted`. */
  async #endOf(name: string, size: number, wanted: (seq: number) => boolean) {
    const file = await this.#disk.open(this.#path(name), 'read');
    try {
      for await (const { text, offset, bytes } of linesBefore((...where) => file.read(...where), size)) {
        const seq = text.endsWith('\n') ? lineOf(text)?.seq : undefined;
        if (seq !== undefined && wanted(seq)) return { seq, to: offset + bytes };
      }
      return null;
    } finally {
      await file.close();
    }
  }

  async #cut(name: string, size: number): Promise<void> {
    const file = await this.#disk.open(this.#path(name), 'update');
    try {
      await file.truncate(size);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** A line no newer than the last is there already. */
  append(line: LedgerLine): void {
    if (line.seq <= this.lastSeq || line.occurrences.length === 0) return;
    this.lastSeq = line.seq;
    const text = `${JSON.stringify(line)}\n`;
    const { appender } = this.#monthFor(line.at);
    const { bytes, used } = appender.reserve(text.length * bytesPerCharMax);
    appender.commit(used + bytes.write(text, used, 'utf8'));
  }

  /** A clock that goes back goes on in the month it has left. */
  #monthFor(at: number): Month {
    const name = new Date(at).toISOString().slice(0, 7);
    const last = this.#current;
    if (last && last.name >= name) return last;
    if (!this.#months.includes(name)) this.#months.push(name);
    const appender = this.#appender(name, 0, 0);
    // A month is on disk before the next one is begun: only the last has an end that is not proven.
    if (last) this.#leaving.set(last.name, last.appender);
    if (last) appender.holdUntil(() => this.#leave(last));
    this.#current = { name, size: 0, appender };
    return this.#current;
  }

  async #leave({ name, appender }: Month): Promise<void> {
    await appender.sync();
    await appender.close();
    this.#leaving.delete(name);
  }

  #appender(name: string, size: number, syncedBytes: number): Appender {
    const { clock, trouble, recovered } = this.#options;
    return new Appender({ disk: this.#disk, clock, path: this.#path(name), size, syncedBytes, trouble, recovered });
  }

  #path(name: string): string {
    return join(this.#options.folder, `${name}.ndjson`);
  }

  /** Resolves when everything appended so far is on disk. */
  async sync(): Promise<void> {
    await this.#current?.appender.sync();
  }

  /** @param after where the page before ended. @throws RangeError for a cursor that is none */
  async page(schedule: string, { limit, after = null }: { limit: number; after?: string | null }): Promise<LedgerPage> {
    const occurrences: Occurrence[] = [];
    const from = after === null ? null : CURSOR.exec(after);
    if (after !== null && !from) throw new RangeError('no cursor of the ledger');
    for (const name of this.#months.toReversed()) {
      if (from && name > (from[1] as string)) continue;
      const resumed = from && name === from[1];
      const size = resumed ? Number(from[2]) : await this.#sizeOf(name);
      let skip = resumed ? Number(from[3]) : 0;
      for await (const { offset, bytes, line } of this.#linesOf(name, size, schedule)) {
        const rows = line.occurrences.toReversed();
        const room = limit - occurrences.length;
        occurrences.push(...rows.slice(skip, skip + room));
        if (rows.length - skip > room) return { occurrences, next: `${name}:${offset + bytes}:${skip + room}` };
        if (occurrences.length >= limit) return { occurrences, next: `${name}:${offset}:0` };
        skip = 0;
      }
    }
    return { occurrences, next: null };
  }

  async #sizeOf(name: string): Promise<number> {
    if (this.#current?.name === name) return this.#current.appender.size;
    await this.#leaving.get(name)?.flush();
    return this.#disk.size(this.#path(name));
  }

  /** From the end back. */
  async *#linesOf(name: string, size: number, schedule: string) {
    const current = this.#current?.name === name ? this.#current.appender : null;
    const file = current ? null : await this.#disk.open(this.#path(name), 'read');
    try {
      const read = (into: Buffer, length: number, position: number) =>
        current ? current.read(into, length, position) : (file?.read(into, length, position) ?? Promise.resolve(0));
      for await (const { text, offset, bytes } of linesBefore(read, size)) {
        const line = text.includes(schedule) ? lineOf(text) : null;
        if (line?.schedule === schedule) yield { offset, bytes, line };
      }
    } finally {
      await file?.close();
    }
  }

  async close(): Promise<void> {
    await this.#current?.appender.flush().catch(() => {});
    await this.#current?.appender.close();
  }
}

function lineOf(text: string): LedgerLine | null {
  try {
    const line = JSON.parse(text) as Partial<LedgerLine> | null;
    return typeof line?.seq === 'number' && Array.isArray(line.occurrences) ? (line as LedgerLine) : null;
  } catch {
    return null;
  }
}
