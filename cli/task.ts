/** A task as commands read it from the API, and the few words they say about one. */
import type { TaskRecord, Waiting } from '../supervisor/core/record.ts';

export type Task = TaskRecord & { readonly waiting: Waiting | null; readonly retriedAs: string | null };

/** What matters most about a task in its state, in one line. */
export function note(task: Task): string {
  if (task.state === 'running') return task.cancelRequestedAt ? 'asked to stop' : progressText(task);
  if (task.waiting) return `${task.waiting.reason}${task.waiting.detail ? `: ${task.waiting.detail}` : ''}`;
  return task.error ? `${task.error.code}: ${task.error.message}` : '';
}

export function progressText(task: Task): string {
  const { progress } = task;
  if (!progress) return '';
  const share = progress.total ? `${Math.floor((progress.done / progress.total) * 100)} %` : String(progress.done);
  return progress.text ? `${share} ${progress.text}` : share;
}
