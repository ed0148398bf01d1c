/**
 * What stands behind each slot: which threads, since when, how much memory. Slots of the `cpu` lane share their threads:
 * one that runs something has the thread it runs on, one that does not is shown with one of those left over, so that each
 * thread is counted once.
 */
import type { Generation } from './generation.ts';
import { type Flight, type Slot, threadOf } from './slot.ts';

export interface WorkerFacts {
  readonly slot: Slot;
  /** Null while it has no threads: none were needed yet, or they have ended after a while without work. */
  readonly generation: Generation | null;
  /** What its thread notes of its memory; null while the thread is not up. */
  readonly memory: Float64Array | null;
}

export function workerFacts(
  slots: readonly Slot[],
  current: (slot: Slot) => Generation | undefined,
): readonly WorkerFacts[] {
  const flights = new Map(slots.map((slot) => [slot, flightOf(slot)]));
  const taken = new Map<Generation, Set<number>>();
  for (const flight of flights.values()) if (flight) taking(taken, flight.generation).add(threadOf(flight));
  return slots.map((slot) => {
    const flight = flights.get(slot) ?? null;
    const generation = flight?.generation ?? current(slot) ?? null;
    if (!generation) return { slot, generation, memory: null };
    const thread = flight ? threadOf(flight) : leftOver(generation, taking(taken, generation));
    return { slot, generation, memory: generation.threads.get(thread) ?? null };
  });
}

/** The flight whose thread stands behind the slot: one that has begun, else the first. */
function flightOf({ flights }: Slot): Flight | null {
  let first: Flight | null = null;
  for (const flight of flights) {
    if (threadOf(flight) !== 0) return flight;
    first ??= flight;
  }
  return first;
}

function leftOver(generation: Generation, taken: Set<number>): number {
  for (const thread of generation.threads.keys()) {
    if (taken.has(thread)) continue;
    taken.add(thread);
    return thread;
  }
  return 0;
}

function taking(taken: Map<Generation, Set<number>>, generation: Generation): Set<number> {
  const known = taken.get(generation);
  if (known) return known;
  const fresh = new Set<number>();
  taken.set(generation, fresh);
  return fresh;
}
