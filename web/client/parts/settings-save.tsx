/** What is changed and not saved, at the foot of the window: how much, a note, and the way to save it or to let it go. */
import { useSignal } from '@preact/signals';
import type { SettingsView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import type { Live } from '../live.ts';
import { discard, loadAnew } from '../settings-actions.ts';
import { changesOf, draft, isStale } from '../settings-draft.ts';
import { Icon } from './icon.tsx';

interface SaveProps {
  view: SettingsView;
  live: Live<SettingsView>;
}

const noteCharsMax = 500;

export function SettingsSave({ view, live }: SaveProps) {
  const keys = Object.keys(changesOf(view, draft.value));
  const words = say();
  if (keys.length === 0) return null;
  const stale = isStale(view, draft.value);
  return (
    <section class="save-bar" aria-label={words.settings.changes}>
      {stale && <Stale live={live} />}
      {draft.value.mistakes[''] && (
        <p class="mistake" role="alert">
          <Icon name="error" />
          {draft.value.mistakes['']}
        </p>
      )}
      <div class="save-line">
        <strong role="status">{words.settings.changed(keys.length)}</strong>
        <span class="muted cut save-keys" title={keys.join(', ')}>
          {keys.join(', ')}
        </span>
        <Note />
        <button type="button" class="quiet" onClick={discard}>
          {words.settings.discard}
        </button>
        <button type="submit" class="primary" disabled={stale}>
          {words.settings.save}
        </button>
      </div>
    </section>
  );
}

function Note() {
  const words = say().settings;
  return (
    <input
      name="note"
      aria-label={words.note}
      placeholder={words.noteHint}
      maxLength={noteCharsMax}
      autocomplete="off"
      value={draft.value.note}
      onInput={(event) => {
        draft.value = { ...draft.value, note: event.currentTarget.value };
      }}
    />
  );
}

function Stale({ live }: Pick<SaveProps, 'live'>) {
  const words = say().settings;
  const busy = useSignal(false);
  const load = async () => {
    busy.value = true;
    await loadAnew(live);
    busy.value = false;
  };
  return (
    <div class="stale" role="alert">
      <Icon name="warning" />
      <p>
        <strong>{words.stale}</strong> {words.staleText}
      </p>
      <button type="button" disabled={busy.value} onClick={() => void load()}>
        {words.loadAnew}
      </button>
    </div>
  );
}
