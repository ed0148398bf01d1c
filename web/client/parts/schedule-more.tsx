/** What a schedule may have besides name, rule and task: folded, until one of it is set or wrong. */
import { useSignal } from '@preact/signals';
import { say } from '../language.ts';
import { EMPTY_SCHEDULE, type ScheduleDraft } from '../schedule-draft.ts';
import { Field } from './field.tsx';
import { type SchedulePartProps, TextOf } from './schedule-text.tsx';

const MORE = [
  'catchUp',
  'catchUpLimit',
  'overlap',
  'startDeadline',
  'jitter',
  'pauseAfterFailures',
  'flag',
  'note',
] as const;

export function ScheduleMore(props: SchedulePartProps) {
  const { draft, mistakes } = props;
  const opened = useSignal(MORE.some((name) => draft[name] !== EMPTY_SCHEDULE[name]));
  if (MORE.some((name) => mistakes[name] !== undefined)) opened.value = true;
  return (
    <details
      class="more"
      open={opened.value}
      onToggle={(event) => {
        opened.value = event.currentTarget.open;
      }}
    >
      <summary>{say().add.more}</summary>
      <div class="field-grid">
        <ChoiceOf name="catchUp" {...props} />
        {draft.catchUp === 'all' && <TextOf name="catchUpLimit" {...props} />}
        <ChoiceOf name="overlap" {...props} />
        <TextOf name="startDeadline" {...props} />
        <TextOf name="jitter" {...props} />
        <TextOf name="pauseAfterFailures" {...props} />
        <TextOf name="flag" {...props} />
      </div>
      <NoteField {...props} />
    </details>
  );
}

function ChoiceOf({ name, draft, mistakes, change }: SchedulePartProps & { name: 'catchUp' | 'overlap' }) {
  const words = say().scheduleForm;
  return (
    <Field name={words[name]} hint={words[`${name}Hint`]} mistake={mistakes[name]}>
      {(field) => (
        <select
          {...field}
          value={draft[name]}
          onChange={(event) => change({ [name]: event.currentTarget.value } as Partial<ScheduleDraft>)}
        >
          {Object.entries(words[`${name}s`]).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function NoteField({ draft, mistakes, change }: SchedulePartProps) {
  const words = say().scheduleForm;
  return (
    <Field name={words.note} hint={words.noteHint} mistake={mistakes.note}>
      {(field) => (
        <textarea
          {...field}
          rows={2}
          value={draft.note}
          onInput={(event) => change({ note: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}
