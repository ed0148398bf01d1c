/**
 * The hand that writes: appends batches to the active segment, syncs, rotates and publishes the manifest. It runs in a
 * thread of its own (`writer-thread.ts`) with synchronous calls, so that a busy pool never slows an acknowledgement;
 * tests run the same code without a thread. After any failure it does nothing more: the kernel has marked the pages
 * clean, and a second sync would lie.
 */
import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../core/fault.ts';
import type { Disk } from './disk.ts';
import { isFull, readAll, writeAll } from './disk.ts';
import { fillChecksums } from './entry.ts';
import type { FsyncPolicy } from './journal.ts';
import type { ListedSegment, ListedSnapshot, Manifest } from './manifest.ts';
import { publishManifest } from './manifest.ts';
import { Reserve, type SpaceState } from './reserve.ts';
import { fileName, headerLine, type Predecessor, sealLine } from './segment.ts';

/** How a new incarnation begins to write; made by recovery, which has not changed a byte so far. */
export interface BeginPlan {
  readonly dir: string;
  readonly epoch: number;
  readonly first: number;
  readonly at: number;
  readonly boot: string;
  readonly incarnation: string;
  readonly version: string;
  readonly fsync: FsyncPolicy;
  readonly prev: Predecessor | null;
  /** Entries that were written but never proven to be on disk: they are written again. `last` is the last of them. */
  readonly tail: { readonly path: string; readonly from: number; readonly to: number; readonly last: number } | null;
  /** What the manifest says from now on, but for the active segment. */
  readonly manifest: Manifest;
}

export interface Begun {
  readonly file: string;
  readonly bytes: number;
  readonly space: SpaceState;
}

const copyBytes = 1024 * 1024;

export class SegmentWriter {
  readonly #disk: Disk;
  readonly #plan: BeginPlan;
  readonly #folder: string;
  readonly #reserve: Reserve;
  #manifest: Manifest;
  #fd = -1;
  #file = '';
  #first: number;
  #last: number;
  #lines = 0;
  #bytes = 0;
  #hash: Hash = createHash('sha256');

  constructor(disk: Disk, plan: BeginPlan) {
    this.#disk = disk;
    this.#plan = plan;
    this.#folder = join(plan.dir, 'journal');
    this.#manifest = plan.manifest;
    this.#first = plan.first;
    this.#last = plan.first - 1;
    this.#reserve = new Reserve(disk, plan.dir);
  }

