/**
 * Which claimed tasks travel together. A slot of the `cpu` lane takes one task, or several small ones in one message:
 * small is a type whose attempts have lately taken well under a millisecond. Where orders share a thread, those of one
 * round do.
 */
import type { Lane } from '../../workers/contract.ts';
import type { Task } from '../core/task.ts';
import type { Pool } from './pool.ts';
import { isShared, type Slot, type SlotLane } from './slot.ts';

export const batchTasksMax = 128;
const batchMsMax = 5;
/** Batches of small tasks that may wait behind one under way, so that threads need not wait for the disk. */
export const batchesAheadMax = 2;
const smallMs = 0.5;
/** So many attempts of a type are seen alone before any travel together. */
const seenMin = 8;
const weight = 0.1;

/** How long attempts of each type take, lately. */
export class Pace {
  readonly #types = new Map<string, { ms: number; seen: number }>();

  note(type: string, durationMs: number): void {
    const pace = this.#types.get(type);
    if (!pace) this.#types.set(type, { ms: durationMs, seen: 1 });
    else {
      pace.ms += (durationMs - pace.ms) * weight;
      pace.seen++;
    }
  }

  /** Expected milliseconds of a small task; null when it is not known to be small. */
  smallMsOf(type: string): number | null {
    const pace = this.#types.get(type);
    return pace && pace.seen >= seenMin && pace.ms < smallMs ? pace.ms : null;
  }
}

export interface Departure {
  readonly slot: Slot;
  readonly tasks: Task[];
}

/** Departures of one round of claims. */
export class Plan {
  readonly departures: Departure[] = [];
  readonly #pool: Pool;
  readonly #pace: Pace;
  readonly #reserved: Map<Slot, number>;
  #open: { readonly departure: Departure; leftMs: number } | null = null;
  readonly #shared = new Map<Slot, Departure>();

  /** @param reserved room that has been claimed for what has not left yet, by slot; added to here */
  constructor(pool: Pool, pace: Pace, reserved: Map<Slot, number>) {
    this.#pool = pool;
    this.#pace = pace;
    this.#reserved = reserved;
  }

  hasRoom(type: string, lane: SlotLane): boolean {
    return this.#fits(type, lane) || this.#slotFor(type, lane, false) !== null;
  }

  /** Called after `hasRoom` said yes. @returns the slot it goes to */
  add(task: Task, lane: SlotLane, alone: boolean): Slot {
    const { type } = task.options;
    const small = lane !== 'cpu' || alone ? null : this.#pace.smallMsOf(type);
    if (this.#open && small !== null && this.#fits(type, lane)) {
      this.#open.departure.tasks.push(task);
      this.#open.leftMs -= small;
      return this.#open.departure.slot;
    }
    const slot = this.#slotFor(type, lane, alone) as Slot;
    this.#reserved.set(slot, (this.#reserved.get(slot) ?? 0) + 1);
    const shared = alone ? undefined : this.#shared.get(slot);
    if (shared && shared.tasks.length < batchTasksMax) {
      shared.tasks.push(task);
      return slot;
    }
    const departure: Departure = { slot, tasks: [task] };
    this.departures.push(departure);
    if (small !== null) this.#open = { departure, leftMs: batchMsMax - small };
    if (isShared(lane) && !alone) this.#shared.set(slot, departure);
    return slot;
  }

  #slotFor(type: string, lane: SlotLane, alone: boolean): Slot | null {
    const small = lane === 'cpu' && !alone && this.#pace.smallMsOf(type) !== null;
    return this.#pool.slotFor(lane, this.#reserved, small ? batchesAheadMax : 0);
  }

  #fits(type: string, lane: SlotLane): boolean {
    if (!this.#open || lane !== 'cpu' || this.#open.departure.tasks.length >= batchTasksMax) return false;
    const ms = this.#pace.smallMsOf(type);
    return ms !== null && ms <= this.#open.leftMs;
  }
}

/**
 * Which slots take a handler's tasks.
 * @param isolation what handlers that people dropped in get when they ask for nothing else
 */
export function slotLane(lane: Lane, builtIn: boolean, isolation: 'thread' | 'process'): SlotLane {
  if (lane === 'io') return builtIn ? 'io' : 'io-own';
  return lane === 'process' || (isolation === 'process' && !builtIn) ? 'process' : 'cpu';
}
