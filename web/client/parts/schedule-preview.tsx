/** What the rule that is being typed would come to: a sentence, the next ten times, and who else is due then. */
import { say } from '../language.ts';
import { schedulePath } from '../router.ts';
import type { ScheduleDraft } from '../schedule-draft.ts';
import { whenOf } from '../schedule-draft.ts';
import type { Previewed } from '../schedule-preview.ts';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';
import { NextTimes } from './next-times.tsx';
import { PlannedTime } from './planned-time.tsx';

interface SchedulePreviewProps {
  draft: ScheduleDraft;
  told: Previewed;
  /** The schedule that is edited does not collide with itself. */
  own: string | null;
}

export function SchedulePreview({ draft, told: { preview, mistakes }, own }: SchedulePreviewProps) {
  const { scheduleForm: words, schedules } = say();
  const wrong = Object.keys(mistakes).length > 0;
  const sentence = preview && schedules.sentence(whenOf(draft), preview.timezone, preview.sentence);
  return (
    <section class="panel schedule-preview" aria-label={words.preview}>
      <header class="panel-head">
        <h2>{words.previewNext}</h2>
      </header>
      <p class="preview-sentence" role="status">
        {sentence ?? <span class="muted">{wrong ? (mistakes.form ?? words.previewWrong) : words.previewAsked}</span>}
      </p>
      {preview && preview.next.length === 0 && <p class="none">{words.previewNone}</p>}
      {preview && <NextTimes next={preview.next} zone={preview.timezone} />}
      {preview && <Collisions preview={preview} own={own} />}
    </section>
  );
}

function Collisions({ preview, own }: { preview: NonNullable<Previewed['preview']>; own: string | null }) {
  const words = say().scheduleForm;
  const others = preview.collisions.filter(({ id }) => id !== own);
  if (preview.next.length === 0) return null;
  if (others.length === 0) return <p class="none">{words.collisionsNone}</p>;
  return (
    <div class="collisions">
      <h3>
        <Icon name="warning" />
        {words.collisions}
      </h3>
      <ul>
        {others.map(({ id, name, at }) => (
          <li key={id}>
            <Link to={schedulePath(id)}>{name}</Link>{' '}
            <span class="muted">
              <PlannedTime at={at} zone={preview.timezone} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
