/** Bits of state for the tests of the core: tasks and events in a line each, and the state as plain, comparable data. */
import { apply } from '../../supervisor/core/apply.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { taskRecord } from '../../supervisor/core/record.ts';
import type { Line } from '../../supervisor/core/shelf.ts';
import { freshState, type State } from '../../supervisor/core/state.ts';
import type { Task, TaskOptions } from '../../supervisor/core/task.ts';
import { checkTask, type TaskInput } from '../../supervisor/core/task-input.ts';

export const noon = Date.UTC(2026, 10, 22, 12);

export const plainOptions: TaskOptions = {
  type: 'echo',
  priority: 5,
  maxAttempts: 3,
  backoff: { kind: 'exponential', baseMs: 10_000, maxMs: 3_600_000, jitter: 0.2 },
  timeoutMs: null,
  tags: [],
  group: null,
  onInterrupt: 'requeue',
  origin: 'http',
  run: null,
  settingsRevision: null,
};

/** A valid UUIDv7 of its number. */
export function idOf(number: number): string {
  const hex = (noon + number).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function freeTask(number: number, options: Partial<TaskOptions> = {}, at = noon): Task {
  return {
    id: idOf(number),
    options: { ...plainOptions, ...options },
    params: 0,
    idempotencyKey: null,
    state: 'queued',
    seq: number,
    at,
    relative: false,
    promoted: false,
    label: null,
    life: null,
    line: null,
    previous: null,
    next: null,
  };
}

export function inputOf(value: Record<string, unknown>): TaskInput {
  const checked = checkTask({ type: 'echo', ...value });
  if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
  return checked.value;
}

/** A state and the events it has seen, as the supervisor would journal them. */
export class Life {
  readonly state: State;
  readonly events: { readonly seq: number; readonly at: number; readonly event: Event }[] = [];
  now = noon;

  constructor(state: State = freshState()) {
    this.state = state;
  }

  /** @returns the task that finished with this event */
  record(event: Event): Task | null {
    const seq = this.state.seq + 1;
    this.events.push({ seq, at: this.now, event });
    return apply(this.state, event, { seq, at: this.now, params: null, missingUntil: 0 });
  }

  accept(
    number: number,
    options: Partial<TaskOptions> = {},
    more: { runAt?: number; key?: string; params?: string; relative?: boolean } = {},
  ): Task {
    this.record({
      e: 'task.accepted',
      id: idOf(number),
      key: more.key ?? null,
      runAt: more.runAt ?? null,
      relative: more.relative ?? false,
      retryOf: null,
      options: this.state.options.of({ ...plainOptions, ...options }),
      params: more.params ?? '{}',
    });
    return this.task(number);
  }

  start(number: number, solo = false): void {
    const n = (this.task(number).life?.attempts.at(-1)?.number ?? 0) + 1;
    this.record({ e: 'attempt.started', id: idOf(number), n, worker: 'cpu-1', handler: 'abc', solo });
  }

  task(number: number): Task {
    const task = this.state.tasks.get(idOf(number));
    if (!task) throw new Error(`there is no task ${number}`);
    return task;
  }
}

/** Everything a restart must bring back, in an order of its own: two states are equal when their dumps are. */
export function dump(
  state: State,
  paramsOf: (task: Task) => string = (task) => state.params.text(task.params) ?? '',
): Record<string, unknown> {
  const tasks = [...state.tasks.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    seq: state.seq,
    tasks: tasks.map((task) => ({
      ...taskRecord(task, paramsOf(task)),
      seq: task.seq,
      at: task.at,
      promoted: task.promoted,
      relative: task.relative,
      life: task.life,
    })),
    lines: sorted(
      new Map([...state.ready.lines()].filter(({ size }) => size > 0).map((line) => [line.key, idsIn(line)])),
    ),
    queueSize: state.ready.size,
    order: Array.from({ length: state.order.length }, (_, index) => state.order.at(index)).filter((id) =>
      state.tasks.has(id as string),
    ),
    running: ids(state.running),
    suspects: ids(state.suspects),
    failed: ids(state.failed.values()),
    runningByType: sorted(state.runningByType),
    runningByGroup: sorted(state.runningByGroup),
    counts: { ...state.counts },
    totals: { ...state.totals },
    liveKeys: keys(state.liveKeys),
    finishedKeys: keys(state.finishedKeys),
    pausedAll: state.pausedAll,
    pausedTypes: sorted(state.pausedTypes),
    inboxTaken: sorted(state.inboxTaken),
    children: sorted(state.children),
    incarnation: state.incarnation,
    lastStop: state.lastStop,
    due: dueTimes(state),
    store: sorted(state.store.byKey),
    storeSize: [state.store.bytes, state.store.expiring],
  };
}

function dueTimes(state: State): [string, number][] {
  const times = new Map<string, number>();
  for (const { at, task } of state.due.values()) {
    if (task.at === at && (task.state === 'scheduled' || task.state === 'retrying')) times.set(task.id, at);
  }
  return sorted(times);
}

function keys(map: State['liveKeys']): unknown[] {
  return sorted(map).map(([digest, { seq: _, ...known }]) => [digest, known]);
}

function idsIn({ head, size }: Line): string[] {
  const ids: string[] = [];
  for (let task = head; task; task = task.next) ids.push(task.id);
  if (ids.length !== size) throw new Error(`a line of ${ids.length} tasks says it has ${size}`);
  return ids;
}

function ids(tasks: Iterable<Task>): string[] {
  return [...tasks].map(({ id }) => id).sort();
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
