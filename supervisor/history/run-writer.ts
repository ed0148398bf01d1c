/** Writes a run: rows in order, fences as it goes, the footer last, then its name. */
import { crc32 } from 'node:zlib';
import type { Contents } from './contents.ts';
import type { Disk, DiskFile } from './disk.ts';
import { countState, Rows, rowWords, type StateCounts } from './row.ts';
import { blockRows, footerOf, type RunSummary } from './run-format.ts';

const blocksPerWrite = 64;

export class RunWriter {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #rows = new Rows(blockRows * blocksPerWrite);
  readonly #fences: number[] = [];
  readonly #counts: StateCounts = [0, 0, 0, 0];
  readonly #first = new Uint32Array(4);
  readonly #last = new Uint32Array(4);
  #count = 0;
  #maxSeq = 0;
  #position = 0;

  static async create(disk: Disk, path: string): Promise<RunWriter> {
    return new RunWriter(disk, path, await disk.open(`${path}.tmp`, 'create'));
  }

  private constructor(disk: Disk, path: string, file: DiskFile) {
    this.#disk = disk;
    this.#path = path;
    this.#file = file;
  }

  get full(): boolean {
    return this.#rows.count === this.#rows.capacity;
  }

  /** Call `flush` when `full`, before the next. */
  add(rows: Rows, row: number): void {
    this.#rows.copy(rows, row);
    this.#count += 1;
    this.#maxSeq = Math.max(this.#maxSeq, rows.seq(row));
    countState(this.#counts, rows.state(row));
  }

  async flush(): Promise<void> {
    const rows = this.#rows;
    if (rows.count === 0) return;
    if (this.#position === 0) this.#first.set(rows.words.subarray(0, 4));
    this.#last.set(rows.words.subarray((rows.count - 1) * rowWords, (rows.count - 1) * rowWords + 4));
    for (let start = 0; start < rows.count; start += blockRows) {
      const block = rows.bytesOf(start, Math.min(start + blockRows, rows.count));
      this.#fences.push(...rows.words.subarray(start * rowWords, start * rowWords + 4), crc32(block));
    }
    await this.#write(rows.bytesOf(0, rows.count));
    rows.count = 0;
  }

  async #write(bytes: Buffer): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const wrote = await this.#file.write(bytes, done, bytes.length - done, this.#position + done);
      if (wrote === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
      done += wrote;
    }
    this.#position += bytes.length;
  }

  async finish(
    covered: Pick<RunSummary, 'from' | 'to' | 'damagedLines' | 'tailBytes' | 'tailCrc'>,
    contents: Contents,
  ): Promise<void> {
    await this.flush();
    const fences = Uint32Array.from(this.#fences);
    const fenceBytes = Buffer.from(fences.buffer);
    await this.#write(fenceBytes);
    const { types, figures } = contents.toParts();
    await this.#write(types);
    await this.#write(figures);
    const summary = { ...covered, count: this.#count, maxSeq: this.#maxSeq, counts: this.#counts, first: this.#first };
    const sizes = { typesBytes: types.length, figuresBytes: figures.length };
    const checks = { fencesCrc: crc32(fenceBytes), typesCrc: crc32(types), figuresCrc: crc32(figures) };
    await this.#write(footerOf({ ...summary, last: this.#last }, { ...sizes, ...checks }));
    await this.#file.datasync();
    await this.#file.close();
    await this.#disk.rename(`${this.#path}.tmp`, this.#path);
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
    await this.#disk.remove(`${this.#path}.tmp`).catch(() => {});
  }
}
