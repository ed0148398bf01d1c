/** The dialog that adds a task. Mistakes, its own and the server's, stand at the field they are about. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { TaskView } from '../../../supervisor/facade.ts';
import { Problem, request } from '../api.ts';
import { say } from '../language.ts';
import { loadHandlers } from '../resources.ts';
import { go, taskPath } from '../router.ts';
import { letGo } from '../steady.ts';
import { refreshAll } from '../stream.ts';
import {
  bodyOf,
  byField,
  type Draft,
  EMPTY_DRAFT,
  exampleOf,
  isExample,
  type Mistakes,
  ownMistakes,
} from '../task-draft.ts';
import { zone } from '../zone.ts';
import { adding } from './add-button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { ParamsField } from './params-field.tsx';
import { toast, toastProblem } from './toasts.tsx';

export function AddTask() {
  return adding.value ? <AddDialog /> : null;
}

function close(): void {
  adding.value = false;
}

interface PartProps {
  draft: Draft;
  mistakes: Mistakes;
  change(part: Partial<Draft>): void;
}

function AddDialog() {
  const draft = useSignal<Draft>(EMPTY_DRAFT);
  const mistakes = useSignal<Mistakes>({});
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<Draft>) => {
    draft.value = { ...draft.value, ...part };
    const left = { ...mistakes.value };
    for (const field of [...Object.keys(part), 'form']) delete left[field as keyof Mistakes];
    mistakes.value = left;
  };
  /** Another type brings other params to begin with, unless somebody has written some already. */
  const choose = (type: string) => {
    change({ type, ...(isExample(draft.value.params) && { params: exampleOf(type) }) });
  };
  const offer = (types: readonly string[]) => {
    const [first] = types;
    if (first && !types.includes(draft.value.type)) choose(first);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    mistakes.value = await send(draft.value);
    busy.value = false;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const words = say();
  const props = { draft: draft.value, mistakes: mistakes.value, change };
  return (
    <Dialog title={words.add.title} wide onClose={close}>
      <form ref={form} onSubmit={submit} noValidate>
        <TypeField type={draft.value.type} mistake={mistakes.value.type} choose={choose} offer={offer} />
        <ParamsField
          value={draft.value.params}
          mistake={mistakes.value.params}
          change={(params) => change({ params })}
        />
        <WhenField {...props} />
        <MoreFields {...props} />
        {mistakes.value.form && (
          <p class="mistake" role="alert">
            {mistakes.value.form}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" onClick={close}>
            {words.do.close}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {words.add.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** @returns what is wrong; nothing, and the dialog is closed, when the task is durable. */
async function send(draft: Draft): Promise<Mistakes> {
  const own = ownMistakes(draft);
  if (Object.keys(own).length > 0) return own;
  try {
    const response = await request('POST', 'tasks', bodyOf(draft));
    const { task } = (await response.json()) as { task: TaskView };
    const words = say();
    const text = response.status === 201 ? words.add.added(task.type) : words.add.known(task.type);
    close();
    toast(text, { label: words.do.open, act: () => go(taskPath(task.id)) });
    letGo();
    refreshAll();
    return {};
  } catch (error) {
    if (error instanceof Problem && error.status >= 400) return byField(error.mistakes, error.message);
    toastProblem(error);
    return {};
  }
}

interface TypeFieldProps {
  type: string;
  mistake: string | undefined;
  choose(type: string): void;
  offer(types: readonly string[]): void;
}

/** A list of the types that have a handler; without an answer, a field to type one into. */
function TypeField({ type, mistake, choose, offer }: TypeFieldProps) {
  const types = useSignal<readonly string[]>([]);
  useEffect(() => {
    loadHandlers().then(
      (handlers) => {
        types.value = handlers.map((one) => one.type).sort();
        offer(types.value);
      },
      () => undefined,
    );
  }, []);
  const words = say().add;
  return (
    <Field name={words.type} hint={words.typeHint} mistake={mistake}>
      {(field) =>
        types.value.length > 0 ? (
          <select {...field} value={type} onChange={(event) => choose(event.currentTarget.value)}>
            {types.value.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        ) : (
          <input {...field} value={type} autocomplete="off" onInput={(event) => choose(event.currentTarget.value)} />
        )
      }
    </Field>
  );
}

function WhenField({ draft, mistakes, change }: PartProps) {
  const words = say().add;
  const choices = [
    ['now', words.now],
    ['delay', words.delay],
    ['runAt', words.runAt],
  ] as const;
  return (
    <div class="when">
      <fieldset class="segments">
        <legend class="field-name">{words.when}</legend>
        {choices.map(([value, name]) => (
          <label key={value}>
            <input type="radio" name="when" checked={draft.when === value} onChange={() => change({ when: value })} />
            {name}
          </label>
        ))}
      </fieldset>
      {draft.when === 'delay' && (
        <Field name={words.delay} hint={words.delayHint} mistake={mistakes.delay}>
          {(field) => (
            <input
              {...field}
              value={draft.delay}
              autocomplete="off"
              onInput={(event) => change({ delay: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
      {draft.when === 'runAt' && (
        <Field name={words.runAt} hint={words.runAtHint(zone.value)} mistake={mistakes.runAt}>
          {(field) => (
            <input
              {...field}
              type="datetime-local"
              value={draft.runAt}
              onInput={(event) => change({ runAt: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </div>
  );
}

function MoreFields({ draft, mistakes, change }: PartProps) {
  const words = say().add;
  const text = (name: 'group' | 'tags' | 'idempotencyKey', title: string, hint: string) => (
    <Field name={title} hint={hint} mistake={mistakes[name]}>
      {(field) => (
        <input
          {...field}
          value={draft[name]}
          autocomplete="off"
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  const open = (['priority', 'group', 'tags', 'idempotencyKey'] as const).some((name) => mistakes[name] !== undefined);
  return (
    <details class="more" open={open || undefined}>
      <summary>{words.more}</summary>
      <div class="field-grid">
        <Field name={words.priority} hint={words.priorityHint} mistake={mistakes.priority}>
          {(field) => (
            <input
              {...field}
              type="number"
              min={0}
              max={9}
              value={draft.priority}
              onInput={(event) => change({ priority: event.currentTarget.value })}
            />
          )}
        </Field>
        {text('group', words.group, words.groupHint)}
        {text('tags', words.tags, words.tagsHint)}
        {text('idempotencyKey', words.key, words.keyHint)}
      </div>
    </details>
  );
}
