/** From files to state: takes what the journal hands over at a start through the same `apply` as live events. */
import { apply, index, lineUp } from './core/apply.ts';
import type { Entity } from './core/codec.ts';
import {
  decodeEntity,
  decodeEvent,
  decodeStored,
  decodeTask,
  decodeTrack,
  type EntityBytes,
  isStored,
  isTask,
  isTrack,
  UnknownEntry,
} from './core/decode.ts';
import type { TaskAccepted } from './core/event.ts';
import { Fault } from './core/fault.ts';
import { restorePlaylist, restoreTrack } from './core/library/apply-library.ts';
import { newPlaylist, newTrack } from './core/library/members.ts';
import { restoreRun, runsPutAside } from './core/run/apply-runs.ts';
import { pastRunRecord, type RunRecord } from './core/run/record.ts';
import { keysName } from './core/run/runs.ts';
import { restoreSchedule } from './core/schedule/apply-schedules.ts';
import { ledgerRows } from './core/schedule/ledger-rows.ts';
import type { State } from './core/state.ts';
import { putStored } from './core/store/apply-store.ts';
import type { Task } from './core/task.ts';
import type { LedgerLine } from './history/ledger.ts';
import type { Replayer } from './journal/journal.ts';
import { type FinishedTask, finishedTask } from './recorder.ts';

/** A task whose ending was found in the journal; the history may have it already. */
export interface FoundEnding {
  readonly seq: number;
  readonly task: Task;
  /** As it finished; a failed task's is made at once, as it may be queued again by a later entry. */
  readonly ending: () => FinishedTask;
}

/** A task that was run again from history: its record is written once more, unless the history has that already. */
export interface FoundRetry {
  readonly seq: number;
  /** ms since 1970 */
  readonly at: number;
  readonly id: string;
  readonly retriedAs: string;
}

/** A run that the journal puts aside; the history may have it already. */
export interface FoundPastRun {
  readonly seq: number;
  /** ms since 1970 */
  readonly at: number;
  readonly record: RunRecord;
}

export class Replay implements Replayer {
  state: State;
  /** What the history is to hold, in order. */
  endings: (FoundEnding | FoundRetry)[] = [];
  /** What the history of runs is to hold, in order. */
  pastRuns: FoundPastRun[] = [];
  /** What the ledger is to hold, in order. */
  ledgerLines: LedgerLine[] = [];
  /** Wall time of the newest entry. */
  lastAt = 0;
  /** Id that sorts last of all seen. */
  lastId = '';
  #missingUntil = 0;
  readonly #freshState: () => State;

  constructor(freshState: () => State) {
    this.#freshState = freshState;
    this.state = freshState();
  }

  startOver(): void {
    this.state = this.#freshState();
    this.endings = [];
    this.pastRuns = [];
    this.ledgerLines = [];
    this.lastAt = this.#missingUntil = 0;
    this.lastId = '';
  }

  entity(seq: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void {
    const from: EntityBytes = { seq, bytes, start, end, file, offset };
    try {
      if (isTask(from)) this.#insert(decodeTask(from, this.state));
      else if (isStored(from)) putStored(this.state.store, decodeStored(from));
      else if (isTrack(from)) this.#restoreTrack(from);
      else this.#take(decodeEntity(from), seq);
    } catch (error) {
      throw unreadable(error, `the snapshot line of sequence ${seq}`);
    }
    if (seq > this.state.seq) this.state.seq = seq;
  }

  entry(seq: number, at: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void {
    const { state } = this;
    try {
      const { event, params } = decodeEvent(bytes, start, end, state);
      const place = params && { file, offset: offset + params.start - start, length: params.end - params.start };
      for (const run of runsPutAside(state, event)) this.pastRuns.push({ seq, at, record: pastRunRecord(run, at) });
      const finished = apply(state, event, { seq, at, params: place, missingUntil: this.#missingUntil });
      if (finished) this.#ended(seq, finished);
      if (event.e === 'task.accepted') this.#accepted(seq, at, event);
      const rows = ledgerRows(event);
      if (rows) this.ledgerLines.push({ seq, at, ...rows });
      if ((event.e === 'schedule.created' || event.e === 'run.started') && event.id > this.lastId)
        this.lastId = event.id;
    } catch (error) {
      throw unreadable(error, `entry ${seq}`);
    }
    this.lastAt = at;
  }

  /** Called when all has been handed over: sets right what only the whole can tell. */
  settle(): void {
    const { state } = this;
    const { byId, byName } = state.schedules;
    // A name may have passed from one to another while the snapshot was written.
    byName.clear();
    for (const schedule of byId.values()) byName.set(schedule.rule.name, schedule);
    for (const [digest, known] of state.liveKeys) {
      if (state.tasks.has(known.taskId) && !state.failed.has(known.taskId)) continue;
      state.liveKeys.delete(digest);
      state.finishedKeys.set(digest, { ...known, until: this.lastAt + state.limits.idempotencyWindowMs });
    }
  }

  #accepted(seq: number, at: number, { id, retryOf }: TaskAccepted): void {
    if (id > this.lastId) this.lastId = id;
    if (retryOf !== null) this.endings.push({ seq, at, id: retryOf, retriedAs: id });
  }

  #ended(seq: number, task: Task): void {
    const made = this.state.tasks.has(task.id) ? finishedTask(task) : null;
    this.endings.push({ seq, task, ending: () => made ?? finishedTask(task) });
  }

  #insert(task: Task): void {
    index(this.state, task);
    if (task.id > this.lastId) this.lastId = task.id;
  }

  #restoreTrack(from: EntityBytes): void {
    const { track, text } = decodeTrack(from);
    restoreTrack(this.state.library, newTrack(track), text, from.seq);
  }

