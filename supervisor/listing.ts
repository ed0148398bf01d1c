/**
 * Lists of tasks, live and finished together, sorted by id alone: an id does not change when its task finishes, so the
 * line between memory and history cannot shift a page.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { type KnownRecord, type TaskRecord, taskRecord } from './core/record.ts';
import type { State } from './core/state.ts';
import type { Task, TaskState } from './core/task.ts';
import { createdAt } from './core/task.ts';
import { wholeRecord } from './core/whole-record.ts';
import type { PageRequest, TaskFilter } from './facade.ts';
import type { History } from './history/history.ts';
import type { CountQuery } from './history/query.ts';
import { pageOf } from './live-and-past.ts';
import { mayMention } from './text-search.ts';

const sliceMs = 5;
const paramsBatch = 64;

export interface ListingParts {
  readonly state: State;
  readonly history: Pick<History, 'list'>;
  readonly clock: Clock;
  /** Params of live tasks as text, read back where they are only on disk. */
  readonly paramsOf: (tasks: readonly Task[]) => Promise<readonly string[]>;
}

export interface Listed {
  readonly records: readonly KnownRecord[];
  readonly next: string | null;
}

/** @throws what `request.signal` was aborted with */
export async function listTasks(parts: ListingParts, request: PageRequest): Promise<Listed> {
  const wanted = request.limit + 1;
  const live = await liveTasks(parts, request, wanted);
  const past = await finishedTasks(parts, request, wanted);
  return pageOf({ live, liveGoesOn: live.length === wanted, past }, request);
}

async function finishedTasks({ history, state }: ListingParts, request: PageRequest, limit: number) {
  const { filter, after, order, signal } = request;
  const matchBytes = filter.q === undefined ? null : mayMention(filter.q);
  if (finishedStates(filter)?.length === 0) return { items: [], next: null };
  const page = await history.list({
    after,
    limit,
    order,
    ...indexQuery(state, filter),
    ...(matchBytes && { matchBytes }),
    match: (record) => matches(wholeRecord(record), filter),
    ...(signal && { signal }),
  });
  return { items: page.items, next: page.next };
}

/** What of a filter the index of the history can tell. */
export function indexQuery({ tasks }: State, filter: TaskFilter): CountQuery {
  const states = finishedStates(filter);
  return {
    exclude: (id) => tasks.has(id),
    ...(filter.from !== undefined && { from: filter.from }),
    ...(filter.to !== undefined && { to: filter.to }),
    ...(states && { states }),
    ...(filter.type && { types: filter.type }),
  };
}

/** Of the states asked for, those that history has; none asked for are all. */
export function finishedStates({ state }: TaskFilter): TaskState[] | undefined {
  return state?.filter((name) => name === 'succeeded' || name === 'failed' || name === 'canceled');
}

/** Walks the ids from where the page begins; waiting tasks may be a million, so it lets others in between. */
async function liveTasks(parts: ListingParts, request: PageRequest, limit: number): Promise<TaskRecord[]> {
  const { state, clock } = parts;
  const found: TaskRecord[] = [];
  let until = clock.monotonic() + sliceMs;
  let batch: Task[] = [];
  for (const id of idsFrom(state, request)) {
    const task = state.tasks.get(id);
    if (task && mayMatch(task, request.filter)) batch.push(task);
    if (batch.length >= paramsBatch || found.length + batch.length >= limit) {
      found.push(...(await recordsOf(parts, batch, request.filter)));
      batch = [];
      if (found.length >= limit) return found.slice(0, limit);
    }
    if (clock.monotonic() < until) continue;
    await nextTurn();
    request.signal?.throwIfAborted();
    until = clock.monotonic() + sliceMs;
  }
  found.push(...(await recordsOf(parts, batch, request.filter)));
  return found.slice(0, limit);
}

async function recordsOf(
  { paramsOf }: ListingParts,
  tasks: readonly Task[],
  filter: TaskFilter,
): Promise<TaskRecord[]> {
  if (tasks.length === 0) return [];
  const texts = await paramsOf(tasks);
  return tasks
    .map((task, index) => taskRecord(task, texts[index] as string))
    .filter((record) => matches(record, filter));
}

