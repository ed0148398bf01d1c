/**
 * The only place where state changes: live and at replay, every event passes here.
 *
 * Replay may bring an event that the snapshot already has in it: an event no newer than the task it is about changes
 * nothing. One about a task that is not there is legal only up to the end of a snapshot that was written while the
 * task left memory (`missingUntil`).
 */
import { compactDue, stillWaits, waitsForMoment } from './due.ts';
import type { AttemptEnded, AttemptStarted, Event, TaskAccepted } from './event.ts';
import { keyDigest, paramsDigest } from './key.ts';
import { applyLibrary } from './library/apply-library.ts';
import { attemptsKeptMax, shortErrorCharsMax, wholeErrorsMax } from './limits.ts';
import { turnOf } from './queue.ts';
import { withinReach } from './retry.ts';
import { applyRuns, enterStage, moveInStage, shiftRuns } from './run/apply-runs.ts';
import { applySchedules, endOccurrence, rewind, takeOccurrence } from './schedule/apply-schedules.ts';
import type { State, Totals } from './state.ts';
import { applyStore } from './store/apply-store.ts';
import type { Task, TaskLife, TaskState } from './task.ts';
import { freshLife, isFinished } from './task.ts';
import { canMove } from './transitions.ts';

export interface Applying {
  readonly seq: number;
  readonly at: number;
  /** At replay: where the params of an accepted task stand; live: null, the text is in the event. */
  readonly params: { readonly file: number; readonly offset: number; readonly length: number } | null;
  /** Up to this sequence a task may be missing. */
  readonly missingUntil: number;
}

/**
 * @returns the task that finished with this event, for the history; else null. Whoever takes it there releases its params:
 * a failed one may leave memory before that is done.
 */
export function apply(state: State, event: Event, by: Applying): Task | null {
  state.seq = by.seq;
  switch (event.e) {
    case 'task.accepted':
      accept(state, event, by);
      return null;
    case 'attempt.started':
      return change(state, event.id, by, (task, turn) => start(state, task, event, by, turn));
    case 'attempt.ended':
      if (isFinished(event.next)) {
        count(state, event.next, by.seq);
        endOccurrence(state.schedules, event.id, event.next, by.seq);
      }
      if (event.outcome === 'succeeded' || event.outcome === 'failed') forgetChildren(state, event.id);
      return change(state, event.id, by, (task) => end(state, task, event, by));
    case 'task.canceled':
      count(state, 'canceled', by.seq);
      endOccurrence(state.schedules, event.id, 'canceled', by.seq);
      return change(state, event.id, by, (task) => cancel(state, task, by));
    case 'task.due':
      for (const [index, id] of event.ids.entries())
        change(state, id, by, (task) => fallDue(state, task, by, index / event.ids.length));
      return null;
    case 'task.promoted':
      return change(state, event.id, by, (task) => promote(state, task, by.at));
    case 'task.retried':
      return change(state, event.id, by, (task) => retry(state, task, by.at, event.runAt ?? null));
    case 'task.archived':
      for (const id of event.ids) change(state, id, by, (task) => archive(state, task));
      return null;
    case 'task.cancel_requested':
      return change(state, event.id, by, (task) => wish(task, by.at));
    case 'attempt.progressed':
      return change(state, event.id, by, (task) => {
        const life = lifeOf(task);
        if (event.progress) life.progress = event.progress;
        if (event.counts) life.counts = event.counts;
      });
    case 'attempt.checkpointed':
      return change(state, event.id, by, (task) => {
        const life = lifeOf(task);
        life.checkpoint = JSON.parse(event.data);
        life.crashes = life.suspicions = 0;
      });
    case 'suspect.cleared':
      return change(state, event.id, by, (task) => clear(state, task));
    case 'child.started':
      state.children.set(`${event.id} ${event.group}`, {
        taskId: event.id,
        group: event.group,
        ticks: event.ticks,
        boot: event.boot,
      });
      return null;
    default:
      applyRest(state, event, by);
      return null;
  }
}

/** A handler that has ended by itself has ended its programs; one that was cut may have left some behind. */
function forgetChildren(state: State, id: string): void {
  for (const [key, child] of state.children) if (child.taskId === id) state.children.delete(key);
}

function count(state: State, what: keyof Totals, seq: number): void {
  if (seq > state.totalsSeq) state.totals[what]++;
}

