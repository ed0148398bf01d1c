/**
 * Group commit: entries queue while a batch is on its way to disk, and all that queued goes with the next one. One batch
 * is in flight at a time, so what a batch says about the one before it (`d`) is true when it is written.
 */
import type { Fault } from '../core/fault.ts';
import { Refusal } from '../core/refusal.ts';
import { type Batch, BatchPool } from './batch.ts';
import type { CommitInput, GroupPlace } from './commit-input.ts';
import type { JournalPosition, Place } from './journal.ts';
import { faultOf } from './port.ts';
import { QuietTimer } from './quiet-timer.ts';
import { headerBytes, markText } from './segment.ts';
import type { Reply } from './writer-desk.ts';

/** Quiet for so long after the last batch, a mark says that it is on disk. */
const markDelayMs = 500;
/** An entry nobody waits for goes with the next batch, or by itself after this. */
const lazyDelayMs = 250;
const syncEveryMs = 1_000;
const lookEveryMs = 1_000;
/** So much is not made to wait for the end of the turn: it is written while the rest of a long list is still being formed. */
const eagerBytes = 128 * 1024;

export class CommitQueue {
  readonly #in: CommitInput;
  readonly #pool = new BatchPool();
  readonly #position = { file: 0, offset: 0, length: 0 };
  #forming: Batch;
  readonly #closed: Batch[] = [];
  #inFlight: Batch | null = null;
  #last: number;
  /** Acknowledged, and known to be on disk: the same under `always`. */
  #durable: number;
  #synced: number;
  #groupNext = 0;
  #rotateNext = false;
  #segmentUsed: boolean;
  #flushing = false;
  #cancelLazy: (() => void) | null = null;
  #marked: number;
  readonly #quiet: QuietTimer;
  #syncedAt: number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #queuedBytes = 0;
  #fault: Fault | null = null;
  #ended = false;
  #idle: (() => void) | null = null;

  constructor(input: CommitInput) {
    this.#in = input;
    this.#last = input.last;
    this.#durable = input.last;
    this.#synced = input.last;
    this.#marked = input.last;
    this.#segmentUsed = input.used;
    this.#syncedAt = input.clock.monotonic();
    this.#quiet = new QuietTimer(input.clock, markDelayMs, () => this.#mark().catch(() => {}));
    this.#forming = this.#pool.take(input.file, input.bytes);
  }

  get last(): number {
    return this.#last;
  }

  get durable(): number {
    return this.#durable;
  }

  get synced(): number {
    return this.#synced;
  }

  get queuedBytes(): number {
    return this.#queuedBytes + this.#forming.used;
  }

  /** Bytes of the active segment, with what is on its way to it. */
  get segmentBytes(): number {
    return this.#forming.offset + this.#forming.used;
  }

