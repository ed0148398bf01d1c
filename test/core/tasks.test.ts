import { randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { formatDuration, parseDuration } from '../../supervisor/core/duration.ts';
import { IdMaker } from '../../supervisor/core/id.ts';
import { IdOrder } from '../../supervisor/core/id-order.ts';
import { durationMsMax, mistakesPerTaskMax, taskParamsBytesMax } from '../../supervisor/core/limits.ts';
import { OptionsTable, optionsFor, optionsText } from '../../supervisor/core/options.ts';
import { ParamsTable } from '../../supervisor/core/params.ts';
import { RateWindow } from '../../supervisor/core/rate.ts';
import { backoffMs } from '../../supervisor/core/retry.ts';
import { createdAt, TASK_STATE_NAMES } from '../../supervisor/core/task.ts';
import { checkTask } from '../../supervisor/core/task-input.ts';
import { canMove, MOVES, movesFrom } from '../../supervisor/core/transitions.ts';
import { inputOf, noon, plainOptions } from './fixtures.ts';

t.test('every move of the table is allowed and every other is refused', async (t) => {
  const listed = new Set(MOVES.map(({ from, to, by }) => `${from} ${to} ${by}`));
  t.equal(listed.size, MOVES.length, 'no move is listed twice');
  const names = [...new Set(MOVES.map(({ by }) => by)), 'queue.paused', 'toString'];
  for (const from of [null, ...TASK_STATE_NAMES]) {
    for (const to of TASK_STATE_NAMES) {
      for (const by of names)
        t.equal(canMove(from, to, by), listed.has(`${from} ${to} ${by}`), `${from} → ${to} by ${by}`);
    }
  }
  for (const from of TASK_STATE_NAMES) {
    for (const by of names)
      t.equal(
        movesFrom(from, by),
        MOVES.some((move) => move.from === from && move.by === by),
      );
  }
  for (const ended of ['succeeded', 'canceled'] as const)
    t.notOk(
      MOVES.some(({ from }) => from === ended),
      `${ended} is the end`,
    );
});

t.test('durations are read as people write them', async (t) => {
  const table: [string, number | null][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['PT10M', 600_000],
    ['P1DT2H', 93_600_000],
    ['P2W', 1_209_600_000],
    ['PT0.5S', 500],
    ['P1DT', null],
    ['PT', null],
    ['P', null],
    ['P1Y', null],
    ['P1M', null],
    ['', null],
    ['10', null],
    ['10 s', null],
    ['-5m', null],
    ['5M', null],
    ['1e3s', null],
    ['5m ', null],
    ['５m', null],
  ];
  for (const [text, ms] of table) t.equal(parseDuration(text), ms, JSON.stringify(text));
  fc.assert(fc.property(fc.nat({ max: durationMsMax }), (ms) => parseDuration(formatDuration(ms)) === ms));
});

t.test('backoff grows as it says, never above its most, and jitter stays in its share', async (t) => {
  const exponential = { kind: 'exponential', baseMs: 10_000, maxMs: 3_600_000, jitter: 0 } as const;
  t.same(
    [1, 2, 3, 4, 9, 10, 100, 1_000].map((spent) => backoffMs(exponential, spent, 0.5)),
    [10_000, 20_000, 40_000, 80_000, 2_560_000, 3_600_000, 3_600_000, 3_600_000],
  );
  t.same(
    [1, 2, 50].map((spent) => backoffMs({ ...exponential, kind: 'fixed' }, spent, 0.5)),
    [10_000, 10_000, 10_000],
  );
  const arbitrary = fc.record({
    kind: fc.constantFrom('exponential' as const, 'fixed' as const),
    baseMs: fc.nat({ max: durationMsMax }),
    maxMs: fc.nat({ max: durationMsMax }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      arbitrary,
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (backoff, spent, chance) => {
        const ms = backoffMs(backoff, spent, chance);
        const middle = backoffMs({ ...backoff, jitter: 0 }, spent, 0);
        const spread = middle * backoff.jitter + 1;
        return (
          Number.isInteger(ms) &&
          ms >= 0 &&
          ms <= backoff.maxMs &&
          Math.abs(ms - middle) <= spread &&
          middle <= backoffMs({ ...backoff, jitter: 0 }, spent + 1, 0)
        );
      },
    ),
  );
});

t.test('a rate limit is exact: at most so many starts in any window', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 60, size: 'max' }),
      (count, perMs, gaps) => {
        const window = new RateWindow({ count, perMs });
        const starts: number[] = [];
        let now = noon;
        for (const gap of gaps) {
          now += gap;
          const allowed = starts.filter((at) => at > now - perMs).length < count;
          if (window.nextAt() <= now !== allowed) return false;
          if (!allowed) continue;
          window.take(now);
          starts.push(now);
        }
        return true;
      },
    ),
  );
  t.pass();
});

