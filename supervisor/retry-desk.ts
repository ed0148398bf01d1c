/**
 * Tasks run again: a live one under its own id, one that only the history has as a new task; one at a time, or all that a
 * call means. What was read of the history counts as long as nothing of it has left since, so that a page of it is run
 * again as it was read, and yet no task twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { acceptAgain, type HandlerOf, retryRefusal } from './core/decide/runs.ts';
import { leaveForEdited, retryTask } from './core/decide/steer.ts';
import { submitTasks } from './core/decide/submit.ts';
import { askedBy, type Event } from './core/event.ts';
import type { IdMaker } from './core/id.ts';
import { type HistoryRecord, isFromHistory, type KnownRecord, retriedAs } from './core/record.ts';
import { Refusal } from './core/refusal.ts';
import type { State } from './core/state.ts';
import type { FinishedState, Task, TaskState } from './core/task.ts';
import type { TaskInput } from './core/task-input.ts';
import { wholeRecord } from './core/whole-record.ts';
import type { Actor, ManyAnswer, Retried, RetryHow, Which } from './facade.ts';
import { type Delays, forMany, type Outcome, outcomeOf } from './many.ts';
import { inputOf } from './rebuild.ts';
import type { Leaving, Recorder } from './recorder.ts';
import type { Supervisor } from './supervisor.ts';

export interface RetryDeskParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'departed' | 'leaving' | 'recordGroup' | 'rewrite'>;
  readonly ids: IdMaker;
  readonly clock: Clock;
  readonly supervisor: Pick<Supervisor, 'finished' | 'mayTakeWork' | 'mustView' | 'records' | 'recordsOf' | 'viewOf'>;
  readonly handlerOf: HandlerOf;
  /** Asks handlers about params; null when none has to be asked. @throws Refusal `validation` */
  readonly checkParams: (inputs: readonly TaskInput[]) => Promise<void> | null;
  /** @throws Refusal `unknown_type` for one that nobody handles */
  readonly checkType: (type: string) => void;
  readonly pump: () => void;
  readonly settled: () => Promise<void>;
}

export interface RetryOptions {
  /** JSON text, in place of those it had. */
  readonly params?: string | null;
  readonly delayMs?: number | null;
}

interface Wanted extends RetryOptions {
  readonly actor: Actor;
  /** Also what has been run again already, as a person may who names it; else that is refused. */
  readonly resolved: boolean;
  /** States it may be in, where it was chosen for its state. */
  readonly states: readonly TaskState[] | null;
  readonly idempotencyKey: string | null;
}

/** Of a task that the history had. */
interface Again {
  readonly id: string;
  /** What had to be assumed. */
  readonly warning: string | null;
}

/** What ended badly or was cut and held. Somebody wanted a canceled task to end, so only its id brings it back. */
const FAILURES: readonly TaskState[] = ['failed', 'interrupted'];
const NAMED: readonly TaskState[] = ['canceled', ...FAILURES];
const sliceMs = 5;

export class RetryDesk {
  readonly #parts: RetryDeskParts;

  constructor(parts: RetryDeskParts) {
    this.#parts = parts;
  }

  retry(id: string, actor: Actor, options: RetryOptions = {}): Promise<Retried> {
    return this.#retry(id, { ...options, actor, resolved: true, states: null, idempotencyKey: null });
  }

