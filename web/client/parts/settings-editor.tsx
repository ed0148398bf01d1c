/** The values of the settings, found by text, changed in place and saved together. */
import { useRef } from 'preact/hooks';
import type { SettingsView, SettingView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import type { Live } from '../live.ts';
import { mayAdminister } from '../session.ts';
import { save } from '../settings-actions.ts';
import { changesOf, draft, isEditable } from '../settings-draft.ts';
import { SettingRow } from './setting-row.tsx';
import { onlySet, settingsQuery } from './settings-filter.tsx';
import { SettingsSave } from './settings-save.tsx';

export function SettingsEditor({ view, live }: { view: SettingsView; live: Live<SettingsView> }) {
  const form = useRef<HTMLFormElement>(null);
  const words = say().settings;
  const shown = listOf(view);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (Object.keys(changesOf(view, draft.value)).length === 0 || (await save(view, live))) return;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  return (
    <>
      <p class="list-bar muted">{shown.length > 0 && words.total(shown.length)}</p>
      {shown.length === 0 && <NoMatch />}
      <form ref={form} class="settings" onSubmit={submit} noValidate>
        <Panel title={words.here} settings={shown.filter(isEditable)} view={view} />
        <Panel
          title={words.fileOnly}
          text={words.fileOnlyText(view.envFile)}
          settings={shown.filter((one) => !isEditable(one))}
          view={view}
        />
        {mayAdminister.value && <SettingsSave view={view} live={live} />}
      </form>
    </>
  );
}

/** What is changed and not saved is always shown. Flags have a page of their own. */
function listOf(view: SettingsView): readonly SettingView[] {
  const text = settingsQuery().toLowerCase();
  const changes = changesOf(view, draft.value);
  return Object.values(view.settings).filter((setting) => {
    if (setting.key.startsWith('FLAG_')) return false;
    if (setting.key in changes) return true;
    if (onlySet() && setting.source === 'default') return false;
    const { key, value, sentence } = setting;
    const meaning = say().settings.meaning(key, sentence);
    return [key, value, sentence, meaning].some((one) => one.toLowerCase().includes(text));
  });
}

function NoMatch() {
  const words = say().settings;
  return (
    <div class="empty">
      <h2>{words.none}</h2>
      <p>{words.noneText}</p>
    </div>
  );
}

interface PanelProps {
  title: string;
  text?: string;
  settings: readonly SettingView[];
  view: SettingsView;
}

function Panel({ title, text, settings, view }: PanelProps) {
  if (settings.length === 0) return null;
  return (
    <section class="panel" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      {text && <p class="panel-text muted">{text}</p>}
      {settings.map((setting) => (
        <SettingRow key={setting.key} setting={setting} view={view} />
      ))}
    </section>
  );
}
