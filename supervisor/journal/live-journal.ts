/**
 * The journal while it is being written: what the supervisor appends to, waits for and reads back from. What an entry
 * means is none of its business: it keeps `body`, the text of JSON members without braces.
 */
import type { Clock } from '../clock.ts';
import { Fault } from '../core/fault.ts';
import { CommitQueue } from './commit.ts';
import type { GroupPlace } from './commit-input.ts';
import type { Disk, DiskSpace } from './disk.ts';
import type { JournalFiles } from './files.ts';
import type { FsyncPolicy, JournalPosition, Place, SnapshotSource } from './journal.ts';
import { PlaceReader } from './places.ts';
import { ask, faultOf } from './port.ts';
import type { SpaceState } from './reserve.ts';
import { SnapshotTaker } from './snapshot.ts';
import type { WriterPort } from './writer-port.ts';

export interface AppendOptions {
  readonly group?: GroupPlace;
  /** Nobody waits for it: it rides along with the next batch. */
  readonly lazy?: boolean;
}

export interface JournalStats {
  /** Of the newest snapshot and of what was written since the one this life began with. */
  readonly bytes: number;
  readonly segments: number;
  readonly snapshotSeq: number;
  readonly snapshotBytes: number;
  /** Written since the newest snapshot. */
  readonly sinceSnapshotBytes: number;
  readonly queuedBytes: number;
  readonly space: DiskSpace;
}

export interface LiveJournalInput {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Clock;
  readonly port: WriterPort;
  readonly files: JournalFiles;
  readonly epoch: number;
  readonly incarnation: string;
  readonly fsync: FsyncPolicy;
  readonly segmentBytesMax: number;
  readonly snapshotBytesMin: number;
  readonly last: number;
  /** The active segment: ordinal, size, and whether it holds entries. */
  readonly file: number;
  readonly bytes: number;
  readonly used: boolean;
  readonly space: SpaceState;
  readonly segments: number;
  readonly segmentsSinceSnapshot: number;
  readonly sinceSnapshotBytes: number;
  readonly snapshot: { readonly seq: number; readonly bytes: number };
  /** Path of a segment of this incarnation that begins with an entry. */
  readonly segmentPath: (first: number) => string;
}

/** While the disk is full, so often it is looked whether there is room again. */
const spaceRetryMs = 1_000;
/** So many small segments are as good a reason for a snapshot as one large journal. */
const segmentsMax = 64;