function applyRest(state: State, event: Event, by: Applying): void {
  switch (event.e) {
    case 'queue.paused': {
      const pause = { reason: event.reason, by: event.by, since: by.at, seq: by.seq };
      if (event.type === null) state.pausedAll = pause;
      else state.pausedTypes.set(event.type, pause);
      break;
    }
    case 'queue.resumed':
      if (event.type === null) state.pausedAll = null;
      else state.pausedTypes.delete(event.type);
      if (event.type !== null) state.ready.release(`pause:${event.type}`, Number.POSITIVE_INFINITY, by.at);
      break;
    case 'inbox.taken':
      state.inboxTaken.set(event.uuid, { file: event.file, seq: by.seq });
      break;
    case 'inbox.settled':
      for (const uuid of event.uuids) state.inboxTaken.delete(uuid);
      break;
    case 'clock.jumped':
      shift(state, event.byMs, by.seq);
      shiftRuns(state, event.byMs, by.seq);
      rewind(state.schedules, by);
      break;
    case 'supervisor.started':
      state.incarnation = event.incarnation;
      state.children.clear();
      state.lastStop = { at: by.at, clean: false, boot: event.boot };
      rewind(state.schedules, by);
      break;
    case 'supervisor.stopped':
      if (state.lastStop) state.lastStop = { ...state.lastStop, at: by.at, clean: true };
      break;
    case 'store.set':
    case 'store.deleted':
    case 'store.cleared':
      applyStore(state.store, event, by);
      break;
    case 'library.put':
      applyLibrary(state.library, event, by);
      break;
    default:
      if (!applyRuns(state, event, by)) applySchedules(state.schedules, event, by);
      break;
  }
}

/**
 * Runs `move` on a task unless the task already has this event in it.
 * @param move is also given the sequence of the task's last change before this one
 * @returns the task when it finished
 */
function change(state: State, id: string, by: Applying, move: (task: Task, seqBefore: number) => void): Task | null {
  const task = state.tasks.get(id);
  if (!task) {
    if (by.seq > by.missingUntil) throw new Error(`entry ${by.seq} is about task ${id}, which is not there`);
    return null;
  }
  const { seq: seqBefore, state: before } = task;
  if (seqBefore >= by.seq) return null;
  task.seq = by.seq;
  move(task, seqBefore);
  return isFinished(task.state) && !isFinished(before) ? task : null;
}

function accept(state: State, event: TaskAccepted, by: Applying): void {
  count(state, 'accepted', by.seq);
  if (event.occurrence) takeOccurrence(state.schedules, event.occurrence, { taskId: event.id }, by);
  if (event.options.run) enterStage(state, event, by);
  // Only a snapshot can have it already.
  if (by.seq <= by.missingUntil && state.tasks.has(event.id)) return;
  const { params: place } = by;
  const ref = place ? state.params.addPlace(place.file, place.offset, place.length) : state.params.add(event.params);
  const task: Task = {
    id: event.id,
    options: event.options,
    params: ref,
    idempotencyKey: event.key,
    state: event.runAt === null ? 'queued' : 'scheduled',
    seq: by.seq,
    at: event.runAt ?? by.at,
    relative: event.relative,
    promoted: false,
    label: event.label ?? null,
    life: event.retryOf === null ? null : { ...freshLife(), retryOf: event.retryOf },
    line: null,
    previous: null,
    next: null,
  };
  if (event.key !== null && event.options.run === null) rememberKey(state, task, event.params, by.seq);
  index(state, task);
  if (task.state === 'queued') state.ready.push(task);
}

/** Takes a task into every index its state asks for, but for the ready queue, whose order tasks of a snapshot do not come in. */
export function index(state: State, task: Task): void {
  state.tasks.add(task);
  state.order.add(task.id);
  state.counts[task.state]++;
  switch (task.state) {
    case 'scheduled':
    case 'retrying':
      state.due.push(task.at, { at: task.at, task });
      break;
    case 'running':
      occupy(state, task);
      break;
    case 'failed':
      state.failed.set(task.id, task);
      break;
  }
  if (task.life?.suspect) state.suspects.add(task);
}

/** Puts the queued tasks of a snapshot into their lines, once all are there. */
export function lineUp(state: State): void {
  const queued: Task[] = [];
  for (const task of state.tasks.values()) if (task.state === 'queued') queued.push(task);
  queued.sort((a, b) => turnOf(a) - turnOf(b));
  for (const task of queued) state.ready.push(task);
}

function rememberKey(state: State, task: Task, params: string, seq: number): void {
  const digest = keyDigest(task.options.type, task.idempotencyKey as string);
  state.finishedKeys.delete(digest);
  state.touchedKeys?.add(digest);
  state.liveKeys.set(digest, { taskId: task.id, paramsDigest: paramsDigest(params), until: null, seq });
}

