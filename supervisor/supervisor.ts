/**
 * The supervisor as the outside has it: commands become events, reads become views, and nobody is answered before what
 * the answer rests on is on disk.
 */
import type { HandlerDescription } from '../workers/contract.ts';
import type { Clock } from './clock.ts';
import { retryRefusal } from './core/decide/runs.ts';
import { cancelTask, pauseQueue, promoteTask, resumeQueue } from './core/decide/steer.ts';
import { submitTasks } from './core/decide/submit.ts';
import { askedBy, type Event } from './core/event.ts';
import type { IdMaker } from './core/id.ts';
import {
  type HistoryRecord,
  isFromHistory,
  type KnownRecord,
  recordHead,
  type TaskRecord,
  taskRecord,
  type Waiting,
  withParams,
} from './core/record.ts';
import { Refusal } from './core/refusal.ts';
import type { State } from './core/state.ts';
import type { Task, TaskOptions } from './core/task.ts';
import type { TaskInput } from './core/task-input.ts';
import { waitingOf } from './core/waiting.ts';
import { wholeRecord } from './core/whole-record.ts';
import { totalOf } from './counting.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Actor, PageRequest, StatsRequest, SubmitAnswer, TaskPage, TaskView } from './facade.ts';
import type { History } from './history/history.ts';
import type { TypeStats } from './history/stats.ts';
import type { Journal } from './journal/live-journal.ts';
import { type Listed, listTasks } from './listing.ts';
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
}

export interface Accepted {
  readonly ids: readonly string[];
  readonly created: readonly boolean[];
}

export interface AcceptOptions {
  /** Written down with the tasks, all or nothing; asked for in the turn in which that is done. */
  readonly first?: () => readonly Event[] | Refusal;
  /** For what a running attempt submits: refused, the attempt would fail for a stop that is none of its business. */
  readonly whileDraining?: boolean;
}

export class Supervisor {
  readonly #parts: SupervisorParts;

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
    { first = () => [], whileDraining = false }: AcceptOptions = {},
  ): Promise<Accepted> {
    const { state, journal, recorder, dispatcher, clock, ids } = this.#parts;
    this.mayTakeWork(whileDraining);
    const checking = this.#parts.checkParams(inputs);
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
    );
    if (decision instanceof Refusal) throw await this.#settledWith(decision);
    if (before.length + decision.events.length > 0) recorder.recordGroup([...before, ...decision.events]);
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
    const listed = await this.#list(request);
    const items = listed.records.map((record) => this.viewOf(record));
    const total = await totalOf(this.#parts, request, listed);
    await this.settled();
    return { items, next: listed.next, ...total };
  }

  /** The same page, as it was read. */
  async records(request: PageRequest): Promise<Listed> {
    const listed = await this.#list(request);
    await this.settled();
    return listed;
  }

  async #list(request: PageRequest): Promise<Listed> {
    await this.#parts.recorder.departed();
    return listTasks({ ...this.#parts, paramsOf: (tasks) => this.paramsOf(tasks) }, request);
  }

  /** In the order of the ids; null for one that never was. */
  async recordsOf(ids: readonly string[]): Promise<readonly (KnownRecord | null)[]> {
    const records = await this.#liveRecords(ids);
    await this.settled();
    const all: (KnownRecord | null)[] = [];
    for (const id of ids) all.push(records.get(id) ?? (await this.finished(id)));
    return all;
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
    return this.mustView(id);
  }

  async promote(id: string, actor: Actor): Promise<TaskView> {
    const task = await this.#liveTask(id, 'only a waiting task can go to the front');
    await this.#carryOut(promoteTask(task, askedBy(actor)));
    return this.mustView(id);
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
    const record = await this.finished(id);
    if (record) throw new Refusal('conflict', `task ${id} is ${record.state}: ${otherwise}`);
    throw new Refusal('not_found', `there is no task ${id}`);
  }

  /** What the history has of a task, all that finished so far included; null for nothing. */
  async finished(id: string): Promise<HistoryRecord | null> {
    await this.#parts.recorder.departed();
    await this.settled();
    return this.#parts.history.get(id);
  }

  /** @throws Refusal `not_found` */
  async mustView(id: string): Promise<TaskView> {
    const [view] = await this.#viewsOf([id]);
    return view as TaskView;
  }

  async #liveRecords(ids: readonly string[]): Promise<ReadonlyMap<string, TaskRecord>> {
    const { tasks } = this.#parts.state;
    const live = ids.map((id) => tasks.get(id)).filter((task) => task !== undefined);
    const texts = await this.paramsOf(live);
    return new Map(live.map((task, index) => [task.id, taskRecord(task, texts[index] as string)]));
  }

  /** In the order of the ids. A task may finish while its params are read: then the history has it. */
  async #viewsOf(ids: readonly string[]): Promise<TaskView[]> {
    const views = new Map<string, TaskView>();
    for (const [id, record] of await this.#liveRecords(ids)) views.set(id, this.viewOf(record));
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
    const record = await this.finished(id);
    if (!record) throw new Refusal('not_found', `there is no task ${id}`);
    return this.viewOf(record);
  }

  viewOf(record: KnownRecord): TaskView {
    const task = this.#parts.state.tasks.get(record.id);
    const whole: TaskRecord & { seq?: number; crc?: string } = isFromHistory(record) ? wholeRecord(record) : record;
    const { seq: _seq, crc: _crc, ...members } = whole;
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
