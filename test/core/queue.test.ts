import fc from 'fast-check';
import t from 'tap';
import { Heap } from '../../supervisor/core/heap.ts';
import { emptyLinesKept, type Gate, ReadyQueue } from '../../supervisor/core/queue.ts';
import type { Line } from '../../supervisor/core/shelf.ts';
import type { Task, TaskOptions } from '../../supervisor/core/task.ts';
import { freeTask, noon } from './fixtures.ts';

const open: Gate = () => null;

/** Claims as the supervisor does: looks at whose turn it is, and takes it. */
function claim(queue: ReadyQueue, now = noon, gate: Gate = open): Task | null {
  const task = queue.first(now, gate);
  if (task) queue.take(task, now);
  return task;
}

function claimAll(queue: ReadyQueue, now = noon): string[] {
  const types: string[] = [];
  for (let task = claim(queue, now); task; task = claim(queue, now)) types.push(task.options.type);
  return types;
}

t.test('a heap gives back what it was given, the least first', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined })), (steps) => {
      const heap = new Heap<number>();
      const model: number[] = [];
      for (const key of steps) {
        if (key === undefined) {
          model.sort((a, b) => a - b);
          if (heap.pop() !== model.shift()) return false;
        } else {
          heap.push(key, key);
          model.push(key);
        }
        if (heap.size !== model.length || heap.earliest !== Math.min(Number.POSITIVE_INFINITY, ...model)) return false;
      }
      return heap.values().length === model.length;
    }),
  );
  t.pass();
});

t.test('a heap that lets go of some keeps the others, in order', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.integer({ min: 1, max: 5 }), (keys, part) => {
      const heap = new Heap<number>();
      for (const key of keys) heap.push(key, key);
      heap.keep((key) => key % part === 0);
      const left = keys.filter((key) => key % part === 0).sort((a, b) => a - b);
      return left.every((key) => heap.earliest === key && heap.first === key && heap.pop() === key) && heap.size === 0;
    }),
  );
  t.pass();
});

t.test('the higher priority goes first, and within a line who came first', async (t) => {
  const queue = new ReadyQueue();
  for (const [index, priority] of [3, 9, 5, 9, 0].entries()) queue.push(freeTask(index, { priority }));
  const order: string[] = [];
  for (let task = claim(queue); task; task = claim(queue)) order.push(`${task.options.priority}#${task.seq}`);
  t.same(order, ['9#1', '9#3', '5#2', '3#0', '0#4']);
  t.equal(queue.size, 0);
});

t.test('ageing that is shortened counts at once, for what is parked as well', async (t) => {
  const queue = new ReadyQueue(86_400_000);
  queue.push(freeTask(1, { type: 'low', priority: 0 }, noon - 60_000));
  queue.push(freeTask(2, { type: 'high', priority: 9 }, noon));
  t.equal(queue.first(noon, open)?.options.type, 'high');
  queue.first(noon, () => 'pause:all');
  queue.agingMs = 1_000;
  queue.release('pause:all', 1, noon);
  t.equal(queue.first(noon, open)?.options.type, 'low');
});

t.test('a task asked to the front goes before every priority, however old the others are', async (t) => {
  const queue = new ReadyQueue();
  queue.push(freeTask(1, { priority: 9 }, noon - 30 * 86_400_000));
  const promoted = freeTask(2, { priority: 0 });
  promoted.promoted = true;
  queue.push(promoted);
  t.equal(claim(queue), promoted);
});

t.test('a task that gives its turn back stands where it stood', async (t) => {
  const queue = new ReadyQueue();
  for (let number = 0; number < 3; number++) queue.push(freeTask(number));
  const [first, second] = [claim(queue) as Task, claim(queue) as Task];
  queue.giveBack(second);
  queue.giveBack(first);
  t.equal(claim(queue), first);
  t.equal(claim(queue), second, 'whoever is given back first');
});

