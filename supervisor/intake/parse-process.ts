/** The process in which large task files are read: bytes in, then tasks in slices, each when asked for; schedules and runs come with the last. */
import type { TaskInput } from '../core/task-input.ts';
import type { PlacedMistake } from './document.ts';
import { type FileContents, type Format, readTaskFile } from './task-file.ts';

type Rest = Omit<FileContents, 'tasks'>;
export type ToReader = { readonly read: Uint8Array; readonly format: Format } | { readonly more: true };
export type FromReader =
  | { readonly wrong: readonly PlacedMistake[]; readonly more: number }
  | { readonly tasks: readonly TaskInput[]; readonly last: Rest | null };

/** Unpacking a slice takes the supervisor's loop a few milliseconds. */
const sliceTasksMax = 500;
const sliceCharsMax = 1_000_000;

let tasks: readonly TaskInput[] = [];
const nothing: Rest = { schedules: [], runs: [] };
let rest = nothing;
let at = 0;

process.on('message', (order: ToReader) => {
  if ('read' in order) {
    const file = readTaskFile(order.read, order.format);
    if (!file.ok) {
      process.send?.({ wrong: file.mistakes, more: file.more } satisfies FromReader);
      return;
    }
    tasks = file.tasks;
    rest = { schedules: file.schedules, runs: file.runs };
    at = 0;
  }
  process.send?.(slice());
});
process.on('disconnect', () => process.exit());

function slice(): FromReader {
  const part: TaskInput[] = [];
  for (let chars = 0; at < tasks.length && part.length < sliceTasksMax && chars < sliceCharsMax; at++) {
    const task = tasks[at] as TaskInput;
    chars += task.params.length;
    part.push(task);
  }
  if (at < tasks.length) return { tasks: part, last: null };
  const last = rest;
  [tasks, rest] = [[], nothing];
  return { tasks: part, last };
}
