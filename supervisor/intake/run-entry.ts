/** `{ "run": { … } }` in a file. What is wrong by itself is found here; which pipelines there are, the supervisor knows. */
import { checkRun, type RunInput } from '../core/run/input.ts';
import type { Checked } from '../core/task-input.ts';

export interface FileRun {
  readonly input: RunInput;
  /** Number of its entry, counted over all entries from 0. */
  readonly at: number;
}

/** A task has a type and no run; with both, it is a task with a member too many. */
export function isRunEntry(value: unknown): value is { readonly run: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'run') && !Object.hasOwn(value, 'type');
}

export function checkRunEntry(entry: { readonly run: unknown }, path: string): Checked<RunInput> {
  const { run, ...others } = entry;
  const checked = checkRun(run, `${path}.run`);
  const beside = Object.keys(others).map((member) => ({
    path: `${path}.${member}`,
    message: 'cannot stand beside "run"; what belongs to the run stands in it',
  }));
  if (beside.length === 0) return checked;
  return { ok: false, mistakes: [...beside, ...(checked.ok ? [] : checked.mistakes)] };
}