t.test('a rate limit counts real time, not the hands of the clock', async (t) => {
  const window = new RateWindow({ count: 1, perMs: 1_000 });
  window.take(noon);
  window.shift(-3_600_000);
  t.equal(window.nextAt(), noon - 3_600_000 + 1_000);
});

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

t.test('ids are UUIDs of version 7 that only ever go up, also when the clock goes back', async (t) => {
  const steps = fc.array(fc.oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.constant(0)), {
    maxLength: 200,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, fc.constantFrom(0x00, 0x7f, 0xff), (moves, byte) => {
      const maker = new IdMaker((buffer) => buffer.fill(byte));
      let now = noon;
      let last = '';
      for (const move of moves) {
        now += move;
        const id = maker.next(now);
        if (!V7.test(id) || id <= last) return false;
        last = id;
      }
      return true;
    }),
  );
  const maker = new IdMaker(randomFillSync);
  const first = maker.next(noon);
  t.equal(createdAt(first), noon, 'its first 48 bits are the moment');
  const many = Array.from({ length: 100_000 }, () => maker.next(noon));
  t.ok(many.every((id, index) => id > (many[index - 1] ?? first)));
});

t.test('after a restart no id sorts before those found, even if the clock is an hour behind', async (t) => {
  const before = new IdMaker(randomFillSync).next(noon);
  const maker = new IdMaker(randomFillSync);
  maker.goOnAfter(before);
  t.ok(maker.next(noon - 3_600_000) > before);
  const fresh = new IdMaker(randomFillSync);
  fresh.goOnAfter(before);
  const later = noon + 60_000;
  t.equal(createdAt(fresh.next(later)), later);
});

t.test('ids stay in order for lists, and those of finished tasks are dropped in time', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[0-9a-f]{4}$/), { maxLength: 60, size: 'max' }),
      fc.stringMatching(/^[0-9a-f]{4}$/),
      (ids, probe) => {
        const order = new IdOrder();
        for (const id of ids) order.add(id);
        const model = [...new Set(ids)].sort();
        const all = Array.from({ length: order.length }, (_, index) => order.at(index));
        return (
          JSON.stringify(all) === JSON.stringify(model) &&
          order.at(order.after(probe)) === model.find((id) => id > probe)
        );
      },
    ),
  );
  const order = new IdOrder();
  for (let number = 10_000; number < 20_000; number++) order.add(String(number));
  order.compact(10, (id) => id >= '19990');
  t.equal(order.length, 10);
});

