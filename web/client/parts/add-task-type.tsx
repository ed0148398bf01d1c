/** The type of a task to add: chosen from those that have a handler, and nothing is chosen beforehand. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { say } from '../language.ts';
import { loadHandlers } from '../resources.ts';
import { Field, type FieldProps } from './field.tsx';
import { Icon } from './icon.tsx';

interface AddTaskTypeProps {
  type: string;
  mistake: string | undefined;
  choose(type: string): void;
}

type Types = readonly string[] | 'asked' | 'unanswered';

function useTypes() {
  const types = useSignal<Types>('asked');
  const ask = () => {
    loadHandlers().then(
      (handlers) => {
        types.value = handlers.map((one) => one.type).sort();
      },
      () => {
        types.value = 'unanswered';
      },
    );
  };
  useEffect(ask, []);
  return { types: types.value, ask };
}

export function AddTaskType({ type, mistake, choose }: AddTaskTypeProps) {
  const { types, ask } = useTypes();
  const { add: words, do: verbs } = say();
  const again = types === 'unanswered' && (
    <button type="button" class="quiet small" onClick={ask}>
      <Icon name="retrying" />
      {verbs.tryAgain}
    </button>
  );
  const told = types === 'unanswered' ? words.typesMissing : undefined;
  return (
    <Field name={words.type} hint={words.typeHint} mistake={mistake ?? told} extra={again}>
      {(field) =>
        Array.isArray(types) && types.length === 0 ? (
          <input
            {...field}
            data-first
            value={type}
            autocomplete="off"
            onInput={(event) => choose(event.currentTarget.value)}
          />
        ) : (
          <TypeList field={field} type={type} types={Array.isArray(types) ? types : []} choose={choose} />
        )
      }
    </Field>
  );
}

/** It is there before the types are, so that the focus has a place from the start. */
function TypeList({
  field,
  type,
  types,
  choose,
}: {
  field: FieldProps;
  type: string;
  types: readonly string[];
  choose(type: string): void;
}) {
  return (
    <select {...field} data-first value={type} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="" disabled>
        {say().add.choose}
      </option>
      {[...types, ...(type === '' || types.includes(type) ? [] : [type])].map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}
