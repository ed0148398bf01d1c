/** A run to read from: finds an id by the fences, reads neighboring blocks at once, believes none without its crc. */
import { crc32 } from 'node:zlib';
import { Contents } from './contents.ts';
import type { Disk, DiskFile } from './disk.ts';
import { compareIds, type IdWords, Rows, rowBytes, rowWords, type StateCounts } from './row.ts';
import {
  blockRows,
  blocksOf,
  bodyBytesOf,
  fenceWords,
  footerBytes,
  IndexDamage,
  type RunParts,
  type RunSummary,
  readFooter,
  typesAtOf,
} from './run-format.ts';
import { firstNotBelow, type Source, type Window } from './source.ts';

const blocksPerReadMax = 32;

export class Run implements Source {
  readonly path: string;
  readonly summary: RunSummary;
  readonly #disk: Disk;
  readonly #parts: RunParts;
  #file: Promise<DiskFile> | null;
  #fences: Promise<Uint32Array> | null = null;
  #contents: Promise<Contents> | null = null;
  #users = 0;
  #retired = false;
  #keepFile = false;

  /** @returns null when the file is not a whole run */
  static async open(disk: Disk, path: string): Promise<Run | null> {
    const file = await disk.open(path, 'read');
    try {
      const size = await file.size();
      const bytes = Buffer.alloc(footerBytes);
      const whole = size >= footerBytes && (await file.read(bytes, footerBytes, size - footerBytes)) === footerBytes;
      const footer = whole ? readFooter(bytes) : null;
      if (footer && size === bodyBytesOf(footer) + footerBytes) {
        return new Run(disk, path, file, footer, footer);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return null;
  }

  private constructor(disk: Disk, path: string, file: DiskFile, summary: RunSummary, parts: RunParts) {
    this.#disk = disk;
    this.path = path;
    this.#file = Promise.resolve(file);
    this.summary = summary;
    this.#parts = parts;
  }

  get count(): number {
    return this.summary.count;
  }

  get first(): IdWords {
    return this.summary.first;
  }

  get last(): IdWords {
    return this.summary.last;
  }

  get maxSeq(): number {
    return this.summary.maxSeq;
  }

  get counts(): Readonly<StateCounts> {
    return this.summary.counts;
  }

  /** Without figures it is kept, as fences are. */
  contents(withFigures = false): Promise<Contents> {
    if (withFigures) return this.#loadContents(true);
    this.#contents ??= this.#loadContents(false).catch((error) => {
      this.#contents = null;
      throw error;
    });
    return this.#contents;
  }

  async #loadContents(withFigures: boolean): Promise<Contents> {
    const { typesBytes, typesCrc, figuresBytes, figuresCrc } = this.#parts;
    const bytes = Buffer.alloc(withFigures ? typesBytes + figuresBytes : typesBytes);
    const got = await this.#read(bytes, typesAtOf(this.count));
    const [types, figures] = [bytes.subarray(0, typesBytes), bytes.subarray(typesBytes)];
    const whole = got === bytes.length && crc32(types) === typesCrc;
    if (!whole || (withFigures && crc32(figures) !== figuresCrc)) throw new IndexDamage(this.path, 'is damaged');
    return Contents.fromParts(types, withFigures ? figures : null);
  }

  async lowerBound(id: IdWords): Promise<number> {
    const fences = await this.#readFences();
    const block = firstNotBelow(blocksOf(this.count), (at) => compareIds(fences, at * fenceWords, id, 0) < 0) - 1;
    if (block < 0) return 0;
    const { rows, base, length } = await this.#readBlocks(block, block + 1);
    return base + firstNotBelow(length, (row) => compareIds(rows.words, row * rowWords, id, 0) < 0);
  }

  window(index: number, wanted: number, backward: boolean): Promise<Window> {
    const block = Math.floor(index / blockRows);
    const blocks = Math.min(Math.max(1, Math.ceil(wanted / blockRows)), blocksPerReadMax);
    if (backward) return this.#readBlocks(Math.max(0, block + 1 - blocks), block + 1);
    return this.#readBlocks(block, Math.min(blocksOf(this.count), block + blocks));
  }

  async #readBlocks(from: number, to: number): Promise<Window> {
    const fences = await this.#readFences();
    const base = from * blockRows;
    const length = Math.min(to * blockRows, this.count) - base;
    const rows = new Rows(length);
    const bytes = rows.bytesOf(0, length);
    const got = await this.#read(bytes, base * rowBytes);
    if (got !== bytes.length) throw new IndexDamage(this.path, 'is too short');
    rows.count = length;
    for (let block = from; block < to; block++) {
      const start = (block - from) * blockRows;
      const crc = crc32(rows.bytesOf(start, Math.min(start + blockRows, length)));
      if (crc !== fences[block * fenceWords + 4]) throw new IndexDamage(this.path, `is damaged in block ${block}`);
    }
    return { rows, base, length, order: null };
  }

  #readFences(): Promise<Uint32Array> {
    this.#fences ??= this.#loadFences().catch((error) => {
      this.#fences = null;
      throw error;
    });
    return this.#fences;
  }

  async #loadFences(): Promise<Uint32Array> {
    const fences = new Uint32Array(blocksOf(this.count) * fenceWords);
    const bytes = Buffer.from(fences.buffer);
    const got = await this.#read(bytes, this.count * rowBytes);
    if (got !== bytes.length || crc32(bytes) !== this.#parts.fencesCrc) throw new IndexDamage(this.path, 'is damaged');
    return fences;
  }

  async #read(into: Buffer, position: number): Promise<number> {
    try {
      return await (await this.#handle()).read(into, into.length, position);
    } catch (error) {
      throw new IndexDamage(this.path, `cannot be read: ${(error as Error).message}`);
    }
  }

  #handle(): Promise<DiskFile> {
    this.#file ??= this.#disk.open(this.path, 'read').catch((error) => {
      this.#file = null;
      throw error;
    });
    return this.#file;
  }

  retain(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#retired && this.#users === 0) void this.#end();
  }

  /**
   * Another run has its place: it ends once nobody reads it anymore.
   * @param keepFile the other run has, or is going to have, the same name
   */
  retire(keepFile = false): void {
    this.#retired = true;
    this.#keepFile = keepFile;
    if (this.#users === 0) void this.#end();
  }

  async #end(): Promise<void> {
    await this.close();
    // Left over, it is recognized and removed at the next start.
    if (!this.#keepFile) await this.#disk.remove(this.path).catch(() => {});
  }

  /** It opens again by itself when it is read again. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file) await (await file).close().catch(() => {});
  }
}
