/**
 * After a failed sync the kernel holds pages clean that never reached the disk, and the process that saw it has ended.
 * The same bytes once more in the same place make them dirty again, so that the next sync means something.
 */
import type { Disk } from './disk.ts';

const pieceBytes = 1024 * 1024;

export async function writeAnew(disk: Disk, path: string, { from, to }: { from: number; to: number }): Promise<void> {
  const file = await disk.open(path, 'update');
  try {
    const bytes = Buffer.allocUnsafeSlow(Math.min(pieceBytes, to - from));
    for (let at = from; at < to; ) {
      const length = await file.read(bytes, Math.min(bytes.length, to - at), at);
      if (length === 0) break;
      for (let done = 0; done < length; ) done += await file.write(bytes, done, length - done, at + done);
      at += length;
    }
  } finally {
    await file.close();
  }
}