  /** Opens the first segment of this incarnation, with the unproven tail of the one before, and publishes it. */
  begin(): Begun {
    try {
      return this.#begin();
    } catch (error) {
      throw notBegun(error, this.#plan.dir);
    }
  }

  #begin(): Begun {
    const plan = this.#plan;
    const space = this.#guard('open the journal', () => this.#reserve.look());
    // A folder with segments and no manifest is a damaged one, so the manifest comes first.
    if (this.#manifest.gen === 0) this.#publish(this.#manifest);
    this.#openSegment(plan.first, plan.at, plan.prev);
    if (plan.tail) this.#copyTail(plan.tail.path, plan.tail.from, plan.tail.to, plan.tail.last);
    this.#sync();
    this.#publish({ ...this.#manifest, active: this.#file, clean: false, at: plan.at });
    return { file: this.#file, bytes: this.#bytes, space };
  }

  /** Writes whole lines, checksums still to be filled in. With `sync` they are on disk when it returns. */
  commit(bytes: Buffer, last: number, sync: boolean): void {
    this.#lines += fillChecksums(bytes, 0, bytes.length, this.#plan.epoch);
    this.#append(bytes);
    this.#last = last;
    if (sync) this.#sync();
  }

  sync(): void {
    this.#sync();
  }

  /** Too little room for new work, as far as it has been seen. */
  get low(): boolean {
    return this.#reserve.low;
  }

  reportSpace(): SpaceState {
    return this.#guard('look at free space', () => this.#reserve.report());
  }

  space(): SpaceState {
    return this.#guard('look at free space', () => this.#reserve.look());
  }

  /** Seals the active segment and opens the next one. */
  rotate(at: number): void {
    const sealed = this.#seal(at, false);
    this.#openSegment(this.#last + 1, at, {
      file: sealed.file,
      seq: sealed.last,
      bytes: sealed.bytes,
      sha256: sealed.sha256,
    });
    this.#sync();
    const segments = [...this.#manifest.segments, sealed];
    this.#publish({ ...this.#manifest, at, segments, active: this.#file });
  }

  /** Lists a finished snapshot. @returns files no longer needed, which the manifest no longer names */
  publish(snapshot: ListedSnapshot, at: number): string[] {
    const [newest] = this.#manifest.snapshots;
    const snapshots = newest ? [snapshot, newest] : [snapshot];
    // The older of the two generations must still find every entry after it.
    const needed = snapshots.length > 1 ? (newest?.seq ?? 0) : 0;
    const segments = this.#manifest.segments.filter((segment) => segment.last > needed);
    const retired = [
      ...this.#manifest.segments
        .filter((segment) => segment.last <= needed)
        .map((segment) => join('journal', segment.file)),
      ...this.#manifest.snapshots.slice(1).map((old) => join('snapshots', old.file)),
    ];
    this.#publish({ ...this.#manifest, at, segments, snapshots });
    return retired;
  }

  /** A stop as asked: everything on disk, sealed, and said so. */
  close(at: number): void {
    const sealed = this.#seal(at, true);
    const segments = sealed.last >= sealed.first ? [...this.#manifest.segments, sealed] : this.#manifest.segments;
    this.#publish({ ...this.#manifest, at, segments, active: null, clean: true });
    if (segments.length === this.#manifest.segments.length && sealed.last < sealed.first) {
      this.#guard('remove an empty segment', () => this.#disk.remove(join(this.#folder, sealed.file)));
    }
  }

  #seal(at: number, clean: boolean): ListedSegment {
    const body = this.#hash.copy().digest('hex');
    this.#append(sealLine({ seq: this.#last, at, n: this.#lines, sha256: body, clean }, this.#plan.epoch));
    this.#sync();
    this.#guard('close a segment', () => this.#disk.close(this.#fd));
    const sha256 = this.#hash.digest('hex');
    return { file: this.#file, first: this.#first, last: this.#last, bytes: this.#bytes, sha256, sealed: true };
  }

  #openSegment(first: number, at: number, prev: Predecessor | null): void {
    const { epoch, boot, incarnation, version, fsync } = this.#plan;
    this.#file = fileName(first, epoch);
    const path = join(this.#folder, this.#file);
    this.#fd = this.#withReserve(() => this.#disk.open(path, 'create'));
    this.#first = first;
    this.#lines = 0;
    this.#bytes = 0;
    this.#hash = createHash('sha256');
    this.#append(headerLine({ epoch, first, at, boot, incarnation, version, fsync, prev }));
    this.#guard('sync the journal folder', () => this.#disk.syncFolder(this.#folder));
  }

  #copyTail(path: string, from: number, to: number, last: number): void {
    const source = this.#guard('read the unproven tail', () => this.#disk.open(path, 'read'));
    let kept = 0;
    const room = Buffer.allocUnsafe(Math.min(copyBytes * 2, to - from));
    for (let position = from; position < to; ) {
      const read = this.#guard('read the unproven tail', () =>
        readAll(this.#disk, source, room.subarray(kept, kept + Math.min(copyBytes, to - position)), position),
      );
      if (read === 0) break;
      position += read;
      const whole = room.subarray(0, kept + read).lastIndexOf(10) + 1;
      if (whole > 0) this.commit(room.subarray(0, whole), last, false);
      room.copyWithin(0, whole, kept + read);
      kept = kept + read - whole;
    }
    this.#guard('read the unproven tail', () => this.#disk.close(source));
    this.#last = last;
  }

  /** Writes, then looks at the size before anything is synced: a lost write or a second writer shows on this very batch. */
  #append(bytes: Buffer): void {
    this.#withReserve(
      () => writeAll(this.#disk, this.#fd, bytes),
      () => this.#disk.truncate(this.#fd, this.#bytes),
    );
    const size = this.#guard('look at a segment', () => this.#disk.size(this.#fd));
    this.#bytes += bytes.length;
    if (size !== this.#bytes) {
      const message = `${this.#file} holds ${size} bytes where ${this.#bytes} were expected: a write was lost, or somebody else writes to it`;
      throw new Fault(
        'lostWrite',
        message,
        'check the disk and that no other supervisor uses this data folder, then start again',
      );
    }
    this.#hash.update(bytes);
  }

  #sync(): void {
    this.#guard('sync the journal', () => this.#disk.sync(this.#fd));
  }

  #publish(manifest: Manifest): void {
    const next = { ...manifest, gen: this.#manifest.gen + 1 };
    this.#withReserve(() => publishManifest(this.#disk, this.#folder, next));
    this.#manifest = next;
  }

  /**
   * What was decided is never taken back: when there is no room, the ballast goes and the very same is written again,
   * once. `undo` puts the disk back to how it was before the try.
   */
  #withReserve<T>(act: () => T, undo?: () => void): T {
    try {
      return act();
    } catch (error) {
      if (!isFull(error)) throw failed('write the journal', error);
    }
    return this.#guard('write the journal although the disk is full', () => {
      undo?.();
      this.#reserve.release();
      return act();
    });
  }

  #guard<T>(what: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw failed(what, error);
    }
  }
}

function failed(what: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const { message, code } = cause as NodeJS.ErrnoException;
  const action =
    code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
      ? 'make room on the disk of the data folder, then start again; nothing unacknowledged was promised'
      : 'check the disk (dmesg, smartctl), then start again; nothing unacknowledged was promised';
  return new Fault('diskFailed', `could not ${what}: ${message}`, action, { cause });
}

/** Where there is no room even to begin, nothing has failed: the folder cannot be used for now. */
function notBegun(error: unknown, dir: string): unknown {
  if (!(error instanceof Fault) || error.exit !== 'diskFailed' || !isFull(error.cause)) return error;
  return new Fault('dataFolder', `no room in ${dir} to begin the journal: ${error.message}`, error.action, {
    cause: error,
  });
}
