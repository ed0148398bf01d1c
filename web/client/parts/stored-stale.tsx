/** Says that a key was set or deleted by somebody else while it was edited here, and lets the reader choose. */
import type { StoredRecord } from '../../../supervisor/core/store/record.ts';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';

interface Props {
  /** What it holds now; null when it is gone. */
  now: StoredRecord | null;
  /** Somebody was about to make it. */
  made: boolean;
  takeTheirs(theirs: StoredRecord): void;
  keepMine(): void;
}

const charsShownMax = 400;

export function StoredStale({ now, made, takeTheirs, keepMine }: Props) {
  const words = say().store.form;
  const title = now === null ? words.deleted : made ? words.there : words.changed;
  const text = now === null ? '' : JSON.stringify(now.value);
  return (
    <div class="notice warning stored-stale" role="alert">
      <Icon name="warning" />
      <div class="notice-text">
        <p>
          <strong>{title}</strong> {now === null ? words.deletedText : words.changedText}
        </p>
        {now && <code>{text.length > charsShownMax ? `${text.slice(0, charsShownMax)}…` : text}</code>}
        <p class="stored-choice">
          {now && (
            <button type="button" onClick={() => takeTheirs(now)}>
              {words.takeTheirs}
            </button>
          )}
          <button type="button" onClick={keepMine}>
            {words.keepMine}
          </button>
        </p>
      </div>
    </div>
  );
}
