/**
 * A supervisor of paper for tests of the HTTP layer: keeps tasks in a list, does what it is told, remembers what it was
 * asked, and says "no" where a test wrote one down.
 */
import { Refusal } from '../../supervisor/core/refusal.ts';
import { TASK_STATE_NAMES, type TaskState } from '../../supervisor/core/task.ts';
import type { TaskInput } from '../../supervisor/core/task-input.ts';
import type {
  Actor,
  EventSource,
  Facade,
  LiveLine,
  ManyAnswer,
  PublishedEvent,
  QueueView,
  StatsRequest,
  StatsView,
  StatusView,
  TaskFilter,
  TaskPage,
  TaskView,
  WorkerView,
} from '../../supervisor/facade.ts';

export interface Asked {
  readonly call: string;
  readonly with: readonly unknown[];
  readonly actor: Actor | null;
}

/** Events as the journal would publish them; only the newest `held` are kept. */
export class ScriptedEvents implements EventSource {
  epoch = 1;
  seq = 0;
  /** How often somebody asked what came after. */
  questions = 0;
  readonly held: number;
  #events: PublishedEvent[] = [];
  readonly #listeners = new Set<(events: readonly PublishedEvent[]) => void>();

  constructor(held = 1_000) {
    this.held = held;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  since(seq: number): readonly PublishedEvent[] | null {
    this.questions++;
    const oldest = this.#events[0]?.seq ?? this.seq + 1;
    return seq + 1 < oldest ? null : this.#events.filter((event) => event.seq > seq);
  }

  subscribe(listener: (events: readonly PublishedEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(...names: string[]): void {
    const batch = names.map((name): PublishedEvent => {
      this.seq++;
      return {
        epoch: this.epoch,
        seq: this.seq,
        at: 1_700_000_000_000 + this.seq,
        name,
        task: `task-${this.seq}`,
        data: { number: this.seq },
      };
    });
    this.send(batch);
  }

  about(task: string, name: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.seq++;
    this.send([{ epoch: this.epoch, seq: this.seq, at: 1_700_000_000_000 + this.seq, name, task, data }]);
  }

  send(batch: readonly PublishedEvent[]): void {
    this.#events = [...this.#events, ...batch].slice(-this.held);
    for (const listener of this.#listeners) listener(batch);
  }
}

const START = '2026-11-22T10:00:00.000Z';

export class ScriptedFacade implements Facade {
  readonly events: ScriptedEvents;
  readonly list: TaskView[] = [];
  readonly asked: Asked[] = [];
  readonly types = new Set(['http.request', 'noop']);
  /** What the next calls throw, by call. */
  readonly refusals = new Map<string, unknown>();
  readonly logs = new Map<
    string,
    { lines: LiveLine[]; ended: boolean; followers: Set<{ line: (line: LiveLine) => void; ended: () => void }> }
  >();
  workerList: WorkerView[] = [
    { id: 'cpu-1', lane: 'cpu', state: 'idle', slots: 1, tasks: [], startedAt: null, memory: null, attempts: 3 },
    {
      id: 'io-1',
      lane: 'io',
      state: 'busy',
      slots: 16,
      tasks: [{ id: 't', type: 'noop', attempt: 1, since: START }],
      startedAt: START,
      memory: { heapBytes: 9_000_000, externalBytes: 2_000_000 },
      attempts: 9,
    },
  ];
  readiness: { ready: boolean; reason: string | null } = { ready: true, reason: null };
  paused: QueueView['paused'] = null;
  manyNext: string | null = null;
  /** Remembering costs memory; a measurement switches it off. */
  remembers = true;
  #made = 0;

  constructor(events = new ScriptedEvents()) {
    this.events = events;
  }

  #note(call: string, args: readonly unknown[], actor: Actor | null = null): void {
    if (this.remembers) this.asked.push({ call, with: args, actor });
    const refusal = this.refusals.get(call);
    if (refusal !== undefined) throw refusal;
  }

  lastAsked(call: string): Asked | undefined {
    return this.asked.findLast((asked) => asked.call === call);
  }

  async submit(inputs: readonly TaskInput[], actor: Actor) {
    this.#note('submit', [inputs], actor);
    const created: boolean[] = [];
    const tasks = inputs.map((input) => {
      const known =
        input.idempotencyKey === null
          ? undefined
          : this.list.find((task) => task.type === input.type && task.idempotencyKey === input.idempotencyKey);
      created.push(!known);
      if (known && JSON.stringify(known.params) !== input.params)
        throw new Refusal('conflict', 'the key belongs to a task with other params');
      return known ?? this.#make(input, actor);
    });
    return {
      ids: tasks.map(({ id }) => id),
      texts: tasks.map((task) => JSON.stringify(task)),
      created,
      durability: 'disk' as const,
    };
  }

  #make(input: TaskInput, actor: Actor): TaskView {
    const task = viewOf(this.#made++, input, actor.origin);
    if (this.remembers) this.list.push(task);
    return task;
  }

  async task(id: string) {
    this.#note('task', [id]);
    return this.list.find((task) => task.id === id) ?? null;
  }

  async tasks(request: {
    filter: TaskFilter;
    limit: number;
    after: string | null;
    order: 'newest' | 'oldest';
    signal?: AbortSignal;
  }): Promise<TaskPage> {
    this.#note('tasks', [request]);
    const { state, type } = request.filter;
    const all = this.list.filter(
      (task) => (!state || state.includes(task.state)) && (!type || type.includes(task.type)),
    );
    if (request.order === 'newest') all.reverse();
    const from = request.after === null ? 0 : all.findIndex((task) => task.id === request.after) + 1;
    const items = all.slice(from, from + request.limit);
    return { items, next: from + request.limit < all.length ? (items.at(-1)?.id ?? null) : null, total: all.length };
  }

  async #existing(id: string): Promise<TaskView> {
    const task = this.list.find((one) => one.id === id);
    if (!task) throw new Refusal('not_found', `There is no task ${id}`);
    return task;
  }

  async cancel(id: string, actor: Actor) {
    this.#note('cancel', [id], actor);
    return await this.#existing(id);
  }

  async promote(id: string, actor: Actor) {
    this.#note('promote', [id], actor);
    return await this.#existing(id);
  }

  async retry(id: string, actor: Actor, params: string | null = null) {
    this.#note('retry', params === null ? [id] : [id, params], actor);
    return { task: await this.#existing(id), originalId: id, source: 'live' as const };
  }

  async cancelMany(which: unknown, dryRun: boolean, actor: Actor): Promise<ManyAnswer> {
    this.#note('cancelMany', [which, dryRun], actor);
    return { matched: 3, changed: dryRun ? 0 : 2, skipped: [{ id: 'x', code: 'conflict' }], next: this.manyNext };
  }

  async retryMany(which: unknown, dryRun: boolean, actor: Actor, how?: unknown): Promise<ManyAnswer> {
    this.#note('retryMany', [which, dryRun, how], actor);
    return { matched: 1, changed: dryRun ? 0 : 1, skipped: [], next: this.manyNext };
  }

  async queue(): Promise<QueueView> {
    this.#note('queue', []);
    return {
      paused: this.paused,
      types: [{ type: 'noop', queued: 2, running: 1, paused: null, concurrency: 4 }],
      counts: this.#counts(),
    };
  }

  async pause(type: string | null, reason: string, actor: Actor) {
    this.#note('pause', [type, reason], actor);
    this.paused = { reason, since: START, by: actor.origin };
    return await this.queue();
  }

  async resume(type: string | null, actor: Actor) {
    this.#note('resume', [type], actor);
    this.paused = null;
    return await this.queue();
  }

  async workers() {
    this.#note('workers', []);
    return this.workerList;
  }

  async recycle(id: string, actor: Actor) {
    this.#note('recycle', [id], actor);
    if (!this.workerList.some((worker) => worker.id === id)) throw new Refusal('not_found', `There is no worker ${id}`);
    return this.workerList;
  }

  async handlers() {
    this.#note('handlers', []);
    const handlers = [...this.types].map((type) => ({
      type,
      lane: 'io' as const,
      timeoutMs: null,
      maxAttempts: null,
      concurrency: null,
      flag: null,
      settings: [],
      checksParams: false,
      file: `${type}.js`,
      url: `file:///${type}.js`,
      version: '0123456789ab',
      builtIn: true,
    }));
    return { handlers, failures: [{ file: 'broken.js', message: 'has no run()' }] };
  }

  async stats({ types, days }: StatsRequest): Promise<StatsView> {
    this.#note('stats', [{ types, days }]);
    const figures = { finished: 3, succeeded: 2, failed: 1, canceled: 0, p50Ms: 40, p95Ms: 900 };
    const shown = [{ type: 'noop', ...figures, days: [{ day: '2026-11-22', ...figures }] }];
    return { timezone: 'Europe/Berlin', from: '2026-11-22', to: '2026-11-22', durationErrorMax: 0.02, types: shown };
  }

  async status(): Promise<StatusView> {
    this.#note('status', []);
    return {
      version: '0.1.0',
      node: 'v20.19.0',
      incarnation: 'incarnation-1',
      startedAt: START,
      pid: 4711,
      state: 'running',
      counts: this.#counts(),
      totals: { accepted: 10, succeeded: 5, failed: 1, canceled: 1 },
      throughput: { perMinute1: 1, perMinute5: 2, perMinute60: 3 },
      nextDueAt: null,
      health: [{ code: 'no-handler', severity: 'warning', message: 'x', action: 'y', since: START }],
      recovered: null,
      journal: { epoch: 1, seq: 7, durableSeq: 7, bytes: 100, segments: 1, snapshotSeq: 0, durability: 'disk' },
      memory: { rssBytes: 1 },
      disk: { freeBytes: 1, totalBytes: 2 },
      dataDir: '/data',
      timezone: 'Europe/Berlin',
    };
  }

  #counts(): Record<TaskState, number> {
    const counts = Object.fromEntries(TASK_STATE_NAMES.map((state) => [state, 0])) as Record<TaskState, number>;
    for (const task of this.list) counts[task.state]++;
    return counts;
  }

  async log(id: string, attempt: number | null) {
    this.#note('log', [id, attempt]);
    const log = this.logs.get(`${id}/${attempt ?? 1}`);
    return log ? { lines: [...log.lines], ended: log.ended } : null;
  }

  followLog(id: string, attempt: number | null, line: (line: LiveLine) => void, ended: () => void): () => void {
    const log = this.logs.get(`${id}/${attempt ?? 1}`);
    if (!log || log.ended) {
      ended();
      return () => {};
    }
    const follower = { line, ended };
    log.followers.add(follower);
    return () => log.followers.delete(follower);
  }

  beginLog(id: string, attempt = 1): void {
    this.logs.set(`${id}/${attempt}`, { lines: [], ended: false, followers: new Set() });
  }

  writeLog(id: string, text: string, attempt = 1): void {
    const log = this.logs.get(`${id}/${attempt}`);
    if (!log) throw new Error('begin the log first');
    const line = { at: 1_700_000_000_000 + log.lines.length, level: 'info', text };
    log.lines.push(line);
    for (const follower of log.followers) follower.line(line);
  }

  endLog(id: string, attempt = 1): void {
    const log = this.logs.get(`${id}/${attempt}`);
    if (!log) throw new Error('begin the log first');
    log.ended = true;
    for (const follower of log.followers) follower.ended();
  }

  ready() {
    return this.readiness;
  }

  knowsType(type: string) {
    return this.types.has(type);
  }
}

function viewOf(number: number, input: TaskInput, origin: string): TaskView {
  return {
    id: `0191f0c0-0000-7000-8000-${String(number).padStart(12, '0')}`,
    type: input.type,
    state: 'queued',
    params: JSON.parse(input.params),
    priority: input.priority,
    runAt: null,
    maxAttempts: input.maxAttempts ?? 3,
    backoff: { kind: 'exponential', base: '10s', max: '1h', jitter: 0.2 },
    timeout: null,
    idempotencyKey: input.idempotencyKey,
    tags: input.tags,
    group: input.group,
    onInterrupt: input.onInterrupt,
    origin,
    createdAt: START,
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
