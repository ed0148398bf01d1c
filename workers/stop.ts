/** The wish to end an attempt, as its handler meets it. */
import type { StopReason } from './contract.ts';

/** What `ctx.signal.reason` is: named as libraries expect it, with the reason as its code. */
export class StopError extends Error {
  readonly code: StopReason;

  constructor(reason: StopReason, timeoutMs: number | null) {
    super(reason === 'timed_out' ? `did not end within its timeout of ${timeoutMs} ms` : STOP_MESSAGES[reason]);
    this.name = 'AbortError';
    this.code = reason;
  }
}
const STOP_MESSAGES = { canceled: 'canceled', drain: 'stopped because the supervisor stops' } as const;
