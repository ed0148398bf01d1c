/** What the queue refuses, and what ends it: one class, known by its code. */
import { Fault } from '../core/fault.ts';
import { type Mistake, Refusal, type RefusalCode } from '../core/refusal.ts';

export type QueueErrorCode =
  /** What was given is wrong, or too large; `mistakes` has each. */
  | 'validation'
  | 'too_large'
  /** The task, the key or the store does not allow it now. */
  | 'conflict'
  | 'precondition_failed'
  | 'not_found'
  /** So many tasks, or pops, are there that no more are taken. */
  | 'full'
  | 'disk_full'
  /** The attempt is over: it was settled, timed out, or was cut. */
  | 'attempt_over'
  /** Why a signal is raised; `closed` is also the answer of a queue that was closed. */
  | 'timed_out'
  | 'canceled'
  | 'closed'
  /** Another process has the folder. */
  | 'held'
  | 'folder'
  | 'damaged'
  /** The disk failed: nothing is taken any more. Whoever waited does not know whether it was written. */
  | 'disk_failed'
  | 'outcome_unknown'
  | 'lost_write';

export class QueueError extends Error {
  readonly code: QueueErrorCode;
  /** What to do about it; null where the message says so. */
  readonly action: string | null;
  readonly mistakes: readonly Mistake[];

  constructor(
    code: QueueErrorCode,
    message: string,
    {
      action = null,
      mistakes = [],
      cause,
    }: { action?: string | null; mistakes?: readonly Mistake[]; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'QueueError';
    this.code = code;
    this.action = action;
    this.mistakes = mistakes;
  }
}

const FAULTS: Readonly<Record<Fault['exit'], QueueErrorCode>> = {
  ok: 'closed',
  usage: 'validation',
  cannotListen: 'folder',
  damaged: 'damaged',
  dataFolder: 'folder',
  held: 'held',
  diskFailed: 'disk_failed',
  lostWrite: 'lost_write',
};

const REFUSALS: Readonly<Partial<Record<RefusalCode, QueueErrorCode>>> = {
  validation: 'validation',
  too_large: 'too_large',
  conflict: 'conflict',
  precondition_failed: 'precondition_failed',
  not_found: 'not_found',
  disk_full: 'disk_full',
  draining: 'closed',
  outcome_unknown: 'outcome_unknown',
};

/** Words for who started no supervisor. */
const ACTIONS: Readonly<Partial<Record<Fault['exit'], string>>> = {
  held: 'close it there first, or open another folder: one process at a time has a queue',
  dataFolder: 'give a folder of this user, on a disk of this machine',
};

/** Anything else that is thrown is a fault of the program, and stays what it is. */
export function queueError(error: unknown): unknown {
  if (error instanceof Fault) {
    const action = ACTIONS[error.exit] ?? error.action;
    return new QueueError(FAULTS[error.exit], error.message, { action, cause: error });
  }
  const code = error instanceof Refusal ? REFUSALS[error.code] : undefined;
  if (code === undefined) return error;
  const { message, mistakes } = error as Refusal;
  return new QueueError(code, message, { mistakes, cause: error });
}
