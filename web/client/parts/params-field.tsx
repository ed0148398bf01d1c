/** An editor for JSON such as params: plain text, checked as JSON while it is typed, so that the mistake is seen before it is sent. */
import { say } from '../language.ts';
import { paramsMistake } from '../task-draft.ts';
import { Field } from './field.tsx';

interface ParamsFieldProps {
  value: string;
  mistake: string | undefined;
  /** Where it holds something else than params. */
  name?: string;
  hint?: string;
  change(value: string): void;
}

const rowsMin = 5;
const rowsMax = 14;

export function ParamsField({ value, mistake, name, hint, change }: ParamsFieldProps) {
  const words = say().add;
  const wrong = paramsMistake(value);
  const format = (
    <button
      type="button"
      class="quiet small"
      disabled={wrong !== null}
      onClick={() => change(JSON.stringify(JSON.parse(value), null, 2))}
    >
      {words.format}
    </button>
  );
  return (
    <Field
      name={name ?? words.params}
      hint={hint ?? words.paramsHint}
      mistake={mistake ?? wrong ?? undefined}
      extra={format}
    >
      {(field) => (
        <textarea
          {...field}
          class="code"
          rows={Math.min(rowsMax, Math.max(rowsMin, value.split('\n').length))}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={(event) => indent(event, change)}
        />
      )}
    </Field>
  );
}

/** A new line begins where the one before did, deeper after an opening bracket. Tab stays the way to the next field. */
function indent(event: KeyboardEvent, change: (value: string) => void): void {
  const area = event.currentTarget;
  if (event.key !== 'Enter' || event.isComposing || !(area instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  const before = area.value.slice(0, area.selectionStart);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  const spaces = /^ */.exec(line)?.[0] ?? '';
  area.setRangeText(`\n${spaces}${/[{[]\s*$/.test(line) ? '  ' : ''}`, area.selectionStart, area.selectionEnd, 'end');
  change(area.value);
}
