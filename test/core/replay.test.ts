/** Live and replay are one: whatever happened, reading it back, with or without a snapshot, gives the same state. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { encodeEvent } from '../../supervisor/core/codec.ts';
import { endAttempt, recoverAttempt } from '../../supervisor/core/decide/attempt.ts';
import { claimTask } from '../../supervisor/core/decide/claim.ts';
import { passTime } from '../../supervisor/core/decide/pass-time.ts';
import { cancelTask, pauseQueue, promoteTask, resumeQueue, retryTask } from '../../supervisor/core/decide/steer.ts';
import { deleteKey, setValue } from '../../supervisor/core/decide/store.ts';
import { submitTasks } from '../../supervisor/core/decide/submit.ts';
import type { AskedBy, Event } from '../../supervisor/core/event.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { defaultLimits, freshState, type State } from '../../supervisor/core/state.ts';
import type { Outcome, Task } from '../../supervisor/core/task.ts';
import type { SnapshotLine } from '../../supervisor/journal/journal.ts';
import { Replay } from '../../supervisor/replay.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';
import { dump, idOf, inputOf, Life } from './fixtures.ts';

/** A file of lines, each a body between a head and a tail, as the journal keeps them. */
class File {
  readonly lines: { readonly seq: number; readonly at: number; readonly start: number; readonly end: number }[] = [];
  #chunks: Buffer[] = [];
  #size = 0;

  /** @returns offset of the body */
  add(seq: number, at: number, body: Buffer): number {
    const start = this.#size + head.length;
    this.lines.push({ seq, at, start, end: start + body.length });
    this.#chunks.push(head, body, tail);
    this.#size = start + body.length + tail.length;
    return start;
  }

  get bytes(): Buffer {
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }
}
const head = Buffer.from('{"seq":1,');
const tail = Buffer.from(',"crc":"00000000"}\n');

const limits = {
  ...defaultLimits,
  idempotencyWindowMs: 3_000,
  idempotencyKeysMax: 10,
  failedLiveMs: 2_000,
  concurrencyByType: new Map([['a', 2]]),
  rateByGroup: new Map([['g', { count: 6, perMs: 2_000 }]]),
};
const journalFile = 1;

/** A supervisor without disk, pool and clock: state, the journal it would have written, and snapshots of it. */
class World extends Life {
  readonly journal = new File();
  readonly files = new Map<number, File>([[journalFile, this.journal]]);
  readonly taken: Taken[] = [];
  #number = 0;

  constructor(idempotencyKeysMax = limits.idempotencyKeysMax) {
    super(freshState({ ...limits, idempotencyKeysMax }, 200));
  }

  override record(event: Event): Task | null {
    const finished = super.record(event);
    const body = Buffer.from(encodeEvent(event));
    const start = this.journal.add(this.state.seq, this.now, body);
    if (event.e === 'task.accepted') {
      const bytes = Buffer.byteLength(event.params);
      const task = this.state.tasks.get(event.id) as Task;
      this.state.params.locate(task.params, journalFile, start + body.length - bytes, bytes);
      this.state.params.spill();
    }
    // What the recorder does once the history has it.
    if (finished && !this.state.tasks.has(finished.id)) this.state.params.release(finished.params);
    return finished;
  }

  submit(count: number, given: Record<string, unknown>): void {
    const inputs = Array.from({ length: count }, () => inputOf(given));
    const answer = submitTasks(
      this.state,
      inputs,
      'http',
      this.now,
      () => idOf(this.#number++),
      () => undefined,
    );
    if (!(answer instanceof Refusal)) for (const event of answer.events) this.record(event);
  }

  carryOut(decision: readonly Event[] | Refusal): void {
    if (!(decision instanceof Refusal)) for (const event of decision) this.record(event);
  }

  some(which: number, among: Iterable<Task> = this.state.tasks.values()): Task | undefined {
    const all = [...among];
    return all[which % (all.length || 1)];
  }
}

/** A snapshot that is being walked, or has been. */
class Taken {
  readonly from: number;
  readonly file = new File();
  readonly #walk: StateWalk;
  readonly #ordinal: number;
  done = false;

