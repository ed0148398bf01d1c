/**
 * The supervisor as the outside has it: commands become events, reads become views, and nobody is answered before what
 * the answer rests on is on disk.
 */
import type { HandlerDescription } from '../workers/contract.ts';
import type { Clock } from './clock.ts';
import { acceptAgain, retryRefusal } from './core/decide/runs.ts';
import { cancelTask, leaveForEdited, pauseQueue, promoteTask, resumeQueue, retryTask } from './core/decide/steer.ts';
import { submitTasks } from './core/decide/submit.ts';
import { askedBy, type Event } from './core/event.ts';
import type { IdMaker } from './core/id.ts';
import {
  type HistoryRecord,
  recordHead,
  type TaskRecord,
  taskRecord,
  type Waiting,
  withParams,
} from './core/record.ts';
import { Refusal } from './core/refusal.ts';
import type { State } from './core/state.ts';
import type { FinishedState, Task, TaskOptions } from './core/task.ts';
import type { TaskInput } from './core/task-input.ts';
import { waitingOf } from './core/waiting.ts';
import { totalOf } from './counting.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Actor, PageRequest, StatsRequest, SubmitAnswer, TaskPage, TaskView } from './facade.ts';
import type { History } from './history/history.ts';
import type { TypeStats } from './history/stats.ts';
import type { Journal } from './journal/live-journal.ts';
import { listTasks } from './listing.ts';
import { inputOf } from './rebuild.ts';
import type { Recorder } from './recorder.ts';

export interface SupervisorParts {
  readonly state: State;
  readonly journal: Pick<Journal, 'durable' | 'durability' | 'full' | 'read'>;
  readonly history: Pick<History, 'count' | 'endingsCount' | 'get' | 'list' | 'stats'>;
  readonly recorder: Recorder;
  readonly dispatcher: Pick<Dispatcher, 'pump' | 'stop'>;
  readonly ids: IdMaker;
  readonly clock: Clock;
  readonly handlers: { of(type: string): HandlerDescription | undefined };
  /** Asks handlers about params; null when none has to be asked. @throws Refusal `validation` */
  readonly checkParams: (inputs: readonly TaskInput[]) => Promise<void> | null;
  /** @throws Refusal `unknown_type` for one that nobody handles */
  readonly checkType: (type: string) => void;
}

export interface Accepted {
  readonly ids: readonly string[];
  readonly created: readonly boolean[];
}

export interface AcceptOptions {
  /** Written down with the tasks, all or nothing; asked for in the turn in which that is done. */
  readonly first?: () => readonly Event[] | Refusal;
  /** Record of the finished task that the only one of the list runs again. */
  readonly retryOf?: HistoryRecord | null;
  /** False for params that were taken before: what its handler asks for may have changed, and is said when it runs. */
  readonly checksParams?: boolean;
  /** For what a running attempt submits: refused, the attempt would fail for a stop that is none of its business. */
  readonly whileDraining?: boolean;
}

export interface RetryOptions {
  /** Also what has been run again already, as a person may who names it; else that is refused. */
  readonly resolved?: boolean;
  /** JSON text, in place of those it had. */
  readonly params?: string | null;
  readonly delayMs?: number | null;
  readonly idempotencyKey?: string | null;
}

export class Supervisor {
  readonly #parts: SupervisorParts;
  /** Finished tasks that are being run again: their records do not say so yet. */
  readonly #retrying = new Set<string>();
  /** Of those in runs, the task that each is run again as. */
  readonly #again = new Map<string, string>();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  /** Resolves once everything recorded so far is on disk: what an answer rests on. */
  async settled(): Promise<void> {
    await this.#parts.journal.durable(this.#parts.state.seq);
  }

  /** Accepts a list of tasks, all or none, and resolves once they are durable. */
  async accept(
    inputs: readonly TaskInput[],
    origin: string,
    { first = () => [], retryOf = null, checksParams = true, whileDraining = false }: AcceptOptions = {},
  ): Promise<Accepted> {
    const { state, journal, recorder, dispatcher, clock, ids } = this.#parts;
    this.mayTakeWork(whileDraining);
    const checking = checksParams ? this.#parts.checkParams(inputs) : null;
    if (checking) {
      await checking;
      this.mayTakeWork(whileDraining);
    }
    const before = first();
    if (before instanceof Refusal) throw await this.#settledWith(before);
    const now = clock.wall();
    const decision = submitTasks(
      state,
      inputs,
      origin,
      now,
      () => ids.next(now),
      (type) => this.handlerOf(type),
      retryOf?.id,
    );
    if (decision instanceof Refusal) throw await this.#settledWith(decision);
    if (before.length + decision.events.length > 0) recorder.recordGroup([...before, ...decision.events]);
    if (retryOf) recorder.rewrite(state.seq, now, { ...retryOf, retriedAs: decision.ids[0] as string });
    dispatcher.pump();
    await journal.durable(state.seq);
    return decision;
  }