/** From now on the key of a finished task is known for the window only. */
function expireKey(state: State, task: Task, by: Applying): void {
  if (task.idempotencyKey === null || task.options.run !== null) return;
  const digest = keyDigest(task.options.type, task.idempotencyKey);
  const known = state.liveKeys.get(digest);
  if (known?.taskId !== task.id) return;
  state.liveKeys.delete(digest);
  state.touchedKeys?.add(digest);
  state.finishedKeys.set(digest, { ...known, until: by.at + state.limits.idempotencyWindowMs, seq: by.seq });
  trimKeys(state, by.at);
}

export function trimKeys(state: State, now: number): void {
  for (const [digest, known] of state.finishedKeys) {
    const over = state.finishedKeys.size > state.limits.idempotencyKeysMax;
    if (!over && (known.until as number) > now) break;
    state.finishedKeys.delete(digest);
  }
}

/** @param turn the entry that put the task into its line, for one that never gave its place back */
function start(state: State, task: Task, event: AttemptStarted, by: Applying, turn: number): void {
  state.ready.take(task, by.at);
  move(state, task, 'running', event.e, by.at);
  task.at = by.at;
  task.promoted = false;
  const life = lifeOf(task);
  life.turn ??= turn;
  life.startedAt ??= by.at;
  life.finishedAt = null;
  life.progress = null;
  life.counts = null;
  life.error = null;
  life.solo = event.solo;
  life.cleared = false;
  if (life.attempts.length >= attemptsKeptMax) life.attempts.shift();
  life.attempts.push({
    number: event.n,
    startedAt: by.at,
    worker: event.worker,
    handlerVersion: event.handler,
    outcome: null,
    finishedAt: null,
    error: null,
    log: null,
  });
  occupy(state, task);
  // What a snapshot says of the rates holds up to where it ends.
  if (task.options.group !== null && by.seq > state.ratesSeq) state.rates.get(task.options.group)?.take(by.at);
}

function end(state: State, task: Task, event: AttemptEnded, by: Applying): void {
  const life = lifeOf(task);
  const attempt = life.attempts.at(-1);
  if (attempt?.number !== event.n)
    throw new Error(`entry ${by.seq} ends attempt ${event.n} of ${task.id}, which is not under way`);
  attempt.outcome = event.outcome;
  attempt.finishedAt = Math.max(attempt.startedAt, event.endedAt ?? by.at);
  attempt.error = event.error ?? null;
  attempt.log = event.log ?? null;
  const older = life.attempts.at(-1 - wholeErrorsMax);
  if (older?.error) older.error = { code: older.error.code, message: older.error.message.slice(0, shortErrorCharsMax) };
  const counted = event.outcome === 'failed' || event.outcome === 'timed_out' || event.outcome === 'worker_crashed';
  if (counted) life.spent++;
  if (event.crashed) life.crashes++;
  vacate(state, task, by.at);
  suspect(state, task, event.suspect === true, event.outcome !== 'interrupted');
  if (event.next === 'queued') {
    move(state, task, 'queued', event.e, by.at);
    task.at = by.at;
    state.ready.giveBack(task);
    return;
  }
  move(state, task, event.next, event.e, by.at);
  // Again here, for journals that were written before anybody looked at how far it is.
  task.at = event.runAt === undefined ? by.at : withinReach(event.runAt, by.at);
  task.relative = true;
  if (event.next === 'retrying') state.due.push(task.at, { at: task.at, task });
  if (isFinished(event.next)) finish(state, task, event, by);
}

function suspect(state: State, task: Task, suspected: boolean, endedByItself: boolean): void {
  const life = lifeOf(task);
  life.solo = life.cleared = false;
  if (endedByItself) life.crashes = life.suspicions = 0;
  if (suspected) life.suspicions++;
  life.suspect = suspected || (life.suspect && !endedByItself);
  if (life.suspect) state.suspects.add(task);
  else state.suspects.delete(task);
}

function clear(state: State, task: Task): void {
  const life = lifeOf(task);
  life.suspect = life.solo = false;
  life.cleared = true;
  state.suspects.delete(task);
}

function finish(state: State, task: Task, event: AttemptEnded | null, by: Applying): void {
  const life = lifeOf(task);
  life.finishedAt = by.at;
  life.error = event?.error ?? null;
  life.result = event?.result === undefined ? null : JSON.parse(event.result);
  life.cancelRequestedAt = null;
  life.suspect = false;
  state.suspects.delete(task);
  expireKey(state, task, by);
  if (task.state === 'failed') {
    state.failed.set(task.id, task);
    state.params.hold(task.params);
  } else forget(state, task);
}

