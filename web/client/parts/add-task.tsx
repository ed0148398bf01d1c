/** The dialog that adds a task. */
import type { TaskView } from '../../../supervisor/facade.ts';
import { request } from '../api.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { go, taskPath } from '../router.ts';
import {
  bodyOf,
  byField,
  type Draft,
  EMPTY_DRAFT,
  exampleOf,
  isExample,
  isOver,
  isWritten,
  ownMistakes,
  tagsOf,
} from '../task-draft.ts';
import { zone } from '../zone.ts';
import { adding } from './add-button.tsx';
import { MoreFields } from './add-task-more.tsx';
import { AddTaskType } from './add-task-type.tsx';
import { DraftDialog, type DraftProps } from './draft-dialog.tsx';
import { Field } from './field.tsx';
import { ParamsField } from './params-field.tsx';
import { toast } from './toasts.tsx';

export function AddTask() {
  if (!adding.value) return null;
  const words = say().add;
  return (
    <DraftDialog<Draft>
      title={words.title}
      submit={words.submit}
      began={EMPTY_DRAFT}
      isWritten={isWritten}
      check={ownMistakes}
      send={send}
      mistakesOf={({ mistakes, message }, draft) => byField(mistakes, message, tagsOf(draft))}
      close={close}
    >
      {(props) => <Fields {...props} />}
    </DraftDialog>
  );
}

function close(): void {
  adding.value = false;
}

function Fields(props: DraftProps<Draft>) {
  const { draft, mistakes, change } = props;
  /** Another type brings other params to begin with, unless somebody has written some already. */
  const choose = (type: string) => change({ type, ...(isExample(draft.params) && { params: exampleOf(type) }) });
  return (
    <>
      <AddTaskType type={draft.type} mistake={mistakes.type} choose={choose} />
      <ParamsField value={draft.params} mistake={mistakes.params} change={(params) => change({ params })} />
      <WhenField {...props} />
      <MoreFields {...props} />
    </>
  );
}

async function send(draft: Draft): Promise<void> {
  const response = await request('POST', 'tasks', bodyOf(draft));
  const { task } = (await response.json()) as { task: TaskView };
  const words = say();
  const text = response.status === 201 ? words.add.added(task.type) : words.add.known(task.type);
  close();
  toast(text, { label: words.do.open, act: () => go(taskPath(task.id)) });
}

function WhenField({ draft, mistakes, change }: DraftProps<Draft>) {
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
