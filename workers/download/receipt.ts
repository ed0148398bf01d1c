/**
 * What is remembered of a finished download, so that the same file is not fetched again: which address it came from,
 * how the server named that version, and how the file looked on the disk. It lies in a hidden folder of the library;
 * losing it costs one download.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Receipt {
  readonly url: string;
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

function pathOf(root: string, key: string): string {
  return join(root, '.nightshift', 'receipts', key.slice(0, 2), `${key}.json`);
}

/** @returns the receipt, if the file it speaks of is still there and untouched */
export async function findReceipt(root: string, key: string, folder: string): Promise<Receipt | null> {
  try {
    const receipt = JSON.parse(await readFile(pathOf(root, key), 'utf8')) as Receipt;
    const path = join(folder, basename(receipt.path));
    const file = await stat(path);
    const same = file.isFile() && file.size === receipt.bytes && file.mtimeMs === receipt.mtimeMs;
    return same ? { ...receipt, path } : null;
  } catch {
    return null;
  }
}

export async function writeReceipt(
  root: string,
  key: string,
  receipt: Omit<Receipt, 'bytes' | 'mtimeMs'>,
): Promise<void> {
  const { size, mtimeMs } = await stat(receipt.path);
  const path = pathOf(root, key);
  await mkdir(join(path, '..'), { recursive: true });
  const fresh = `${path}.${randomUUID()}.tmp`;
  await writeFile(fresh, JSON.stringify({ ...receipt, bytes: size, mtimeMs }));
  await rename(fresh, path);
}
