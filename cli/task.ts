/** A task as commands read it from the API, and the few words they say about one. */
import type { TaskRecord, Waiting } from '../supervisor/core/record.ts';
import type { TaskError } from '../supervisor/core/task.ts';

export type Task = TaskRecord & { readonly waiting: Waiting | null; readonly retriedAs: string | null };

/** What matters most about a task in its state, in one line. */
export function note(task: Task): string {
  if (task.state === 'running') return task.cancelRequestedAt ? 'asked to stop' : progressText(task);
  if (task.waiting) return `${task.waiting.reason}${task.waiting.detail ? `: ${task.waiting.detail}` : ''}`;
  return task.error ? errorText(task.error) : '';
}

/** Errors of the system begin with their code, and some say nothing but it. */
export function errorText({ code, message }: TaskError): string {
  return message === code || message.startsWith(`${code}:`) ? message : `${code}: ${message}`;
}

/** Which attempts count: `maxAttempts` is about them alone. */
const FAILURES: readonly (string | null)[] = ['failed', 'timed_out', 'worker_crashed'];

/** Interruptions and cancels are attempts as well, and no failures. */
export function attemptText({ attempt, attempts, maxAttempts, state }: Task): string {
  const failures = attempts.filter(({ outcome }) => FAILURES.includes(outcome)).length;
  if (failures >= maxAttempts && state !== 'failed' && state !== 'succeeded' && state !== 'canceled')
    return `${attempt}, after a retry that allows ${maxAttempts} failures anew`;
  return `${attempt}, ${Math.min(failures, maxAttempts)} of ${maxAttempts} failures used`;
}

const paramsCharsMax = 36;

/** What tells one task from the next at a glance: params without the quotes and braces of JSON, cut to fit a line. */
export function paramsText(params: unknown): string {
  const given = typeof params === 'object' && params !== null && !Array.isArray(params) ? Object.entries(params) : null;
  const text = given
    ? given.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ')
    : JSON.stringify(params ?? '');
  return text.length > paramsCharsMax ? `${text.slice(0, paramsCharsMax - 1)}…` : text;
}

export function progressText(task: Task): string {
  const { progress } = task;
  if (!progress) return '';
  const share = progress.total ? `${Math.floor((progress.done / progress.total) * 100)} %` : String(progress.done);
  return progress.text ? `${share} ${progress.text}` : share;
}
