/**
 * Schedules on a clock that is moved by hand: the real scheduler and desk over a journal in memory. `restart` reads the
 * lines back, as a start after a crash does.
 */
import { randomFillSync } from 'node:crypto';
import { BuiltInSchedules } from '../../supervisor/built-in-schedules.ts';
import { apply } from '../../supervisor/core/apply.ts';
import { encodeEvent } from '../../supervisor/core/codec.ts';
import { passTime } from '../../supervisor/core/decide/pass-time.ts';
import { decodeEvent } from '../../supervisor/core/decode.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { IdMaker } from '../../supervisor/core/id.ts';
import { taskRecord } from '../../supervisor/core/record.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { ledgerRows } from '../../supervisor/core/schedule/ledger-rows.ts';
import type { Occurrence } from '../../supervisor/core/schedule/schedule.ts';
import { freshState, type State } from '../../supervisor/core/state.ts';
import type { Task } from '../../supervisor/core/task.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import { Replay } from '../../supervisor/replay.ts';
import { Scheduler } from '../../supervisor/scheduler.ts';
import { SchedulesDesk } from '../../supervisor/schedules-desk.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import type { HandlerDescription } from '../../workers/contract.ts';
import { ManualClock } from './manual-clock.ts';

/** An entry of the journal; those of one group are kept all or not at all. */
export interface Line {
  readonly seq: number;
  readonly at: number;
  readonly body: string;
  readonly event: Event;
  readonly group: number;
}

interface Walking {
  readonly walk: StateWalk;
  readonly seq: number;
  readonly lines: { seq: number; body: string }[];
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
  /** Of those that name none. */
  zone: string;
  state: State = freshState();
  scheduler!: Scheduler;
  desk!: SchedulesDesk;
  builtIns!: BuiltInSchedules;
  flags = new Map<string, boolean>();
  readonly #minIntervalMs: number;
  readonly #ids: IdMaker;
  #snapshot: { seq: number; body: string }[] = [];
  #snapshotSeq = 0;
  #walking: Walking | null = null;
  #lines: Line[] = [];
  #durable = 0;
  #group = 0;

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

  /** Everything that was written down, the first first. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Somebody has been told of what is written down so far: no power cut takes it back. */
  acknowledge(): void {
    this.#durable = this.#lines.length;
  }

  /** Killed before the newest entries were on disk, as many as `part`, 0 to 1, says, but whole groups. */
  loseTail(part: number): void {
    let kept = this.#lines.length - Math.floor(part * (this.#lines.length - this.#durable));
    while (kept > this.#durable && this.#lines[kept]?.group === this.#lines[kept - 1]?.group) kept--;
    this.#lines.length = kept;
  }

  /** Everything in memory is lost and read back. */
  restart(): void {
    this.#walking = null;
    const replay = new Replay(() => freshState());
    for (const { seq, body } of this.#snapshot) {
      const bytes = Buffer.from(body);
      replay.entity(seq, bytes, 0, bytes.length, 0, 0);
    }
    for (const { seq, at, body } of this.#lines) {
      if (seq <= this.#snapshotSeq) continue;
      const bytes = Buffer.from(body);
      replay.entry(seq, at, bytes, 0, bytes.length, 0, 0);
    }
    replay.settle();
    this.state = replay.state;
    for (const { id, life } of [...this.state.running]) {
      const n = life?.attempts.at(-1)?.number ?? 1;
      this.record({ e: 'attempt.ended', id, n, outcome: 'interrupted', next: 'queued' });
    }
    this.record({ e: 'supervisor.started', incarnation: 'next', boot: 'boot', version: '1', pid: 1 });
    this.#build();
    this.tick();
    this.acknowledge();
  }

  /** From now on a restart begins here. */
  takeSnapshot(): void {
    this.beginSnapshot();
    while (this.#walking) this.goOnWithSnapshot();
  }

  get takesSnapshot(): boolean {
    return this.#walking !== null;
  }

  /** Its slices are taken one by one: what happens between them happens while the state is walked. */
  beginSnapshot(): void {
    let now = 0;
    // Each look at the clock is a slice's time later, so that a slice is as small as it can be.
    const clock = { wall: () => this.clock.wall(), monotonic: () => (now += 10), after: () => () => {} };
    this.#walking = { walk: new StateWalk(this.state, clock, async () => {}), seq: this.state.seq, lines: [] };
  }

  goOnWithSnapshot(): void {
    const walking = this.#walking;
    if (!walking) return;
    const slice = walking.walk.next();
    if (slice) {
      for (const { seq, body } of slice) walking.lines.push({ seq, body });
      walking.walk.placed(0, new Float64Array(slice.length));
      return;
    }
    walking.walk.published();
    this.#walking = null;
    this.#snapshot = walking.lines;
    this.#snapshotSeq = walking.seq;
    // It is not published before all that it may know of is on disk.
    this.acknowledge();
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

  record(event: Event): number {
    return this.#record(event, this.#group++);
  }

  #record(event: Event, group: number): number {
    const { state, clock } = this;
    const seq = state.seq + 1;
    const at = clock.wall();
    apply(state, event, { seq, at, params: null, missingUntil: 0 });
    const body = encodeEvent(event);
    // What cannot be read back is found here and not at a restart.
    decodeEvent(Buffer.from(body), 0, Buffer.byteLength(body), state);
    this.#lines.push({ seq, at, body, event, group });
    return seq;
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

  /** The journal, a text for each of its lines. */
  journal(): readonly string[] {
    return this.#lines.map(({ body }) => body);
  }

  /** Planned time and outcome, oldest first. */
  ledger(id: string): readonly Occurrence[] {
    return this.#lines.flatMap(({ event }) => {
      const rows = ledgerRows(event);
      return rows?.schedule === id ? rows.occurrences : [];
    });
  }

  #build(): void {
    const { clock, state } = this;
    state.flags = this.flags;
    const recorder = {
      record: (event: Event) => this.record(event),
      recordGroup: (events: readonly Event[]) => {
        const group = this.#group++;
        for (const event of events) this.#record(event, group);
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