t.test('a run of 50,000 does not keep a run of three waiting', async (t) => {
  const queue = new ReadyQueue();
  const run = (id: string) => ({ id, stage: 'one' });
  for (let number = 0; number < 50_000; number++) queue.push(freeTask(number, { run: run('big'), type: 'big' }));
  for (let number = 0; number < 3; number++)
    queue.push(freeTask(50_000 + number, { run: run('small'), type: 'small' }));
  let asked = 0;
  const counting: Gate = () => {
    asked++;
    return null;
  };
  const types = Array.from({ length: 6 }, () => claim(queue, noon, counting)?.options.type);
  t.same(types, ['big', 'small', 'big', 'small', 'big', 'small']);
  t.equal(asked, 6, 'one line is asked for each claim');
});

t.test('blocked work is looked at once, not at every claim', async (t) => {
  const queue = new ReadyQueue();
  for (let number = 0; number < 50_000; number++) queue.push(freeTask(number, { group: 'full', priority: 9 }));
  for (let number = 0; number < 2_000; number++)
    queue.push(freeTask(50_000 + number, { type: `paused.${number}`, priority: 8 }));
  for (let number = 0; number < 100; number++) queue.push(freeTask(60_000 + number, { type: 'free' }));
  let asked = 0;
  const gate: Gate = (line) => {
    asked++;
    if (line.group === 'full') return 'group:full';
    return line.type === 'free' ? null : `pause:${line.type}`;
  };
  t.equal(claim(queue, noon, gate)?.options.type, 'free');
  t.equal(asked, 2_002, 'every blocked line once, whatever stands in it');
  asked = 0;
  for (let count = 0; count < 99; count++) t.equal(claim(queue, noon, gate)?.options.type, 'free');
  t.equal(asked, 99, 'and then no more');
  asked = 0;
  t.equal(claim(queue, noon, gate), null);
  t.equal(asked, 0);
  queue.release('group:full', 1, noon);
  t.equal(claim(queue, noon, open)?.options.group, 'full');
});

t.test('effective priority rises by one for each ten minutes waited', async (t) => {
  const tenMinutes = 600_000;
  for (const steps of [0, 1, 2, 5]) {
    const queue = new ReadyQueue(tenMinutes);
    queue.push(freeTask(1, { priority: 2, type: 'old' }, noon));
    const later = noon + steps * tenMinutes;
    for (const [moment, expected] of [
      [later, 'fresh'],
      [later + 1, 'old'],
    ] as const) {
      // A fresh task one above the level the old one has just reached goes first, one at that level goes behind it.
      const fresh = freeTask(2, { priority: moment === later ? 3 + steps : 2 + steps, type: 'fresh' }, moment);
      queue.push(fresh);
      t.equal(queue.first(moment, open)?.options.type, expected, `after ${steps} steps, at ${moment - noon} ms`);
      queue.remove(fresh, moment);
    }
    const early = new ReadyQueue(tenMinutes);
    early.push(freeTask(1, { priority: 2, type: 'old' }, noon));
    early.push(freeTask(2, { priority: 3 + steps, type: 'fresh' }, noon + (steps + 1) * tenMinutes - 1));
    t.equal(early.first(noon + (steps + 1) * tenMinutes - 1, open)?.options.type, 'fresh', 'not a millisecond early');
  }
});

t.test('a parked line ages too, and comes back at the level it has reached', async (t) => {
  const queue = new ReadyQueue(1_000);
  queue.push(freeTask(1, { priority: 1, group: 'g', type: 'old' }, noon));
  queue.push(freeTask(2, { priority: 3, group: 'g', type: 'young' }, noon + 4_000));
  t.equal(
    claim(queue, noon + 4_000, () => 'group:g'),
    null,
  );
  queue.release('group:g', 1, noon + 4_500);
  t.equal(claim(queue, noon + 4_500)?.options.type, 'old');
});

