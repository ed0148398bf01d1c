/** How a schedule is and what became of a planned time, each as an icon and a word. */
import type { OccurrenceRecord, ScheduleRecord } from '../../../supervisor/core/schedule/record.ts';
import { say } from '../language.ts';
import type { IconName } from './icon.tsx';
import { type Tone, Word } from './state-word.tsx';

const STATES = {
  active: ['succeeded', 'good'],
  paused: ['pause', 'warn'],
  held: ['lock', 'warn'],
  over: ['idle', 'quiet'],
} as const satisfies Readonly<Record<string, readonly [IconName, Tone]>>;

/** Paused by itself, else over when it never comes again, else held by something else. */
function stateOf({ paused, held, nextAt, waiting }: ScheduleRecord): keyof typeof STATES {
  if (paused) return 'paused';
  if (nextAt === null && waiting.length === 0) return 'over';
  return held === null ? 'active' : 'held';
}

export function ScheduleWord({ schedule }: { schedule: ScheduleRecord }) {
  const state = stateOf(schedule);
  const [icon, tone] = STATES[state];
  return <Word icon={icon} tone={tone} word={say().schedules.states[state]} />;
}

/** Why it does not start; empty when nothing holds it. */
export function whyHeld({ paused, held }: ScheduleRecord): string {
  if (paused) return say().schedules.reason(paused.reason);
  return held === null ? '' : say().schedules.reason(held);
}

const OUTCOMES: Readonly<Record<OccurrenceRecord['outcome'], readonly [IconName, Tone]>> = {
  started: ['succeeded', 'good'],
  caught_up: ['recovered', 'good'],
  queued: ['queued', 'quiet'],
  skipped: ['skipped', 'quiet'],
  missed: ['warning', 'bad'],
  canceled: ['canceled', 'quiet'],
};

export function OccurrenceWord({ outcome }: { outcome: OccurrenceRecord['outcome'] }) {
  const [icon, tone] = OUTCOMES[outcome];
  return <Word icon={icon} tone={tone} word={say().schedules.outcomes[outcome]} />;
}
