/** Tasks, attempts and handlers of the scripted supervisor, as its answers carry them. */
import type { AttemptView } from '../../../supervisor/core/record.ts';
import type { TaskFilter, TaskView } from '../../../supervisor/facade.ts';
import type { HandlerDescription, Lane } from '../../../workers/contract.ts';

export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** An id of the shape of a UUIDv7, in order of creation. */
function idOf(number: number, at: number): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function blankTask(number: number, at: number): Writable<TaskView> {
  return {
    id: idOf(number, at),
    type: '',
    state: 'queued',
    params: {},
    priority: 5,
    runAt: null,
    maxAttempts: 3,
    backoff: { kind: 'exponential', base: '10s', max: '1h', jitter: 0.2 },
    timeout: '30m',
    idempotencyKey: null,
    tags: [],
    group: null,
    onInterrupt: 'requeue',
    origin: 'inbox:feeds.json',
    createdAt: new Date(at).toISOString(),
    startedAt: null,
    finishedAt: null,
    attempt: 0,
    attempts: [],
    progress: null,
    counts: null,
    result: null,
    error: null,
    run: null,
    retryOf: null,
    retriedAs: null,
    cancelRequestedAt: null,
    settingsRevision: null,
    waiting: null,
  };
}

export function attemptOf(number: number, startedAt: string, worker: string): AttemptView {
  return { number, outcome: null, startedAt, finishedAt: null, worker, handlerVersion: '3f9a1c20b7de' };
}

export function matches(task: TaskView, filter: TaskFilter): boolean {
  const { state, type, tag, group, q, run, origin, schedule, param } = filter;
  if (run && !run.includes(task.run?.id ?? '')) return false;
  if (origin && !origin.some((one) => task.origin === one || task.origin.startsWith(`${one}:`))) return false;
  if (schedule && !schedule.some((one) => task.origin === `schedule:${one}`)) return false;
  const params = task.params as Readonly<Record<string, unknown>>;
  if (param && !Object.entries(param).every(([name, value]) => params[name] === value)) return false;
  if (!isWithin(task, filter)) return false;
  if (state && !state.includes(task.state)) return false;
  if (type && !type.includes(task.type)) return false;
  if (tag && !tag.some((one) => task.tags.includes(one))) return false;
  if (group && !(task.group && group.includes(task.group))) return false;
  const text = JSON.stringify([task.id, task.type, task.params, task.error, task.tags]);
  return q === undefined || text.toLowerCase().includes(q.toLowerCase());
}

function isWithin(task: TaskView, { from, to, durationFrom, durationTo }: TaskFilter): boolean {
  const created = Date.parse(task.createdAt);
  if (created < (from ?? 0) || created >= (to ?? Number.POSITIVE_INFINITY)) return false;
  if (durationFrom === undefined && durationTo === undefined) return true;
  const took = Date.parse(task.finishedAt ?? '') - Date.parse(task.startedAt ?? '');
  return took >= (durationFrom ?? 0) && took < (durationTo ?? Number.POSITIVE_INFINITY);
}

/** @param more what is not as it is for most; one with a file of its own is not built in */
export function handler(type: string, lane: Lane, more: Partial<HandlerDescription> = {}): HandlerDescription {
  return {
    type,
    lane,
    timeoutMs: null,
    maxAttempts: null,
    concurrency: null,
    flag: null,
    settings: [],
    checksParams: false,
    file: `workers/handlers/${type}.js`,
    url: `file:///workers/handlers/${type}.js`,
    version: '3f9a1c20b7de',
    builtIn: true,
    ...more,
  };
}

export const HANDLERS: readonly HandlerDescription[] = [
  handler('http.download', 'io'),
  handler('http.request', 'io'),
  handler('command.run', 'cpu'),
  handler('thumbnail.make', 'cpu'),
];