  #take(entity: Entity, seq: number): void {
    const { state } = this;
    switch (entity.k) {
      case 'totals':
        Object.assign(state.totals, entity.totals);
        state.totalsSeq = seq;
        break;
      case 'pause':
        if (entity.type === null) state.pausedAll = entity.pause;
        else state.pausedTypes.set(entity.type, entity.pause);
        break;
      case 'inbox':
        state.inboxTaken.set(entity.uuid, { file: entity.file, seq });
        break;
      case 'child': {
        const { k: _, ...child } = entity;
        state.children.set(`${child.taskId} ${child.group}`, child);
        break;
      }
      case 'stop':
        state.incarnation = entity.incarnation;
        state.lastStop = { at: entity.at, clean: entity.clean, boot: entity.boot };
        this.lastAt = Math.max(this.lastAt, entity.at);
        break;
      case 'key': {
        const { k: _, digest, ...known } = entity;
        // Met twice, a key has moved while the snapshot was written: what comes later counts.
        (known.until === null ? state.finishedKeys : state.liveKeys).delete(digest);
        (known.until === null ? state.liveKeys : state.finishedKeys).set(digest, { ...known, seq });
        break;
      }
      case 'schedule': {
        const { k: _, ...stored } = entity;
        restoreSchedule(state.schedules, stored, seq);
        if (stored.id > this.lastId) this.lastId = stored.id;
        break;
      }
      case 'scheduler': {
        const { k: _, builtIns, ...all } = entity;
        Object.assign(state.schedules, all, { seq });
        for (const name of builtIns) state.schedules.builtIns.add(name);
        break;
      }
      case 'stage-keys': {
        const name = keysName(entity.run, entity.stage);
        const known = state.runs.keys.get(name) ?? new Set();
        for (const key of entity.keys) known.add(key);
        state.runs.keys.set(name, known);
        break;
      }
      case 'run': {
        const { k: _, ...stored } = entity;
        restoreRun(state, stored, seq);
        if (stored.id > this.lastId) this.lastId = stored.id;
        break;
      }
      case 'playlist': {
        const { k: _, ...playlist } = entity;
        restorePlaylist(state.library, newPlaylist(playlist), seq);
        break;
      }
      case 'rate':
        for (const at of entity.starts) state.rates.get(entity.group)?.take(at);
        break;
      case 'end':
        this.#missingUntil = entity.seq;
        state.ratesSeq = entity.seq;
        // Of runs that left while the snapshot was written.
        state.runs.keys.clear();
        lineUp(state);
        break;
      default:
        throw new UnknownEntry(`an entity of the unknown kind ${JSON.stringify((entity as { k: unknown }).k)}`);
    }
  }
}

function unreadable(error: unknown, what: string): Error {
  if (error instanceof Fault) return error;
  const { message } = error as Error;
  return new Fault(
    'damaged',
    `${what} cannot be taken in: ${message}`,
    'run "nightshift doctor", or start the version that wrote it',
  );
}
