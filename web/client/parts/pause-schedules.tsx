/** Asks why a schedule, or all of them, is paused, and until when. */
import { useSignal } from '@preact/signals';
import { Problem } from '../api.ts';
import { say } from '../language.ts';
import { pause, pausing, type Which } from '../schedule-actions.ts';
import { letGo } from '../steady.ts';
import { refreshAll } from '../stream.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';

export function PauseSchedules() {
  return pausing.value && <PauseDialog which={pausing.value} />;
}

function close(): void {
  pausing.value = null;
}

const reasonCharsMax = 500;

function PauseDialog({ which }: { which: Which }) {
  const reason = useSignal('');
  const until = useSignal('');
  const mistake = useSignal<{ readonly path: string; readonly text: string } | null>(null);
  const words = say().schedules.ask;
  const one = 'id' in which;
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await pause(which, reason.value.trim(), until.value);
      close();
      letGo();
      refreshAll();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const [first] = error.mistakes;
      const text = error.status === 0 ? say().told.unreachable : (first?.message ?? error.message);
      mistake.value = { path: first?.path ?? '', text };
    }
  };
  const mistakeAt = (path: string) => (mistake.value?.path === path ? mistake.value.text : undefined);
  const whole = mistake.value && !['$.reason', '$.until'].includes(mistake.value.path) && mistake.value.text;
  return (
    <Dialog title={one ? words.pauseTitle(which.name) : words.pauseAllTitle} onClose={close}>
      <form onSubmit={submit} noValidate>
        <p>{one ? words.pauseText : words.pauseAllText}</p>
        <Field name={words.reason} hint={words.reasonHint} mistake={mistakeAt('$.reason')}>
          {(field) => (
            <input
              {...field}
              data-first
              maxLength={reasonCharsMax}
              autocomplete="off"
              value={reason.value}
              onInput={(event) => {
                reason.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <Field
          name={words.until}
          hint={words.untilHint(one ? which.timezone : which.allIn)}
          mistake={mistakeAt('$.until')}
        >
          {(field) => (
            <input
              {...field}
              type="datetime-local"
              value={until.value}
              onInput={(event) => {
                until.value = event.currentTarget.value;
                mistake.value = null;
              }}
            />
          )}
        </Field>
        {whole && (
          <p class="mistake" role="alert">
            {whole}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" onClick={close}>
            {say().do.keep}
          </button>
          <button type="submit" class="primary">
            {one ? words.pauseYes : words.pauseAllYes}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
