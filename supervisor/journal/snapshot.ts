/**
 * Takes a snapshot while the supervisor goes on working: asks the owner of the state for a few milliseconds' worth of
 * lines at a time, lets a thread write them, and publishes the file once everything it rests on is on disk.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { type Disk, machineDisk } from './disk.ts';
import type { JournalFiles } from './files.ts';
import type { SnapshotLine, SnapshotSource } from './journal.ts';
import { ask, inlinePort, type Port, threadPort } from './port.ts';
import { fileName } from './segment.ts';
import { SnapshotDesk, type SnapshotOrder, type SnapshotReply } from './snapshot-desk.ts';
import { snapshotHeaderLine } from './snapshot-format.ts';
import type { WriterPort } from './writer-port.ts';

export interface SnapshotTakerInput {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Clock;
  readonly port: WriterPort;
  readonly files: JournalFiles;
  readonly epoch: number;
  readonly incarnation: string;
}

/** What a snapshot needs of the live journal. */
export interface SnapshotGround {
  /** Everything appended so far stands in its file. */
  written(): Promise<void>;
  /** Everything appended so far is on disk, whatever the policy. @returns the last entry of it */
  onDisk(): Promise<number>;
  /** A file has left for the trash. */
  retired(file: number): void;
}

export interface TakenSnapshot {
  readonly seq: number;
  readonly bytes: number;
  readonly segmentsRetired: number;
}

const limits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };
const chunkBytes = 64 * 1024;
const frameBytesMax = 64;
const crcLineBytes = 19;

export class SnapshotTaker {
  readonly #in: SnapshotTakerInput;
  #canceled = false;

  constructor(input: SnapshotTakerInput) {
    this.#in = input;
  }

  /** One under way is given up at its next slice. */
  cancel(): void {
    this.#canceled = true;
  }

  /** @returns null when it was canceled; throws when there was no room for it, and the journal goes on as before */
  async take(source: SnapshotSource, seq: number, ground: SnapshotGround): Promise<TakenSnapshot | null> {
    const port = startDesk(this.#in.disk);
    try {
      const path = join(this.#in.dir, 'snapshots', fileName(seq, this.#in.epoch));
      const header = { epoch: this.#in.epoch, seq, at: this.#in.clock.wall(), incarnation: this.#in.incarnation };
      await order(port, { op: 'open', path, header });
      const file = this.#in.files.add(path);
      const whole = await this.#walk(port, source, ground, file, snapshotHeaderLine(header).length);
      if (!whole) {
        await order(port, { op: 'abort' });
        return null;
      }
      await source.walked?.();
      // What the snapshot shows of entries after `seq` must not be younger than the journal that survives a crash.
      const to = await ground.onDisk();
      const { done } = await order(port, { op: 'finish', to, at: this.#in.clock.wall() });
      if (!done) throw new Error('the snapshot was not finished');
      return await this.#publish(port, { file: fileName(seq, this.#in.epoch), seq, to, ...done }, ground);
    } finally {
      await port.end();
    }
  }

  async #walk(
    port: SnapshotPort,
    source: SnapshotSource,
    ground: SnapshotGround,
    file: number,
    headerBytes: number,
  ): Promise<boolean> {
    const chunk = new Chunk(this.#in.files);
    let offset = headerBytes;
    for (let lines = source.next(); lines !== null; lines = source.next()) {
      if (this.#canceled) return false;
      const offsets = chunk.fill(lines, offset);
      offset = chunk.endOffset;
      source.placed(file, offsets);
      await ground.written();
      await order(port, chunk.order());
    }
    return true;
  }

  async #publish(
    port: SnapshotPort,
    snapshot: { file: string; seq: number; to: number; bytes: number; sha256: string; count: number },
    ground: SnapshotGround,
  ) {
    const { retired = [] } = await ask(this.#in.port, { op: 'publish', snapshot, at: this.#in.clock.wall() });
    // The manifest no longer names them and is on disk: only now may they leave.
    const { moved = [] } = await order(port, { op: 'retire', dir: this.#in.dir, files: retired });
    for (const [from, to] of moved) {
      const ordinal = this.#in.files.moved(from, to);
      if (ordinal !== -1) ground.retired(ordinal);
    }
    return {
      seq: snapshot.seq,
      bytes: snapshot.bytes,
      segmentsRetired: retired.filter((name) => name.startsWith('journal')).length,
    };
  }
}

type SnapshotPort = Port<SnapshotOrder, SnapshotReply>;

function startDesk(disk: Disk): SnapshotPort {
  if (disk === machineDisk) return threadPort(new URL('./snapshot-thread.js', import.meta.url), limits);
  const desk = new SnapshotDesk(disk);
  return inlinePort((given) => desk.carryOut(given));
}

async function order(port: SnapshotPort, given: SnapshotOrder): Promise<SnapshotReply> {
  const reply = await ask(port, given);
  if (reply.gaveUp !== undefined) throw new SnapshotGivenUp(reply.gaveUp);
  return reply;
}

/** No snapshot this time; nothing is lost, the next start replays more. */
export class SnapshotGivenUp extends Error {
  override readonly name = 'SnapshotGivenUp';
}

/** A slice of lines as bytes, in memory shared with the thread; one slice is under way at a time. */
class Chunk {
  readonly #files: JournalFiles;
  #bytes = Buffer.from(new SharedArrayBuffer(chunkBytes));
  #used = 0;
  #table = new Float64Array(0);
  #named = new Set<number>();
  endOffset = 0;

  constructor(files: JournalFiles) {
    this.#files = files;
  }

  /** @returns offset in the snapshot of each body */
  fill(lines: readonly SnapshotLine[], from: number): Float64Array {
    const offsets = new Float64Array(lines.length);
    this.#table = new Float64Array(lines.length * 4);
    this.#named = new Set();
    this.#used = 0;
    let offset = from;
    for (const [index, { seq, body, tail }] of lines.entries()) {
      const frame = `{"seq":${seq},`;
      const start = this.#used;
      this.#make(body.length * 3 + frameBytesMax);
      this.#used += this.#bytes.write(frame + body, start);
      offsets[index] = offset + frame.length;
      this.#table.set([this.#used, tail?.file ?? -1, tail?.offset ?? 0, tail?.length ?? 0], index * 4);
      if (tail) this.#named.add(tail.file);
      offset += this.#used - start + (tail?.length ?? 0) + crcLineBytes;
    }
    this.endOffset = offset;
    return offsets;
  }

  order(): SnapshotOrder {
    const paths = [...this.#named].map((file) => [file, this.#files.path(file)] as const);
    return { op: 'lines', bytes: this.#bytes.subarray(0, this.#used), table: this.#table, paths };
  }

  #make(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const grown = Buffer.from(new SharedArrayBuffer(Math.max(this.#bytes.length * 2, this.#used + bytes)));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}
