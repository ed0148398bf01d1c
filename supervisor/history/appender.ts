/**
 * A file that only grows: bytes get their place at once and are written behind, one write in flight.
 *
 * The promise is that places never change. A batch that fails is kept and tried again with the same bytes at the same
 * offset, after the file has been cut back to its last good size; nothing is given up. Whoever must know that bytes
 * are on disk asks `sync`.
 */
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { Fault } from '../core/fault.ts';
import { codeOf, type Disk, type DiskFile, type DiskTrouble, troubleOf } from './disk.ts';
import { writeAnew } from './write-anew.ts';

interface AppenderOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly path: string;
  /** Size the file has now; 0 when it has yet to be made. */
  readonly size: number;
  /** Bytes from its start that an earlier sync is known to have brought to the disk. */
  readonly syncedBytes: number;
  readonly trouble: (trouble: DiskTrouble) => void;
  /** A write went well after one that did not. */
  readonly recovered: (file: string) => void;
}

/** Bytes that have a place but are not yet in the file. */
interface Chunk {
  readonly bytes: Buffer;
  readonly offset: number;
  used: number;
  /** What must have happened before its first byte is written. */
  before: (() => Promise<void>) | null;
}

interface Waiter {
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const chunkBytes = 256 * 1024;
const retryMs = 1_000;

export class Appender {
  readonly #options: AppenderOptions;
  readonly #chunks: Chunk[] = [];
  #waiters: Waiter[] = [];
  #file: Promise<DiskFile> | null = null;
  #written: number;
  #synced: number;
  #unproven: { from: number; to: number } | null;
  #nameIsNew: boolean;
  #busy = false;
  #failing = false;
  #poison: Fault | null = null;
  #stopRetry: (() => void) | null = null;
  #spare: Buffer | null = null;
  #syncTurn: Promise<void> = Promise.resolve();

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#written = options.size;
    this.#synced = options.size;
    this.#nameIsNew = options.size === 0;
    this.#unproven = options.syncedBytes < options.size ? { from: options.syncedBytes, to: options.size } : null;
  }

  /** Size of the file once everything pending is written. */
  get size(): number {
    const last = this.#chunks.at(-1);
    return last ? last.offset + last.used : this.#written;
  }

  get pendingBytes(): number {
    return this.size - this.#written;
  }

  get failing(): boolean {
    return this.#failing;
  }

  /** Room for at least so many bytes: write at `used`, then `commit` the new end before anything else is reserved. */
  reserve(bytesMax: number): { readonly bytes: Buffer; readonly used: number } {
    const last = this.#chunks.at(-1);
    return last && last.bytes.length - last.used >= bytesMax ? last : this.#addChunk(bytesMax, null);
  }

  /** @returns where the bytes stand in the file */
  commit(end: number): number {
    const chunk = this.#chunks.at(-1) as Chunk;
    const offset = chunk.offset + chunk.used;
    chunk.used = end;
    if (!this.#busy && !this.#failing) {
      this.#busy = true;
      setImmediate(() => this.#pump());
    }
    return offset;
  }

  /** What is reserved from now on is not written before `before` is done. */
  holdUntil(before: () => Promise<void>): void {
    this.#addChunk(0, before);
  }

  #addChunk(bytesMax: number, before: Chunk['before']): Chunk {
    const spare = this.#spare && this.#spare.length >= bytesMax ? this.#spare : null;
    if (spare) this.#spare = null;
    const bytes = spare ?? Buffer.allocUnsafeSlow(Math.max(chunkBytes, bytesMax));
    const chunk: Chunk = { bytes, offset: this.size, used: 0, before };
    this.#chunks.push(chunk);
    return chunk;
  }

