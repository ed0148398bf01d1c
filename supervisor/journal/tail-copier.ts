/**
 * Copies params from the line they stand in to the snapshot. The line's checksum is looked at again on the way: rot must
 * not be given a fresh checksum and live on as truth.
 */
import { basename } from 'node:path';
import { Damage } from './damage.ts';
import { type Disk, readAll } from './disk.ts';
import { checksumHolds, lineBytesMax } from './entry.ts';
import { parseFileName } from './segment.ts';

interface Source {
  readonly path: string;
  readonly epoch: number;
  readonly fd: number;
}

const LF = 10;
const windowBytes = 1024 * 1024;
const backBytes = 16 * 1024;

export class TailCopier {
  readonly #disk: Disk;
  readonly #paths = new Map<number, string>();
  readonly #sources = new Map<number, Source>();
  #window = Buffer.alloc(0);
  #file = -1;
  #from = 0;
  #to = 0;
  /** The line checked last, as offsets in its file. */
  #lineFrom = 0;
  #lineTo = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  know(paths: readonly (readonly [number, string])[]): void {
    for (const [file, path] of paths) this.#paths.set(file, path);
  }

  /** Copies `[offset, offset + length)` of a file to `into` at `at`. Mostly from the same window as the one before. */
  copy(file: number, offset: number, length: number, into: Buffer, at: number): void {
    const checked = file === this.#file && offset >= this.#lineFrom && offset + length <= this.#lineTo;
    if (!checked) this.#check(file, offset, length);
    this.#window.copy(into, at, offset - this.#from, offset + length - this.#from);
  }

  close(): void {
    for (const source of this.#sources.values()) this.#disk.close(source.fd);
    this.#sources.clear();
    this.#file = -1;
    this.#lineTo = 0;
    this.#window = Buffer.alloc(0);
  }

  #check(file: number, offset: number, length: number): void {
    const source = this.#source(file);
    for (const back of [0, backBytes, lineBytesMax]) {
      if (back > 0) this.#load(file, source, Math.max(0, offset - back), length + back + Math.max(windowBytes, back));
      else if (file !== this.#file || offset < this.#from || offset + length > this.#to) continue;
      const before = offset === 0 ? -1 : this.#window.lastIndexOf(LF, offset - this.#from - 1);
      const start = before + 1;
      const end = this.#window.subarray(0, this.#to - this.#from).indexOf(LF, offset + length - this.#from);
      if ((before === -1 && this.#from > 0) || end === -1) continue;
      if (!checksumHolds(this.#window, start, end, source.epoch)) break;
      this.#lineFrom = this.#from + start;
      this.#lineTo = this.#from + end;
      return;
    }
    throw new Damage(source.path, offset, 'the line a snapshot copies from does not match its checksum');
  }

  #load(file: number, source: Source, from: number, bytes: number): void {
    if (this.#window.length < bytes) this.#window = Buffer.allocUnsafeSlow(bytes);
    const read = readAll(this.#disk, source.fd, this.#window.subarray(0, bytes), from);
    this.#file = file;
    this.#from = from;
    this.#to = from + read;
    this.#lineTo = 0;
  }

  #source(file: number): Source {
    let source = this.#sources.get(file);
    if (!source) {
      const path = this.#paths.get(file) ?? '';
      source = {
        path,
        epoch: parseFileName(basename(path).replace(/^(journal|snapshots)-/, ''))?.epoch ?? 0,
        fd: this.#disk.open(path, 'read'),
      };
      this.#sources.set(file, source);
    }
    return source;
  }
}
