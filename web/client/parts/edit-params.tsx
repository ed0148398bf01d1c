/** The dialog that runs a finished task again with other params. */
import { signal } from '@preact/signals';
import type { TaskView } from '../../../supervisor/facade.ts';
import { post } from '../api.ts';
import { say } from '../language.ts';
import { go, taskPath } from '../router.ts';
import { byField, paramsMistake } from '../task-draft.ts';
import { DraftDialog } from './draft-dialog.tsx';
import { ParamsField } from './params-field.tsx';
import { toast } from './toasts.tsx';

/** The task whose params somebody edits. */
export const edited = signal<TaskView | null>(null);

interface Edited {
  readonly params: string;
}

export function EditParams() {
  const task = edited.value;
  if (!task) return null;
  const words = say();
  const began = { params: JSON.stringify(task.params, null, 2) };
  return (
    <DraftDialog<Edited>
      key={task.id}
      title={words.add.editTitle(task.type)}
      submit={words.do.retry}
      began={began}
      isWritten={({ params }) => params !== began.params}
      check={check}
      send={(draft) => send(task, draft)}
      mistakesOf={({ mistakes, message }) => byField(mistakes, message, [])}
      close={close}
    >
      {({ draft, mistakes, change }) => (
        <>
          <p>{words.add.editText}</p>
          <ParamsField value={draft.params} mistake={mistakes.params} change={(params) => change({ params })} />
        </>
      )}
    </DraftDialog>
  );
}

function close(): void {
  edited.value = null;
}

function check({ params }: Edited): Partial<Edited> {
  const wrong = paramsMistake(params);
  return wrong === null ? {} : { params: wrong };
}

async function send({ id }: TaskView, { params }: Edited): Promise<void> {
  const { task } = await post<{ task: TaskView }>(`${taskPath(id)}/retry`, { params: JSON.parse(params) });
  close();
  toast(say().told.retried(1), { label: say().do.open, act: () => go(taskPath(task.id)) });
}