t.test('a line whose oldest task left falls back to the level of the next', async (t) => {
  const queue = new ReadyQueue(1_000);
  const old = freeTask(1, { priority: 1, type: 'low' }, noon);
  queue.push(old);
  queue.push(freeTask(2, { priority: 1, type: 'low' }, noon + 9_500));
  queue.push(freeTask(3, { priority: 5, type: 'high' }, noon + 9_500));
  t.equal(queue.first(noon + 9_500, open), old);
  queue.remove(old, noon + 9_500);
  t.equal(queue.first(noon + 9_500, open)?.options.type, 'high');
});

t.test('a wake-up that its line cannot use goes on to the next one parked there', async (t) => {
  const queue = new ReadyQueue();
  queue.push(freeTask(1, { type: 'a', group: 'g', priority: 9 }));
  queue.push(freeTask(2, { type: 'b', group: 'g' }));
  t.equal(
    claim(queue, noon, () => 'group:g'),
    null,
  );
  queue.release('group:g', 1, noon);
  t.equal(claim(queue, noon, (line) => (line.type === 'a' ? 'pause:a' : null))?.options.type, 'b');

  const canceled = freeTask(3, { type: 'c', group: 'h', priority: 9 });
  queue.push(canceled);
  queue.push(freeTask(4, { type: 'd', group: 'h' }));
  t.equal(
    claim(queue, noon, () => 'group:h'),
    null,
  );
  queue.release('group:h', 1, noon);
  queue.remove(canceled, noon);
  t.equal(claim(queue)?.options.type, 'd', 'also when the woken line lost its last task');
});

t.test('lines that share few slots are served in turn, however many there are', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 400 }),
      fc.integer({ min: 1, max: 130 }),
      fc.integer({ min: 1, max: 3 }),
      (lines, letOut, slots) => {
        const queue = new ReadyQueue();
        for (let round = 0; round < 3; round++) {
          for (let line = 0; line < lines; line++) queue.push(freeTask(round * lines + line, { type: `type.${line}` }));
        }
        let free = 0;
        const served: string[] = [];
        const gate: Gate = () => (free > 0 ? null : 'lane:cpu');
        queue.first(noon, gate);
        while (served.length < lines) {
          // What the dispatcher does when slots come free: lets out lines that waited for one, then claims all it can.
          free = slots;
          queue.release('lane:cpu', letOut, noon);
          for (let task = queue.first(noon, gate); task; task = queue.first(noon, gate)) {
            queue.take(task, noon);
            free--;
            served.push(task.options.type);
          }
        }
        return letOut < slots || new Set(served.slice(0, lines)).size === lines;
      },
    ),
    { examples: [[129, 128, 1]] },
  );
  t.pass('nobody has a second turn before everybody has had the first');
});

/** Limits of concurrency by type and group, and pauses, as `gate.ts` asks for them: what the queue is parked under. */
class Limits {
  readonly running: Task[] = [];
  readonly paused = new Set<string>();
  readonly #typeMax: number;
  readonly #groupMax: number;

  constructor(typeMax: number, groupMax: number) {
    this.#typeMax = typeMax;
    this.#groupMax = groupMax;
  }

  blockOf(type: string, group: string | null): string | null {
    if (this.paused.has(type)) return `pause:${type}`;
    if (this.running.filter(({ options }) => options.type === type).length >= this.#typeMax) return `type:${type}`;
    if (group !== null && this.running.filter(({ options }) => options.group === group).length >= this.#groupMax)
      return `group:${group}`;
    return null;
  }
}

type Step =
  | {
      readonly do: 'push';
      readonly type: number;
      readonly group: number;
      readonly priority: number;
      readonly promoted: boolean;
    }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'claim' }
  | { readonly do: 'claimed behind its back'; readonly which: number }
  | { readonly do: 'end'; readonly which: number; readonly back: boolean }
  | { readonly do: 'pause' | 'resume'; readonly type: number }
  | { readonly do: 'wait'; readonly ms: number };

const small = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      type: small,
      group: small,
      priority: small,
      promoted: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('claim' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('claimed behind its back' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(), back: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), type: small }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 3_000 }) }) },
);

