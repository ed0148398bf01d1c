/** Times show their zone on hover; durations of what is under way count. */
import { duration, elapsed, time, timeInFull } from '../format.ts';
import { now } from '../now.ts';

export function Time({ at }: { at: string | null }) {
  if (at === null) return <span class="muted">–</span>;
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={timeInFull(ms)}>
      {time(ms, now.value)}
    </time>
  );
}

/** From a moment to another one, or until now. */
export function Span({ from, to }: { from: string | null; to: string | null }) {
  if (from === null) return <span class="muted">–</span>;
  if (to !== null) return <span>{duration(Date.parse(to) - Date.parse(from))}</span>;
  return <span>{elapsed(now.value - Date.parse(from))}</span>;
}