  constructor(world: World, ordinal: number) {
    this.from = world.state.seq;
    this.#ordinal = ordinal;
    world.files.set(ordinal, this.file);
    // A clock on which every look takes longer than a slice: the walk stops as often as it can.
    let now = 0;
    const clock = { wall: () => world.now, monotonic: () => (now += 1_000), after: () => () => {} };
    this.#walk = new StateWalk(world.state, clock, async () => {});
  }

  slice(world: World): void {
    if (this.done) return;
    const lines = this.#walk.next();
    if (lines === null) {
      this.done = true;
      this.#walk.published();
      return;
    }
    this.#walk.placed(
      this.#ordinal,
      Float64Array.from(lines, (line) => this.file.add(line.seq, 0, bodyOf(line, world.files))),
    );
  }
}

function bodyOf({ body, tail: place }: SnapshotLine, files: ReadonlyMap<number, File>): Buffer {
  if (!place) return Buffer.from(body);
  const bytes = files.get(place.file)?.bytes.subarray(place.offset, place.offset + place.length);
  return Buffer.concat([Buffer.from(body), bytes ?? Buffer.alloc(0)]);
}

/** @param damaged a snapshot that is handed over first, in part, and then found to be damaged */
function readBack(world: World, snapshot: Taken | null, damaged: Taken | null = null): State {
  const replay = new Replay(() => freshState(world.state.limits, 200));
  if (damaged) {
    const { bytes, lines } = damaged.file;
    for (const { seq, start, end } of lines.slice(0, -1)) replay.entity(seq, bytes, start, end, 9, start);
    replay.startOver();
  }
  if (snapshot) {
    const { bytes, lines } = snapshot.file;
    for (const { seq, start, end } of lines) replay.entity(seq, bytes, start, end, fileOf(world, snapshot.file), start);
  }
  const { bytes, lines } = world.journal;
  for (const { seq, at, start, end } of lines)
    if (seq > (snapshot?.from ?? 0)) replay.entry(seq, at, bytes, start, end, journalFile, start);
  replay.settle();
  return replay.state;
}

function fileOf(world: World, file: File): number {
  return [...world.files].find(([, known]) => known === file)?.[0] as number;
}

/** Everything but the moment a key is forgotten, which a snapshot may round up. */
function picture(world: World, state: State): Record<string, unknown> {
  const paramsOf = (task: Task): string => {
    const place = state.params.place(task.params);
    const written =
      place && world.files.get(place.file)?.bytes.toString('utf8', place.offset, place.offset + place.length);
    const hot = state.params.text(task.params);
    if (hot !== null && written !== null && hot !== written)
      throw new Error(`params of ${task.id} are ${hot} in memory and ${written} on disk`);
    return hot ?? (written as string);
  };
  const { finishedKeys, ...whole } = dump(state, paramsOf);
  const rates = [...state.rates].map(([group, window]) => [group, window.startsSince(world.now - window.rate.perMs)]);
  return {
    ...whole,
    rates,
    finishedKeys: (finishedKeys as [string, { taskId: string }][]).map(([digest, { taskId }]) => [digest, taskId]),
  };
}

type Deed = (world: World) => void;

