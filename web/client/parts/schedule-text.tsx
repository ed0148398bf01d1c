/** A field of the form for a schedule that is a line of text; its name and hint are those of the member. */
import { say } from '../language.ts';
import type { ScheduleDraft } from '../schedule-draft.ts';
import type { ScheduleMistakes } from '../schedule-mistakes.ts';
import { Field } from './field.tsx';

/** What every part of the form is given. */
export interface SchedulePartProps {
  draft: ScheduleDraft;
  mistakes: ScheduleMistakes;
  /** Of schedules that name none. */
  zone: string;
  change(part: Partial<ScheduleDraft>): void;
}

type TextName =
  | 'name'
  | 'at'
  | 'every'
  | 'anchor'
  | 'expression'
  | 'moment'
  | 'timezone'
  | 'catchUpLimit'
  | 'startDeadline'
  | 'jitter'
  | 'pauseAfterFailures'
  | 'flag';

interface TextProps extends SchedulePartProps {
  name: TextName;
  hint?: string;
  placeholder?: string;
  list?: string;
  code?: boolean;
  first?: boolean;
}

export function TextOf({ name, draft, mistakes, change, hint, placeholder, list, code, first }: TextProps) {
  const words = say().scheduleForm;
  const told = hint ?? (name === 'timezone' ? '' : words[`${name}Hint`]);
  return (
    <Field name={words[name]} hint={told} mistake={mistakes[name]}>
      {(field) => (
        <input
          {...field}
          class={code ? 'code' : undefined}
          data-first={first ? true : undefined}
          list={list}
          placeholder={placeholder}
          value={draft[name]}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}