/** Ids of live tasks in the order of the page; few when only few states are asked for. */
export function* idsFrom(state: State, { filter, after, order }: Omit<PageRequest, 'limit'>): Generator<string> {
  const few = fewTasks(state, filter);
  if (few) {
    const ids = few.map(({ id }) => id).sort();
    if (order === 'newest') ids.reverse();
    for (const id of ids) if (after === null || (order === 'newest' ? id < after : id > after)) yield id;
    return;
  }
  if (order === 'oldest') {
    let last = after ?? '';
    for (let index = state.order.after(last); index < state.order.length; index = state.order.after(last)) {
      last = state.order.at(index) as string;
      yield last;
    }
    return;
  }
  let last = after ?? '\uffff';
  for (let index = before(state, last); index >= 0; index = before(state, last)) {
    last = state.order.at(index) as string;
    yield last;
  }
}

/** Index of the last id that sorts before `id`: looked up anew each time, as ids may come and go while a page is made. */
function before(state: State, id: string): number {
  const index = state.order.after(id) - 1;
  return state.order.at(index) === id ? index - 1 : index;
}

function fewTasks(state: State, { state: states }: TaskFilter): Task[] | null {
  if (!states) return null;
  const few: Task[] = [];
  for (const name of states) {
    if (name === 'running') few.push(...state.running);
    else if (name === 'failed') few.push(...state.failed.values());
    else if (state.counts[name] > 0) return null;
  }
  return few;
}

/** What can be told without the params. */
export function mayMatch(
  task: Task,
  { state, type, tag, group, run, stage, origin, schedule, from, to }: TaskFilter,
): boolean {
  const { options } = task;
  if (state && !state.includes(task.state)) return false;
  if (type && !type.includes(options.type)) return false;
  if (group && !(options.group !== null && group.includes(options.group))) return false;
  if (tag && !options.tags.some((name) => tag.includes(name))) return false;
  if (run && !(options.run && run.includes(options.run.id))) return false;
  if (stage && !(options.run && stage.includes(options.run.stage))) return false;
  if (origin && !origin.some((name) => isOrigin(options.origin, name))) return false;
  if (schedule && !schedule.some((name) => isOfSchedule(options.origin, name))) return false;
  if (from === undefined && to === undefined) return true;
  const created = createdAt(task.id);
  return created >= (from ?? 0) && created < (to ?? Number.POSITIVE_INFINITY);
}

function matches(record: TaskRecord, filter: TaskFilter): boolean {
  const { state, type, tag, group, run, stage, origin, schedule, q, param } = filter;
  if (state && !state.includes(record.state)) return false;
  if (type && !type.includes(record.type)) return false;
  if (group && !(record.group !== null && group.includes(record.group))) return false;
  if (tag && !record.tags.some((name) => tag.includes(name))) return false;
  if (run && !(record.run && run.includes(record.run.id))) return false;
  if (stage && !(record.run && stage.includes(record.run.stage))) return false;
  if (origin && !origin.some((name) => isOrigin(record.origin, name))) return false;
  if (schedule && !schedule.some((name) => isOfSchedule(record.origin, name))) return false;
  if (!tookAsLong(record, filter)) return false;
  if (param && !hasMembers(record.params, param)) return false;
  return q === undefined || mentions(record, q);
}

function hasMembers(params: unknown, wanted: NonNullable<TaskFilter['param']>): boolean {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return false;
  const members = params as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(members, name) && members[name] === value);
}

/** `inbox` stands for every `inbox:NAME`. */
function isOrigin(origin: string, name: string): boolean {
  return origin === name || origin.startsWith(`${name}:`);
}

function isOfSchedule(origin: string, name: string): boolean {
  return origin === `schedule:${name}`;
}

function tookAsLong({ startedAt, finishedAt }: TaskRecord, { durationFrom, durationTo }: TaskFilter): boolean {
  if (durationFrom === undefined && durationTo === undefined) return true;
  if (startedAt === null || finishedAt === null) return false;
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  return ms >= (durationFrom ?? 0) && ms < (durationTo ?? Number.POSITIVE_INFINITY);
}

function mentions({ id, type, params, error, tags, idempotencyKey, label }: TaskRecord, q: string): boolean {
  const text = `${id}\n${type}\n${JSON.stringify(params)}\n${error?.message ?? ''}\n${tags.join('\n')}\n${idempotencyKey ?? ''}\n${label ?? ''}`;
  return text.toLowerCase().includes(q.toLowerCase());
}