/** The queue beside a plain list of what is in it. */
class Beside {
  readonly queue = new ReadyQueue(1_000);
  readonly waiting: Task[] = [];
  readonly limits: Limits;
  now = noon;
  #number = 0;

  constructor(typeMax: number, groupMax: number) {
    this.limits = new Limits(typeMax, groupMax);
  }

  /** @returns what went wrong, or null */
  take(step: Step): string | null {
    const { queue, waiting, limits } = this;
    switch (step.do) {
      case 'push': {
        const options: Partial<TaskOptions> = {
          type: `t${step.type}`,
          group: step.group === 0 ? null : `g${step.group}`,
          priority: step.priority,
        };
        const task = freeTask(this.#number++, options, this.now);
        task.promoted = step.promoted;
        waiting.push(task);
        queue.push(task);
        return null;
      }
      case 'remove': {
        const [task] = waiting.splice(step.which % (waiting.length || 1), 1);
        if (task) queue.remove(task, this.now);
        return null;
      }
      case 'claim':
        return this.#claim();
      case 'claimed behind its back': {
        // A suspect runs whether or not it is its line's turn.
        const task = waiting[step.which % (waiting.length || 1)];
        if (task && limits.blockOf(task.options.type, task.options.group) === null) this.#start(task);
        return null;
      }
      case 'end': {
        const [task] = limits.running.splice(step.which % (limits.running.length || 1), 1);
        if (!task) return null;
        queue.release(`type:${task.options.type}`, 1, this.now);
        if (task.options.group !== null) queue.release(`group:${task.options.group}`, 1, this.now);
        if (!step.back) return null;
        task.at = this.now;
        waiting.push(task);
        queue.giveBack(task);
        return null;
      }
      case 'pause':
        limits.paused.add(`t${step.type}`);
        return null;
      case 'resume':
        limits.paused.delete(`t${step.type}`);
        queue.release(`pause:t${step.type}`, Number.POSITIVE_INFINITY, this.now);
        return null;
      case 'wait':
        this.now += step.ms;
        return null;
    }
  }

  #claim(): string | null {
    const gate = (line: Line) => this.limits.blockOf(line.type, line.group);
    const allowed = this.waiting.filter(({ options }) => this.limits.blockOf(options.type, options.group) === null);
    const task = this.queue.first(this.now, gate);
    if (!task) return allowed.length > 0 ? `${allowed.length} tasks may run and none is offered` : null;
    if (!allowed.includes(task)) return 'a task is offered that may not run';
    if (this.waiting.some((other) => other.line === task.line && other.seq < task.seq))
      return 'a task is offered before its turn';
    this.#start(task);
    return null;
  }

  #start(task: Task): void {
    this.queue.take(task, this.now);
    this.waiting.splice(this.waiting.indexOf(task), 1);
    this.limits.running.push(task);
  }
}

t.test('whatever comes, goes, is parked and released, no task that may run is forgotten', async (t) => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      (steps, typeMax, groupMax) => {
        const beside = new Beside(typeMax, groupMax);
        for (const one of steps) {
          const wrong = beside.take(one);
          if (wrong) throw new Error(wrong);
          if (beside.queue.size !== beside.waiting.length) throw new Error('the size is wrong');
        }
        // Everything still queued can be worked off.
        for (const type of beside.limits.paused)
          beside.queue.release(`pause:${type}`, Number.POSITIVE_INFINITY, beside.now);
        beside.limits.paused.clear();
        for (let left = beside.waiting.length + beside.limits.running.length; left >= 0; left--) {
          const wrong =
            beside.take({ do: 'claim' }) ??
            (beside.limits.running.length > 0 ? beside.take({ do: 'end', which: 0, back: false }) : null);
          if (wrong) throw new Error(wrong);
        }
        return beside.waiting.length === 0 && beside.queue.size === 0;
      },
    ),
    { numRuns: 2_000 },
  );
  t.pass();
});

/** Whose turn it is, told from a plain account of when each line came, was served and how long it has waited since. */
class Account {
  readonly #turns = new Map<Line, { came: number; servedAt: number }>();
  #count = 0;

