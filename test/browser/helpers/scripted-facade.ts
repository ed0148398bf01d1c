/**
 * A supervisor that does what a test says and nothing by itself: tasks start, move on and end when told to. It keeps
 * the rules the page relies on (states, refusals, events in order), so that the page cannot tell the difference.
 */
import { formatDuration } from '../../../supervisor/core/duration.ts';
import type { Waiting } from '../../../supervisor/core/record.ts';
import { Refusal } from '../../../supervisor/core/refusal.ts';
import { TASK_STATE_NAMES, type TaskState } from '../../../supervisor/core/task.ts';
import type { TaskInput } from '../../../supervisor/core/task-input.ts';
import type {
  Actor,
  Facade,
  HealthItem,
  LiveLine,
  ManyAnswer,
  PageRequest,
  QueueView,
  StatsView,
  StatusView,
  SubmitAnswer,
  TaskFilter,
  TaskPage,
  TaskView,
  WorkerView,
} from '../../../supervisor/facade.ts';
import type { HandlerCatalog } from '../../../workers/contract.ts';
import { HANDLERS, matches } from './scripted-task.ts';
import { ScriptedTasks, type Task } from './scripted-tasks.ts';

const SLOTS = 4;

type Pause = NonNullable<QueueView['paused']>;

export class ScriptedFacade extends ScriptedTasks implements Facade {
  health: HealthItem[] = [];
  recovered: StatusView['recovered'] = null;
  throughput = { perMinute1: 0, perMinute5: 0, perMinute60: 0 };
  timezone = 'Europe/Berlin';
  /** A stop has begun: nothing new starts. */
  stopping = false;
  /** States of workers that are not told by what they run. */
  workerStates: Partial<Record<string, WorkerView['state']>> = {};
  catalog: HandlerCatalog = { handlers: HANDLERS, failures: [] };
  #paused: QueueView['paused'] = null;
  readonly #pausedTypes = new Map<string, Pause>();

  get paused(): string | null {
    return this.#paused?.reason ?? null;
  }

  async submit(inputs: readonly TaskInput[], actor: Actor): Promise<SubmitAnswer> {
    const tasks = inputs.map((input) => {
      const { type, params, priority, group, tags, idempotencyKey, onInterrupt } = input;
      const runAt = input.runAt ?? (input.delayMs === null ? null : this.now() + input.delayMs);
      const later = runAt === null ? {} : { state: 'scheduled' as const, runAt: new Date(runAt).toISOString() };
      const id = this.add(type, JSON.parse(params), {
        priority,
        group,
        tags,
        idempotencyKey,
        onInterrupt,
        maxAttempts: input.maxAttempts ?? 3,
        timeout: input.timeoutMs === null ? null : formatDuration(input.timeoutMs),
        origin: actor.origin,
        ...later,
      });
      return this.get(id);
    });
    return {
      ids: tasks.map(({ id }) => id),
      texts: tasks.map((task) => JSON.stringify(task)),
      created: tasks.map(() => true),
      durability: 'disk',
    };
  }

  async task(id: string): Promise<TaskView | null> {
    const task = this.all.get(id);
    return task ? this.#view(task) : null;
  }

