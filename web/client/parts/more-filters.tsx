/** Filters that are asked for seldom: folded, until somebody wants them or one of them is wrong; those that are set are chips. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { get } from '../api.ts';
import { say } from '../language.ts';
import { type MoreMistakes, type MoreTexts, readTexts, shownText, textsOf } from '../more-filters.ts';
import type { SchedulePage } from '../schedule-resources.ts';
import { MORE, type More, type MoreName } from '../task-filter.ts';
import { zone } from '../zone.ts';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';

interface PanelProps {
  id: string;
  more: More;
  /** The server's, about what was asked. */
  mistakes: MoreMistakes;
  change(more: More): void;
  close(): void;
}

export function MorePanel({ id, more, mistakes, change, close }: PanelProps) {
  const texts = useSignal(textsOf(more));
  const own = useSignal<MoreMistakes>({});
  /** Once typed over, what the server said of it is no longer about it. */
  const typed = useSignal<readonly MoreName[]>([]);
  const form = useRef<HTMLFormElement>(null);
  const wrong = Object.keys(mistakes).length > 0;
  useEffect(() => {
    form.current?.querySelector<HTMLElement>(wrong ? '[aria-invalid="true"]' : 'input')?.focus();
  }, [wrong]);
  const submit = (event: Event) => {
    event.preventDefault();
    const read = readTexts(texts.value);
    if ('more' in read) {
      change(read.more);
      return close();
    }
    own.value = read.mistakes;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const fold = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
  };
  const words = say().list.more;
  return (
    <form
      ref={form}
      id={id}
      class="panel more-filters"
      aria-label={words.title}
      noValidate
      onSubmit={submit}
      onKeyDown={fold}
    >
      <div class="more-grid">
        {MORE.map((name) => (
          <MoreField
            key={name}
            name={name}
            text={texts.value[name]}
            mistake={own.value[name] ?? (typed.value.includes(name) ? undefined : mistakes[name])}
            change={(text) => {
              texts.value = { ...texts.value, [name]: text } satisfies MoreTexts;
              typed.value = [...typed.value, name];
              own.value = { ...own.value, [name]: undefined } as MoreMistakes;
            }}
          />
        ))}
      </div>
      <div class="more-foot">
        <button type="button" onClick={close}>
          {say().do.close}
        </button>
        <button type="submit" class="primary">
          {words.apply}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  name: MoreName;
  text: string;
  mistake: string | undefined;
  change(text: string): void;
}

function MoreField({ name, text, mistake, change }: FieldProps) {
  const words = say().list.more;
  const schedules = useId();
  const isTime = name === 'from' || name === 'to';
  const hint = isTime ? words.inZone(zone.value) : words.hints[name];
  return (
    <Field name={words.names[name]} hint={hint} mistake={mistake}>
      {(field) => (
        <>
          <input
            {...field}
            type={isTime ? 'datetime-local' : 'text'}
            list={name === 'schedule' ? schedules : undefined}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={text}
            onInput={(event) => change(event.currentTarget.value)}
          />
          {name === 'schedule' && <ScheduleNames id={schedules} />}
        </>
      )}
    </Field>
  );
}

const schedulesOfferedMax = 200;

function ScheduleNames({ id }: { id: string }) {
  const names = useSignal<readonly string[]>([]);
  useEffect(() => {
    get<SchedulePage>(`schedules?limit=${schedulesOfferedMax}`).then(
      ({ items }) => {
        names.value = items.map(({ name }) => name);
      },
      () => undefined,
    );
  }, [names]);
  return (
    <datalist id={id}>
      {names.value.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

/** Each takes its filter away. */
export function MoreChips({ more, change }: { more: More; change(more: More): void }) {
  const words = say().list.more;
  const set = MORE.filter((name) => more[name] !== undefined);
  if (set.length === 0) return null;
  const without = (gone: MoreName) => {
    const { [gone]: _gone, ...rest } = more;
    change(rest);
  };
  return (
    <ul class="chips set-filters" aria-label={words.title}>
      {set.map((name) => {
        const text = `${words.names[name]}: ${shownText(name, more[name] ?? '')}`;
        return (
          <li key={name}>
            <button
              type="button"
              class="chip"
              aria-label={words.remove(text)}
              title={words.remove(text)}
              onClick={() => without(name)}
            >
              <span class="cut">{text}</span>
              <Icon name="cancel" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
