/** All schedules, as part of the state, and what holds for them together. */
import type { Hold, Schedule, SchedulePause } from './schedule.ts';

export interface Schedules {
  readonly byId: Map<string, Schedule>;
  readonly byName: Map<string, Schedule>;
  /** Schedule of each live task that one submitted. */
  readonly ofTask: Map<string, Schedule>;
  /** Likewise of each run that has not ended. */
  readonly ofRun: Map<string, Schedule>;
  /** Those to be looked at as soon as may be: new or changed, their work has ended, or they come from the disk. */
  readonly stale: Set<Schedule>;
  /** All are paused. */
  pausedAll: SchedulePause | null;
  /** Since when SCHEDULER_ENABLED is off; null while it is on. */
  offSince: number | null;
  /** Times when all were held, ascending. */
  holds: readonly Hold[];
  /** Zone of those that name none. */
  zone: string | null;
  /** Built-in schedules that have ever been made: deleted, they do not come again. */
  readonly builtIns: Set<string>;
  /** Up to this sequence a snapshot has what holds for all. */
  seq: number;
}

export function freshSchedules(): Schedules {
  return {
    byId: new Map(),
    byName: new Map(),
    ofTask: new Map(),
    ofRun: new Map(),
    stale: new Set(),
    pausedAll: null,
    offSince: null,
    holds: [],
    zone: null,
    builtIns: new Set(),
    seq: 0,
  };
}

/** Why nothing starts by any schedule now; null when it may. */
export function heldAll({ pausedAll, offSince }: Schedules): string | null {
  if (offSince !== null) return 'SCHEDULER_ENABLED is false';
  return pausedAll && `all schedules are paused: ${pausedAll.reason}`;
}

export function zoneOf({ rule }: Schedule, { zone }: Schedules): string {
  return rule.timezone ?? zone ?? 'UTC';
}