t.test('what people write wrong is named by place', async (t) => {
  const long = 'x'.repeat(201);
  const deep = JSON.parse(`${'['.repeat(101)}${']'.repeat(101)}`);
  const table: [unknown, string[]][] = [
    [null, ['$']],
    ['echo', ['$']],
    [[], ['$']],
    [new Date(), ['$']],
    [{}, ['$.type']],
    [{ type: '' }, ['$.type']],
    [{ type: 5 }, ['$.type']],
    [{ type: long }, ['$.type']],
    [{ type: 'has space' }, ['$.type']],
    [{ type: 'line\nbreak' }, ['$.type']],
    [{ type: '.hidden' }, ['$.type']],
    [{ type: null }, ['$.type']],
    [{ type: 'a', parms: {} }, ['$.parms']],
    [{ type: 'a', constructor: {} }, ['$.constructor']],
    [JSON.parse('{"type":"a","__proto__":{"priority":9}}'), ['$.__proto__']],
    [{ type: 'a', priority: 10 }, ['$.priority']],
    [{ type: 'a', priority: -1 }, ['$.priority']],
    [{ type: 'a', priority: 1.5 }, ['$.priority']],
    [{ type: 'a', priority: '5' }, ['$.priority']],
    [{ type: 'a', priority: null }, ['$.priority']],
    [{ type: 'a', runAt: '2026-11-23' }, ['$.runAt']],
    [{ type: 'a', runAt: '2026-11-23T02:00:00' }, ['$.runAt']],
    [{ type: 'a', runAt: '2026-13-23T02:00:00Z' }, ['$.runAt']],
    [{ type: 'a', runAt: '2026-02-30T02:00:00Z' }, ['$.runAt']],
    [{ type: 'a', runAt: '2025-02-29T02:00:00Z' }, ['$.runAt']],
    [{ type: 'a', runAt: '2026-04-31T02:00:00+02:00' }, ['$.runAt']],
    [{ type: 'a', runAt: '2026-11-23T25:00:00Z' }, ['$.runAt']],
    [{ type: 'a', runAt: 1795600000123 }, ['$.runAt']],
    [{ type: 'a', delay: '10 minutes' }, ['$.delay']],
    [{ type: 'a', delay: 600 }, ['$.delay']],
    [{ type: 'a', delay: '20000d' }, ['$.delay']],
    [{ type: 'a', delay: '1m', runAt: '2026-11-23T02:00:00Z' }, ['$.delay']],
    [{ type: 'a', maxAttempts: 0 }, ['$.maxAttempts']],
    [{ type: 'a', maxAttempts: 1_001 }, ['$.maxAttempts']],
    [{ type: 'a', backoff: '10s' }, ['$.backoff']],
    [
      { type: 'a', backoff: { kind: 'linear', base: 5, max: '1x', jitter: 1.5, factor: 2 } },
      ['$.backoff.kind', '$.backoff.base', '$.backoff.max', '$.backoff.jitter', '$.backoff.factor'],
    ],
    [{ type: 'a', timeout: 'soon' }, ['$.timeout']],
    [{ type: 'a', timeout: '0s' }, ['$.timeout']],
    [{ type: 'a', timeout: '0.1ms' }, ['$.timeout']],
    [{ type: 'a', timeout: '4000d' }, ['$.timeout']],
    [{ type: 'a', idempotencyKey: '' }, ['$.idempotencyKey']],
    [{ type: 'a', idempotencyKey: 'k'.repeat(501) }, ['$.idempotencyKey']],
    [{ type: 'a', idempotencyKey: 7 }, ['$.idempotencyKey']],
    [{ type: 'a', tags: 'podcast' }, ['$.tags']],
    [{ type: 'a', tags: ['ok', '', 3] }, ['$.tags[1]', '$.tags[2]']],
    [{ type: 'a', tags: Array.from({ length: 33 }, (_, index) => `t${index}`) }, ['$.tags']],
    [{ type: 'a', group: 'a b' }, ['$.group']],
    [{ type: 'a', onInterrupt: 'retry' }, ['$.onInterrupt']],
    [{ type: 'a', onInterrupt: ['hold'] }, ['$.onInterrupt']],
    [{ type: 'a', params: { big: 2 ** 53 } }, ['$.params.big']],
    [{ type: 'a', params: { list: [1, Number.NaN] } }, ['$.params.list[1]']],
    [{ type: 'a', params: Number.POSITIVE_INFINITY }, ['$.params']],
    [{ type: 'a', params: { when: new Date(noon) } }, ['$.params.when']],
    [{ type: 'a', params: { call: () => 1 } }, ['$.params.call']],
    [{ type: 'a', params: { big: 1n } }, ['$.params.big']],
    [{ type: 'a', params: [undefined] }, ['$.params[0]']],
    [{ type: 'a', params: deep }, [`$.params${'[0]'.repeat(100)}`]],
    [{ type: 'a', params: 'x'.repeat(taskParamsBytesMax - 1) }, ['$.params']],
    [{ type: 'a', params: '語'.repeat(taskParamsBytesMax / 3) }, ['$.params']],
    [{ type: 5, priority: 77, tags: 1, wrong: 1 }, ['$.type', '$.priority', '$.tags', '$.wrong']],
  ];
  for (const [value, paths] of table) {
    const checked = checkTask(value);
    t.same(checked.ok ? [] : checked.mistakes.map(({ path }) => path), paths, inspectShort(value));
    if (!checked.ok) t.ok(checked.mistakes.every(({ message }) => message.length > 5 && message.length < 400));
  }
  const nested = checkTask({ type: 5 }, '$[3]');
  t.match(nested, { ok: false, mistakes: [{ path: '$[3].type' }] });
});