/** Out of memory; the history has it. */
function forget(state: State, task: Task): void {
  state.tasks.delete(task.id);
  state.order.compact(state.tasks.size, (id) => state.tasks.has(id));
  state.counts[task.state]--;
  state.failed.delete(task.id);
  state.suspects.delete(task);
}

function archive(state: State, task: Task): void {
  forget(state, task);
  state.params.release(task.params);
}

function cancel(state: State, task: Task, by: Applying): void {
  state.ready.remove(task, by.at);
  move(state, task, 'canceled', 'task.canceled', by.at);
  task.at = by.at;
  finish(state, task, null, by);
}

function wish(task: Task, at: number): void {
  lifeOf(task).cancelRequestedAt ??= at;
}

function promote(state: State, task: Task, at: number): void {
  state.ready.remove(task, at);
  task.promoted = true;
  enqueue(state, task, 'task.promoted', at);
}

function retry(state: State, task: Task, at: number, runAt: number | null): void {
  state.failed.delete(task.id);
  const life = lifeOf(task);
  life.finishedAt = null;
  life.error = null;
  life.spent = 0;
  life.crashes = life.suspicions = 0;
  if (task.idempotencyKey !== null && task.options.run === null) revive(state, task);
  if (runAt === null) {
    enqueue(state, task, 'task.retried', at);
    return;
  }
  move(state, task, 'scheduled', 'task.retried', at);
  task.at = runAt;
  task.relative = true;
  state.due.push(runAt, { at: runAt, task });
}

/** A task that lives again has its key again, unless another task has taken it meanwhile. */
function revive(state: State, task: Task): void {
  const digest = keyDigest(task.options.type, task.idempotencyKey as string);
  const known = state.finishedKeys.get(digest);
  if (known?.taskId !== task.id) return;
  state.finishedKeys.delete(digest);
  state.touchedKeys?.add(digest);
  state.liveKeys.set(digest, { ...known, until: null });
}

/** @param part how far into the entry, from 0 up to 1: tasks that fall due together keep their order */
function fallDue(state: State, task: Task, { seq, at }: Applying, part: number): void {
  enqueue(state, task, 'task.due', at, part === 0 ? null : seq + part);
}

function enqueue(state: State, task: Task, by: string, at: number, turn: number | null = null): void {
  move(state, task, 'queued', by, at);
  task.at = at;
  task.relative = false;
  if (task.life || turn !== null) lifeOf(task).turn = turn;
  state.ready.push(task);
}

function move(state: State, task: Task, to: TaskState, by: string, at: number): void {
  const { state: from } = task;
  if (!canMove(from, to, by)) throw new Error(`${by} cannot take task ${task.id} from ${from} to ${to}`);
  const waited = waitsForMoment(task);
  state.counts[task.state]--;
  state.counts[to]++;
  task.state = to;
  if (waited) compactDue(state);
  if (task.options.run) moveInStage(state, task, from, at);
}

function occupy(state: State, task: Task): void {
  const { type, group } = task.options;
  state.running.add(task);
  state.runningByType.set(type, (state.runningByType.get(type) ?? 0) + 1);
  if (group === null) return;
  state.runningByGroup.set(group, (state.runningByGroup.get(group) ?? 0) + 1);
}

function vacate(state: State, task: Task, now: number): void {
  const { type, group } = task.options;
  state.running.delete(task);
  decrease(state.runningByType, type);
  state.ready.release(`type:${type}`, 1, now);
  if (group === null) return;
  decrease(state.runningByGroup, group);
  state.ready.release(`group:${group}`, 1, now);
}

function decrease(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

/** The wall clock jumped: what waits for a delay moves with it, what waits for a moment does not. */
function shift(state: State, byMs: number, seq: number): void {
  if (seq > state.ratesSeq) for (const window of state.rates.values()) window.shift(byMs);
  const waiting = [...state.due.values()];
  state.due.clear();
  for (const entry of waiting) {
    if (!stillWaits(entry)) continue;
    const { task } = entry;
    if (task.relative && task.seq < seq) {
      task.at += byMs;
      task.seq = seq;
    }
    state.due.push(task.at, { at: task.at, task });
  }
}

function lifeOf(task: Task): TaskLife {
  task.life ??= freshLife();
  return task.life;
}