  /** What is chosen by filter is run again as it was read; all of a page are on disk together. */
  async retryMany(
    which: Which,
    dryRun: boolean,
    actor: Actor,
    { overMs = null, idempotencyKey: key = null }: RetryHow = {},
  ): Promise<ManyAnswer> {
    const { supervisor, recorder } = this.#parts;
    const resolved = 'ids' in which || which.resolved === true;
    const states = 'ids' in which ? NAMED : FAILURES;
    const since = recorder.leaving();
    const wantedOf = (id: string, delayMs: number | null): Wanted => {
      return { actor, resolved, states, delayMs, idempotencyKey: key && `${key}:${id}` };
    };
    const parts = {
      page(request: Parameters<Supervisor['records']>[0]) {
        since.restart();
        return supervisor.records(request);
      },
      named(ids: readonly string[]) {
        since.restart();
        return supervisor.recordsOf(ids);
      },
      viewOf: (record: KnownRecord) => supervisor.viewOf(record),
    };
    try {
      return await forMany(parts, which, dryRun, {
        states: FAILURES,
        able: ({ state }) => NAMED.includes(state),
        resolved: (record) => retriedAs(record) !== null && !resolved,
        carryOut: (records, delays) => this.#retryPage(records, delays, since, wantedOf),
        overMs,
      });
    } finally {
      since.end();
    }
  }