t.test(
  'of a task with mistakes beyond counting the first ones are named, and nobody waits for the others',
  async (t) => {
    const many = 5_000;
    const members = Object.fromEntries(Array.from({ length: many }, (_, index) => [`m${index}`, index]));
    const round: Record<string, unknown> = {};
    round['round'] = round;
    const table: [string, Record<string, unknown>][] = [
      ['entries', { params: Array(many).fill(Number.NaN) }],
      ['members', { params: Object.fromEntries(Object.keys(members).map((name) => [name, 2 ** 60])) }],
      ['lists within lists', { params: Array(50).fill(Array(300).fill([1n])) }],
      ['unknown members', members],
      ['unknown members before what has no end', { ...members, params: Array(mistakesPerTaskMax).fill(round) }],
      ['members of backoff', { backoff: members }],
    ];
    for (const [what, given] of table) {
      const checked = checkTask({ type: 'a', ...given });
      t.equal(checked.ok ? 0 : checked.mistakes.length, mistakesPerTaskMax, what);
    }
  },
);

function inspectShort(value: unknown): string {
  const text =
    typeof value === 'object'
      ? Object.entries(value ?? {})
          .map(([key, member]) => `${key}: ${String(member).slice(0, 40)}`)
          .join(', ')
      : String(value);
  return text === '' ? String(value) : text;
}

t.test('a task that says only its type gets the defaults, and what it says is kept', async (t) => {
  t.same(checkTask({ type: 'http.download' }), {
    ok: true,
    value: {
      type: 'http.download',
      params: '{}',
      priority: 5,
      runAt: null,
      delayMs: null,
      maxAttempts: null,
      backoff: null,
      timeoutMs: null,
      idempotencyKey: null,
      tags: [],
      group: null,
      onInterrupt: 'requeue',
    },
  });
  const whole = inputOf({
    type: '下载/播客.v1',
    params: { url: 'https://example.org/ü?a=1', list: [1, null, { deep: true }] },
    priority: 0,
    runAt: '2028-02-29T02:00:00+02:00',
    maxAttempts: 1_000,
    backoff: { kind: 'fixed' },
    timeout: 'PT30M',
    idempotencyKey: 'feed-42/ep-7',
    tags: ['podcast', 'a@b'],
    group: 'example.org',
    onInterrupt: 'hold',
  });
  t.match(whole, {
    runAt: Date.UTC(2028, 1, 29),
    backoff: { kind: 'fixed', baseMs: 10_000, maxMs: 3_600_000, jitter: 0.2 },
    timeoutMs: 1_800_000,
    onInterrupt: 'hold',
  });
  t.equal(whole.params, '{"url":"https://example.org/ü?a=1","list":[1,null,{"deep":true}]}');
  t.equal(
    inputOf({ params: 'x'.repeat(taskParamsBytesMax - 2) }).params.length,
    taskParamsBytesMax,
    'params of exactly the limit are taken',
  );
});

t.test('any JSON is taken as params and comes back as it was', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (params) => {
      const checked = checkTask({ type: 'a', params });
      if (!checked.ok) return checked.mistakes.every(({ message }) => message.includes('2^53'));
      return checked.value.params === JSON.stringify(params);
    }),
  );
  t.pass();
});

t.test('equal options are one object, and the handler speaks where the task is silent', async (t) => {
  const table = new OptionsTable();
  const one = table.of(optionsFor(inputOf({ tags: ['a'] }), 'http', undefined, null));
  t.equal(table.of(optionsFor(inputOf({ tags: ['a'] }), 'http', undefined, null)), one);
  t.equal(table.fromText(optionsText(one)), one, 'also when it is read back from the journal');
  t.not(table.of(optionsFor(inputOf({ tags: ['b'] }), 'http', undefined, null)), one);
  const handler = { timeoutMs: 60_000, maxAttempts: 7 };
  t.match(optionsFor(inputOf({}), 'http', handler, null), { timeoutMs: 60_000, maxAttempts: 7 });
  t.match(optionsFor(inputOf({ timeout: '1s', maxAttempts: 2 }), 'http', handler, null), {
    timeoutMs: 1_000,
    maxAttempts: 2,
  });
  t.same(optionsFor(inputOf({}), 'http', undefined, null), plainOptions);
  for (let number = 0; number < 50_001; number++) table.of({ ...plainOptions, origin: `handler:${number}` });
  t.same(table.of({ ...plainOptions }), plainOptions, 'more kinds than are shared do no harm');
});

