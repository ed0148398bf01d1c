/** Asks before an older revision is applied again, and shows first what that would change. */
import { useSignal } from '@preact/signals';
import type { RevisionView, SettingDifference, SettingsView } from '../../../supervisor/settings-facade.ts';
import { Problem } from '../api.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { diffLive } from '../resources.ts';
import { applyRevision } from '../settings-actions.ts';
import { refreshAll } from '../stream.ts';
import { Dialog } from './dialog.tsx';
import { Differences } from './differences.tsx';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';

interface ApplyProps {
  revision: RevisionView;
  /** Id of what is in force: what is shown rests on it, and so does what is asked for. */
  current: string;
  view: SettingsView;
  close(): void;
}

const noteCharsMax = 500;

export function ApplyRevision({ revision: { id }, current, view, close }: ApplyProps) {
  const live = useLive(`${id} ${current}`, diffLive(id, current));
  const note = useSignal('');
  const mistake = useSignal<string | null>(null);
  const busy = useSignal(false);
  const differences = live.value.value?.differences;
  const refused = refusalOf(id, differences, view);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    mistake.value = await apply(id, note.value.trim() || null, current);
    busy.value = false;
    if (mistake.value === null) close();
  };
  const words = say();
  return (
    <Dialog title={words.settings.revision.applyTitle(id)} wide onClose={close}>
      <form onSubmit={submit} noValidate>
        <p>{words.settings.revision.applyText(id, current)}</p>
        <Differences id={id} live={live} />
        {refused && <Told text={refused} />}
        {!refused && <NoteField text={note.value} change={(text) => (note.value = text)} />}
        {mistake.value && <Told text={mistake.value} />}
        <div class="dialog-foot">
          <button type="button" data-first onClick={close}>
            {words.do.keep}
          </button>
          <button type="submit" class="primary" disabled={busy.value || !differences || refused !== null}>
            {words.settings.revision.applyYes(id)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Why it cannot be applied, as far as that is known before the server is asked. */
function refusalOf(
  id: string,
  differences: readonly SettingDifference[] | undefined,
  { settings, envFile }: SettingsView,
): string | null {
  const words = say().settings.revision;
  if (differences?.length === 0) return words.applySame(id);
  const locked = differences?.filter(({ key }) => settings[key]?.fileOnly).map(({ key }) => key) ?? [];
  return locked.length > 0 ? words.applyRefused(locked.join(', '), envFile) : null;
}

function Told({ text }: { text: string }) {
  return (
    <p class="mistake" role="alert">
      <Icon name="error" />
      {text}
    </p>
  );
}

function NoteField({ text, change }: { text: string; change(text: string): void }) {
  const words = say().settings;
  return (
    <Field name={words.note} hint={words.noteHint}>
      {(field) => (
        <input
          {...field}
          maxLength={noteCharsMax}
          autocomplete="off"
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** @returns why it was refused; null once it is in force */
async function apply(id: string, note: string | null, current: string): Promise<string | null> {
  try {
    await applyRevision(id, note, current);
    return null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 0) return say().told.unreachable;
    // What is shown is no longer what would be changed.
    if (error.status === 412) refreshAll();
    return error.status === 412 ? say().settings.stale : error.message;
  }
}
