/** What becomes of a task when an attempt of it ends. */
import type { AttemptEnded } from '../event.ts';
import { soloCrashesMax } from '../limits.ts';
import { backoffMs, withinReach } from '../retry.ts';
import { attemptOf, type LogPlace, type Outcome, type Task, type TaskError } from '../task.ts';

/** How an attempt ended, from whoever saw it end. */
export interface Ending {
  readonly outcome: Outcome;
  readonly error: TaskError | null;
  /** JSON text, or null. */
  readonly result: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  /** The wait is never shorter than the backoff: it was not the handler who chose it. */
  readonly backoffHolds?: boolean;
  readonly log: LogPlace | null;
  /** With `interrupted`: its handler had begun, so that its `onInterrupt` has a say. */
  readonly begun?: boolean;
}

/** @param chance from 0 up to 1, for the jitter */
export function endAttempt(task: Task, number: number, ending: Ending, now: number, chance: number): AttemptEnded {
  if (ending.outcome === 'succeeded') return succeed(task, number, ending);
  const ended = {
    e: 'attempt.ended',
    id: task.id,
    n: number,
    outcome: ending.outcome,
    ...(ending.error && { error: ending.error }),
    ...(ending.log && { log: ending.log }),
  } as const;
  switch (ending.outcome) {
    case 'canceled':
      return { ...ended, next: 'canceled' };
    case 'interrupted':
      return { ...ended, next: afterInterruption(task, ending.begun === true) };
    default:
      return { ...ended, ...afterFailure(task, ending, now, chance) };
  }
}

/** The common ending, mostly with nothing to say: it is put together without a copy. */
function succeed({ id }: Task, n: number, { result, log }: Ending): AttemptEnded {
  const ended = { e: 'attempt.ended', id, n, outcome: 'succeeded', next: 'succeeded' } as const;
  if (result === null && log === null) return ended;
  return { ...ended, ...(log && { log }), ...(result !== null && { result }) };
}

function afterInterruption({ options, life }: Task, begun: boolean): AttemptEnded['next'] {
  if (life?.cancelRequestedAt != null) return 'canceled';
  if (!begun || options.onInterrupt === 'requeue') return 'queued';
  return options.onInterrupt === 'hold' ? 'interrupted' : 'failed';
}

function afterFailure(task: Task, ending: Ending, now: number, chance: number): Pick<AttemptEnded, 'next' | 'runAt'> {
  const { options, life } = task;
  if (life?.cancelRequestedAt != null) return { next: 'canceled' };
  const spent = (life?.spent ?? 0) + 1;
  if (!ending.retryable || spent >= options.maxAttempts) return { next: 'failed' };
  const patience = ending.retryAfterMs;
  const backoff = backoffMs(options.backoff, spent, chance);
  const waitMs = ending.backoffHolds ? Math.max(patience ?? 0, backoff) : (patience ?? backoff);
  return { next: 'retrying', runAt: withinReach(now + waitMs, now) };
}

/** How the last incarnation ended. */
export interface LastStop {
  /** It said goodbye, or the machine went down with it: then nobody is under suspicion. */
  readonly orderly: boolean;
  /** When it was last heard of, ms since 1970; null when that is now. */
  readonly at: number | null;
}

const CUT = {
  orderly: 'the supervisor stopped while this attempt was running',
  crashed: 'the supervisor was killed, or died, while this attempt was running',
} as const;

/** What was running when the supervisor died: interrupted, which never counts against `maxAttempts`. */
export function recoverAttempt(task: Task, stop: LastStop): AttemptEnded {
  const { life } = task;
  const crashed = !stop.orderly && life?.solo === true;
  const ended = {
    e: 'attempt.ended',
    id: task.id,
    n: attemptOf(task),
    outcome: 'interrupted',
    error: { code: 'interrupted', message: stop.orderly ? CUT.orderly : CUT.crashed },
    ...(stop.at !== null && { endedAt: stop.at }),
    ...(crashed && { crashed }),
  } as const;
  if (life?.cancelRequestedAt != null) return { ...ended, next: 'canceled' };
  if (crashed && life.crashes + 1 >= soloCrashesMax) return { ...ended, next: 'failed', error: crashLoop(task) };
  const next = afterInterruption(task, true);
  const suspect = stop.orderly || next === 'failed' ? {} : ({ suspect: true } as const);
  return { ...ended, ...suspect, next };
}

function crashLoop(task: Task): TaskError {
  return {
    code: 'crash_loop',
    message: `the supervisor crashed ${soloCrashesMax} times while this task ran alone; it is not tried again by itself. Look at what ${task.options.type} does to the process, then retry it`,
  };
}
