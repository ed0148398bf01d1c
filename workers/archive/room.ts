/** No disk is filled to its end by a copy: what the supervisor has to write needs room as well. */
import { statfs } from 'node:fs/promises';

const roomLeftBytesMax = 64 * 1024 * 1024;
/** On a small disk. */
const roomLeftShare = 1 / 16;

/**
 * @param bytes what is to be written next
 * @throws Error `disk_full`
 */
export async function mustHaveRoom(folder: string, what: string, bytes = 0): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder);
  if (bavail * bsize - bytes < Math.min(roomLeftBytesMax, blocks * bsize * roomLeftShare)) throw noRoom(folder, what);
}

export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

export function noRoom(folder: string, what: string): Error {
  const message = `no room for ${what} in ${folder}: nothing of it was left; make room, keep fewer, or use another disk`;
  return Object.assign(new Error(message), { code: 'disk_full' });
}
