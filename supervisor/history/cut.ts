/** Cuts the torn end off a month, and keeps a copy of it when it may hold more than half a line. */
import { join } from 'node:path';
import type { Disk } from './disk.ts';
import type { Month } from './month.ts';

const copyPieceBytes = 1024 * 1024;

/** An unfinished end that was cut off; its records come again from the journal. */
export interface Cut {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** `torn`: one unfinished line and nothing else. */
  readonly why: 'torn' | 'damaged' | 'ahead of the journal';
  /** Copy of what was cut, when it was more than one unfinished line. */
  readonly keptAs: string | null;
}

interface CutOptions {
  readonly disk: Disk;
  /** Folder for what is cut off. */
  readonly quarantine: string;
}

export async function cutAt(options: CutOptions, month: Month, offset: number, why: Cut['why']): Promise<Cut> {
  const { disk, quarantine } = options;
  const bytes = month.size - offset;
  const keptAs = why === 'torn' ? null : join(quarantine, `history-${month.name}-${offset}.ndjson`);
  if (keptAs) {
    await disk.makeFolder(quarantine);
    await copyEnd(options, month, offset, keptAs);
  }
  const file = await disk.open(month.path, 'update');
  try {
    await file.truncate(offset);
    await file.datasync();
  } finally {
    await file.close();
  }
  month.size = offset;
  return { file: month.path, offset, bytes, why, keptAs };
}

async function copyEnd({ disk }: CutOptions, month: Month, offset: number, path: string): Promise<void> {
  const copy = await disk.open(path, 'create');
  try {
    const piece = Buffer.allocUnsafe(Math.min(copyPieceBytes, month.size - offset));
    for (let at = offset; at < month.size; ) {
      const length = await month.read(piece, Math.min(piece.length, month.size - at), at);
      if (length === 0) break;
      for (let done = 0; done < length; ) done += await copy.write(piece, done, length - done, at - offset + done);
      at += length;
    }
    await copy.datasync();
  } finally {
    await copy.close();
  }
}
