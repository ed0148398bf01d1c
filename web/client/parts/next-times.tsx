/** Planned times to come: each on its local clock, with the offset and what daylight saving does to it. */
import type { NextView } from '../../../supervisor/schedules-facade.ts';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';
import { Ahead, PlannedTime } from './planned-time.tsx';

interface NextTimesProps {
  next: readonly NextView[];
  zone: string;
  /** The jitter of its schedule: it starts so much later. */
  offsetMs?: number;
}

export function NextTimes({ next, zone, offsetMs = 0 }: NextTimesProps) {
  const words = say().schedules;
  return (
    <ol class="next-times">
      {next.map(({ at, offset, note }) => (
        <li key={at}>
          <span class="next-time">
            <PlannedTime at={at} zone={zone} />
            <code class="muted">{offset}</code>
            <span class="muted next-ahead">
              <Ahead at={new Date(Date.parse(at) + offsetMs).toISOString()} />
            </span>
          </span>
          {note !== undefined && (
            <small class="next-note">
              <Icon name="info" />
              <span>{words.reason(note)}</span>
            </small>
          )}
        </li>
      ))}
    </ol>
  );
}
