/** What a task to add may have besides type, params and moment: folded, until one of it is wrong. */
import { useSignal } from '@preact/signals';
import { say } from '../language.ts';
import type { Draft } from '../task-draft.ts';
import type { DraftProps } from './draft-dialog.tsx';
import { Field } from './field.tsx';

type PartProps = DraftProps<Draft>;

const MORE = ['priority', 'maxAttempts', 'timeout', 'onInterrupt', 'group', 'tags', 'idempotencyKey'] as const;
type More = (typeof MORE)[number];

/** As the API takes them; the server says what else is wrong. */
const NUMBERS: Partial<Record<More, { readonly min: number; readonly max: number }>> = {
  priority: { min: 0, max: 9 },
  maxAttempts: { min: 1, max: 1_000 },
};

export function MoreFields(props: PartProps) {
  const opened = useSignal(false);
  const wrong = MORE.some((name) => props.mistakes[name] !== undefined);
  if (wrong) opened.value = true;
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
        {MORE.map((name) =>
          name === 'onInterrupt' ? (
            <InterruptField key={name} {...props} />
          ) : (
            <TextField key={name} name={name} {...props} />
          ),
        )}
      </div>
    </details>
  );
}

function TextField({ name, draft, mistakes, change }: PartProps & { name: Exclude<More, 'onInterrupt'> }) {
  const [title, hint] = namesOf(name);
  const range = NUMBERS[name];
  return (
    <Field name={title} hint={hint} mistake={mistakes[name]}>
      {(field) => {
        const rest = {
          ...field,
          value: draft[name],
          autocomplete: 'off',
          onInput: (event: InputEvent & { currentTarget: HTMLInputElement }) =>
            change({ [name]: event.currentTarget.value }),
        } as const;
        return range ? <input type="number" {...range} {...rest} /> : <input {...rest} />;
      }}
    </Field>
  );
}

function namesOf(name: Exclude<More, 'onInterrupt'>): readonly [string, string] {
  const words = say().add;
  if (name === 'idempotencyKey') return [words.key, words.keyHint];
  if (name === 'maxAttempts') return [words.attempts, words.attemptsHint];
  return [words[name], words[`${name}Hint`]];
}

function InterruptField({ draft, mistakes, change }: PartProps) {
  const words = say().add;
  const choices = Object.entries(words.onInterruptChoices);
  return (
    <Field name={words.onInterrupt} hint={words.onInterruptHint} mistake={mistakes.onInterrupt}>
      {(field) => (
        <select
          {...field}
          value={draft.onInterrupt || 'requeue'}
          onChange={(event) => change({ onInterrupt: event.currentTarget.value as Draft['onInterrupt'] })}
        >
          {choices.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
