/** Switches on a flag that is in no list yet: one that a handler of tomorrow will name. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Problem } from '../api.ts';
import { say } from '../language.ts';
import { switchFlag } from '../settings-actions.ts';
import { letGo } from '../steady.ts';
import { refreshAll } from '../stream.ts';
import { Field } from './field.tsx';
import { toast } from './toasts.tsx';

export function AddFlag() {
  const name = useSignal('');
  const mistake = useSignal<string | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  const words = say().settings.flag;
  const submit = async (event: Event) => {
    event.preventDefault();
    mistake.value = await add(name.value.trim());
    if (mistake.value === undefined) name.value = '';
    form.current?.querySelector('input')?.focus();
  };
  return (
    <form ref={form} class="add-flag" aria-label={words.add} onSubmit={submit} noValidate>
      <h2>{words.add}</h2>
      <Field name={words.addName} hint={words.addHint} mistake={mistake.value}>
        {(field) => (
          <input
            {...field}
            class="code"
            placeholder="NIGHT_SYNC"
            spellcheck={false}
            autocapitalize="characters"
            autocomplete="off"
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
              mistake.value = undefined;
            }}
          />
        )}
      </Field>
      <button type="submit">{words.submit}</button>
    </form>
  );
}

/** @returns what is wrong; nothing once the flag is on */
async function add(name: string): Promise<string | undefined> {
  if (name === '') return say().add.required;
  try {
    await switchFlag(name, true);
    toast(say().settings.flag.isOn(name));
    letGo();
    refreshAll();
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 0) return say().told.unreachable;
    return error.mistakes.find(({ path }) => path === 'name')?.message ?? error.message;
  }
}
