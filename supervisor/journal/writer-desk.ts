/** Carries out what the main thread orders of the writer, one order at a time; the same code in the thread and without one. */
import { createHash } from 'node:crypto';
import { type Disk, readAll } from './disk.ts';
import type { ListedSnapshot } from './manifest.ts';
import { type Answer, failureOf } from './port.ts';
import type { SpaceState } from './reserve.ts';
import { type BeginPlan, type Begun, SegmentWriter } from './writer.ts';

export type Order =
  /** sha256 of the first `bytes` bytes of an open file (descriptors belong to the process, not to a thread); null when it is shorter. */
  | { readonly op: 'digest'; readonly fd: number; readonly bytes: number }
  | { readonly op: 'begin'; readonly plan: BeginPlan }
  | {
      readonly op: 'commit';
      readonly bytes: Uint8Array;
      readonly used: number;
      readonly last: number;
      readonly sync: boolean;
      readonly rotateAt: number;
      readonly look: boolean;
    }
  | { readonly op: 'sync' }
  | { readonly op: 'space' }
  | { readonly op: 'publish'; readonly snapshot: ListedSnapshot; readonly at: number }
  | { readonly op: 'close'; readonly at: number };

export interface Reply extends Answer {
  readonly digest?: string | null;
  readonly begun?: Begun;
  readonly space?: SpaceState;
  readonly retired?: string[];
}

export class WriterDesk {
  readonly #disk: Disk;
  #writer: SegmentWriter | null = null;
  #failure: Reply | null = null;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  carryOut(order: Order): Reply {
    if (this.#failure) return this.#failure;
    try {
      return this.#act(order);
    } catch (error) {
      const reply = { failure: failureOf(error) };
      // What cannot be read stops a start, and is looked at more closely; a failed write is final.
      if (order.op !== 'digest') this.#failure = reply;
      return reply;
    }
  }

  #act(order: Order): Reply {
    if (order.op === 'digest') return { digest: digestOf(this.#disk, order.fd, order.bytes) };
    if (order.op === 'begin') {
      this.#writer = new SegmentWriter(this.#disk, order.plan);
      return { begun: this.#writer.begin() };
    }
    const writer = this.#writer;
    if (!writer) throw new Error(`the journal was asked to ${order.op} before it began`);
    switch (order.op) {
      case 'commit': {
        const wasLow = writer.low;
        if (order.rotateAt > 0) writer.rotate(order.rotateAt);
        writer.commit(Buffer.from(order.bytes.buffer, order.bytes.byteOffset, order.used), order.last, order.sync);
        // When the ballast has just gone, whoever lets new work in must hear of it now: it lasts for a few batches only.
        if (writer.low && !wasLow) return { space: writer.reportSpace() };
        return order.look ? { space: writer.space() } : {};
      }
      case 'sync':
        writer.sync();
        return {};
      case 'space':
        return { space: writer.space() };
      case 'publish':
        return { retired: writer.publish(order.snapshot, order.at) };
      case 'close':
        writer.close(order.at);
        return {};
    }
  }
}

const digestChunkBytes = 1024 * 1024;

function digestOf(disk: Disk, fd: number, bytes: number): string | null {
  const hash = createHash('sha256');
  const room = Buffer.allocUnsafeSlow(Math.min(digestChunkBytes, Math.max(1, bytes)));
  for (let position = 0; position < bytes; ) {
    const read = readAll(disk, fd, room.subarray(0, Math.min(room.length, bytes - position)), position);
    if (read === 0) return null;
    hash.update(room.subarray(0, read));
    position += read;
  }
  return hash.digest('hex');
}
