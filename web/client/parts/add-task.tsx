/** The dialog that adds a task. Mistakes, its own and the server's, stand at the field they are about. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { TaskView } from '../../../supervisor/facade.ts';
import { Problem, request } from '../api.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
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
  isOver,
  isWritten,
  type Mistakes,
  ownMistakes,
  tagsOf,
} from '../task-draft.ts';
import { zone } from '../zone.ts';
import { adding } from './add-button.tsx';
import { MoreFields } from './add-task-more.tsx';
import { AddTaskType } from './add-task-type.tsx';
import { askToDiscard } from './ask.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { ParamsField } from './params-field.tsx';
import { toast } from './toasts.tsx';

export function AddTask() {
  return adding.value ? <AddDialog /> : null;
}

function close(): void {
  adding.value = false;
}

/** What every part of the form is given. */
export interface PartProps {
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
  const leave = async () => {
    if (!isWritten(draft.value) || (await askToDiscard())) close();
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
    <Dialog title={words.add.title} wide leave={leave} onClose={close}>
      <form ref={form} onSubmit={submit} noValidate>
        <AddTaskType type={draft.value.type} mistake={mistakes.value.type} choose={choose} />
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
          <button type="button" onClick={leave}>
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
    if (!(error instanceof Problem)) throw error;
    // A toast would stand below the dialog.
    if (error.status === 0) return { form: say().told.unreachable };
    return byField(error.mistakes, error.message, tagsOf(draft));
  }
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
        <Field
          name={words.runAt}
          hint={words.runAtHint(zone.value)}
          mistake={mistakes.runAt}
          warning={isOver(draft, now.value) ? words.runAtPast : undefined}
        >
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
