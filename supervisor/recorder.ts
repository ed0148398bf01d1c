/**
 * The one way by which something becomes a fact: apply it to the state, append it to the journal, remember where its
 * params stand, hand a finished task to the history, queue it for those who watch. Nothing here waits.
 */
import type { Clock } from './clock.ts';
import { apply } from './core/apply.ts';
import { encodeEvent } from './core/codec.ts';
import type { Event } from './core/event.ts';
import { type HistoryRecord, recordHead, withParams } from './core/record.ts';
import { runsPutAside } from './core/run/apply-runs.ts';
import { pastRunRecord } from './core/run/record.ts';
import { ledgerRows } from './core/schedule/ledger-rows.ts';
import type { State } from './core/state.ts';
import type { Task } from './core/task.ts';
import type { EventStream } from './event-stream.ts';
import type { Ending, History } from './history/history.ts';
import type { Ledger } from './history/ledger.ts';
import type { Journal } from './journal/live-journal.ts';
import type { PastRuns } from './past-runs.ts';

export interface RecorderParts {
  readonly state: State;
  readonly journal: Pick<Journal, 'append' | 'read'>;
  readonly history: Pick<History, 'append'>;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly pastRuns: Pick<PastRuns, 'append'>;
  readonly events: Pick<EventStream, 'add'>;
  readonly clock: Clock;
  /** Params text could not be read back from the disk: the supervisor cannot go on. */
  readonly unreadable: (error: unknown) => void;
}

/** A task as it finished. */
export interface FinishedTask {
  /** ms since 1970 */
  readonly at: number;
  /** As it finished, but for its params: a failed task may be queued again before this is written. */
  readonly record: string;
  readonly state: string;
  /** What the attempt took in which it succeeded; null when it did not. */
  readonly durationMs: number | null;
}

export function finishedTask(task: Task): FinishedTask {
  const at = task.life?.finishedAt ?? task.at;
  return { at, record: recordHead(task), state: task.state, durationMs: durationOf(task) };
}

function durationOf({ state, life }: Task): number | null {
  const last = state === 'succeeded' ? life?.attempts.at(-1) : undefined;
  return last?.outcome === 'succeeded' && last.finishedAt !== null ? last.finishedAt - last.startedAt : null;
}

/** A record that waits for its params to be read back; those after it wait behind it, so that history keeps the order. */
interface Departure {
  readonly ending: Ending;
  readonly record: string;
  /** Reference to the params the record lacks; null when it is whole. */
  readonly params: number | null;
}

/** Ids of what has left for the history since: what was read of such a task before may be out of date. */
export interface Leaving {
  has(id: string): boolean;
  /** Only what leaves from now on counts. */
  restart(): void;
  end(): void;
}

export class Recorder {
  readonly #parts: RecorderParts;
  readonly #departures: Departure[] = [];
  readonly #leaving = new Set<Set<string>>();
  #groups = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** @param lazy it may wait for the next batch @returns its sequence number */
  record(event: Event, lazy = false): number {
    return this.#record(event, lazy ? { lazy } : undefined);
  }

  /** All of them or, if the machine stops now, none. @returns the sequence number of the last */
  recordGroup(events: readonly Event[]): number {
    const { state } = this.#parts;
    if (events.length <= 1) return events[0] ? this.#record(events[0]) : state.seq;
    const id = (this.#groups++).toString(36);
    const group = { id, index: 0, count: events.length };
    const options = { group };
    for (const event of events) {
      this.#record(event, options);
      group.index++;
    }
    return state.seq;
  }

  /** Resolves when nothing that has finished still waits to be handed to the history. */
  async departed(): Promise<void> {
    while (this.#departures.length > 0) await this.#flushing;
  }
  #flushing: Promise<void> = Promise.resolve();

  #record(event: Event, options?: { lazy?: boolean; group?: { id: string; index: number; count: number } }): number {
    const { state, journal, events, clock, pastRuns } = this.#parts;
    const seq = state.seq + 1;
    const at = clock.wall();
    const putAside = runsPutAside(state, event);
    const finished = apply(state, event, { seq, at, params: null, missingUntil: 0 });
    const body = encodeEvent(event);
    const place = journal.append(seq, at, body, options);
    if (event.e === 'task.accepted') {
      // A body that has as many bytes as characters is ASCII throughout, and so are the params in it.
      const bytes = place.length === body.length ? event.params.length : Buffer.byteLength(event.params);
      state.params.locate(state.params.newest, place.file, place.offset + place.length - bytes, bytes);
      state.params.spill();
    }
    events.add(seq, at, event);
    const rows = ledgerRows(event);
    if (rows) this.#parts.ledger.append({ seq, at, ...rows });
    if (finished) this.depart(seq, finished);
    for (const run of putAside) pastRuns.append(seq, at, pastRunRecord(run, at));
    return seq;
  }

  /** Hands a task that has just finished to the history; at a start also those of the last incarnation. */
  depart(seq: number, task: Task, finished: FinishedTask = finishedTask(task)): void {
    const { at, record, state, durationMs } = finished;
    const ending = { seq, id: task.id, type: task.options.type, state, finishedAt: at, durationMs, rewritten: false };
    this.#depart({ ending, record, params: task.params });
  }

  /** Writes a record of the history once more, for what the entry `seq` has made known of it. */
  rewrite(seq: number, at: number, { seq: _, ...record }: HistoryRecord): void {
    const { id, type, state } = record;
    // Among the records of its own time: to go back to an older month would cost two syncs each way.
    const ending = { seq, id, type, state, finishedAt: at, durationMs: null, rewritten: true };
    this.#depart({ ending, record: JSON.stringify(record), params: null });
  }

  /** Held by who reads the history and writes down what rests on that. */
  leaving(): Leaving {
    const ids = new Set<string>();
    this.#leaving.add(ids);
    return {
      has: (id) => ids.has(id),
      restart: () => ids.clear(),
      end: () => void this.#leaving.delete(ids),
    };
  }

  #depart(departure: Departure): void {
    for (const ids of this.#leaving) ids.add(departure.ending.id);
    const text = this.#departures.length === 0 ? this.#text(departure) : null;
    if (text !== null) this.#append(departure, text);
    else {
      this.#departures.push(departure);
      if (this.#departures.length === 1) this.#flushing = this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const { state, journal, unreadable } = this.#parts;
    try {
      while (this.#departures.length > 0) {
        const some = this.#departures.slice(0, 1_000);
        // Looked at once: while some are read back, others may be spilled or come back by themselves.
        const known = some.map((departure) => this.#text(departure));
        const places = some.flatMap(({ params }, index) =>
          known[index] === null && params !== null ? (state.params.place(params) ?? []) : [],
        );
        const texts = places.length > 0 ? await journal.read(places) : [];
        let read = 0;
        for (const [index, departure] of some.entries())
          this.#append(departure, known[index] ?? withParams(departure.record, texts[read++] as string));
        this.#departures.splice(0, some.length);
      }
    } catch (error) {
      unreadable(error);
    }
  }

  /** The whole record, or null when its params are only on disk. */
  #text({ record, params }: Departure): string | null {
    if (params === null) return record;
    const text = this.#parts.state.params.text(params);
    return text === null ? null : withParams(record, text);
  }

  #append({ ending, params }: Departure, text: string): void {
    this.#parts.history.append(ending, text);
    if (params !== null) this.#parts.state.params.release(params);
  }
}