  append(seq: number, at: number, body: string, group: GroupPlace | undefined, lazy: boolean): JournalPosition {
    if (seq !== this.#last + 1) throw new RangeError(`entry ${seq} cannot follow ${this.#last}`);
    const index = group?.index ?? 0;
    if (index !== this.#groupNext) throw new RangeError(`entry ${index} of a group cannot stand here`);
    const batch = this.#room(at, body.length, index > 0);
    const d = batch.lines > 0 ? '' : `"d":${this.#in.fsync === 'always' ? this.#last : this.#synced},`;
    const g = group ? `"g":["${group.id}",${index},${group.count}],` : '';
    const frame = `{"seq":${seq},${d}"at":${at},${g}`;
    const start = batch.offset + batch.used;
    const length = batch.add(frame, body);
    batch.last = seq;
    this.#last = seq;
    this.#groupNext = group && index + 1 < group.count ? index + 1 : 0;
    this.#segmentUsed = true;
    const position = this.#position;
    position.file = batch.file;
    position.offset = start + frame.length;
    position.length = length;
    if (lazy) this.#flushSometime();
    else if (batch.used < eagerBytes) this.#flushSoon();
    else this.#flush();
    return position;
  }

  /** Undefined when it is durable already: the fast path needs no promise. */
  wait(seq: number): Promise<void> | undefined {
    if (this.#fault) return Promise.reject(this.#unknown());
    if (seq <= this.#durable) return undefined;
    if (this.#inFlight && seq <= this.#inFlight.last) return this.#inFlight.wait();
    const batch = this.#closed.find((closed) => seq <= closed.last) ?? this.#forming;
    if (batch === this.#forming) this.#flushSoon();
    return batch.wait();
  }

  /** Whether a place is still on its way to its file. */
  isPending(place: Place): boolean {
    const oldest = this.#inFlight ?? this.#closed[0] ?? this.#forming;
    if (place.file === oldest.file) return place.offset >= oldest.offset;
    return this.#forming.file === place.file || this.#closed.some((batch) => batch.file === place.file);
  }

  /** The next entry begins a new segment, unless the active one is empty. */
  rotate(): void {
    this.#rotateNext = this.#segmentUsed;
  }

  /** Everything written and acknowledged, and nothing on its way. */
  async drain(): Promise<void> {
    this.#cancelLazy?.();
    this.#quiet.stop();
    this.#ended = true;
    if (this.#fault) throw this.#fault;
    this.#flush();
    if (this.#inFlight) await new Promise<void>((resolve) => (this.#idle = resolve));
    if (this.#fault) throw this.#fault;
  }

  /** Makes what is acknowledged durable in the sense of the disk, whatever the policy. */
  sync(): Promise<void> {
    const upTo = this.#durable;
    return new Promise((resolve, reject) => {
      this.#in.port.order({ op: 'sync' }, (reply) => {
        if (reply.failure) {
          this.fail(faultOf(reply.failure));
          reject(this.#fault);
          return;
        }
        this.#synced = Math.max(this.#synced, upTo);
        this.#syncedAt = this.#in.clock.monotonic();
        resolve();
      });
    });
  }

  fail(fault: Fault): void {
    if (this.#fault) return;
    this.#fault = fault;
    this.#cancelLazy?.();
    this.#quiet.stop();
    for (const batch of [this.#inFlight, ...this.#closed, this.#forming]) batch?.reject?.(this.#unknown());
    this.#in.onFailure(fault);
    this.#idle?.();
  }

  #unknown(): Refusal {
    const reason = this.#fault?.message ?? 'the journal failed';
    return new Refusal(
      'outcome_unknown',
      `it is not known whether this was recorded: ${reason}; ask again with the same idempotency key`,
    );
  }

  /** The batch the next line goes to: a new one when the last is full, in a new segment when that is. */
  #room(at: number, bodyChars: number, inGroup: boolean): Batch {
    const batch = this.#forming;
    const end = batch.offset + batch.used;
    const segmentFull = end + bodyChars > this.#in.segmentBytesMax && this.#segmentUsed;
    // A group stays in one segment, so that an incomplete one can only be at the very end.
    const rotate = (segmentFull || this.#rotateNext) && this.#segmentUsed && !inGroup;
    if (!rotate && !batch.isFull) return batch;
    if (batch.lines > 0) this.#close();
    else this.#pool.give(batch);
    this.#forming = rotate
      ? this.#pool.take(this.#in.nextFile(this.#last + 1), headerBytes)
      : this.#pool.take(batch.file, end);
    if (rotate) {
      this.#forming.rotateAt = at;
      this.#rotateNext = false;
      this.#segmentUsed = false;
    }
    return this.#forming;
  }

  #close(): void {
    this.#closed.push(this.#forming);
    this.#queuedBytes += this.#forming.used;
  }

  #flushSoon(): void {
    if (this.#flushing || this.#inFlight || this.#fault) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flushSometime(): void {
    if (this.#flushing || this.#inFlight || this.#cancelLazy) return;
    this.#cancelLazy = this.#in.clock.after(lazyDelayMs, () => {
      this.#cancelLazy = null;
      this.#flushSoon();
    });
  }

  #flush(): void {
    if (this.#inFlight || this.#fault) return;
    if (this.#closed.length === 0 && this.#forming.lines > 0) {
      const { file, offset, used } = this.#forming;
      this.#close();
      this.#forming = this.#pool.take(file, offset + used);
    }
    const batch = this.#closed.shift();
    if (!batch) return;
    this.#queuedBytes -= batch.used;
    this.#inFlight = batch;
    const now = this.#in.clock.monotonic();
    const look = now - this.#lookedAt >= lookEveryMs;
    if (look) this.#lookedAt = now;
    const { bytes, used, last, rotateAt } = batch;
    const sync = this.#in.fsync === 'always';
    this.#in.port.order({ op: 'commit', bytes, used, last, sync, rotateAt, look }, (reply) =>
      this.#written(batch, reply),
    );
    // One second of what is only written may be lost under `everysec`; the sync is queued right behind the batch.
    if (this.#in.fsync === 'everysec' && now - this.#syncedAt >= syncEveryMs) this.#syncBehind(batch.last, now);
  }

  #syncBehind(seq: number, now: number): void {
    this.#syncedAt = now;
    this.#in.port.order({ op: 'sync' }, (reply) => {
      if (reply.failure) this.fail(faultOf(reply.failure));
      else this.#synced = Math.max(this.#synced, seq);
    });
  }

  #written(batch: Batch, reply: Reply): void {
    if (reply.failure) this.fail(faultOf(reply.failure));
    if (this.#fault) return;
    this.#inFlight = null;
    this.#durable = Math.max(this.#durable, batch.last);
    if (this.#in.fsync === 'always') this.#synced = this.#durable;
    else if (batch.rotateAt > 0) this.#synced = Math.max(this.#synced, this.#durable - batch.lines);
    if (reply.space) this.#in.onSpace(reply.space);
    if (batch.lines > 0) this.#in.onDurable(this.#durable);
    batch.resolve?.();
    this.#pool.give(batch);
    this.#quiet.touch();
    const more = this.#closed.length > 0 || this.#forming.lines > 0;
    if (this.#ended) {
      if (more) this.#flush();
      else this.#idle?.();
    } else if (more) {
      // What this acknowledgement sets off in the same turn still goes with the next batch.
      this.#flushSoon();
    } else if (this.#marked < this.#last) this.#quiet.arm();
  }

  /** The one thing written after the last batch: from here on its entries are known to be on disk. */
  async #mark(): Promise<void> {
    // Only written so far (`everysec`, `no`): the quiet moment is the best one to sync.
    if (this.#synced < this.#last) await this.sync();
    if (this.#inFlight || this.#forming.lines > 0 || this.#synced < this.#last) return;
    const { file, offset } = this.#forming;
    const batch = this.#pool.take(file, offset);
    batch.add(markText(this.#last, this.#in.clock.wall()), '');
    batch.lines = 0;
    batch.last = this.#last;
    this.#marked = this.#last;
    this.#forming.offset += batch.used;
    this.#inFlight = batch;
    const { bytes, used, last } = batch;
    this.#in.port.order({ op: 'commit', bytes, used, last, sync: false, rotateAt: 0, look: false }, (reply) =>
      this.#written(batch, reply),
    );
  }
}
