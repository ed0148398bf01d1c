/** When a key of the store ends: how long it is still there, and the moment itself in the zone of the supervisor. */
import { duration } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { Time } from './time.tsx';

/** Far away, nobody counts seconds. */
const minuteMs = 60_000;

export function leftText(expiresAt: string): string {
  const left = Date.parse(expiresAt) - now.value;
  const { store } = say();
  if (left <= 0) return store.over;
  return store.left(duration(left < 10 * minuteMs ? Math.ceil(left / 1_000) * 1_000 : left - (left % minuteMs)));
}

export function TimeLeft({ expiresAt }: { expiresAt: string | null }) {
  if (expiresAt === null) return <span class="muted">{say().store.never}</span>;
  return (
    <span class="time-left">
      <span>{leftText(expiresAt)}</span>{' '}
      <span class="muted">
        <Time at={expiresAt} />
      </span>
    </span>
  );
}
