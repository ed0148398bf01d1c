/** Everything that is paused, all tasks or those of one type: why, how, since when, and the button that resumes it. */
import { time, timeInFull } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { mayOperate } from '../session.ts';
import { type Pause, pauses } from '../supervisor.ts';
import { resume } from '../task-actions.ts';
import { Icon } from './icon.tsx';

export function Pauses() {
  if (pauses.value.length === 0) return null;
  return (
    <section class="pauses" aria-label={say().overview.pauses}>
      {pauses.value.map((pause) => (
        <PauseNotice key={pause.type ?? ''} pause={pause} />
      ))}
    </section>
  );
}

function PauseNotice({ pause: { type, reason, since, by } }: { pause: Pause }) {
  const { overview: words, do: verbs } = say();
  const title = type === null ? words.paused : words.pausedType(type);
  const at = Date.parse(since);
  return (
    <div class="notice warning">
      <Icon name="pause" />
      <div class="notice-text">
        <p>
          <strong>{reason === '' ? title : `${title}:`}</strong> {reason}
        </p>
        <p class="muted" title={timeInFull(at)}>
          {words.pausedHow(howPaused(by), time(at, now.value))}{' '}
          {type === null ? words.pausedText : words.pausedTypeText}
        </p>
      </div>
      {mayOperate.value && (
        <button type="button" onClick={() => void resume(type)}>
          <Icon name="resume" />
          {type === null ? verbs.resumeQueue : verbs.resumeType(type)}
        </button>
      )}
    </div>
  );
}

/** @param by origin of whoever paused */
export function howPaused(by: string): string {
  const { other, ...known } = say().overview.pausedBy;
  return by in known ? known[by as keyof typeof known] : other(by);
}
