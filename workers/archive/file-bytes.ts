/** Reads an open file from its beginning up to a size, whatever becomes of it meanwhile. */
import type { FileHandle } from 'node:fs/promises';

const chunkBytes = 256 * 1024;

/** Fewer bytes than `size` when the file has become shorter. */
export async function* bytesOf(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const length = Math.min(chunkBytes, size - at);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

export async function firstBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytesOf(handle, size)) parts.push(part);
  return Buffer.concat(parts);
}
