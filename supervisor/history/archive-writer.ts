/**
 * Packs a month into an archive beside it. The archive has its name only once it is whole, read back and on the disk, so
 * that whoever finds the name may let the plain file go.
 */
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  type ArchiveSummary,
  endOf,
  memberOf,
  memberPlainBytes,
  readEnd,
  readTable,
  tableOf,
  unpackMember,
} from './archive-format.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { ReadAt } from './scan.ts';

/** What stands in the summary beside what packing finds out itself. */
export type MonthFacts = Omit<ArchiveSummary, 'members' | 'tableAt' | 'tableCrc'>;

export interface PackOptions {
  readonly disk: Disk;
  readonly read: ReadAt;
  /** Of the archive; its folder is there. */
  readonly path: string;
  readonly facts: MonthFacts;
  /** Asked between two members: whether to give up. */
  readonly stopped: () => boolean;
}

/** Ending of an archive that is not whole yet. */
export const halfEnding = '.tmp';

/** @throws Error when it was stopped, or when the disk gives back something else than it was given; nothing is left then */
export async function writeArchive({ disk, read, path, facts, stopped }: PackOptions): Promise<void> {
  const half = `${path}${halfEnding}`;
  const file = await disk.open(half, 'create');
  try {
    const packed = new PackedFile(file);
    const lengths: number[] = [];
    const plainCrc = await pieces(read, facts.plainBytes, stopped, async (plain) => {
      const member = await memberOf(plain);
      lengths.push(member.length);
      await packed.write(member);
    });
    const tableAt = packed.size;
    const table = tableOf(lengths);
    await packed.write(table.members);
    const end = endOf({ ...facts, members: lengths.length, tableAt, tableCrc: table.crc });
    await packed.write(end);
    await file.datasync();
    await verify(file, packed.size, end.length, plainCrc, stopped);
  } catch (error) {
    await file.close().catch(() => {});
    await disk.remove(half).catch(() => {});
    throw error;
  }
  await file.close();
  await disk.rename(half, path);
  await disk.syncFolder(dirname(path));
}

/** @returns the crc32 of all of it */
async function pieces(
  read: ReadAt,
  size: number,
  stopped: () => boolean,
  take: (plain: Buffer) => Promise<void>,
): Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(memberPlainBytes);
  let crc = 0;
  for (let at = 0; at < size; at += buffer.length) {
    if (stopped()) throw new Error('stopped');
    const length = Math.min(buffer.length, size - at);
    const plain = buffer.subarray(0, length);
    if ((await read(plain, length, at)) !== length) throw new Error(`its file ends before byte ${at + length}`);
    crc = crc32(plain, crc);
    await take(plain);
  }
  return crc;
}

async function verify(
  file: DiskFile,
  size: number,
  endBytes: number,
  plainCrc: number,
  stopped: () => boolean,
): Promise<void> {
  const wrong = () => new Error('the archive does not read back as it was written');
  const bytesAt = async (from: number, to: number) => {
    const bytes = Buffer.allocUnsafe(to - from);
    if ((await file.read(bytes, bytes.length, from)) !== bytes.length) throw wrong();
    return bytes;
  };
  const summary = readEnd(await bytesAt(size - endBytes, size));
  const offsets = summary && readTable(await bytesAt(summary.tableAt, size), summary);
  if (!summary || !offsets) throw wrong();
  const crc = await pieces(
    async (into, length, position) => {
      const index = position / memberPlainBytes;
      const plain = await unpackMember(await bytesAt(offsets[index] as number, offsets[index + 1] as number), length);
      return plain?.copy(into) ?? 0;
    },
    summary.plainBytes,
    stopped,
    async () => {},
  );
  if (crc !== plainCrc) throw wrong();
}

class PackedFile {
  readonly #file: DiskFile;
  size = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  async write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const wrote = await this.#file.write(bytes, done, bytes.length - done, this.size + done);
      if (wrote === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
      done += wrote;
    }
    this.size += bytes.length;
  }
}
