/**
 * The files of `logs/`: one a day, and one for each attempt that said more than fits there. Knows their sizes, keeps all
 * of them together under a limit, and removes what is too old.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { Appender } from './appender.ts';
import { type Disk, type DiskTrouble, machineDisk, troubleOf } from './disk.ts';
import type { ReadAt } from './scan.ts';

const attemptLogsBytesMax = 2 * 1024 * 1024 * 1024;
const attemptLogsPendingBytesMax = 16 * 1024 * 1024;
const dayMs = 86_400_000;
const purgeEveryMs = 60_000;
/** How far a full folder is emptied, so that it is not full again at once. */
const fullShare = 0.9;
const DAY_FILE = /^(\d{4}-\d{2}-\d{2})\.ndjson$/;
const BIG_FILE = /^(\d{4}-\d{2}-\d{2})-[\w-]+\.ndjson$/;

export interface LogFolderOptions {
  /** `DATA/logs` */
  readonly folder: string;
  readonly clock: Clock;
  readonly disk?: Disk;
  readonly trouble: (trouble: DiskTrouble) => void;
  readonly recovered: (file: string) => void;
  /** LOG_RETENTION as it is now; null keeps logs until there are too many. */
  readonly retentionMs: () => number | null;
  readonly bytesMax?: number;
}

export interface PurgeReport {
  readonly files: number;
  readonly bytes: number;
}

