/**
 * Schedules on a clock that is moved by hand: the real scheduler and desk over a journal in memory. `restart` reads the
 * lines back, as a start after a crash does.
 */
import { randomFillSync } from 'node:crypto';
import { BuiltInSchedules } from '../../supervisor/built-in-schedules.ts';
import { apply } from '../../supervisor/core/apply.ts';
import { encodeEvent } from '../../supervisor/core/codec.ts';
import { decodeEvent } from '../../supervisor/core/decode.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { IdMaker } from '../../supervisor/core/id.ts';
import { taskRecord } from '../../supervisor/core/record.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { ledgerRows } from '../../supervisor/core/schedule/ledger-rows.ts';
import type { Occurrence } from '../../supervisor/core/schedule/schedule.ts';
import { freshState, type State } from '../../supervisor/core/state.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import { Replay } from '../../supervisor/replay.ts';
import { Scheduler } from '../../supervisor/scheduler.ts';
import { SchedulesDesk } from '../../supervisor/schedules-desk.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import type { HandlerDescription } from '../../workers/contract.ts';
import { ManualClock } from './manual-clock.ts';

interface Line {
  readonly seq: number;
  readonly at: number;
  readonly body: string;
}

export interface SchedulesBedOptions {
  readonly wall?: string;
  readonly zone?: string;
  readonly minIntervalMs?: number;
  readonly fill?: (bytes: Uint8Array) => void;
}

const KNOWN = new Set(['scripted', 'noop', 'backup.create']);

export class SchedulesBed {
  readonly clock: ManualClock;
  readonly zone: string;
  state: State = freshState();
  scheduler!: Scheduler;
  desk!: SchedulesDesk;
  builtIns!: BuiltInSchedules;
  flags = new Map<string, boolean>();
  readonly #minIntervalMs: number;
  readonly #ids: IdMaker;
  #snapshot: { seq: number; body: string }[] = [];
  #lines: Line[] = [];
  #rows: { schedule: string; occurrences: readonly Occurrence[] }[] = [];

  constructor({
    wall = '2026-11-26T12:00:00Z',
    zone = 'Europe/Berlin',
    minIntervalMs = 300_000,
    fill = (bytes) => void randomFillSync(bytes),
  }: SchedulesBedOptions = {}) {
    this.clock = new ManualClock(wall);
    this.zone = zone;
    this.#minIntervalMs = minIntervalMs;
    this.#ids = new IdMaker(fill);
    this.#build();
  }

  /** Everything in memory is lost and read back. */
  restart(): void {
    const replay = new Replay(() => freshState());
    for (const { seq, body } of this.#snapshot) {
      const bytes = Buffer.from(body);
      replay.entity(seq, bytes, 0, bytes.length, 0, 0);
    }
    for (const { seq, at, body } of this.#lines) {
      const bytes = Buffer.from(body);
      replay.entry(seq, at, bytes, 0, bytes.length, 0, 0);
    }
    replay.settle();
    this.state = replay.state;
    this.#build();
    this.record({ e: 'supervisor.started', incarnation: 'next', boot: 'boot', version: '1', pid: 1 });
    this.tick();
  }

  /** From now on a restart begins here. */
  takeSnapshot(): void {
    const walk = new StateWalk(this.state, this.clock, async () => {});
    const lines: { seq: number; body: string }[] = [];
    for (let slice = walk.next(); slice; slice = walk.next()) {
      for (const { seq, body } of slice) lines.push({ seq, body });
      walk.placed(0, new Float64Array(slice.length));
    }
    walk.published();
    this.#snapshot = lines;
    this.#lines = [];
  }

  tick(): void {
    do this.scheduler.tick();
    while (this.scheduler.nextAt <= this.clock.wall());
  }

  /** Time passes, and everything is looked at when it is due. */
  pass(ms: number): void {
    const end = this.clock.wall() + ms;
    for (;;) {
      const next = Math.min(this.scheduler.nextAt, end);
      this.clock.advance(Math.max(0, next - this.clock.wall()));
      this.tick();
      if (this.clock.wall() >= end) return;
    }
  }

  record(event: Event): number {
    const { state, clock } = this;
    const seq = state.seq + 1;
    const at = clock.wall();
    apply(state, event, { seq, at, params: null, missingUntil: 0 });
    const body = encodeEvent(event);
    // What cannot be read back is found here and not at a restart.
    decodeEvent(Buffer.from(body), 0, Buffer.byteLength(body), state);
    this.#lines.push({ seq, at, body });
    const rows = ledgerRows(event);
    if (rows) this.#rows.push(rows);
    return seq;
  }

  /** The work of all live tasks of a schedule ends. */
  end(outcome: 'succeeded' | 'failed' = 'succeeded'): void {
    for (const task of [...this.state.tasks.values()]) {
      if (task.state !== 'queued') continue;
      this.record({ e: 'attempt.started', id: task.id, n: 1, worker: 'cpu-1', handler: null, solo: false });
      this.record({ e: 'attempt.ended', id: task.id, n: 1, outcome, next: outcome });
    }
    this.tick();
  }

  /** Planned time and outcome, oldest first. */
  ledger(id: string): readonly Occurrence[] {
    return this.#rows.filter(({ schedule }) => schedule === id).flatMap(({ occurrences }) => occurrences);
  }

  #build(): void {
    const { clock, state } = this;
    state.flags = this.flags;
    const recorder = {
      record: (event: Event) => this.record(event),
      recordGroup: (events: readonly Event[]) => {
        for (const event of events) this.record(event);
        return state.seq;
      },
    };
    const handlers = { of: (): HandlerDescription | undefined => undefined };
    const upSince = clock.wall();
    this.scheduler = new Scheduler({
      state,
      recorder,
      clock,
      ids: this.#ids,
      handlers,
      upSince,
      maySubmit: () => true,
    });
    this.scheduler.adopt(state.schedules.offSince === null, this.zone);
    this.scheduler.begin(0);
    this.builtIns = new BuiltInSchedules({ state, recorder, scheduler: this.scheduler, ids: this.#ids, clock });
    const ledger = { page: async (id: string, { limit }: { limit: number }) => this.#page(id, limit) };
    this.desk = new SchedulesDesk({
      state,
      recorder,
      scheduler: this.scheduler,
      ledger,
      ids: this.#ids,
      clock,
      minIntervalMs: () => this.#minIntervalMs,
      checkType(type) {
        if (!KNOWN.has(type))
          throw new Refusal('unknown_type', type, [{ path: '$.task.type', message: `"${type}" has no handler` }]);
      },
      checkParams: () => null,
      mayChange: () => {},
      timeKeyOf: (schedule) => this.builtIns.timeKeyOf(schedule),
      task: async (id) => this.#view(id),
      settled: async () => {},
    });
  }

  #page(id: string, limit: number) {
    return { occurrences: this.ledger(id).toReversed().slice(0, limit), next: null };
  }

  #view(id: string): TaskView | null {
    const task = this.state.tasks.get(id);
    return task
      ? { ...taskRecord(task, this.state.params.text(task.params) ?? '{}'), retriedAs: null, waiting: null }
      : null;
  }
}

export async function refusedBy(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => null,
    (thrown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error(`no refusal: ${error}`);
  return error;
}