  async submit(inputs: readonly TaskInput[], actor: Actor): Promise<SubmitAnswer> {
    const { ids, created } = await this.accept(inputs, actor.origin);
    const texts = await this.#textsOf(ids);
    return { ids, texts, created, durability: this.#parts.journal.durability };
  }

  async task(id: string): Promise<TaskView | null> {
    const [view] = await this.#viewsOf([id]).catch((error) => {
      if (error instanceof Refusal && error.code === 'not_found') return [null];
      throw error;
    });
    return view ?? null;
  }

  async tasks(request: PageRequest): Promise<TaskPage> {
    await this.#parts.recorder.departed();
    const parts = { ...this.#parts, paramsOf: (tasks: readonly Task[]) => this.paramsOf(tasks) };
    const listed = await listTasks(parts, request);
    const items = listed.records.map((record) => this.#viewOf(record));
    const total = await totalOf(this.#parts, request, listed);
    await this.settled();
    return { items, next: listed.next, ...total };
  }

  /** @param zone IANA name of the zone whose days are meant */
  async stats({ types, days }: StatsRequest, zone: string): Promise<readonly TypeStats[]> {
    const { recorder, history, clock } = this.#parts;
    await recorder.departed();
    const stats = await history.stats({ types, days, zone, now: clock.wall() });
    await this.settled();
    return stats;
  }

  async cancel(id: string, actor: Actor): Promise<TaskView> {
    const task = await this.#liveTask(id, 'there is nothing left to cancel');
    await this.#carryOut(cancelTask(task, askedBy(actor)));
    if (task.state === 'running') this.#parts.dispatcher.stop(id, 'canceled');
    return this.#mustView(id);
  }

  async promote(id: string, actor: Actor): Promise<TaskView> {
    const task = await this.#liveTask(id, 'only a waiting task can go to the front');
    await this.#carryOut(promoteTask(task, askedBy(actor)));
    return this.#mustView(id);
  }

  /** Under its own id while it is live, as a new task when only the history has it. */
  async retry(id: string, actor: Actor, options: RetryOptions = {}) {
    const { resolved = true } = options;
    const live = this.#parts.state.tasks.get(id);
    if (live) {
      const { run } = live.options;
      const refusal = run && retryRefusal(this.#parts.state, run.id);
      if (options.params == null) return this.#retryLive(live, refusal, actor, options.delayMs ?? null);
      await this.#carryOut(refusal ?? leaveForEdited(live));
    }
    if (this.#retrying.has(id) && !resolved) throw new Refusal('conflict', `task ${id} is being retried`);
    this.#retrying.add(id);
    try {
      return await this.#retryFinished(id, actor, options);
    } finally {
      this.#retrying.delete(id);
    }
  }

  async #retryLive(task: Task, refusal: Refusal | null, actor: Actor, delayMs: number | null) {
    const runAt = delayMs === null || delayMs === 0 ? null : this.#parts.clock.wall() + delayMs;
    await this.#carryOut(refusal ?? retryTask(task, askedBy(actor), runAt));
    return { task: await this.#mustView(task.id), originalId: task.id, source: 'live' as const };
  }

  async #retryFinished(id: string, actor: Actor, options: RetryOptions) {
    const { resolved = true, params = null, delayMs = null, idempotencyKey = null } = options;
    const record = await this.#finished(id);
    if (!record) throw new Refusal('not_found', `there is no task ${id}`);
    if (record.retriedAs && !resolved)
      throw new Refusal('conflict', `task ${id} has been retried as ${record.retriedAs}`);
    this.#parts.checkType(record.type);
    if (record.run) return this.#retryInRun(record, record.run, options);
    const { input: before, warning } = inputOf(record);
    const input = { ...before, delayMs, idempotencyKey, ...(params !== null && { params }) };
    const { ids } = await this.accept([input], actor.origin, { retryOf: record, checksParams: params !== null });
    const task = await this.#mustView(ids[0] as string);
    await this.#parts.recorder.departed();
    const source = warning ? ('rebuilt' as const) : ('history' as const);
    return { task, originalId: id, source, ...(warning && { warning }) };
  }

  /** In its place: a stage has each key once, so a task that runs again is no other work than the one before. */
  async #retryInRun(given: HistoryRecord, ref: NonNullable<HistoryRecord['run']>, options: RetryOptions) {
    const { state, recorder, dispatcher, clock, ids } = this.#parts;
    const { params: edited = null, delayMs = null } = options;
    const record = edited === null ? given : await this.#checked(given, edited);
    const known = record.retriedAs ?? this.#again.get(record.id);
    if (known !== undefined)
      throw new Refusal('conflict', `task ${record.id} has been retried as ${known}: retry that one`);
    this.mayTakeWork();
    const now = clock.wall();
    const again = { id: ids.next(now), retryOf: record.id, ref, runAt: delayMs ? now + delayMs : null };
    const params = edited ?? JSON.stringify(record.params ?? {});
    const { idempotencyKey: key, label = null } = record;
    const was = { state: record.state as FinishedState, type: record.type, key, params, label };
    const decision = acceptAgain(state, again, was, (type) => this.handlerOf(type));
    if (decision instanceof Refusal) throw await this.#settledWith(decision);
    this.#again.set(record.id, again.id);
    recorder.recordGroup(decision);
    recorder.rewrite(state.seq, now, { ...record, retriedAs: again.id });
    dispatcher.pump();
    const task = await this.#mustView(again.id);
    await recorder.departed();
    this.#again.delete(record.id);
    return { task, originalId: record.id, source: 'history' as const };
  }

  /** @returns the record as it is once the handler has been asked about the params: it may have run again meanwhile */
  async #checked(record: HistoryRecord, params: string): Promise<HistoryRecord> {
    await this.#parts.checkParams([{ ...inputOf(record).input, params }]);
    return (await this.#finished(record.id)) ?? record;
  }

  async pause(type: string | null, reason: string, actor: Actor): Promise<void> {
    await this.#carryOut(pauseQueue(this.#parts.state, type, reason, askedBy(actor)));
  }

  async resume(type: string | null, actor: Actor): Promise<void> {
    await this.#carryOut(resumeQueue(this.#parts.state, type, askedBy(actor)));
  }

  /** Writes down that somebody has a worker replaced. */
  async recycled(worker: string, actor: Actor): Promise<void> {
    await this.#carryOut([{ e: 'worker.recycled', worker, ...askedBy(actor) }]);
  }

  /** Params as text; those that are only on disk are read back. */
  async paramsOf(tasks: readonly Task[]): Promise<readonly string[]> {
    const { state, journal } = this.#parts;
    const texts = tasks.map((task) => state.params.text(task.params));
    const cold = tasks.filter((_, index) => texts[index] === null);
    if (cold.length === 0) return texts as string[];
    const places = cold.map((task) => state.params.place(task.params)).filter((place) => place !== null);
    if (places.length < cold.length) throw new Error('params of a live task stand nowhere');
    const read = await journal.read(places);
    let next = 0;
    return texts.map((text) => text ?? (read[next++] as string));
  }

  /** Sees to it that params are in memory; null when they are already. */
  warm(tasks: readonly Task[]): Promise<void> | null {
    const { params } = this.#parts.state;
    if (tasks.every((task) => params.text(task.params) !== null)) return null;
    return this.paramsOf(tasks).then((texts) => {
      for (const [index, task] of tasks.entries()) params.warm(task.params, texts[index] as string);
    });
  }

  handlerOf(type: string): HandlerDescription | undefined {
    return this.#parts.handlers.of(type);
  }

  /** @throws Refusal when nothing new is taken now */
  mayTakeWork(whileDraining = false): void {
    const { state, journal } = this.#parts;
    if (state.draining && !whileDraining)
      throw new Refusal('draining', 'the supervisor is stopping: submit again after its next start');
    if (journal.full) throw new Refusal('disk_full', 'the disk is full: make room, then submit again');
  }

  async #carryOut(decision: readonly Event[] | Refusal): Promise<void> {
    if (decision instanceof Refusal) throw await this.#settledWith(decision);
    for (const event of decision) this.#parts.recorder.record(event);
    this.#parts.dispatcher.pump();
    await this.settled();
  }

  /** What a refusal rests on is on disk before it is heard. */
  async #settledWith(refusal: Refusal): Promise<Refusal> {
    await this.settled();
    return refusal;
  }

  /** @param otherwise why a finished task cannot be meant */
  async #liveTask(id: string, otherwise: string): Promise<Task> {
    const task = this.#parts.state.tasks.get(id);
    if (task) return task;
    const record = await this.#finished(id);
    if (record) throw new Refusal('conflict', `task ${id} is ${record.state}: ${otherwise}`);
    throw new Refusal('not_found', `there is no task ${id}`);
  }

  async #finished(id: string): Promise<HistoryRecord | null> {
    await this.#parts.recorder.departed();
    await this.settled();
    return this.#parts.history.get(id);
  }

  async #mustView(id: string): Promise<TaskView> {
    const [view] = await this.#viewsOf([id]);
    return view as TaskView;
  }

  /** In the order of the ids. A task may finish while its params are read: then the history has it. */
  async #viewsOf(ids: readonly string[]): Promise<TaskView[]> {
    const { state } = this.#parts;
    const live = ids.map((id) => state.tasks.get(id)).filter((task) => task !== undefined);
    const texts = await this.paramsOf(live);
    const views = new Map<string, TaskView>();
    for (const [index, task] of live.entries())
      views.set(task.id, this.#viewOf(taskRecord(task, texts[index] as string)));
    await this.settled();
    const all: TaskView[] = [];
    for (const id of ids) {
      const view = views.get(id) ?? (await this.#finishedView(id));
      all.push(view);
    }
    return all;
  }

  /** The same as JSON. */
  async #textsOf(ids: readonly string[]): Promise<string[]> {
    const { state } = this.#parts;
    const tasks = ids.map((id) => state.tasks.get(id));
    const params = await this.paramsOf(tasks.filter((task) => task !== undefined));
    const waits = new Map<TaskOptions, string>();
    let next = 0;
    const texts = tasks.map((task) => {
      const text = task && params[next++];
      return task && state.tasks.has(task.id) ? this.#textOf(task, text as string, waits) : null;
    });
    await this.settled();
    const all: string[] = [];
    for (const [index, text] of texts.entries())
      all.push(text ?? JSON.stringify(await this.#finishedView(ids[index] as string)));
    return all;
  }

  /** @param waits what fresh tasks of some options wait for, put into words once */
  #textOf(task: Task, params: string, waits: Map<TaskOptions, string>): string {
    const fresh = task.state === 'queued' && task.life === null;
    let waiting = fresh ? waits.get(task.options) : undefined;
    if (waiting === undefined) {
      waiting = JSON.stringify(this.#waitingOf(task));
      if (fresh) waits.set(task.options, waiting);
    }
    return withParams(`${recordHead(task)},"retriedAs":null,"waiting":${waiting}`, params);
  }

  #waitingOf(task: Task): Waiting | null {
    const { state, clock, journal } = this.#parts;
    return waitingOf(state, task, clock.wall(), { diskFull: journal.full });
  }

  async #finishedView(id: string): Promise<TaskView> {
    const record = await this.#finished(id);
    if (!record) throw new Refusal('not_found', `there is no task ${id}`);
    return this.#viewOf(record);
  }

  #viewOf(record: TaskRecord & { seq?: number; crc?: string; retriedAs?: string }): TaskView {
    const task = this.#parts.state.tasks.get(record.id);
    const { seq: _seq, crc: _crc, ...members } = record;
    const refused = this.#retryRefused(members);
    const view = { retriedAs: null, ...members, waiting: task ? this.#waitingOf(task) : null };
    return refused === null ? view : { ...view, retryRefused: refused };
  }

  /** As `retry` would say; null where it may run again once it has ended, and of a task of no run. */
  #retryRefused({ run, retriedAs }: Pick<TaskRecord, 'run'> & { retriedAs?: string }): string | null {
    if (!run) return null;
    if (retriedAs !== undefined) return `it has been retried as ${retriedAs}: retry that one`;
    return retryRefusal(this.#parts.state, run.id)?.message ?? null;
  }
}