const outcomes: readonly Outcome[] = [
  'succeeded',
  'succeeded',
  'failed',
  'timed_out',
  'worker_crashed',
  'interrupted',
  'canceled',
];

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('a', 'b'),
        fc.option(fc.constantFrom('1s', '3s')),
        fc.string({ unit: 'binary' }),
      )
      .map(
        ([count, type, delay, text]) =>
          (world: World) =>
            world.submit(count, { type, params: { text }, maxAttempts: 2, ...(delay && { delay }), group: 'g' }),
      ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat({ max: 30 }), fc.constantFrom('a', 'b'), fc.constantFrom('requeue', 'hold', 'fail')).map(
      ([key, type, onInterrupt]) =>
        (world: World) =>
          world.submit(1, { type, idempotencyKey: `key ${key}`, onInterrupt, maxAttempts: 1, priority: 9 }),
    ),
  },
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 20 }).map((count) => (world: World) => claimSome(world, count)) },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat(), fc.constantFrom(...outcomes), fc.boolean()).map(
      ([which, outcome, retryable]) =>
        (world: World) =>
          endSome(world, which, outcome, retryable),
    ),
  },
  { weight: 3, arbitrary: fc.nat().map((which) => (world: World) => onTask(world, which, cancelTask)) },
  { weight: 1, arbitrary: fc.nat().map((which) => (world: World) => onTask(world, which, promoteTask)) },
  {
    weight: 3,
    arbitrary: fc.nat().map((which) => (world: World) => onTask(world, which, retryTask, world.state.failed.values())),
  },
  { weight: 2, arbitrary: fc.nat().map((which) => (world: World) => tell(world, which)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(null, 'a'), fc.string()).map(
      ([type, reason]) =>
        (world: World) =>
          world.carryOut(pauseQueue(world.state, type, reason, { by: 'http' })),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(null, 'a')
      .map((type) => (world: World) => world.carryOut(resumeQueue(world.state, type, { by: 'http' }))),
  },
  { weight: 4, arbitrary: fc.nat({ max: 1_500 }).map((ms) => (world: World) => pass(world, ms)) },
  { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 5_000 }).map((byMs) => (world: World) => jump(world, byMs)) },
  { weight: 1, arbitrary: fc.boolean().map((orderly) => (world: World) => restart(world, orderly)) },
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map((file) => (world: World) => inbox(world, file)) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat({ max: 90 }), fc.option(fc.integer({ min: 1, max: 90_000 }))).map(
      ([key, ttlMs]) =>
        (world: World) =>
          store(world, key, ttlMs),
    ),
  },
  { weight: 2, arbitrary: fc.nat({ max: 90 }).map((key) => (world: World) => forget(world, key)) },
);

function claimSome(world: World, count: number): void {
  for (let left = count; left > 0; left--) {
    const claim = claimTask(world.state, world.now, () => true);
    if (!claim) return;
    const { id, life } = claim.task;
    world.record({
      e: 'attempt.started',
      id,
      n: (life?.attempts.at(-1)?.number ?? 0) + 1,
      worker: 'cpu-1',
      handler: 'abc',
      solo: claim.solo,
    });
  }
}

function endSome(world: World, which: number, outcome: Outcome, retryable: boolean): void {
  const task = world.some(which, world.state.running);
  if (!task) return;
  const error = outcome === 'succeeded' ? null : { code: outcome, message: 'no' };
  const ending = {
    outcome,
    error,
    result: outcome === 'succeeded' ? '{"ok":true}' : null,
    retryable,
    retryAfterMs: null,
    log: null,
    begun: true,
  };
  world.record(endAttempt(task, task.life?.attempts.at(-1)?.number ?? 0, ending, world.now, 0.5));
}

function onTask(
  world: World,
  which: number,
  ask: (task: Task, by: AskedBy) => readonly Event[] | Refusal,
  among?: Iterable<Task>,
): void {
  const task = world.some(which, among);
  if (task) world.carryOut(ask(task, { by: 'http' }));
}

/** News of a running attempt. */
function tell(world: World, which: number): void {
  const task = world.some(which, world.state.running);
  if (!task) return;
  const n = task.life?.attempts.at(-1)?.number ?? 0;
  if (which % 3 === 0)
    world.record({ e: 'attempt.progressed', id: task.id, n, progress: { done: which, total: null, text: null } });
  else if (which % 3 === 1) world.record({ e: 'attempt.checkpointed', id: task.id, n, data: `{"at":${which}}` });
  else if (task.life?.solo) world.record({ e: 'suspect.cleared', id: task.id });
  else world.record({ e: 'child.started', id: task.id, n, group: which, ticks: '1', boot: 'boot' });
}

function pass(world: World, ms: number): void {
  world.now += ms;
  world.carryOut(passTime(world.state, world.now));
}

function jump(world: World, byMs: number): void {
  world.now += byMs;
  world.record({ e: 'clock.jumped', byMs });
}