export class Journal {
  readonly epoch: number;
  readonly durability: 'disk' | 'os';
  readonly #in: LiveJournalInput;
  readonly #queue: CommitQueue;
  readonly #places: PlaceReader;
  readonly #taker: SnapshotTaker;
  readonly #durableListeners: ((seq: number) => void)[] = [];
  readonly #failureListeners: ((fault: Fault) => void)[] = [];
  readonly #spaceListeners: ((full: boolean) => void)[] = [];
  #space: SpaceState;
  #cancelSpace: (() => void) | null = null;
  #fault: Fault | null = null;
  #segments: number;
  #segmentsSince: number;
  /** Bytes of segments before the active one, and where on that count the newest snapshot began. */
  #closedBytes: number;
  #snapshotFrom = 0;
  #snapshot: { seq: number; bytes: number };
  #taking: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(input: LiveJournalInput) {
    this.#in = input;
    this.epoch = input.epoch;
    this.durability = input.fsync === 'always' ? 'disk' : 'os';
    this.#space = input.space;
    this.#segments = input.segments;
    this.#segmentsSince = input.segmentsSinceSnapshot;
    this.#closedBytes = input.sinceSnapshotBytes;
    this.#snapshot = input.snapshot;
    this.#places = new PlaceReader(input.disk, input.files);
    this.#taker = new SnapshotTaker(input);
    this.#queue = new CommitQueue({
      ...input,
      nextFile: (first) => this.#nextFile(first),
      onDurable: (seq) => {
        for (const listener of this.#durableListeners) listener(seq);
      },
      onSpace: (space) => this.#seeSpace(space),
      onFailure: (fault) => this.#fail(fault),
    });
    this.#seeSpace(input.space);
  }

  /** The sequence number the next entry must have. */
  get nextSeq(): number {
    return this.#queue.last + 1;
  }

  /** Entries up to here are acknowledged: on disk, or under `everysec` and `no` with the kernel. */
  get durableSeq(): number {
    return this.#queue.durable;
  }

  /** Too little room to take on new work; what is decided is still written. */
  get full(): boolean {
    return this.#space.low;
  }

  /** Adds an entry to the batch that is forming. The answer is one object, used again by the next call. */
  append(seq: number, at: number, body: string, options?: AppendOptions): JournalPosition {
    return this.#queue.append(seq, at, body, options?.group, options?.lazy ?? false);
  }

  /** Settles once the entry is acknowledged; undefined when it is already. Rejects with `outcome_unknown` when the disk failed. */
  durable(seq: number): Promise<void> | undefined {
    return this.#queue.wait(seq);
  }

  /** Called once a batch with the highest sequence number acknowledged, before those who wait for it go on. */
  onDurable(listener: (durableSeq: number) => void): void {
    this.#durableListeners.push(listener);
  }

  /** Called once, when nothing can be written any more: the process must end with the fault's exit code. */
  onFailure(listener: (fault: Fault) => void): void {
    this.#failureListeners.push(listener);
  }

  /** Called when `full` changes. */
  onSpace(listener: (full: boolean) => void): void {
    this.#spaceListeners.push(listener);
  }

  /** Text of places in any file of the journal, read off the main thread, in the order asked. */
  async read(places: readonly Place[]): Promise<string[]> {
    if (places.some((place) => this.#queue.isPending(place))) await this.#queue.wait(this.#queue.last);
    return this.#places.read(places);
  }

  /** Whether the journal has grown enough since the last snapshot to make the next start slow. */
  get snapshotDue(): boolean {
    const least = Math.max(this.#in.snapshotBytesMin, this.#snapshot.bytes);
    return this.#writtenBytes - this.#snapshotFrom > least || this.#segmentsSince > segmentsMax;
  }

  /**
   * Writes the state to a snapshot and lets go of the journal before the one before it.
   * @param seqNow the last entry that is in the state as it is now
   */
  snapshot(source: SnapshotSource, seqNow: number): Promise<void> {
    // Nothing has happened since the last one, which would have to share its name with this one.
    if (seqNow === this.#snapshot.seq) return Promise.resolve();
    this.#taking ??= this.#takeSnapshot(source, seqNow)
      .catch((error: unknown) => {
        // A snapshot may be given up, but a disk that fails under it fails for the journal too.
        if (error instanceof Fault) this.#queue.fail(error);
        throw error;
      })
      .finally(() => {
        this.#taking = null;
      });
    return this.#taking;
  }

  stats(): JournalStats {
    return {
      bytes: this.#writtenBytes + this.#snapshot.bytes,
      segments: this.#segments,
      snapshotSeq: this.#snapshot.seq,
      snapshotBytes: this.#snapshot.bytes,
      sinceSnapshotBytes: this.#writtenBytes - this.#snapshotFrom,
      queuedBytes: this.#queue.queuedBytes,
      space: this.#space,
    };
  }

  /** A stop as asked: everything on disk, and said so, so that the next start knows. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelSpace?.();
    this.#taker.cancel();
    try {
      await this.#taking?.catch(() => {});
      await this.#queue.drain();
      await ask(this.#in.port, { op: 'close', at: this.#in.clock.wall() });
    } finally {
      this.#places.close();
      await this.#in.port.end();
    }
  }

  async #takeSnapshot(source: SnapshotSource, seqNow: number): Promise<void> {
    const queue = this.#queue;
    queue.rotate();
    const from = this.#writtenBytes;
    const segments = this.#segmentsSince;
    const taken = await this.#taker.take(source, seqNow, {
      written: async () => queue.wait(queue.last),
      onDisk: async () => {
        await queue.wait(queue.last);
        const to = queue.last;
        if (queue.synced < to) await queue.sync();
        return to;
      },
      retired: (file) => this.#places.retire(file),
    });
    if (!taken) return;
    this.#snapshot = { seq: taken.seq, bytes: taken.bytes };
    this.#snapshotFrom = from;
    this.#segmentsSince -= segments - 1;
    this.#segments -= taken.segmentsRetired;
    source.published();
  }

  get #writtenBytes(): number {
    return this.#closedBytes + this.#queue.segmentBytes;
  }

  #nextFile(first: number): number {
    this.#closedBytes += this.#queue.segmentBytes;
    this.#segments++;
    this.#segmentsSince++;
    return this.#in.files.add(this.#in.segmentPath(first));
  }

  #seeSpace(space: SpaceState): void {
    const changed = space.low !== this.#space.low;
    this.#space = space;
    if (changed) for (const listener of this.#spaceListeners) listener(space.low);
    if (space.low) this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#fault || this.#closing) return;
    this.#cancelSpace ??= this.#in.clock.after(spaceRetryMs, () => {
      this.#cancelSpace = null;
      this.#in.port.order({ op: 'space' }, (reply) => {
        if (reply.failure) this.#queue.fail(faultOf(reply.failure));
        else if (reply.space) this.#seeSpace(reply.space);
      });
    });
  }

  #fail(fault: Fault): void {
    this.#fault = fault;
    for (const listener of this.#failureListeners) listener(fault);
  }
}