  async #retryPage(
    records: readonly KnownRecord[],
    delays: Delays,
    since: Leaving,
    wantedOf: (id: string, delayMs: number | null) => Wanted,
  ): Promise<readonly Outcome[]> {
    const { clock, pump, settled } = this.#parts;
    const outcomes: (Outcome | Promise<Outcome>)[] = [];
    let until = clock.monotonic() + sliceMs;
    for (const record of records) {
      const wanted = wantedOf(record.id, delays());
      const asRead = isFromHistory(record) && !since.has(record.id);
      outcomes.push(asRead ? this.#outcomeOf(record, wanted) : outcomeOf(this.#retry(record.id, wanted)));
      if (clock.monotonic() < until) continue;
      await nextTurn();
      until = clock.monotonic() + sliceMs;
    }
    pump();
    await settled();
    return Promise.all(outcomes);
  }

  #outcomeOf(record: HistoryRecord, wanted: Wanted): Outcome {
    try {
      this.#mayRunAgain(record, wanted);
      const again = this.#runAgain(record, wanted);
      return again instanceof Refusal ? again : null;
    } catch (error) {
      return error;
    }
  }

  async #retry(id: string, wanted: Wanted): Promise<Retried> {
    const { state } = this.#parts;
    const live = state.tasks.get(id);
    if (live) {
      const { run } = live.options;
      const refusal = changedRefusal(live, wanted) ?? (run && retryRefusal(state, run.id));
      if (wanted.params == null) return this.#retryLive(live, refusal, wanted);
      await this.#carryOut(refusal ?? leaveForEdited(live));
    }
    return this.#retryFinished(id, wanted);
  }

  async #retryLive(task: Task, refusal: Refusal | null, { actor, delayMs = null }: Wanted): Promise<Retried> {
    const runAt = delayMs === null || delayMs === 0 ? null : this.#parts.clock.wall() + delayMs;
    await this.#carryOut(refusal ?? retryTask(task, askedBy(actor), runAt));
    return { task: await this.#parts.supervisor.mustView(task.id), originalId: task.id, source: 'live' };
  }

  async #retryFinished(id: string, wanted: Wanted): Promise<Retried> {
    const since = this.#parts.recorder.leaving();
    try {
      for (;;) {
        since.restart();
        const record = await this.#read(id, wanted);
        // Run again by somebody else meanwhile, it is another record: looked up anew.
        if (!since.has(id)) return await this.#retryRead(record, wanted);
      }
    } finally {
      since.end();
    }
  }

  /** @returns a record that may run again as far as that can be told from it, its new params asked about */
  async #read(id: string, wanted: Wanted): Promise<HistoryRecord> {
    const record = await this.#parts.supervisor.finished(id);
    if (!record) throw new Refusal('not_found', `there is no task ${id}`);
    this.#mayRunAgain(record, wanted);
    if (wanted.params != null) await this.#parts.checkParams([inputOf(editedOf(record, wanted)).input]);
    return record;
  }

  async #retryRead(record: HistoryRecord, wanted: Wanted): Promise<Retried> {
    const { supervisor, recorder, pump, settled } = this.#parts;
    const again = this.#runAgain(record, wanted);
    pump();
    await settled();
    if (again instanceof Refusal) throw again;
    const task = await supervisor.mustView(again.id);
    await recorder.departed();
    const { warning } = again;
    return { task, originalId: record.id, source: warning ? 'rebuilt' : 'history', ...(warning && { warning }) };
  }

  /** @throws Refusal */
  #mayRunAgain(record: HistoryRecord, wanted: Wanted): void {
    const known = retriedAs(record);
    if (known !== null && record.run)
      throw new Refusal('conflict', `task ${record.id} has been retried as ${known}: retry that one`);
    if (known !== null && !wanted.resolved)
      throw new Refusal('conflict', `task ${record.id} has been retried as ${known}`);
    const refusal = changedRefusal(record, wanted);
    if (refusal) throw refusal;
    this.#parts.checkType(record.type);
    this.#parts.supervisor.mayTakeWork();
  }

  /** In the turn in which it is known that nothing of the record has changed. @throws Refusal */
  #runAgain(record: HistoryRecord, wanted: Wanted): Again | Refusal {
    const { state, recorder, clock, supervisor } = this.#parts;
    supervisor.mayTakeWork();
    const now = clock.wall();
    const run = record.run && wholeRecord(record).run;
    const { decision, warning } = run ? this.#inItsPlace(record, run, wanted, now) : this.#asNew(record, wanted, now);
    if (decision instanceof Refusal) return decision;
    recorder.recordGroup(decision.events);
    // A known key gave back the task that has been made of it: the record may know a newer one.
    if (decision.events.length > 0 || retriedAs(record) === null)
      recorder.rewrite(state.seq, now, { ...record, retriedAs: decision.id });
    return { id: decision.id, warning };
  }

  #asNew(record: HistoryRecord, wanted: Wanted, now: number) {
    const { state, ids, handlerOf } = this.#parts;
    const { actor, delayMs = null, idempotencyKey } = wanted;
    const { input: before, warning } = inputOf(editedOf(record, wanted));
    const input = { ...before, delayMs, idempotencyKey };
    const submission = submitTasks(state, [input], actor.origin, now, () => ids.next(now), handlerOf, record.id);
    if (submission instanceof Refusal) return { decision: submission, warning };
    return { decision: { id: submission.ids[0] as string, events: submission.events }, warning };
  }

  /** A stage has each key once, so a task that runs again is no other work than the one before. */
  #inItsPlace(record: HistoryRecord, ref: NonNullable<HistoryRecord['run']>, wanted: Wanted, now: number) {
    const { state, ids, handlerOf } = this.#parts;
    const { delayMs } = wanted;
    const again = { id: ids.next(now), retryOf: record.id, ref, runAt: delayMs ? now + delayMs : null };
    const params = wanted.params ?? JSON.stringify(record.params ?? {});
    const { idempotencyKey: key, label = null } = record;
    const was = { state: record.state as FinishedState, type: record.type, key, params, label };
    const events = acceptAgain(state, again, was, handlerOf);
    return { decision: events instanceof Refusal ? events : { id: again.id, events }, warning: null };
  }

  async #carryOut(decision: readonly Event[] | Refusal): Promise<void> {
    const { recorder, pump, settled } = this.#parts;
    if (!(decision instanceof Refusal)) {
      recorder.recordGroup(decision);
      pump();
    }
    // Also what a refusal rests on.
    await settled();
    if (decision instanceof Refusal) throw decision;
  }
}

/** Why a task that was chosen for its state is not meant any more. */
function changedRefusal(task: { readonly id: string; readonly state: TaskState }, { states }: Wanted): Refusal | null {
  if (!states || states.includes(task.state)) return null;
  return new Refusal('conflict', `task ${task.id} is ${task.state} by now`);
}

function editedOf(record: HistoryRecord, { params = null }: Wanted): HistoryRecord {
  return params === null ? record : { ...record, params: JSON.parse(params) };
}
