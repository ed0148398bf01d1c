/**
 * Fresh threads for what begins from now on. A thread keeps every module it has loaded until it ends, so after a change of
 * handlers it takes nothing more; what runs finishes on it. A slot that has several such threads already, each with
 * something that lasts, goes on with its newest one, which loads the new version beside the old.
 */
import type { Pool } from './pool.ts';
import type { Slot } from './slot.ts';

/** Threads of one slot at the same time. */
export const generationsMax = 3;

/** Our own `io` handlers never change: their threads stay. */
export function renewThreads(pool: Pick<Pool, 'slots' | 'recycle'>): void {
  for (const slot of pool.slots) if (slot.lane !== 'io' && generations(slot) < generationsMax) pool.recycle(slot);
}

function generations({ thread, flights }: Slot): number {
  const threads = new Set([...flights].map((flight) => flight.thread));
  if (thread) threads.add(thread);
  return threads.size;
}