function restart(world: World, orderly: boolean): void {
  const running = [...world.state.running];
  world.record({ e: 'supervisor.started', incarnation: `life ${world.state.seq}`, boot: 'boot', version: '1', pid: 1 });
  for (const task of running) world.record(recoverAttempt(task, { orderly, at: world.now - 700 }));
}

function inbox(world: World, file: number): void {
  if (world.state.inboxTaken.has(`u${file}`)) world.record({ e: 'inbox.settled', uuids: [`u${file}`] });
  else world.record({ e: 'inbox.taken', uuid: `u${file}`, file: `${file}.json`, tasks: 1 });
}

function store(world: World, key: number, ttlMs: number | null): void {
  const given = { key: `k${key}`, value: `${world.state.seq}`, ttlMs, condition: null };
  world.carryOut(setValue(world.state.store, limits, given, world.now, { by: 'http' }));
}

function forget(world: World, key: number): void {
  world.carryOut(deleteKey(world.state.store, `k${key}`, null, world.now, { by: 'http' }));
}

t.test('reading the journal back gives the state that wrote it', async (t) => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 150, size: 'max' }), (deeds) => {
      const world = new World();
      for (const one of deeds) one(world);
      assert.deepStrictEqual(picture(world, readBack(world, null)), picture(world, world.state));
    }),
    { numRuns: 30 },
  );
  t.pass();
});

t.test('so does a snapshot that was walked while all this went on, with the journal after it', async (t) => {
  const slices = fc.array(fc.tuple(deed, fc.nat({ max: 2 })), { maxLength: 120, size: 'max' });
  fc.assert(
    fc.property(
      fc.array(deed, { maxLength: 60, size: 'max' }),
      slices,
      fc.array(deed, { maxLength: 20, size: 'max' }),
      (before, during, after) => {
        const world = new World();
        for (const one of before) one(world);
        const snapshot = new Taken(world, 2);
        for (const [one, count] of during) {
          one(world);
          for (let slice = 0; slice < count; slice++) snapshot.slice(world);
        }
        while (!snapshot.done) snapshot.slice(world);
        for (const one of after) one(world);
        assert.deepStrictEqual(picture(world, readBack(world, snapshot)), picture(world, world.state));
        assert.deepStrictEqual(picture(world, readBack(world, null, snapshot)), picture(world, world.state));
      },
    ),
    { numRuns: 40 },
  );
  t.pass();
});

t.test('a snapshot ends, however fast new tasks come while it is walked', async (t) => {
  const world = new World();
  world.submit(500, { type: 'a' });
  const snapshot = new Taken(world, 2);
  while (!snapshot.done) {
    snapshot.slice(world);
    world.submit(100, { type: 'a' });
  }
  const tasks = snapshot.file.bytes.toString().split('"k":"task"').length - 1;
  t.equal(tasks, 500, 'the journal has the others');
  t.same(picture(world, readBack(world, snapshot)), picture(world, world.state));
});

t.test('a key is not forgotten when its task ends or is retried while a snapshot walks the keys', async (t) => {
  for (const turn of [0, 1, 2, 3]) {
    const world = new World(1_000);
    for (let key = 0; key < 150; key++) {
      world.submit(1, { type: 'b', idempotencyKey: `key ${key}`, maxAttempts: 1 });
      if (key % 2 === 0) continue;
      claimSome(world, 1);
      endSome(world, 0, 'failed', false);
    }
    const snapshot = new Taken(world, 2);
    const keysBegun = () => snapshot.file.bytes.includes('"k":"key"');
    while (!keysBegun()) snapshot.slice(world);
    for (let slice = 0; slice < turn; slice++) snapshot.slice(world);
    for (const task of [...world.state.failed.values()]) world.carryOut(retryTask(task, { by: 'http' }));
    for (const task of [...world.state.tasks.values()].slice(0, 140)) world.carryOut(cancelTask(task, { by: 'http' }));
    while (!snapshot.done) snapshot.slice(world);
    const known = ({ liveKeys, finishedKeys }: State) => [[...liveKeys.keys()].sort(), [...finishedKeys.keys()].sort()];
    t.same(known(readBack(world, snapshot)), known(world.state), `after ${turn} slices of keys`);
  }
});
