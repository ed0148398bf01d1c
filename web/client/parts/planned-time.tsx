/** A planned time in the zone of its schedule, and how far away it is. */
import { duration } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { plannedInFull, plannedTime } from '../planned-time.ts';

export function PlannedTime({ at, zone }: { at: string; zone: string }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={plannedInFull(ms, zone)}>
      {plannedTime(ms, zone, now.value)}
    </time>
  );
}

/** Far away, nobody counts seconds. */
const minuteMs = 60_000;

export function Ahead({ at }: { at: string }) {
  const words = say().schedules;
  const left = Date.parse(at) - now.value;
  if (left <= 0) return <>{words.dueNow}</>;
  return <>{words.in(duration(left < 10 * minuteMs ? Math.ceil(left / 1_000) * 1_000 : left - (left % minuteMs)))}</>;
}