  /** @param served when a task was taken from it just now */
  note(line: Line, came: boolean, served: number | null): void {
    const { came: before = 0, servedAt = Number.NEGATIVE_INFINITY } = this.#turns.get(line) ?? {};
    this.#turns.set(line, { came: came ? ++this.#count : before, servedAt: served ?? servedAt });
  }

  next(waiting: readonly Task[], now: number, agingMs: number): Task | null {
    const fronts = new Map<number, Line>();
    for (const { line } of waiting) {
      const front = line && fronts.get(line.priority);
      if (line && (!front || this.#cameOf(line) < this.#cameOf(front))) fronts.set(line.priority, line);
    }
    const since = (line: Line) => Math.max((line.head as Task).at, this.#turns.get(line)?.servedAt ?? 0);
    const level = (line: Line) => line.priority + Math.floor((now - since(line)) / agingMs);
    const [best] = [...fronts.values()].sort(
      (a, b) => level(b) - level(a) || since(a) - since(b) || b.priority - a.priority,
    );
    return best?.head ?? null;
  }

  #cameOf(line: Line): number {
    return this.#turns.get(line)?.came ?? 0;
  }
}

t.test(
  'lines of one priority take turns, and the priority of the one whose turn it is rises while it is passed over',
  async (t) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const beside = new Beside(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
        const account = new Account();
        for (const one of steps) {
          if (one.do === 'pause' || one.do === 'resume') continue;
          const before = new Map([...beside.queue.lines()].map((line) => [line, line.size]));
          if (one.do === 'claim') {
            const expected = account.next(beside.waiting, beside.now, 1_000);
            const offered = beside.queue.first(beside.now, open);
            if (offered !== expected)
              throw new Error(`${offered?.seq} is offered where it is the turn of ${expected?.seq}`);
          }
          const wrong = beside.take(one);
          if (wrong) throw new Error(wrong);
          const isTaken = one.do === 'claim' || one.do === 'claimed behind its back';
          for (const line of beside.queue.lines()) {
            const size = before.get(line) ?? 0;
            if (line.size > size) account.note(line, size === 0, null);
            else if (line.size < size && isTaken) account.note(line, true, beside.now);
          }
        }
        return true;
      }),
      { numRuns: 2_000 },
    );
    t.pass();
  },
);

t.test(
  'a backlog of many hours does not keep what is more urgent waiting, nor is it kept waiting for good',
  async (t) => {
    const minute = 60_000;
    const queue = new ReadyQueue();
    for (let number = 0; number < 5_000; number++) queue.push(freeTask(number, { type: 'backlog', priority: 5 }));
    let now = noon;
    for (let count = 0; count < 600; count++) {
      now += minute;
      claim(queue, now);
    }
    queue.push(freeTask(5_000, { type: 'urgent', priority: 6 }, now));
    t.equal(claim(queue, now)?.options.type, 'urgent');

    queue.push(freeTask(5_001, { type: 'small run', priority: 5 }, now));
    t.ok(
      [claim(queue, now), claim(queue, now)].some((task) => task?.options.type === 'small run'),
      'nor one of the same priority',
    );

    const served: string[] = [];
    for (let number = 0; number < 60; number++) {
      now += minute;
      queue.push(freeTask(6_000 + number, { type: 'urgent', priority: 6 }, now));
      served.push(claim(queue, now)?.options.type as string);
    }
    t.equal(served.filter((type) => type === 'backlog').length, 6, 'passed over for ten minutes, it has its turn');
  },
);

t.test('few empty lines stay known', async (t) => {
  const queue = new ReadyQueue();
  for (let number = 0; number < 1_000; number++) queue.push(freeTask(number, { type: `once.${number}` }));
  t.equal(claimAll(queue).length, 1_000);
  t.equal([...queue.lines()].length, emptyLinesKept);
  queue.push(freeTask(1_000, { type: 'once.1' }));
  t.equal(claim(queue)?.options.type, 'once.1');
});