export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export class LogFolder {
  readonly #options: LogFolderOptions;
  readonly #disk: Disk;
  readonly #bytesMax: number;
  /** Size of each file, by its name within the folder, with what is pending. */
  #sizes = new Map<string, number>();
  readonly #writers = new Map<string, Appender>();
  #bytes = 0;
  /** Days that attempts under way write to; set by who knows them. */
  daysInUse: () => ReadonlySet<string> = () => new Set();
  #purgedAt = Number.NEGATIVE_INFINITY;

  /** Never rejects: a folder that cannot be read is reported, and counts as empty. */
  static async open(options: LogFolderOptions): Promise<LogFolder> {
    const folder = new LogFolder(options);
    try {
      await folder.#disk.makeFolder(join(options.folder, 'big'));
      await folder.#look();
    } catch (error) {
      folder.#report('read', options.folder, error);
    }
    return folder;
  }

  private constructor(options: LogFolderOptions) {
    this.#options = options;
    this.#disk = options.disk ?? machineDisk;
    this.#bytesMax = options.bytesMax ?? attemptLogsBytesMax;
  }

  /** Sizes as they are on the disk, except of what is being written: people may remove logs by hand. */
  async #look(): Promise<void> {
    const { folder } = this.#options;
    const before = new Map(this.#sizes);
    const days = (await this.#disk.list(folder)).filter((name) => DAY_FILE.test(name));
    const big = (await this.#disk.list(join(folder, 'big'))).filter((name) => BIG_FILE.test(name));
    const found = new Map<string, number>();
    for (const name of [...days, ...big.map((each) => join('big', each))]) {
      found.set(name, await this.#disk.size(join(folder, name)));
    }
    // What has been written to meanwhile is known better here than it was found: places must never be wrong.
    const ours = [...this.#sizes].filter(([name, size]) => this.#writers.has(name) || size !== before.get(name));
    for (const [name, size] of ours) found.set(name, size);
    this.#sizes = found;
    this.#bytes = [...found.values()].reduce((sum, size) => sum + size, 0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(name: string): boolean {
    return this.#sizes.has(name);
  }

  /** Whether so many bytes more are too many, for the folder or for what waits on a slow or failing disk. */
  refuses(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) {
      this.#purgeWhenFull();
      return true;
    }
    let pending = bytes;
    for (const writer of this.#writers.values()) pending += writer.pendingBytes;
    return pending > attemptLogsPendingBytesMax;
  }

  #purgeWhenFull(): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#purgedAt < purgeEveryMs) return;
    this.#purgedAt = now;
    const message = `attempt logs have reached ${this.#bytesMax} bytes: the oldest days go, and if that is not enough, lines`;
    this.#report('write', this.#options.folder, Object.assign(new Error(message), { code: 'LIMIT' }));
    void this.purge(this.#options.clock.wall());
  }

  /** @returns where it stands in the file */
  put(name: string, text: string): { readonly from: number; readonly to: number } {
    const writer = this.#writers.get(name) ?? this.#open(name);
    const { bytes, used } = writer.reserve(text.length * 3);
    const length = bytes.write(text, used, 'utf8');
    const from = writer.commit(used + length);
    this.#bytes += length;
    this.#sizes.set(name, from + length);
    return { from, to: from + length };
  }

  #open(name: string): Appender {
    const { clock, folder, trouble, recovered } = this.#options;
    const size = this.#sizes.get(name) ?? 0;
    const files = { disk: this.#disk, clock, path: join(folder, name), trouble, recovered };
    const writer = new Appender({ ...files, size, syncedBytes: size });
    this.#writers.set(name, writer);
    // A line torn by a crash must not take the next one with it.
    if (size > 0) this.put(name, '\n');
    return writer;
  }

  /** A file's size and how to read it; what is still pending is there already. Call `close` afterwards. */
  async reader(name: string): Promise<{ size: number; read: ReadAt; close: () => Promise<void> }> {
    const writer = this.#writers.get(name);
    if (writer) return { size: writer.size, read: (...where) => writer.read(...where), close: async () => {} };
    const file = await this.#disk.open(join(this.#options.folder, name), 'read');
    return { size: await file.size(), read: (...where) => file.read(...where), close: () => file.close() };
  }

  /** Names of the days' files from one day to another, at most so many. */
  daysBetween(from: string, to: string, most: number): string[] {
    const days = [...this.#sizes.keys()].filter((name) => {
      const day = DAY_FILE.exec(name)?.[1];
      return day !== undefined && day >= from && day <= to;
    });
    return days.sort().slice(0, most);
  }

  /** Nothing more is going to be written to this file for now. Never rejects. */
  async release(name: string): Promise<void> {
    const writer = this.#writers.get(name);
    if (!writer) return;
    const size = writer.size;
    // A failing disk keeps it open, and trying, until the folder is closed.
    await writer.flush().catch(() => {});
    if (writer.pendingBytes > 0 || writer.size !== size || this.#writers.get(name) !== writer) return;
    this.#writers.delete(name);
    await writer.close();
  }

  /** Removes days older than the retention, then the oldest until the folder is within its limit. Never rejects. */
  async purge(now: number): Promise<PurgeReport> {
    const report = { files: 0, bytes: 0 };
    try {
      await this.#look();
      const retentionMs = this.#options.retentionMs();
      const oldest = retentionMs === null ? '' : dayOf(Math.max(0, now - retentionMs - dayMs));
      const wanted = this.#bytesMax * fullShare;
      for (const [day, names] of this.#namesByDay()) {
        if (day >= dayOf(now) || this.daysInUse().has(day)) continue;
        if (day > oldest && this.#bytes <= wanted) continue;
        for (const name of names) await this.#remove(name, report);
      }
    } catch (error) {
      this.#report('remove', this.#options.folder, error);
    }
    return report;
  }

  #namesByDay(): [string, string[]][] {
    const days = new Map<string, string[]>();
    for (const name of this.#sizes.keys()) {
      const day = DAY_FILE.exec(name)?.[1] ?? BIG_FILE.exec(name.slice('big/'.length))?.[1] ?? '';
      days.set(day, [...(days.get(day) ?? []), name]);
    }
    return [...days].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async #remove(name: string, report: { files: number; bytes: number }): Promise<void> {
    await this.#writers.get(name)?.close();
    this.#writers.delete(name);
    await this.#disk.remove(join(this.#options.folder, name));
    const size = this.#sizes.get(name) ?? 0;
    this.#sizes.delete(name);
    this.#bytes -= size;
    report.files += 1;
    report.bytes += size;
  }

  #report(operation: DiskTrouble['operation'], file: string, error: unknown): void {
    this.#options.trouble(troubleOf(operation, file, error));
  }

  /** Writes what is pending, as far as the disk takes it. Never rejects. */
  async close(): Promise<void> {
    for (const writer of this.#writers.values()) {
      await writer.flush().catch(() => {});
      await writer.close();
    }
    this.#writers.clear();
  }
}
