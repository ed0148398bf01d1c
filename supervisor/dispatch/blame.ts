/** When an order has run for too long, and what is said of one that did not end by itself. */
import type { Lost } from './pool.ts';
import { hasBegun, isUnderWay, type Seat } from './slot.ts';

export interface Blame {
  readonly why: Lost['why'];
  readonly told: string;
  /** Its `onInterrupt` has a say: not for what a neighbor has brought about. */
  readonly begun: boolean;
}

export function blame(seat: Seat, why: Lost['why'], told: string): Blame {
  return { why, told, begun: hasBegun(seat) };
}

/** @param now ms on the clock that only goes forward */
export function isOverdue({ stop, order, runsSince }: Seat, now: number, graceMs: number): boolean {
  if (stop) return now - stop.since > graceMs;
  return order.timeoutMs !== null && runsSince !== null && now - runsSince > order.timeoutMs + graceMs;
}

/** What is said of an order that has not ended when it should have. */
export function givenUp({ order, stop }: Seat, graceMs: number): Blame {
  const grace = inSeconds(graceMs);
  if (stop?.reason === 'canceled')
    return { why: 'canceled', told: `did not end within ${grace} after it was canceled`, begun: true };
  if (stop?.reason === 'drain')
    return {
      why: 'interrupted',
      told: `the supervisor stopped, and it did not end within ${grace} after it was told`,
      begun: true,
    };
  const timeout = inSeconds(order.timeoutMs ?? 0);
  return { why: 'timed_out', told: `did not end within its timeout of ${timeout} and ${grace} after it`, begun: true };
}

/** What the end of its thread was for an order. */
export function endingOf(seat: Seat, message: string, graceMs: number): Blame {
  const isProcess = seat.flight.slot.lane === 'process';
  if (!isUnderWay(seat)) {
    const worker = isProcess ? 'process' : 'worker thread';
    return blame(seat, 'interrupted', `its ${worker} ended before it had begun or been heard`);
  }
  if (seat.stop) return givenUp(seat, graceMs);
  const { culprit } = seat.flight.thread;
  if (culprit === null) {
    return {
      why: 'crashed',
      told: isProcess ? `its process ${message}` : `its worker thread ended: ${message}`,
      begun: true,
    };
  }
  const { type, taskId } = culprit.order;
  return {
    why: 'interrupted',
    told: `${type} ${taskId} blocked the thread they shared and had to be ended`,
    begun: false,
  };
}

function inSeconds(ms: number): string {
  return `${ms / 1_000} s`;
}
