/** A schedule's own offset within its jitter: the same for good, so that a restart neither repeats nor skips. */
import { createHash } from 'node:crypto';

const hashBits = 48;

/** @returns whole milliseconds in `[0, jitterMs)`, always the same for a schedule; 0 without jitter */
export function jitterOffsetMs(scheduleId: string, jitterMs: number): number {
  if (jitterMs <= 0) return 0;
  const hash = createHash('sha256')
    .update(scheduleId)
    .digest()
    .readUIntBE(0, hashBits / 8);
  return Math.floor((hash / 2 ** hashBits) * jitterMs);
}