t.test('params are text while there is room, then only a place on disk, oldest first', async (t) => {
  const table = new ParamsTable(1_000);
  const refs = Array.from({ length: 20 }, (_, index) => table.add(String(index).padStart(100, '.')));
  table.spill();
  t.equal(table.hotBytes, 2_000, 'what is not on disk yet is never forgotten');
  for (const ref of refs) t.equal(table.place(ref), null);
  for (const [index, ref] of refs.entries()) table.locate(ref, 3, 5_000_000_000 + index * 100, 100);
  table.spill();
  t.ok(table.hotBytes <= 1_000);
  t.equal(table.text(refs[0] as number), null);
  t.equal(table.text(refs[19] as number), '19'.padStart(100, '.'));
  t.same(table.place(refs[0] as number), { file: 3, offset: 5_000_000_000, length: 100 });
  table.warm(refs[0] as number, 'read back');
  t.equal(table.text(refs[0] as number), 'read back');
});

t.test('whatever is added, moved and released, params never turn into those of another task', async (t) => {
  const operation = fc.oneof(
    fc.record({ do: fc.constant('add' as const), bytes: fc.nat({ max: 40 }) }),
    fc.record({ do: fc.constant('addPlace' as const) }),
    fc.record({
      do: fc.constantFrom('release' as const, 'hold' as const, 'locate' as const, 'move' as const, 'warm' as const),
      which: fc.nat(),
    }),
    fc.record({ do: fc.constantFrom('spill' as const, 'beginMove' as const, 'settleMove' as const) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 150, size: 'max' }), (operations) => {
      const table = new ParamsTable(100);
      const held = new Map<number, string>();
      const holders = new Map<number, number>();
      const disk = new Map<string, string>();
      let next = 0;
      let moving = false;
      const put = (text: string): [number, number, number] => {
        disk.set(`7 ${++next}`, text);
        return [7, next, text.length];
      };
      for (const step of operations) {
        const ref = 'which' in step ? [...held.keys()][step.which % (held.size || 1)] : undefined;
        if (step.do === 'add') {
          const text = `${next++}`.padEnd(step.bytes, '.');
          const added = table.add(text);
          if (held.has(added)) return false;
          held.set(added, text);
        } else if (step.do === 'addPlace') {
          const text = `only on disk ${next++}`;
          held.set(table.addPlace(...put(text)), text);
        } else if (step.do === 'spill') table.spill();
        else if (step.do === 'beginMove') {
          table.beginMove();
          moving = true;
        } else if (step.do === 'settleMove') {
          table.settleMove();
          moving = false;
        } else if (ref !== undefined) {
          const text = held.get(ref) as string;
          if (step.do === 'locate') table.locate(ref, ...put(text));
          if (step.do === 'move' && moving && (table.text(ref) !== null || table.place(ref)))
            table.move(ref, ...put(text));
          if (step.do === 'warm') table.warm(ref, text);
          const others = holders.get(ref) ?? 0;
          if (step.do === 'hold') {
            table.hold(ref);
            holders.set(ref, others + 1);
          }
          if (step.do === 'release') {
            table.release(ref);
            if (others > 0) holders.set(ref, others - 1);
            else held.delete(ref);
          }
        }
        let hot = 0;
        for (const [known, text] of held) {
          const place = table.place(known);
          const found = table.text(known) ?? (place && disk.get(`${place.file} ${place.offset}`));
          if (
            found !== text ||
            (place && (place.length !== text.length || disk.get(`${place.file} ${place.offset}`) !== text))
          )
            return false;
          hot += table.text(known)?.length ?? 0;
        }
        if (hot !== table.hotBytes) return false;
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});
