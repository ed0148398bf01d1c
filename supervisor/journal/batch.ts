/**
 * Lines on their way to disk: text goes straight into a shared buffer, which the writer's thread reads in place. The
 * checksums are left to that thread.
 */
import { CRC_PLACEHOLDER, lineBytesMax } from './entry.ts';

export const batchBytesMax = 1024 * 1024;
export const batchLinesMax = 4_096;
/** Buffers begin small, for a quiet supervisor, and keep what they have grown to. */
const bufferBytesMin = 64 * 1024;
const buffersKept = 4;
/** Below this many characters no line can be too long, whatever they are. */
const surelyFitsChars = 64 * 1024;
/** Bytes of UTF-8 that one unit of a JavaScript string takes at most. */
const bytesPerChar = 3;

export class Batch {
  bytes: Buffer;
  used = 0;
  lines = 0;
  /** Ordinal of the segment it goes to, and where in it. */
  file = 0;
  offset = 0;
  last = 0;
  /** Wall time at which the segment before is to be sealed, or 0. */
  rotateAt = 0;
  /** Settles when it is durable; made when somebody asks. */
  promise: Promise<void> | null = null;
  resolve: (() => void) | null = null;
  reject: ((error: Error) => void) | null = null;

  constructor() {
    this.bytes = Buffer.from(new SharedArrayBuffer(bufferBytesMin));
  }

  /** Adds a line; `frame` is its text up to the body. @returns length of the body in bytes */
  add(frame: string, body: string): number {
    if (
      body.length > surelyFitsChars &&
      Buffer.byteLength(body) + frame.length + CRC_PLACEHOLDER.length > lineBytesMax
    ) {
      throw new RangeError(`an entry may have at most ${lineBytesMax} bytes`);
    }
    const line = frame + body + CRC_PLACEHOLDER;
    if (this.used + line.length * bytesPerChar > this.bytes.length) this.#grow(this.used + line.length * bytesPerChar);
    const written = this.bytes.write(line, this.used);
    this.used += written;
    this.lines++;
    return written - frame.length - CRC_PLACEHOLDER.length;
  }

  get isFull(): boolean {
    return this.used >= batchBytesMax || this.lines >= batchLinesMax;
  }

  #grow(bytes: number): void {
    const grown = Buffer.from(new SharedArrayBuffer(Math.max(bytes, this.bytes.length * 2)));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }

  /** One promise for everybody who waits for this batch. */
  wait(): Promise<void> {
    if (this.promise) return this.promise;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Who waits hears of a failure; that nobody waits any more is no reason to end the process here.
    this.promise.catch(() => {});
    return this.promise;
  }
}

/** Batches used again and again: a fresh two-megabyte buffer for each would be most of the work. */
export class BatchPool {
  readonly #free: Batch[] = [];

  take(file: number, offset: number): Batch {
    const batch = this.#free.pop() ?? new Batch();
    batch.file = file;
    batch.offset = offset;
    return batch;
  }

  give(batch: Batch): void {
    batch.used = 0;
    batch.lines = 0;
    batch.last = 0;
    batch.rotateAt = 0;
    batch.promise = null;
    batch.resolve = null;
    batch.reject = null;
    if (this.#free.length < buffersKept) this.#free.push(batch);
  }
}
