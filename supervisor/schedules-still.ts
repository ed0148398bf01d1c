/** That schedules do not run, by somebody's wish or by themselves: nobody would notice a night in which nothing happens. */
import { iso } from './core/record.ts';
import { BY_ITSELF, type Schedule } from './core/schedule/schedule.ts';
import type { Schedules } from './core/schedule/schedules.ts';
import type { HealthItem } from './facade.ts';

const namedMax = 3;

export function schedulesStill(all: Schedules): readonly HealthItem[] {
  return [...switchedOff(all), ...allPaused(all), ...pausedThemselves(all)];
}

function switchedOff({ offSince }: Schedules): HealthItem[] {
  if (offSince === null) return [];
  return [
    {
      code: 'schedules_off',
      severity: 'info',
      message: 'No schedule starts anything: SCHEDULER_ENABLED is false',
      action: 'Nothing to do where that is meant; SCHEDULER_ENABLED=true lets them start again.',
      since: iso(offSince),
    },
  ];
}

function allPaused({ pausedAll }: Schedules): HealthItem[] {
  if (pausedAll === null) return [];
  const { by, reason, since, until } = pausedAll;
  const end = until === null ? 'until somebody resumes them' : `until ${iso(until)}`;
  return [
    {
      code: 'schedules_paused',
      severity: 'warning',
      message: `All schedules are paused, by ${by}, ${end}${reason === '' ? '' : `: ${reason}`}`,
      action: 'Resume them on the page of schedules, or by: nightshift schedules resume --all',
      since: iso(since),
    },
  ];
}

function pausedThemselves({ byId }: Schedules): HealthItem[] {
  const paused = [...byId.values()].filter(({ pause }) => pause?.by === BY_ITSELF);
  if (paused.length === 0) return [];
  const since = Math.min(...paused.map(({ pause }) => pause?.since as number));
  return [
    {
      code: 'schedules_failing',
      severity: 'warning',
      message: failing(paused),
      action: 'See why its tasks failed, then resume it: nightshift schedules resume NAME',
      since: iso(since),
    },
  ];
}

/** One tells its reason; of many the first are named. */
function failing(paused: readonly Schedule[]): string {
  const names = paused.slice(0, namedMax).map(({ rule }) => rule.name);
  if (paused.length === 1) return `The schedule ${names[0]} has paused itself: ${paused[0]?.pause?.reason}`;
  const more = paused.length > namedMax ? ` and ${paused.length - namedMax} more` : '';
  return `${paused.length} schedules have paused themselves after failures: ${names.join(', ')}${more}`;
}
