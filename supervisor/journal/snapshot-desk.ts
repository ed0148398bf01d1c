/**
 * Writes a snapshot's file: assembles lines, copies params from where they stand, syncs every few megabytes (else commits
 * beside it wait for tens of milliseconds), reads everything back, and only then gives the file its name.
 */
import { createHash, type Hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type Disk, readAll, writeAll } from './disk.ts';
import { CRC_PLACEHOLDER, fillChecksums } from './entry.ts';
import { type Answer, failureOf } from './port.ts';
import { type SnapshotHeader, snapshotFooterLine, snapshotHeaderLine } from './snapshot-format.ts';
import { TailCopier } from './tail-copier.ts';
import { retire } from './trash.ts';

export type SnapshotOrder =
  | { readonly op: 'open'; readonly path: string; readonly header: SnapshotHeader }
  | {
      readonly op: 'lines';
      /** Line after line up to where its tail belongs. */
      readonly bytes: Uint8Array;
      /** Four numbers a line: end in `bytes`; file, offset and length of the tail, or -1. */
      readonly table: Float64Array;
      readonly paths: readonly (readonly [number, string])[];
    }
  | { readonly op: 'finish'; readonly to: number; readonly at: number }
  | { readonly op: 'abort' }
  /** Moves files to the trash, after the generation that is there is gone. */
  | { readonly op: 'retire'; readonly dir: string; readonly files: readonly string[] };

export interface SnapshotReply extends Answer {
  /** There was no room, or a place it copies from is damaged: the snapshot is given up, the journal goes on. */
  readonly gaveUp?: string;
  readonly done?: { readonly bytes: number; readonly sha256: string; readonly count: number };
  /** From and to, absolute. */
  readonly moved?: readonly (readonly [string, string])[];
}

const syncBytes = 4 * 1024 * 1024;
const outBytes = 256 * 1024;
const verifyBytes = 1024 * 1024;
const PLACEHOLDER = Buffer.from(CRC_PLACEHOLDER);

export class SnapshotDesk {
  readonly #disk: Disk;
  #path = '';
  #epoch = 0;
  #fd = -1;
  #out = Buffer.alloc(0);
  #used = 0;
  #written = 0;
  #unsynced = 0;
  #count = 0;
  #hash: Hash = createHash('sha256');
  #tails: TailCopier;

  constructor(disk: Disk) {
    this.#disk = disk;
    this.#tails = new TailCopier(disk);
  }

  carryOut(order: SnapshotOrder): SnapshotReply {
    try {
      return this.#act(order);
    } catch (error) {
      const { code, syscall = '' } = error as NodeJS.ErrnoException;
      // A failed sync or a read error tells of a failing disk, and the supervisor stops; the rest costs only this snapshot.
      if (code !== undefined && (/sync|close/.test(syscall) || code === 'EIO')) return { failure: failureOf(error) };
      this.#abort();
      return { gaveUp: (error as Error).message };
    }
  }

  #act(order: SnapshotOrder): SnapshotReply {
    switch (order.op) {
      case 'open':
        this.#open(order.path, order.header);
        return {};
      case 'lines':
        this.#tails.know(order.paths);
        this.#lines(Buffer.from(order.bytes.buffer, order.bytes.byteOffset, order.bytes.byteLength), order.table);
        return {};
      case 'finish':
        return { done: this.#finish(order.to, order.at) };
      case 'abort':
        this.#abort();
        return {};
      case 'retire':
        return { moved: retire(this.#disk, order.dir, order.files) };
    }
  }

  #open(path: string, header: SnapshotHeader): void {
    this.#path = path;
    this.#epoch = header.epoch;
    this.#disk.makeFolder(dirname(path));
    this.#fd = this.#disk.open(`${path}.tmp`, 'create');
    this.#out = Buffer.allocUnsafeSlow(outBytes);
    this.#put(snapshotHeaderLine(header));
  }

  #lines(bytes: Buffer, table: Float64Array): void {
    for (let row = 0, start = 0; row < table.length; row += 4) {
      const end = table[row] as number;
      const file = table[row + 1] as number;
      const length = file < 0 ? 0 : (table[row + 3] as number);
      const whole = end - start + length + PLACEHOLDER.length;
      this.#make(whole);
      let at = this.#used;
      at += bytes.copy(this.#out, at, start, end);
      if (file >= 0) this.#tails.copy(file, table[row + 2] as number, length, this.#out, at);
      PLACEHOLDER.copy(this.#out, at + length);
      fillChecksums(this.#out, this.#used, this.#used + whole, this.#epoch);
      this.#used += whole;
      this.#count++;
      start = end;
    }
  }

  /** Room for `bytes` more in the buffer. */
  #make(bytes: number): void {
    if (this.#used + bytes <= this.#out.length) return;
    this.#flush();
    if (bytes > this.#out.length) this.#out = Buffer.allocUnsafeSlow(bytes);
  }

  #put(line: Buffer): void {
    this.#make(line.length);
    this.#used += line.copy(this.#out, this.#used);
  }

  #flush(): void {
    const bytes = this.#out.subarray(0, this.#used);
    writeAll(this.#disk, this.#fd, bytes);
    this.#hash.update(bytes);
    this.#written += bytes.length;
    this.#unsynced += bytes.length;
    this.#used = 0;
    if (this.#unsynced < syncBytes) return;
    this.#disk.sync(this.#fd);
    this.#unsynced = 0;
  }

  #finish(to: number, at: number): { bytes: number; sha256: string; count: number } {
    this.#flush();
    const body = this.#hash.copy().digest('hex');
    this.#put(snapshotFooterLine({ n: this.#count, to, at, sha256: body }, this.#epoch));
    this.#flush();
    this.#disk.sync(this.#fd);
    this.#disk.close(this.#fd);
    this.#fd = -1;
    const sha256 = this.#hash.digest('hex');
    if (this.#digestOfFile() !== sha256) throw new Error(`${this.#path} does not read back as it was written`);
    this.#disk.rename(`${this.#path}.tmp`, this.#path);
    this.#disk.syncFolder(dirname(this.#path));
    this.#tails.close();
    return { bytes: this.#written, sha256, count: this.#count };
  }

  #digestOfFile(): string {
    const hash = createHash('sha256');
    const room = Buffer.allocUnsafeSlow(Math.min(verifyBytes, this.#written));
    const fd = this.#disk.open(`${this.#path}.tmp`, 'read');
    try {
      for (let position = 0; ; ) {
        const read = readAll(this.#disk, fd, room, position);
        if (read === 0) return hash.digest('hex');
        hash.update(room.subarray(0, read));
        position += read;
      }
    } finally {
      this.#disk.close(fd);
    }
  }

  #abort(): void {
    this.#tails.close();
    if (this.#fd !== -1) this.#disk.close(this.#fd);
    this.#fd = -1;
    const folder = dirname(this.#path);
    for (const name of this.#disk.list(folder))
      if (join(folder, name) === `${this.#path}.tmp`) this.#disk.remove(`${this.#path}.tmp`);
  }
}
