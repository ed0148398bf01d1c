/** The dialog that runs a finished task again with other params. Mistakes stand at the field or below it. */
import { signal, useSignal } from '@preact/signals';
import type { TaskView } from '../../../supervisor/facade.ts';
import { Problem, post } from '../api.ts';
import { say } from '../language.ts';
import { go, taskPath } from '../router.ts';
import { letGo } from '../steady.ts';
import { refreshAll } from '../stream.ts';
import { byField, paramsMistake } from '../task-draft.ts';
import { askToDiscard } from './ask.tsx';
import { Dialog } from './dialog.tsx';
import { ParamsField } from './params-field.tsx';
import { toast } from './toasts.tsx';

/** The task whose params somebody edits. */
export const edited = signal<TaskView | null>(null);

export function EditParams() {
  return edited.value && <EditDialog key={edited.value.id} task={edited.value} />;
}

function close(): void {
  edited.value = null;
}

function EditDialog({ task }: { task: TaskView }) {
  const before = JSON.stringify(task.params, null, 2);
  const params = useSignal(before);
  const mistake = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const leave = async () => {
    if (params.value === before || (await askToDiscard())) close();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value || paramsMistake(params.value) !== null) return;
    busy.value = true;
    mistake.value = await send(task, params.value);
    busy.value = false;
  };
  const words = say();
  return (
    <Dialog title={words.add.editTitle(task.type)} wide leave={leave} onClose={close}>
      <form onSubmit={submit} noValidate>
        <p>{words.add.editText}</p>
        <ParamsField
          value={params.value}
          mistake={mistake.value}
          change={(text) => {
            params.value = text;
            mistake.value = undefined;
          }}
        />
        <div class="dialog-foot">
          <button type="button" onClick={leave}>
            {words.do.close}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {words.do.retry}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** @returns what is wrong; nothing, and the dialog is closed, when the new task is durable. */
async function send({ id }: TaskView, params: string): Promise<string | undefined> {
  try {
    const { task } = await post<{ task: TaskView }>(`${taskPath(id)}/retry`, { params: JSON.parse(params) });
    close();
    toast(say().told.retried(1), { label: say().do.open, act: () => go(taskPath(task.id)) });
    letGo();
    refreshAll();
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // A toast would stand below the dialog.
    if (error.status === 0) return say().told.unreachable;
    const { params: wrong, form } = byField(error.mistakes, error.message, []);
    return wrong ?? form;
  }
}
