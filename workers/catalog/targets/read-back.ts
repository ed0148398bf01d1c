/** Digest of what a target holds, by reading it: dear, but nobody has to be believed. */
import { createHash } from 'node:crypto';
import type { HttpResponse } from '../../define.ts';
import { targetFault } from './faults.ts';

/** @returns null where the answer is no 200 */
export async function digestOfBody(response: HttpResponse): Promise<string | null> {
  if (response.status !== 200) {
    await response.discard();
    return null;
  }
  const sum = createHash('sha256');
  try {
    for await (const chunk of response.body) sum.update(chunk as Buffer);
  } catch (error) {
    throw targetFault(error, new URL(response.url).host, 'reading back');
  }
  return sum.digest('hex');
}
