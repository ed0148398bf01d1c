/** What becomes of the planned times that a stop, or a busy moment, let pass. */

export type CatchUp = 'latest' | 'all' | 'none';

export interface CatchUpRule {
  readonly catchUp: CatchUp;
  /** With `all`: how many are caught up at most. */
  readonly catchUpLimit: number;
  /** Later than this a planned time is missed; null for never. */
  readonly startDeadlineMs: number | null;
}

/** What is decided here: the other outcomes of an occurrence depend on what runs. */
export type LateOutcome = 'started' | 'caught_up' | 'missed';

export interface Settled {
  readonly at: number;
  readonly outcome: LateOutcome;
  /** Why it was missed. */
  readonly reason?: MissedReason;
}

export const MISSED_REASONS = {
  start_deadline: 'it was later than its start deadline',
  later_one: 'a later one stands for it',
  catch_up_limit: 'more were missed than are caught up',
  no_catch_up: 'missed occurrences are not caught up',
} as const;
export type MissedReason = keyof typeof MISSED_REASONS;

/** So late may the loop be without having missed anything. Below the shortest period of a five-field cron expression. */
export const startGraceMs = 59_000;

/** Between caught-up tasks, until all of a spread is used up and it begins again: ten thousand are not ten hours away. */
export const spreadStepMs = 200;
export const spreadMsMax = 10 * 60_000;

/**
 * The newest planned time is `started` when it is no later than the grace; of the others `latest` catches up the newest,
 * and none when one was started; `all` the newest up to its limit; the rest are `missed`.
 * @param planned instants that are not after `now`, the oldest first; older ones that nobody listed are missed anyway
 * @returns one outcome for each, in the same order, which is the order to submit them in
 */
export function settleLate(planned: readonly number[], rule: CatchUpRule, now: number): readonly Settled[] {
  const newest = planned.at(-1);
  const isPrompt = newest !== undefined && now - newest <= startGraceMs && isInTime(newest, rule, now);
  let left = allowance(rule, isPrompt);
  const settled: Settled[] = [];
  // From the newest back: those are the ones that are caught up.
  for (let index = planned.length - 1; index >= 0; index--) {
    const at = planned[index] as number;
    if (isPrompt && index === planned.length - 1) settled.push({ at, outcome: 'started' });
    else if (!isInTime(at, rule, now)) settled.push({ at, outcome: 'missed', reason: 'start_deadline' });
    else if (left-- > 0) settled.push({ at, outcome: 'caught_up' });
    else settled.push({ at, outcome: 'missed', reason: REASON_OF[rule.catchUp] });
  }
  return settled.reverse();
}

const REASON_OF: Readonly<Record<CatchUp, MissedReason>> = {
  latest: 'later_one',
  all: 'catch_up_limit',
  none: 'no_catch_up',
};

function allowance({ catchUp, catchUpLimit }: CatchUpRule, isPrompt: boolean): number {
  if (catchUp === 'none') return 0;
  return catchUp === 'all' ? catchUpLimit : isPrompt ? 0 : 1;
}

function isInTime(at: number, { startDeadlineMs }: CatchUpRule, now: number): boolean {
  return startDeadlineMs === null || now - at <= startDeadlineMs;
}

/** @returns how long the caught-up task of this index waits, so that they do not all start at once */
export function spreadMs(index: number): number {
  return (index * spreadStepMs) % spreadMsMax;
}
