/**
 * Schedules on a clock that is moved by hand: the real scheduler and desk over a journal in memory. `restart` reads the
 * lines back, as a start after a crash does.
 */
import { randomFillSync } from 'node:crypto';
import { BuiltInSchedules } from '../../supervisor/built-in-schedules.ts';
import { passTime } from '../../supervisor/core/decide/pass-time.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { IdMaker } from '../../supervisor/core/id.ts';
import { taskRecord } from '../../supervisor/core/record.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { BUILT_INS } from '../../supervisor/core/schedule/built-ins.ts';
import { ledgerRows } from '../../supervisor/core/schedule/ledger-rows.ts';
import type { Occurrence } from '../../supervisor/core/schedule/schedule.ts';
import type { State } from '../../supervisor/core/state.ts';
import type { Task } from '../../supervisor/core/task.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import type { FoundPipeline } from '../../supervisor/pipelines-folder.ts';
import { RunKeeper } from '../../supervisor/run-keeper.ts';
import { Scheduler } from '../../supervisor/scheduler.ts';
import { SchedulesDesk } from '../../supervisor/schedules-desk.ts';
import type { HandlerDescription } from '../../workers/contract.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryJournal } from './memory-journal.ts';

export interface SchedulesBedOptions {
  readonly wall?: string;
  readonly zone?: string;
  readonly minIntervalMs?: number;
  readonly startupDelayMs?: number;
  readonly fill?: (bytes: Uint8Array) => void;
}

const KNOWN = new Set(['scripted', 'noop', ...BUILT_INS.map(({ task }) => task.type)]);

export class SchedulesBed {
  readonly clock: ManualClock;
  /** Of those that name none. */
  zone: string;
  readonly journal: MemoryJournal;
  scheduler!: Scheduler;
  desk!: SchedulesDesk;
  builtIns!: BuiltInSchedules;
  keeper!: RunKeeper;
  flags = new Map<string, boolean>();
  readonly pipelines = new Map<string, FoundPipeline>();
  diskFull = false;
  readonly #minIntervalMs: number;
  readonly #ids: IdMaker;
  readonly #startupDelayMs: number;

  constructor({
    wall = '2026-11-26T12:00:00Z',
    zone = 'Europe/Berlin',
    minIntervalMs = 300_000,
    startupDelayMs = 0,
    fill = (bytes) => void randomFillSync(bytes),
  }: SchedulesBedOptions = {}) {
    this.clock = new ManualClock(wall);
    this.journal = new MemoryJournal(this.clock);
    this.zone = zone;
    this.#minIntervalMs = minIntervalMs;
    this.#startupDelayMs = startupDelayMs;
    this.#ids = new IdMaker(fill);
    this.#build();
  }

  get state(): State {
    return this.journal.state;
  }

  /** Everything in memory is lost and read back. */
  restart(): void {
    this.journal.readBack();
    for (const { id, life } of [...this.state.running]) {
      const n = life?.attempts.at(-1)?.number ?? 1;
      this.record({ e: 'attempt.ended', id, n, outcome: 'interrupted', next: 'queued' });
    }
    this.record({ e: 'supervisor.started', incarnation: 'next', boot: 'boot', version: '1', pid: 1 });
    this.#build();
    this.tick();
    this.journal.acknowledge();
  }

  tick(): void {
    for (const event of passTime(this.state, this.clock.wall())) this.record(event);
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

  record(event: Event): void {
    this.journal.record(event);
  }

  /** The work of all tasks that could start ends. */
  end(outcome: 'succeeded' | 'failed' = 'succeeded'): void {
    for (const task of [...this.state.tasks.values()]) {
      if (task.state !== 'queued') continue;
      this.begin(task);
      this.finish(task, outcome);
    }
    this.tick();
  }

  begin({ id, life }: Task): void {
    const n = (life?.attempts.at(-1)?.number ?? 0) + 1;
    this.record({ e: 'attempt.started', id, n, worker: 'cpu-1', handler: null, solo: false });
  }

  finish({ id, life }: Task, outcome: 'succeeded' | 'failed' | 'canceled'): void {
    const n = life?.attempts.at(-1)?.number ?? 1;
    this.record({ e: 'attempt.ended', id, n, outcome, next: outcome });
  }

  /** Planned time and outcome, oldest first. */
  ledger(id: string): readonly Occurrence[] {
    return this.journal.lines.flatMap(({ event }) => {
      const rows = ledgerRows(event);
      return rows?.schedule === id ? rows.occurrences : [];
    });
  }

  #build(): void {
    const { clock, state, journal: recorder } = this;
    state.flags = this.flags;
    const handlers = { of: (): HandlerDescription | undefined => undefined };
    const upSince = clock.wall();
    const keeper = new RunKeeper({ state, recorder, stop: () => {} });
    this.keeper = keeper;
    this.scheduler = new Scheduler({
      state,
      recorder,
      clock,
      ids: this.#ids,
      handlers,
      upSince,
      pipelines: this.#pipelines,
      cancelRest: (run) => void keeper.cancelRest(run),
      maySubmit: () => !this.diskFull,
    });
    this.scheduler.adopt(state.schedules.offSince === null, this.zone);
    this.scheduler.begin(this.#startupDelayMs);
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
      pipelines: this.#pipelines,
      mayChange: () => {},
      timeKeyOf: (schedule) => this.builtIns.timeKeyOf(schedule),
      task: async (id) => this.#view(id),
      settled: async () => {},
    });
  }

  get #pipelines() {
    return { of: (name: string) => this.pipelines.get(name), all: [...this.pipelines.values()] };
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
