/** The tasks of the scripted supervisor, and what a test tells them to do. */
import { Refusal } from '../../../supervisor/core/refusal.ts';
import type { Outcome, TaskState } from '../../../supervisor/core/task.ts';
import type { LiveLine, TaskView } from '../../../supervisor/facade.ts';
import { ScriptedEvents } from './scripted-events.ts';
import { attemptOf, blankTask, type Writable } from './scripted-task.ts';

export type Task = Writable<TaskView>;
interface Log {
  readonly lines: LiveLine[];
  ended: boolean;
  readonly listeners: Set<{ line(line: LiveLine): void; ended(): void }>;
}

export class ScriptedTasks {
  readonly events = new ScriptedEvents();
  readonly startedAt: string;
  readonly now: () => number;
  protected readonly all = new Map<string, Task>();
  protected made = 0;
  readonly #logs = new Map<string, Log>();

  constructor(now: () => number = Date.now) {
    this.now = now;
    this.startedAt = this.iso();
  }

  add(type: string, params: unknown = {}, more: Partial<TaskView> = {}): string {
    const task: Task = { ...blankTask(++this.made, this.now()), type, params, ...more };
    this.all.set(task.id, task);
    this.tell('task.accepted', task.id, { type });
    return task.id;
  }

  start(id: string, worker = 'cpu-1', agoMs = 0): void {
    const task = this.get(id);
    const at = this.iso(-agoMs);
    task.attempts = [...task.attempts, attemptOf(task.attempts.length + 1, at, worker)];
    Object.assign(task, {
      state: 'running',
      attempt: task.attempts.length,
      waiting: null,
      runAt: null,
      error: null,
      progress: null,
    });
    task.startedAt ??= at;
    this.tell('attempt.started', id, { n: task.attempt, worker });
  }

  progress(id: string, done: number, total: number | null, text: string | null = null): void {
    this.get(id).progress = { done, total, text };
    this.tell('attempt.progressed', id, { n: this.get(id).attempt, progress: { done, total, text } });
  }

  say(id: string, text: string, level = 'info'): void {
    const log = this.logOf(id, this.get(id).attempt);
    const line = { at: this.now(), level, text };
    log.lines.push(line);
    for (const listener of log.listeners) listener.line(line);
  }

  end(id: string, outcome: Outcome, next: TaskState, more: Partial<TaskView> = {}): void {
    const task = this.get(id);
    const last = task.attempts.at(-1);
    const error = more.error ?? null;
    const finishedAt = more.finishedAt ?? this.iso();
    if (last)
      task.attempts = [...task.attempts.slice(0, -1), { ...last, outcome, finishedAt, ...(error && { error }) }];
    const finished = ['succeeded', 'failed', 'canceled'].includes(next);
    Object.assign(task, { state: next, error, cancelRequestedAt: null, ...(finished && { finishedAt }) }, more);
    const log = this.logOf(id, task.attempt);
    log.ended = true;
    for (const listener of log.listeners) listener.ended();
    this.tell('attempt.ended', id, { n: task.attempt, outcome, next });
  }

  succeed(id: string, result: unknown = null): void {
    this.end(id, 'succeeded', 'succeeded', { result });
  }

  fail(id: string, message: string, code = 'http_status'): void {
    this.end(id, 'failed', 'failed', { error: { code, message } });
  }

  /** The first task that a test wants to follow, by its type. */
  newest(type: string): string {
    const found = [...this.all.values()].reverse().find((task) => task.type === type);
    if (!found) throw new Error(`no task of type ${type}`);
    return found.id;
  }

  stateOf(id: string): TaskState {
    return this.get(id).state;
  }

  iso(byMs = 0): string {
    return new Date(this.now() + byMs).toISOString();
  }

  protected get(id: string): Task {
    const task = this.all.get(id);
    if (!task) throw new Refusal('not_found', `There is no task ${id}`);
    return task;
  }

  protected logOf(id: string, attempt: number): Log {
    const key = `${id} ${attempt}`;
    const log = this.#logs.get(key) ?? { lines: [], ended: false, listeners: new Set() };
    this.#logs.set(key, log);
    return log;
  }

  protected tell(name: string, task: string | null, data: Record<string, unknown>): void {
    this.events.publish(name, task, this.now(), data);
  }
}
