/** What the supervisor says of schedules, and the few words commands have for it. */
import type { OccurrenceRecord, ScheduleRecord } from '../supervisor/core/schedule/record.ts';
import type { Supervisor } from './call.ts';
import { localTime } from './local-time.ts';
import { oneLine } from './print.ts';

export type { OccurrenceRecord as Occurrence, ScheduleRecord as Schedule } from '../supervisor/core/schedule/record.ts';

type Pause = ScheduleRecord['paused'];
type Lasting = Pick<ScheduleRecord, 'state' | 'held' | 'nextAt' | 'waiting'>;

export interface Scheduler {
  readonly enabled: boolean;
  readonly paused: Pause;
  readonly nextAt: string | null;
  readonly timezone: string;
}

export interface Preview {
  readonly next: readonly { readonly local: string; readonly offset: string; readonly note?: string }[];
  readonly sentence: string;
  readonly timezone: string;
  readonly collisions: readonly { readonly name: string; readonly at: string }[];
}

/** @param which id or name */
export function placeOf(which: string, action = ''): string {
  return `schedules/${encodeURIComponent(which)}${action && `/${action}`}`;
}

/** @param zone in which its end was read: a schedule's own, or the supervisor's when left out */
export function pauseText(pause: NonNullable<Pause>, zone?: string): string {
  const { reason, until, by, since } = pause;
  const end = until === null ? '' : `, until ${localTime(until, zone)}`;
  return `by ${by} since ${localTime(since)}${end}${reason === '' ? '' : `: ${oneLine(reason)}`}`;
}

/** In one word: one that is active may be done for good, or be held by something else. */
export function stateText({ state, held, nextAt, waiting }: Lasting): string {
  if (state === 'paused') return state;
  if (nextAt === null && waiting.length === 0) return 'done';
  return held === null ? state : 'held';
}

export function occurrenceText({ plannedAt, outcome }: OccurrenceRecord): string {
  return `${outcome} ${localTime(plannedAt)}`;
}

/** Why nothing starts although single schedules are active; null when nothing is wrong. */
export function stillText({ enabled, paused }: Scheduler): string | null {
  if (!enabled) return 'all schedules are switched off by SCHEDULER_ENABLED';
  return paused ? `all schedules are paused ${pauseText(paused)}` : null;
}

/** Its sentence, and when it is due next in its own zone. */
export async function plainly(supervisor: Supervisor, { id, name, sentence }: ScheduleRecord): Promise<string> {
  const { next } = await supervisor.get<Preview>(placeOf(id, 'next'), { count: 1 });
  const [first] = next;
  const due = first
    ? `next  ${first.local} ${first.offset}${first.note ? `  ${first.note}` : ''}`
    : 'it is never due again';
  return `${name}: ${sentence}\n${due}`;
}
