/** Tasks that stand in something larger, and what their handlers say of their params, told by the places there. */
import { Refusal } from './core/refusal.ts';
import type { TaskInput } from './core/task-input.ts';

export interface PlacedTask {
  readonly task: TaskInput;
  /** Where it stands in what was given, e.g. `$.task`. */
  readonly path: string;
}

/** Handlers are asked about a list; what they say is told by the places in what was given. @throws Refusal `validation` */
export async function checkParamsOf(
  tasks: readonly PlacedTask[],
  checkParams: (inputs: readonly TaskInput[]) => Promise<void> | null,
): Promise<void> {
  try {
    await checkParams(tasks.map(({ task }) => task));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const mistakes = error.mistakes.map(({ path, message }) => {
      // A list of one has no numbers.
      const [, number = '0', rest = ''] = /^\$(?:\[(\d+)\])?(.*)$/s.exec(path) ?? [];
      return { path: `${tasks[Number(number)]?.path ?? '$'}${rest}`, message };
    });
    throw new Refusal(error.code, `${mistakes[0]?.path} ${mistakes[0]?.message}`, mistakes);
  }
}
