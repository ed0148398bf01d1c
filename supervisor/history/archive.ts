/**
 * Reads an archived month as if it were the plain file: places are those the month had before it was packed, and only the
 * members that a read touches are inflated.
 *
 * What cannot be unpacked is read as zeros, which are no record, and is named. When the end of the archive is damaged or
 * cut off, its members are found one after another by what their headers say.
 */
import {
  type ArchiveSummary,
  endBytesMax,
  memberHeadBytes,
  memberPlainBytes,
  readEnd,
  readMemberHead,
  readTable,
  unpackMember,
} from './archive-format.ts';
import type { Disk, DiskFile } from './disk.ts';

/** Told of a stretch of the month that cannot be read anymore. */
export type Unreadable = (offset: number, bytes: number, what: string) => void;

export class Archive {
  readonly path: string;
  readonly #disk: Disk;
  readonly #packedBytes: number;
  /** Null: the end of the archive is damaged. */
  readonly summary: ArchiveSummary | null;
  unreadable: Unreadable = () => {};
  #size: number;
  #file: Promise<DiskFile> | null = null;
  #offsets: Promise<Float64Array> | null = null;

  static async open(disk: Disk, path: string): Promise<Archive> {
    const packedBytes = await disk.size(path);
    const file = await disk.open(path, 'read');
    try {
      const end = Buffer.alloc(Math.min(endBytesMax, packedBytes));
      const got = await file.read(end, end.length, packedBytes - end.length);
      const summary = got === end.length ? readEnd(end) : null;
      const archive = new Archive(disk, path, packedBytes, summary);
      if (!summary) archive.#size = await plainBytesOf(file, await walk(file, packedBytes));
      return archive;
    } finally {
      await file.close();
    }
  }

  private constructor(disk: Disk, path: string, packedBytes: number, summary: ArchiveSummary | null) {
    this.#disk = disk;
    this.path = path;
    this.#packedBytes = packedBytes;
    this.summary = summary;
    this.#size = summary?.plainBytes ?? 0;
  }

  /** Of the month; of a damaged archive, of what can still be found in it. */
  get size(): number {
    return this.#size;
  }

  get packedBytes(): number {
    return this.#packedBytes;
  }

  read = async (into: Buffer, length: number, position: number): Promise<number> => {
    const end = Math.min(position + length, this.#size);
    if (end <= position) return 0;
    const offsets = await this.#members();
    const last = Math.floor((end - 1) / memberPlainBytes);
    for (let index = Math.floor(position / memberPlainBytes); index <= last; index++) {
      const from = index * memberPlainBytes;
      const to = Math.min(from + memberPlainBytes, this.#size);
      const plain = await this.#unpack(offsets, index, to - from);
      const [start, stop] = [Math.max(from, position), Math.min(to, end)];
      if (plain) plain.copy(into, start - position, start - from, stop - from);
      else into.fill(0, start - position, stop - position);
      if (!plain) this.unreadable(from, to - from, 'a part of the archive cannot be unpacked');
    }
    return end - position;
  };

  async #unpack(offsets: Float64Array, index: number, plainBytes: number): Promise<Buffer | null> {
    const [from, to] = [offsets[index], offsets[index + 1]];
    if (from === undefined || to === undefined) return null;
    const member = Buffer.allocUnsafe(to - from);
    if ((await (await this.#handle()).read(member, member.length, from)) !== member.length) return null;
    return unpackMember(member, plainBytes);
  }

  #members(): Promise<Float64Array> {
    this.#offsets ??= this.#findMembers().catch((error) => {
      this.#offsets = null;
      throw error;
    });
    return this.#offsets;
  }

  async #findMembers(): Promise<Float64Array> {
    const file = await this.#handle();
    if (this.summary) {
      const bytes = Buffer.alloc(Math.max(0, this.#packedBytes - this.summary.tableAt));
      const got = await file.read(bytes, bytes.length, this.summary.tableAt);
      const offsets = readTable(bytes.subarray(0, got), this.summary);
      if (offsets) return offsets;
    }
    return walk(file, this.#packedBytes);
  }

  #handle(): Promise<DiskFile> {
    this.#file ??= this.#disk.open(this.path, 'read').catch((error) => {
      this.#file = null;
      throw error;
    });
    return this.#file;
  }

  /** It opens again by itself when it is read again. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file) await (await file).close().catch(() => {});
  }
}

/** @returns where each member begins, and where the last whole one ends */
async function walk(file: DiskFile, packedBytes: number): Promise<Float64Array> {
  const offsets = [0];
  const head = Buffer.alloc(memberHeadBytes);
  for (let at = 0; at < packedBytes; ) {
    const got = await file.read(head, head.length, at);
    const lengths = readMemberHead(head.subarray(0, got));
    if (!lengths || at + lengths.packed > packedBytes) break;
    at += lengths.packed;
    offsets.push(at);
    // Only the last one is shorter; were another, places behind it would be wrong.
    if (lengths.plain < memberPlainBytes) break;
  }
  return Float64Array.from(offsets);
}

async function plainBytesOf(file: DiskFile, offsets: Float64Array): Promise<number> {
  const members = offsets.length - 1;
  if (members === 0) return 0;
  const last = Buffer.alloc(memberHeadBytes);
  await file.read(last, last.length, offsets[members - 1] as number);
  return (members - 1) * memberPlainBytes + (readMemberHead(last)?.plain ?? 0);
}