  async tasks({ filter, limit, after, order }: PageRequest): Promise<TaskPage> {
    const found = this.#matching(filter);
    if (order === 'newest') found.reverse();
    const from = after === null ? 0 : found.findIndex((task) => task.id === after) + 1;
    const items = found.slice(from, from + limit).map((task) => this.#view(task));
    const next = from + limit < found.length ? (items.at(-1)?.id ?? null) : null;
    return { items, next, ...(isCounted(filter) && { total: found.length }) };
  }

  async cancel(id: string): Promise<TaskView> {
    const task = this.get(id);
    if (task.state === 'running') {
      task.cancelRequestedAt = this.iso();
      this.tell('task.cancel_requested', id, {});
    } else if (['succeeded', 'failed', 'canceled'].includes(task.state)) {
      throw new Refusal('conflict', `The task is ${task.state} already`);
    } else {
      Object.assign(task, { state: 'canceled', finishedAt: this.iso(), runAt: null });
      this.tell('task.canceled', id, {});
    }
    return this.#view(task);
  }

  async promote(id: string): Promise<TaskView> {
    const task = this.get(id);
    Object.assign(task, { state: 'queued', runAt: null, priority: 9 });
    this.tell('task.promoted', id, {});
    return this.#view(task);
  }

  async retry(id: string, _actor?: Actor, params: string | null = null): ReturnType<Facade['retry']> {
    const task = this.get(id);
    // What ended well is in the history and runs again as a new task, and so does what runs with other params.
    if (task.state === 'succeeded' || params !== null) {
      const again = this.add(task.type, params === null ? task.params : JSON.parse(params), { retryOf: id });
      return { task: this.#view(this.get(again)), originalId: id, source: 'history' };
    }
    if (!['failed', 'canceled', 'interrupted', 'retrying'].includes(task.state)) {
      throw new Refusal('conflict', `A task that is ${task.state} cannot be retried`);
    }
    Object.assign(task, { state: 'queued', finishedAt: null, runAt: null, error: null });
    this.tell('task.retried', id, {});
    return { task: this.#view(task), originalId: id, source: 'live' };
  }

  cancelMany(which: { ids: readonly string[] } | { filter: TaskFilter }, dryRun: boolean): Promise<ManyAnswer> {
    return this.#many(which, dryRun, (id) => this.cancel(id));
  }

  retryMany(which: { ids: readonly string[] } | { filter: TaskFilter }, dryRun: boolean): Promise<ManyAnswer> {
    return this.#many(which, dryRun, (id) => this.retry(id));
  }

  async queue(): Promise<QueueView> {
    const all = [...this.all.values()];
    const count = (type: string, state: TaskState) =>
      all.filter((task) => task.type === type && task.state === state).length;
    const names = new Set([...all.map((task) => task.type), ...this.#pausedTypes.keys()]);
    const types = [...names].map((type) => ({
      type,
      queued: count(type, 'queued'),
      running: count(type, 'running'),
      paused: this.#pausedTypes.get(type) ?? null,
      concurrency: null,
    }));
    return { paused: this.#paused, types, counts: this.#counts() };
  }

  async pause(type: string | null, reason: string, actor: Actor): Promise<QueueView> {
    const pause = { reason, since: this.iso(), by: actor.origin };
    if (type === null) this.#paused = pause;
    else this.#pausedTypes.set(type, pause);
    this.tell('queue.paused', null, { reason });
    return this.queue();
  }

  async resume(type: string | null): Promise<QueueView> {
    if (type === null) this.#paused = null;
    else this.#pausedTypes.delete(type);
    this.tell('queue.resumed', null, {});
    return this.queue();
  }

  async workers(): Promise<readonly WorkerView[]> {
    const running = [...this.all.values()].filter((task) => task.state === 'running');
    const of = (id: string, lane: WorkerView['lane'], slots: number): WorkerView => {
      const tasks = running
        .filter((task) => task.attempts.at(-1)?.worker === id)
        .map((task) => ({
          id: task.id,
          type: task.type,
          attempt: task.attempt,
          since: task.attempts.at(-1)?.startedAt ?? '',
        }));
      return {
        id,
        lane,
        state: this.workerStates[id] ?? (tasks.length > 0 ? 'busy' : 'idle'),
        slots,
        tasks,
        startedAt: this.workerStates[id] === 'starting' ? null : this.startedAt,
        memory: this.workerStates[id] === 'starting' ? null : { heapBytes: 9_000_000, externalBytes: 2_000_000 },
        attempts: 128,
      };
    };
    return [of('cpu-1', 'cpu', 1), of('cpu-2', 'cpu', 1), of('io-1', 'io', 4 * SLOTS)];
  }

  recycle(): Promise<readonly WorkerView[]> {
    return this.workers();
  }

  async handlers(): ReturnType<Facade['handlers']> {
    return this.catalog;
  }

  async stats(): Promise<StatsView> {
    const figures = { finished: 3, succeeded: 2, failed: 1, canceled: 0, p50Ms: 40, p95Ms: 900 };
    const types = [{ type: 'noop', ...figures, days: [{ day: '2026-11-22', ...figures }] }];
    return { timezone: 'Europe/Berlin', from: '2026-11-22', to: '2026-11-22', durationErrorMax: 0.02, types };
  }

  async status(): Promise<StatusView> {
    const counts = this.#counts();
    const { succeeded, failed, canceled } = counts;
    const due = [...this.all.values()].map((task) => task.runAt).filter((at) => at !== null);
    return {
      version: '0.1.0',
      node: process.version,
      incarnation: 'scripted',
      startedAt: this.startedAt,
      pid: process.pid,
      state: this.stopping ? 'draining' : this.#paused ? 'paused' : 'running',
      counts,
      totals: { accepted: this.made, succeeded, failed, canceled },
      throughput: this.throughput,
      nextDueAt: due.sort()[0] ?? null,
      health: this.health,
      recovered: this.recovered,
      journal: {
        epoch: 1,
        seq: this.events.seq,
        durableSeq: this.events.seq,
        bytes: 1,
        segments: 1,
        snapshotSeq: 0,
        durability: 'disk',
      },
      memory: { rssBytes: 90e6 },
      disk: { freeBytes: 5e11, totalBytes: 1e12 },
      dataDir: '/srv/nightshift/data',
      timezone: this.timezone,
    };
  }

  async log(id: string, attempt: number | null): ReturnType<Facade['log']> {
    const task = this.all.get(id);
    if (!task || task.attempts.length === 0) return null;
    const { lines, ended } = this.logOf(id, attempt ?? task.attempt);
    return { lines: [...lines], ended };
  }

  followLog(id: string, attempt: number | null, line: (line: LiveLine) => void, ended: () => void): () => void {
    const log = this.logOf(id, attempt ?? this.get(id).attempt);
    const listener = { line, ended };
    log.listeners.add(listener);
    return () => log.listeners.delete(listener);
  }

  ready(): { ready: boolean; reason: string | null } {
    return { ready: true, reason: null };
  }

  knowsType(type: string): boolean {
    return this.catalog.handlers.some((handler) => handler.type === type);
  }

  #view(task: Task): TaskView {
    return { ...task, waiting: (task.state === 'queued' && this.#waitsPaused(task.type)) || task.waiting };
  }

  #waitsPaused(type: string): Waiting | null {
    const paused = (what: string, { reason }: Pause) =>
      ({ reason: 'paused', until: null, detail: `${what} is paused: ${reason}` }) as const;
    if (this.#paused) return paused('the queue', this.#paused);
    const pause = this.#pausedTypes.get(type);
    return pause ? paused(type, pause) : null;
  }

  #matching(filter: TaskFilter): Task[] {
    return [...this.all.values()].filter((task) => matches(task, filter));
  }

  #counts(): Record<TaskState, number> {
    const counts = Object.fromEntries(TASK_STATE_NAMES.map((state) => [state, 0])) as Record<TaskState, number>;
    for (const task of this.all.values()) counts[task.state]++;
    return counts;
  }

  async #many(
    which: { ids: readonly string[] } | { filter: TaskFilter },
    dryRun: boolean,
    change: (id: string) => Promise<unknown>,
  ): Promise<ManyAnswer> {
    const ids = 'ids' in which ? which.ids : this.#matching(which.filter).map((task) => task.id);
    const skipped: { id: string; code: string }[] = [];
    if (!dryRun) {
      for (const id of ids) {
        await change(id).catch((error: unknown) =>
          skipped.push({ id, code: error instanceof Refusal ? error.code : 'bug' }),
        );
      }
    }
    return { matched: ids.length, changed: dryRun ? 0 : ids.length - skipped.length, skipped, next: null };
  }
}

/** As the supervisor has it: what is in the history is not counted for a list. */
function isCounted({ state, ...others }: TaskFilter): boolean {
  if (Object.values(others).some((value) => value !== undefined)) return false;
  return !state?.some((name) => ['succeeded', 'failed', 'canceled'].includes(name));
}
