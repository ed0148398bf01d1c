/** The buttons that act on one schedule: icons in the list, with words on its own page. */
import type { ScheduleRecord } from '../../../supervisor/core/schedule/record.ts';
import { say } from '../language.ts';
import { go, schedulePath } from '../router.ts';
import { pausing, remove, resuming, runNow } from '../schedule-actions.ts';
import { mayOperate } from '../session.ts';
import { stopping } from '../supervisor.ts';
import { Icon } from './icon.tsx';

const ACTS = {
  run: (schedule: ScheduleRecord) => void runNow(schedule),
  pause: (schedule: ScheduleRecord) => {
    pausing.value = schedule;
  },
  resume: (schedule: ScheduleRecord) => {
    resuming.value = schedule;
  },
  edit: ({ id }: ScheduleRecord) => go(`${schedulePath(id)}/edit`),
  remove: (schedule: ScheduleRecord) => void remove(schedule),
} as const;
type Act = keyof typeof ACTS;

function actsOf({ paused }: ScheduleRecord): readonly Act[] {
  const run: readonly Act[] = stopping.value ? [] : ['run'];
  return [...run, paused ? 'resume' : 'pause', 'edit', 'remove'];
}

/** In a table the row says which schedule it is; a reader of a screen hears it with the button. */
export function ScheduleButtons({ schedule, compact = false }: { schedule: ScheduleRecord; compact?: boolean }) {
  const words = say().schedules.do;
  if (!mayOperate.value) return null;
  return (
    <span class={compact ? 'icon-buttons' : 'task-buttons'}>
      {actsOf(schedule).map((act) => (
        <button
          key={act}
          type="button"
          class={compact ? 'small quiet' : undefined}
          aria-label={compact ? `${words[act]}: ${schedule.name}` : undefined}
          title={compact ? words[act] : undefined}
          onClick={() => ACTS[act](schedule)}
        >
          <Icon name={act} />
          {!compact && words[act]}
        </button>
      ))}
    </span>
  );
}
