/** A handler's `ctx.submit`: run again, it submits nothing twice, as its key is the task's id and the call's number. */
import { Refusal } from './core/refusal.ts';
import type { Task } from './core/task.ts';
import { checkTask } from './core/task-input.ts';
import type { Supervisor } from './supervisor.ts';

export async function submitFrom(
  supervisor: Supervisor,
  parent: Task,
  call: number,
  given: unknown,
): Promise<{ id: string }> {
  const checked = checkTask(given);
  if (!checked.ok) {
    const named = checked.mistakes.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new Refusal('validation', `ctx.submit was given a wrong task: ${named}`, checked.mistakes);
  }
  const input = { ...checked.value, idempotencyKey: checked.value.idempotencyKey ?? `${parent.id}/${call}` };
  const { ids } = await supervisor.accept([input], `handler:${parent.id}`, { whileDraining: true });
  return { id: ids[0] as string };
}