  async #pump(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#written < this.size) await this.#writeFirst(this.#chunks[0] as Chunk);
      this.#busy = false;
    } catch (error) {
      this.#busy = false;
      this.#postpone(error);
    }
  }

  async #writeFirst(chunk: Chunk): Promise<void> {
    if (chunk.before) {
      await chunk.before();
      chunk.before = null;
    }
    const file = await this.#open();
    if (this.#failing && (await file.size()) > this.#written) await file.truncate(this.#written);
    // What is committed to this chunk meanwhile lies behind `used` and goes with the next write.
    const used = chunk.used;
    let done = this.#written - chunk.offset;
    while (done < used) {
      const wrote = await file.write(chunk.bytes, done, used - done, null);
      if (wrote === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
      done += wrote;
    }
    this.#written = chunk.offset + used;
    if (chunk.used === used) this.#drop();
    this.#afterWrite();
  }

  #drop(): void {
    const chunk = this.#chunks.shift();
    if (chunk?.bytes.length === chunkBytes) this.#spare = chunk.bytes;
  }

  #afterWrite(): void {
    if (this.#failing) {
      this.#failing = false;
      this.#options.recovered(this.#options.path);
    }
    const waiting = this.#waiters;
    if (waiting.length === 0) return;
    this.#waiters = waiting.filter((waiter) => waiter.until > this.#written);
    for (const waiter of waiting) if (waiter.until <= this.#written) waiter.resolve();
  }

  #postpone(error: unknown): void {
    // Told once, not at every try: whoever hears it shows it until `recovered`.
    if (!this.#failing) this.#report('write', error, false);
    this.#failing = true;
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) waiter.reject(error);
    this.#retryLater();
  }

  #retryLater(): void {
    this.#stopRetry ??= this.#options.clock.after(retryMs, () => {
      this.#stopRetry = null;
      if (!this.#busy) void this.#pump();
    });
  }

  /** Resolves once everything up to `until` is written; rejects with the first error on the way. */
  flush(until = this.size): Promise<void> {
    if (until <= this.#written) return Promise.resolve();
    const done = new Promise<void>((resolve, reject) => this.#waiters.push({ until, resolve, reject }));
    if (!this.#busy) void this.#pump();
    return done;
  }

  /** Resolves once everything up to `until` is on disk. After a failed sync it never does again. */
  async sync(until = this.size): Promise<void> {
    // Waiting for writes must stay outside the turn: a write may itself wait for the sync of another month.
    await this.flush(until);
    const turn = this.#syncTurn.then(() => this.#syncNow(until));
    this.#syncTurn = turn.catch(() => {});
    return turn;
  }

  async #syncNow(until: number): Promise<void> {
    if (this.#poison) throw this.#poison;
    if (until <= this.#synced && !this.#unproven) return;
    const file = await this.#open();
    const written = this.#written;
    if (this.#unproven) await writeAnew(this.#options.disk, this.#options.path, this.#unproven);
    try {
      await file.datasync();
      if (this.#nameIsNew) await this.#options.disk.syncFolder(dirname(this.#options.path));
    } catch (error) {
      throw this.#poisoned(error);
    }
    await this.#checkSize(written);
    this.#nameIsNew = false;
    this.#unproven = null;
    this.#synced = Math.max(this.#synced, written);
  }

  /** A file moved away or cut by hand takes writes without complaint; only its name tells. */
  async #checkSize(written: number): Promise<void> {
    const { disk, path } = this.#options;
    const size = await disk.size(path).catch(() => 0);
    if (size >= written) return;
    const message = `${path} has ${size} bytes, but ${written} were written to it`;
    throw new Fault('lostWrite', message, 'Find out who moves or cuts files in the data folder, then start again.');
  }

  #poisoned(error: unknown): Fault {
    this.#poison = new Fault(
      'diskFailed',
      `The disk failed to sync ${this.#options.path} (${codeOf(error)})`,
      'Check the disk and its cables; nothing is lost that the journal holds, start again once the disk is well.',
      { cause: error },
    );
    this.#report('sync', error, true);
    return this.#poison;
  }

  /** Reads what has a place already, from the file or from what is still pending. */
  async read(into: Buffer, length: number, position: number): Promise<number> {
    const written = this.#written;
    const end = Math.min(position + length, this.size);
    for (const chunk of this.#chunks) {
      const from = Math.max(position, chunk.offset, written);
      const to = Math.min(end, chunk.offset + chunk.used);
      if (from < to) chunk.bytes.copy(into, from - position, from - chunk.offset, to - chunk.offset);
    }
    const fromFile = Math.min(end, written) - position;
    if (fromFile > 0) {
      const got = await (await this.#open()).read(into, fromFile, position);
      if (got < fromFile) return got;
    }
    return Math.max(0, end - position);
  }

  #open(): Promise<DiskFile> {
    this.#file ??= this.#options.disk.open(this.#options.path, 'append').catch((error) => {
      this.#file = null;
      throw error;
    });
    return this.#file;
  }

  #report(operation: DiskTrouble['operation'], error: unknown, fatal: boolean): void {
    this.#options.trouble(troubleOf(operation, this.#options.path, error, fatal));
  }

  /** Lets go of the file; what is still pending is given up, so flush first. */
  async close(): Promise<void> {
    this.#stopRetry?.();
    this.#stopRetry = null;
    const file = this.#file;
    this.#file = null;
    if (file) await (await file).close().catch((error) => this.#report('write', error, false));
  }
}
