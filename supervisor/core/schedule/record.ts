/** A schedule as the outside sees it: times in ISO 8601 UTC, durations as people write them. */
import { formatDuration } from '../duration.ts';
import { iso } from '../record.ts';
import { createdAt } from '../task.ts';
import { jitterOffsetMs } from './jitter.ts';
import type { Occurrence, Rule, Schedule, SchedulePause } from './schedule.ts';
import { heldAll, type Schedules, zoneOf } from './schedules.ts';
import { sentenceOf } from './sentence.ts';

export interface OccurrenceRecord {
  readonly plannedAt: string;
  readonly outcome: Occurrence['outcome'];
  readonly taskId?: string;
  readonly runId?: string;
  readonly reason?: string;
  /** Where one line speaks of many planned times: the last of them, and how many they are. */
  readonly throughAt?: string;
  readonly count?: number;
}

export interface ScheduleRecord {
  readonly id: string;
  readonly name: string;
  readonly state: 'active' | 'paused';
  /** Null where it starts a run. */
  readonly task: unknown;
  /** Null where it submits a task. */
  readonly run: unknown;
  readonly when: unknown;
  readonly timezone: string;
  /** It names no zone and follows the setting TIMEZONE. */
  readonly timezoneFollowsSetting: boolean;
  readonly catchUp: Rule['catchUp'];
  readonly catchUpLimit: number;
  readonly startDeadline: string | null;
  readonly overlap: Rule['overlap'];
  readonly jitter: string;
  readonly pauseAfterFailures: number | null;
  readonly flag: string | null;
  readonly note: string;
  readonly sentence: string;
  readonly builtIn: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly paused: {
    readonly reason: string;
    readonly until: string | null;
    readonly by: string;
    readonly since: string;
  } | null;
  /** Why it does not start although it is active; null when nothing holds it. */
  readonly held: string | null;
  readonly nextAt: string | null;
  /** `nextAt` with its jitter: when it really starts. */
  readonly startsAt: string | null;
  readonly activeTasks: readonly string[];
  readonly activeRuns: readonly string[];
  readonly waiting: readonly OccurrenceRecord[];
  readonly failuresInRow: number;
  readonly last: OccurrenceRecord | null;
}

export function scheduleRecord(
  schedule: Schedule,
  all: Schedules,
  flags: ReadonlyMap<string, boolean>,
): ScheduleRecord {
  const { id, rule, pause, last, waiting } = schedule;
  const zone = zoneOf(schedule, all);
  return {
    id,
    name: rule.name,
    state: pause ? 'paused' : 'active',
    task: rule.task === null ? null : JSON.parse(rule.task),
    run: rule.run === undefined ? null : JSON.parse(rule.run),
    when: rule.when,
    timezone: zone,
    timezoneFollowsSetting: rule.timezone === null,
    catchUp: rule.catchUp,
    catchUpLimit: rule.catchUpLimit,
    startDeadline: rule.startDeadlineMs === null ? null : formatDuration(rule.startDeadlineMs),
    overlap: rule.overlap,
    jitter: rule.jitterMs === 0 ? '0s' : formatDuration(rule.jitterMs),
    pauseAfterFailures: rule.pauseAfterFailures,
    flag: rule.flag,
    note: rule.note,
    sentence: sentenceOf(rule.when, zone),
    builtIn: schedule.builtIn !== null,
    version: schedule.ruleSeq,
    createdAt: iso(createdAt(id)),
    createdBy: schedule.createdBy,
    paused: pauseRecord(pause),
    held: heldAll(all) ?? heldByFlag(rule, flags),
    nextAt: schedule.planned === null ? null : iso(schedule.planned),
    startsAt: schedule.planned === null ? null : iso(schedule.planned + jitterOffsetMs(id, rule.jitterMs)),
    activeTasks: schedule.active,
    activeRuns: schedule.runs,
    waiting: waiting.map(occurrenceRecord),
    failuresInRow: schedule.failuresInRow,
    last: last && occurrenceRecord(last),
  };
}

export function pauseRecord(pause: SchedulePause | null): ScheduleRecord['paused'] {
  if (!pause) return null;
  const { reason, until, by, since } = pause;
  return { reason, until: until === null ? null : iso(until), by, since: iso(since) };
}

function heldByFlag({ flag }: Rule, flags: ReadonlyMap<string, boolean>): string | null {
  return flag === null || flags.get(flag) === true ? null : `the feature flag ${flag} is off`;
}

export function occurrenceRecord(occurrence: Occurrence): OccurrenceRecord {
  const { plannedAt, outcome, taskId, runId, reason, through, count } = occurrence;
  return {
    plannedAt: iso(plannedAt),
    outcome,
    ...(taskId !== undefined && { taskId }),
    ...(runId !== undefined && { runId }),
    ...(reason !== undefined && { reason }),
    ...(through !== undefined && { throughAt: iso(through) }),
    ...(count !== undefined && { count }),
  };
}
