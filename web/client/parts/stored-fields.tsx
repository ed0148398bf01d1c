/** The fields of a key of the store: its name where it is new, its value, and when it ends. */
import type { StoredRecord } from '../../../supervisor/core/store/record.ts';
import { say } from '../language.ts';
import type { StoredDraft, StoredMistakes } from '../stored-draft.ts';
import { Field } from './field.tsx';
import { ParamsField } from './params-field.tsx';
import { leftText } from './time-left.tsx';

interface Props {
  draft: StoredDraft;
  base: StoredRecord | null;
  isNew: boolean;
  mistakes: StoredMistakes;
  change(part: Partial<StoredDraft>): void;
}

export function StoredFields(props: Props) {
  const { draft, isNew, mistakes, change } = props;
  const { store: words } = say();
  return (
    <>
      {isNew && (
        <Field name={words.key} hint={words.form.keyHint} mistake={mistakes.key}>
          {(field) => (
            <input
              {...field}
              class="code"
              data-first
              placeholder="feeds/42"
              spellcheck={false}
              autocapitalize="off"
              autocomplete="off"
              value={draft.key}
              onInput={(event) => change({ key: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
      <ParamsField
        name={words.value}
        hint={words.form.valueHint}
        value={draft.value}
        mistake={mistakes.value}
        change={(value) => change({ value })}
      />
      <EndsField {...props} />
    </>
  );
}

function EndsField({ draft, base, mistakes, change }: Props) {
  const { form: words } = say().store;
  const choices = [
    ['never', words.never],
    ...(base?.expiresAt ? [['kept', words.kept(leftText(base.expiresAt))] as const] : []),
    ['after', words.after],
  ] as const;
  return (
    <>
      <fieldset class="segments">
        <legend class="field-name">{words.ends}</legend>
        {choices.map(([ends, name]) => (
          <label key={ends}>
            <input type="radio" name="ends" checked={draft.ends === ends} onChange={() => change({ ends })} />
            {name}
          </label>
        ))}
      </fieldset>
      {draft.ends === 'after' && (
        <Field name={words.after} hint={words.ttlHint} mistake={mistakes.ttl}>
          {(field) => (
            <input
              {...field}
              autocomplete="off"
              value={draft.ttl}
              onInput={(event) => change({ ttl: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}
