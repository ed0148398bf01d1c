/** A schedule as the supervisor keeps it in memory, and the words for what becomes of its planned times. */
import type { CatchUp } from './missed.ts';
import type { When } from './when.ts';

export const OCCURRENCE_OUTCOMES = {
  started: 'its work was submitted when it was due',
  caught_up: 'was due while nothing could start it; its work was submitted later',
  queued: 'work of an earlier one was still under way; its own is submitted after that',
  skipped: 'was due, and its schedule said not to start it: paused, its flag off, an earlier one under way',
  missed: 'was due while nothing could start it, and was not caught up',
  canceled: 'waited for its turn when its schedule was changed, deleted or had a newer one take its place',
} as const;
export type OccurrenceOutcome = keyof typeof OCCURRENCE_OUTCOMES;

export const CATCH_UPS = ['latest', 'all', 'none'] as const satisfies readonly CatchUp[];

export const OVERLAPS = ['skip', 'queue-one', 'queue-all', 'allow', 'replace'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** What people say of a schedule. */
export interface Rule {
  readonly name: string;
  /** The task each occurrence submits, JSON text with the members that were given; null where it starts a run. */
  readonly task: string | null;
  /** The run each occurrence starts, likewise; left out where it submits a task. */
  readonly run?: string;
  readonly when: When;
  /** IANA name; null follows the setting TIMEZONE. */
  readonly timezone: string | null;
  readonly catchUp: CatchUp;
  readonly catchUpLimit: number;
  readonly startDeadlineMs: number | null;
  readonly overlap: Overlap;
  readonly jitterMs: number;
  readonly pauseAfterFailures: number | null;
  readonly flag: string | null;
  readonly note: string;
}

/** One line of the ledger. Where many planned times came to the same, it speaks of all `count` of them up to `through`. */
export interface Occurrence {
  /** ms since 1970, like all moments here */
  readonly plannedAt: number;
  readonly outcome: OccurrenceOutcome;
  readonly taskId?: string;
  readonly runId?: string;
  readonly reason?: string;
  readonly through?: number;
  readonly count?: number;
}

/** An occurrence whose work is submitted once that of an earlier one has ended. */
export interface WaitingOccurrence {
  readonly plannedAt: number;
  readonly outcome: 'queued' | 'caught_up';
}

/** A time during which nothing was to start: from inclusive, to exclusive. */
export interface Hold {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** What was planned in it is late, not skipped. */
  readonly catchUp?: true;
}

/** Who pauses a schedule after its failures. */
export const BY_ITSELF = 'scheduler';

export interface SchedulePause {
  readonly reason: string;
  /** When it ends by itself; null: when somebody resumes. */
  readonly until: number | null;
  readonly by: string;
  readonly since: number;
}

export interface Schedule {
  readonly id: string;
  rule: Rule;
  /** Sequence of its last change of any kind. */
  seq: number;
  /** Sequence of the last change of its rule. */
  ruleSeq: number;
  readonly createdBy: string;
  /** Name of the built-in it is; null for all others. */
  readonly builtIn: string | null;
  /** Key of the settings that its time comes from; null when a person said it, or nobody. */
  timeKey: string | null;
  /** Planned times up to this one have their outcome. */
  settledTo: number;
  pause: SchedulePause | null;
  /** Pauses that are over, of which planned times may yet have to be settled. */
  holds: readonly Hold[];
  /** Its tasks that have not ended. */
  active: readonly string[];
  /** Its runs that have not ended. */
  runs: readonly string[];
  waiting: readonly WaitingOccurrence[];
  /**
   * Planned times whose work was submitted, ascending: the newest, and all beyond `settledTo`. A clock that goes back must
   * not bring them again.
   */
  fired: readonly number[];
  failuresInRow: number;
  /** Task or run that failed last. */
  lastFailed: string | null;
  last: Occurrence | null;
  /** Next planned time; null for none any more. Worked out anew when it is not known. */
  planned: number | null;
  /** When it has to be looked at again; Infinity for never. */
  nextAt: number;
}

/** As a snapshot keeps it: what can be worked out anew is not written. */
export type StoredSchedule = Omit<Schedule, 'seq' | 'planned' | 'nextAt' | 'runs'> & {
  readonly runs?: readonly string[];
};

/** So many planned times are remembered to have been submitted, and those that a clock which went back brings again. */
export const firedKeptMax = 64;
/** So many occurrences of one schedule wait for their turn at most. */
export const waitingMax = 1_000;
/** Planned times written into the ledger one by one after a stop; older ones share a line. */
export const settledOneByOneMax = 1_000;
/** Global holds that are kept. */
export const holdsKeptMax = 1_000;

const NONE: readonly never[] = [];

export function freshSchedule(
  given: Pick<Schedule, 'id' | 'rule' | 'seq' | 'createdBy' | 'builtIn' | 'timeKey' | 'settledTo'>,
): Schedule {
  const { id, rule, seq, createdBy, builtIn, timeKey, settledTo } = given;
  // Member by member, here and below, in one order: a spread would make each twice as large, and of two shapes.
  return {
    id,
    rule,
    seq,
    ruleSeq: seq,
    createdBy,
    builtIn,
    timeKey,
    settledTo,
    pause: null,
    holds: NONE,
    active: NONE,
    runs: NONE,
    waiting: NONE,
    fired: NONE,
    failuresInRow: 0,
    lastFailed: null,
    last: null,
    planned: null,
    nextAt: Number.POSITIVE_INFINITY,
  };
}

export function restoredSchedule(stored: StoredSchedule, seq: number): Schedule {
  const { id, rule, ruleSeq, createdBy, builtIn, timeKey, settledTo, pause, failuresInRow, lastFailed, last } = stored;
  return {
    id,
    rule,
    seq,
    ruleSeq,
    createdBy,
    builtIn,
    timeKey,
    settledTo,
    pause,
    holds: orNone(stored.holds),
    active: orNone(stored.active),
    runs: orNone(stored.runs ?? NONE),
    waiting: orNone(stored.waiting),
    fired: orNone(stored.fired),
    failuresInRow,
    lastFailed,
    last,
    planned: null,
    nextAt: Number.POSITIVE_INFINITY,
  };
}

function orNone<T>(list: readonly T[]): readonly T[] {
  return list.length > 0 ? list : NONE;
}
