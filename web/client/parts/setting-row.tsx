/** One setting: its value, to be changed where that is allowed, beside what it is for and what has to be known of it. */
import type { SettingsView, SettingView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import { mayAdminister } from '../session.ts';
import { changesOf, choicesOf, draft, isEditable, undo, write } from '../settings-draft.ts';
import { Field, type FieldProps } from './field.tsx';
import { Icon } from './icon.tsx';
import { Word } from './state-word.tsx';

interface SettingProps {
  setting: SettingView;
  view: SettingsView;
}

export function SettingRow({ setting, view }: SettingProps) {
  const edits = mayAdminister.value && isEditable(setting);
  const changed = edits && setting.key in changesOf(view, draft.value);
  return (
    <div class={changed ? 'setting changed' : 'setting'} data-key={setting.key}>
      {edits ? <Editor setting={setting} view={view} changed={changed} /> : <Shown setting={setting} />}
      <Meaning setting={setting} />
    </div>
  );
}

function Editor({ setting, view, changed }: SettingProps & { changed: boolean }) {
  const { key, source } = setting;
  const text = draft.value.texts[key];
  const extra = changed ? (
    <Changed setting={setting} takenOut={text?.trim() === ''} />
  ) : (
    <span class="setting-source">
      {source === 'file' && <TakeOut setting={setting} view={view} />}
      <Source setting={setting} />
    </span>
  );
  return (
    <Field name={key} hint={allowed(setting)} mistake={draft.value.mistakes[key]} extra={extra}>
      {(field) => <Input setting={setting} view={view} text={text ?? setting.value} field={field} />}
    </Field>
  );
}

function Input({ setting, view, text, field }: SettingProps & { text: string; field: FieldProps }) {
  const { key } = setting;
  const choices = choicesOf(setting);
  if (choices) {
    return (
      <select
        {...field}
        value={text || setting.default}
        onChange={(event) => write(view, key, event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...field}
      class="code"
      value={text}
      placeholder={setting.default || say().settings.notSet}
      spellcheck={false}
      autocapitalize="off"
      autocomplete="off"
      onInput={(event) => write(view, key, event.currentTarget.value)}
    />
  );
}

/** In place of the source, in one line, so that nothing below moves while somebody types. */
function Changed({ setting: { key, value }, takenOut }: { setting: SettingView; takenOut: boolean }) {
  const words = say();
  const now = words.settings.valueNow(value || words.settings.notSet);
  return (
    <span class="setting-source">
      <span class="cut" title={now}>
        {takenOut ? `${words.settings.takenOut}, ${now}` : now}
      </span>
      <button
        type="button"
        class="quiet small"
        aria-label={`${words.do.undo}: ${key}`}
        onClick={(event) => {
          focusField(event);
          undo(key);
        }}
      >
        <Icon name="undo" />
        {words.do.undo}
      </button>
    </span>
  );
}

/** The button is about to go; whoever pressed it by keyboard stays where the setting is. */
function focusField({ currentTarget }: Event): void {
  if (!(currentTarget instanceof Element)) return;
  currentTarget.closest('.field')?.querySelector<HTMLElement>('input, select')?.focus();
}

function TakeOut({ setting: { key }, view }: SettingProps) {
  const words = say().settings;
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`${words.takeOut}: ${key}`}
      onClick={(event) => {
        focusField(event);
        write(view, key, '');
      }}
    >
      {words.takeOut}
    </button>
  );
}

function Shown({ setting }: { setting: SettingView }) {
  const { key, value } = setting;
  return (
    <div class="field">
      <div class="field-head">
        <span class="field-name">{key}</span>
        <span class="setting-source">
          <Source setting={setting} />
        </span>
      </div>
      <p class="setting-value">
        {value === '' ? <span class="muted">{say().settings.notSet}</span> : <code>{value}</code>}
      </p>
      <small>{allowed(setting)}</small>
    </div>
  );
}

function Source({ setting: { source } }: { setting: SettingView }) {
  return <span class={source === 'default' ? 'muted' : undefined}>{say().settings.sources[source]}</span>;
}

function allowed({ default: given, limits, unit }: SettingView): string {
  const words = say().settings;
  const first = given === '' ? words.noDefault : words.default(given);
  return limits === '' ? '' : `${first} · ${words.allowed(limits)}${unit === null ? '' : ` (${words.allowed(unit)})`}`;
}

function Meaning({ setting }: { setting: SettingView }) {
  const { key, sentence, source } = setting;
  const words = say().settings;
  return (
    <div class="setting-meaning">
      {sentence === '' ? (
        <p>{key.startsWith('HANDLER_') ? words.own : words.later}</p>
      ) : (
        <p>{words.meaning(key, sentence)}</p>
      )}
      {(source === 'environment' || source === 'flag') && (
        <p class="overridden">
          <Icon name="warning" />
          {words.overridden[source](key)}
        </p>
      )}
      <Marks setting={setting} />
    </div>
  );
}

function Marks({ setting: { secret, fileOnly, needsRestart, pending } }: { setting: SettingView }) {
  if (!secret && !fileOnly && !needsRestart) return null;
  const { marks } = say().settings;
  return (
    <p class="marks">
      {pending && <Word icon="retrying" tone="warn" word={marks.pending} />}
      {needsRestart && !pending && <Word icon="retrying" tone="quiet" word={marks.restart} />}
      {secret && <Word icon="lock" tone="quiet" word={marks.secret} />}
      {fileOnly && <Word icon="file" tone="quiet" word={marks.fileOnly} />}
    </p>
  );
}
