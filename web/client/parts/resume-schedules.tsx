/** Asks what becomes of the planned times of a pause: they stay skipped, or are caught up. */
import { useSignal } from '@preact/signals';
import { say } from '../language.ts';
import { resume, resuming, type Which } from '../schedule-actions.ts';
import { own } from '../task-actions.ts';
import { Dialog } from './dialog.tsx';

export function ResumeSchedules() {
  return resuming.value && <ResumeDialog which={resuming.value} />;
}

function close(): void {
  resuming.value = null;
}

function ResumeDialog({ which }: { which: Which }) {
  const catchUp = useSignal(false);
  const { ask: words, scheduler } = say().schedules;
  const one = 'id' in which;
  const submit = (event: Event) => {
    event.preventDefault();
    close();
    void own(() => resume(which, catchUp.value));
  };
  const choices = [
    [false, words.fromNow, words.fromNowText],
    [true, words.catchUp, words.catchUpText],
  ] as const;
  return (
    <Dialog title={one ? words.resumeTitle(which.name) : words.resumeAllTitle} onClose={close}>
      <form onSubmit={submit}>
        {!one && <p>{words.resumeAllText}</p>}
        <fieldset class="choices">
          <legend class="field-name">{words.how}</legend>
          {choices.map(([value, name, text]) => (
            <label key={name}>
              <input
                type="radio"
                name="catchUp"
                data-first={value ? undefined : true}
                checked={catchUp.value === value}
                onChange={() => {
                  catchUp.value = value;
                }}
              />
              <span>
                {name}
                <small class="muted">{text}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <div class="dialog-foot">
          <button type="button" onClick={close}>
            {say().do.keep}
          </button>
          <button type="submit" class="primary">
            {one ? words.resumeYes : scheduler.resume}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
