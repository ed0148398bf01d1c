/**
 * Room for attempts. A slot of the `cpu` lane holds one batch at a time and one of `process` one task; in the `io` lanes
 * orders share a thread, and what a batch holds counts as long as it runs.
 */
import { type Batch, LEDGER, type Order, packBatch, type StopReason } from '../../workers/contract.ts';
import type { Thread } from './thread.ts';
import type { WorkerProcess } from './worker-process.ts';

/** `io` is for our own handlers, `io-own` for those that people dropped in: one that blocks its thread hits none of ours. */
export const SLOT_LANES = ['cpu', 'io', 'io-own', 'process'] as const;
export type SlotLane = (typeof SLOT_LANES)[number];

/** Whether the orders of a thread share it. */
export function isShared(lane: SlotLane): boolean {
  return lane === 'io' || lane === 'io-own';
}

/** How much of a slot's room so many orders of one batch take. */
export function roomOf(lane: SlotLane, orders: number): number {
  return isShared(lane) ? orders : 1;
}

/** In the lane `process` a process stands where elsewhere a thread does. */
export type SlotThread = Thread | WorkerProcess;

export interface Slot {
  /** `cpu-1`, `io-1` … */
  readonly id: string;
  readonly lane: SlotLane;
  /** How much room it has: see `roomOf`. */
  readonly capacity: number;
  readonly flights: Set<Flight>;
  /** Room that its flights take. */
  taken: number;
  /** Takes its flights; made with the first of them. */
  thread: SlotThread | null;
  attempts: number;
}

/** A batch on its way through a thread. */
export interface Flight {
  readonly batch: Batch;
  readonly slot: Slot;
  readonly seats: readonly Seat[];
  readonly thread: SlotThread;
  /** When it was handed to its thread, or that was last seen loading, monotonic ms. */
  since: number;
  /** It waits behind another flight of its slot. */
  readonly behind: boolean;
  /** What it still takes of its slot's room. */
  takes: number;
  /** One of its orders has been given up: its result may never come. */
  givenUp: boolean;
}

/** One order of a flight and what has become of it. */
export interface Seat {
  readonly flight: Flight;
  readonly order: Order;
  readonly index: number;
  /** Its outcome has arrived, or it was taken back. */
  settled: boolean;
  /** Since when it has been seen running, monotonic ms. */
  runsSince: number | null;
  /** Asked to stop: since when (monotonic ms) and why. */
  stop: { readonly since: number; readonly reason: StopReason } | null;
}

export function freshSlot(id: string, lane: Slot['lane'], capacity: number): Slot {
  return { id, lane, capacity, flights: new Set(), taken: 0, thread: null, attempts: 0 };
}

export function freshFlight(slot: Slot, thread: SlotThread, orders: readonly Order[], since: number): Flight {
  const ledger = new Int32Array(new SharedArrayBuffer(orders.length * Int32Array.BYTES_PER_ELEMENT));
  const seats: Seat[] = [];
  const flight: Flight = {
    batch: packBatch(orders, ledger),
    slot,
    seats,
    thread,
    since,
    behind: slot.flights.size > 0,
    takes: roomOf(slot.lane, orders.length),
    givenUp: false,
  };
  for (const [index, order] of orders.entries())
    seats.push({ flight, order, index, settled: false, runsSince: null, stop: null });
  return flight;
}

/** Takes an order back that its thread has not begun. @returns whether it could be taken back */
export function withdraw({ flight, index }: Seat): boolean {
  return Atomics.compareExchange(flight.batch.ledger, index, LEDGER.waiting, LEDGER.withdrawn) === LEDGER.waiting;
}

/** Whether its handler has run at all. */
export function hasBegun({ flight, index }: Seat): boolean {
  const cell = Atomics.load(flight.batch.ledger, index);
  return cell === LEDGER.begun || cell === LEDGER.done;
}

/** Begun and not ended: what a dying thread takes along. */
export function isUnderWay({ flight, index, settled }: Seat): boolean {
  return !settled && Atomics.load(flight.batch.ledger, index) === LEDGER.begun;
}
