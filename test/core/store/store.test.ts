import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { encodeStored } from '../../../supervisor/core/codec.ts';
import { clearExpired, nextClearing, storeClearDelayMs } from '../../../supervisor/core/decide/store.ts';
import { decodeEvent, decodeStored, isStored } from '../../../supervisor/core/decode.ts';
import { storeKeyBytesMax, storePageBytesMax, storeValueBytesMax } from '../../../supervisor/core/limits.ts';
import { freshState } from '../../../supervisor/core/state.ts';
import { applyStore } from '../../../supervisor/core/store/apply-store.ts';
import { pageOf } from '../../../supervisor/core/store/list.ts';
import { storedText } from '../../../supervisor/core/store/record.ts';
import { anybody } from '../../helpers/open-supervisor.ts';
import { refusedBy } from '../../helpers/schedules-bed.ts';
import { StoreBed } from '../../helpers/store-bed.ts';

const heldBy = async (bed: StoreBed, key: string) => {
  const stored = await bed.desk.get(key);
  return stored && JSON.parse(stored.value);
};

t.test('a value is given back as it was set, whatever JSON it is', async (t) => {
  const bed = new StoreBed();
  for (const value of [null, false, 0, -1.5, '', 'a "b" ,"value": \u{1f319}', [], {}, { value: { a: [1, null] } }]) {
    const { stored, created } = await bed.desk.set({ key: 'a', value }, anybody);
    t.equal(created, value === null, 'only the first makes the key');
    t.same(await heldBy(bed, 'a'), value);
    bed.restart();
    t.same(await bed.desk.get('a'), stored);
  }
  t.equal(await bed.desk.get('b'), null);
});

t.test('what has expired is never given, not even one millisecond late', async (t) => {
  for (const [ttl, ms] of [
    [1, 1_000],
    [0.001, 1],
    ['500ms', 500],
    ['2h', 7_200_000],
    [3_650 * 86_400, 3_650 * 86_400_000],
  ] as const) {
    const bed = new StoreBed();
    const { stored } = await bed.desk.set({ key: 'a', value: 1, ttl }, anybody);
    t.equal(stored.expiresAt, bed.clock.wall() + ms);
    bed.clock.advance(ms - 1);
    t.ok(await bed.desk.get('a'), `${ttl}: it is there a millisecond before`);
    t.equal((await bed.desk.list({ prefix: '', limit: 10, after: null })).total, 1);
    bed.clock.advance(1);
    t.equal(await bed.desk.get('a'), null, `${ttl}: and gone at its end`);
    t.same((await bed.desk.list({ prefix: '', limit: 10, after: null })).items, []);
    t.equal(await bed.desk.delete('a', null, anybody), false, 'there is nothing to delete');
    t.same(
      await bed.desk.increment({ key: 'a' }, anybody),
      { ...(await bed.desk.get('a')), value: '1' },
      'it counts anew',
    );
  }
});

t.test('a set takes the place of all that the key held, its end included; an increment leaves the end', async (t) => {
  const bed = new StoreBed();
  const first = await bed.desk.increment({ key: 'a', ttl: 10 }, anybody);
  bed.clock.advance(4_000);
  const second = await bed.desk.increment({ key: 'a', by: 5, ttl: 10 }, anybody);
  t.match(second, { value: '6', expiresAt: first.expiresAt });
  t.ok(second.version > first.version);
  const { stored } = await bed.desk.set({ key: 'a', value: 7 }, anybody);
  t.equal(stored.expiresAt, null);
  t.equal(bed.store.expiring, 0);
});

t.test('of two who change the same version one is told that it lost', async (t) => {
  const bed = new StoreBed();
  const set = (value: unknown, condition: number | 'present' | null) =>
    bed.desk.set({ key: 'a', value, condition }, anybody);
  t.match(await refusedBy(set(1, 'present')), {
    code: 'precondition_failed',
    message: /is not there, it was to be there/,
  });
  t.match(await refusedBy(set(1, 7)), { code: 'precondition_failed', message: /is not there, not 7/ });
  const { version } = (await set(1, 0)).stored;
  t.match(await refusedBy(set(2, 0)), {
    code: 'precondition_failed',
    message: /is at version \d+, it was not to be there/,
  });
  const [won, lost] = await Promise.allSettled([set('one', version), set('other', version)]);
  t.equal(won.status, 'fulfilled');
  t.match(lost, { status: 'rejected', reason: { code: 'precondition_failed', message: /read it and decide again/ } });
  t.equal(await heldBy(bed, 'a'), 'one');
  t.match(await refusedBy(bed.desk.delete('a', version, anybody)), { code: 'precondition_failed' });
  await set('again', 'present');
  const { version: last } = (await bed.desk.get('a')) ?? { version: 0 };
  t.equal(await bed.desk.delete('a', last, anybody), true);
  t.ok((await set('anew', 0)).stored.version > last, 'a version never comes again');
});

t.test('increments of many at once are all counted', async (t) => {
  const bed = new StoreBed();
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => bed.desk.increment({ key: 'hits', by: n % 2 ? 3 : -1 }, anybody)),
  );
  t.equal(await heldBy(bed, 'hits'), 200);
  bed.restart();
  t.equal(await heldBy(bed, 'hits'), 200);
});

t.test('what cannot be taken is refused, with its place and the way out', async (t) => {
  const bed = new StoreBed();
  await bed.desk.set({ key: 'text', value: 'a' }, anybody);
  await bed.desk.set({ key: 'most', value: Number.MAX_SAFE_INTEGER }, anybody);
  const before = bed.events.length;
  const set = (more: object) => bed.desk.set({ key: 'a', value: 1, ...more }, anybody);
  const table: [string, Promise<unknown>, object][] = [
    ['a TTL of 0', set({ ttl: 0 }), { code: 'validation', message: /\$\.ttl must be more than 0.*delete it/ }],
    ['a negative one', set({ ttl: -5 }), { code: 'validation', message: /\$\.ttl must be more than 0/ }],
    ['a century', set({ ttl: '36500d' }), { code: 'validation', message: /\$\.ttl must be at most ten years/ }],
    ['seconds as text', set({ ttl: '60' }), { code: 'validation', message: /seconds or a duration/ }],
    ['no number', set({ ttl: Number.NaN }), { code: 'validation', message: /seconds or a duration/ }],
    ['endless', set({ ttl: Number.POSITIVE_INFINITY }), { code: 'validation', message: /at most ten years/ }],
    [
      'control characters',
      set({ key: 'a\u0007b' }),
      { code: 'validation', mistakes: [{ path: 'key', message: /control/ }] },
    ],
    ['no key', set({ key: '' }), { code: 'validation' }],
    ['a number as key', set({ key: 5 }), { code: 'validation' }],
    ['half a character', set({ key: '\ud800' }), { code: 'validation', message: /Unicode/ }],
    ['a step in a path', set({ key: '..' }), { code: 'validation' }],
    [
      'a long key',
      set({ key: '\u00e9'.repeat(300) }),
      { code: 'validation', message: /is 600 bytes long; at most 512/ },
    ],
    ['no value', set({ value: undefined }), { code: 'validation', message: /\$\.value is missing/ }],
    [
      'what JSON cannot hold',
      set({ value: { a: [Number.NaN] } }),
      { code: 'validation', message: /\$\.value\.a\[0\]/ },
    ],
    [
      'a large value',
      set({ value: 'a'.repeat(storeValueBytesMax) }),
      { code: 'too_large', message: /65538 bytes as JSON; at most 65536 .*path/ },
    ],
    ['all at once', set({ key: '', ttl: 0, value: undefined }), { code: 'validation', mistakes: [{}, {}, {}] }],
    [
      'half a step',
      bed.desk.increment({ key: 'a', by: 0.5 }, anybody),
      { code: 'validation', message: /\$\.by must be a whole/ },
    ],
    [
      'text counted',
      bed.desk.increment({ key: 'text' }, anybody),
      { code: 'conflict', message: /"text" holds no whole number/ },
    ],
    ['beyond all digits', bed.desk.increment({ key: 'most' }, anybody), { code: 'conflict', message: /2\^53/ }],
    ['a read of no key', bed.desk.get(''), { code: 'validation' }],
  ];
  for (const [name, asked, refusal] of table) t.match(await refusedBy(asked), refusal, name);
  t.equal(bed.events.length, before, 'and nothing was written down');
  await set({ key: 'k'.repeat(storeKeyBytesMax), value: 'v'.repeat(storeValueBytesMax - 2), ttl: '3650d' });
  t.pass('what is just within all limits is taken');
});

t.test('the store has a size, and what has expired makes way before anybody is refused', async (t) => {
  const bed = new StoreBed(1_000);
  const set = (key: string, bytes: number, ttl?: number) =>
    bed.desk.set({ key, value: 'v'.repeat(bytes - 3), ttl }, anybody);
  await set('a', 600, 10);
  await set('b', 400);
  t.equal(bed.store.bytes, 1_000);
  const refusal = await refusedBy(set('c', 4));
  t.match(refusal, {
    code: 'conflict',
    message: /no room for key "c": it holds 1000 bytes, and at most 1000 are kept \(STORE_SIZE\)/,
  });
  t.match(await refusedBy(bed.desk.increment({ key: 'n' }, anybody)), { code: 'conflict' });
  await set('b', 399);
  await set('b', 400);
  bed.storeBytesMax = 500;
  bed.restart();
  await set('b', 300);
  t.match(await refusedBy(set('b', 301)), { code: 'conflict' }, 'smaller than before it may always become');
  bed.clock.advance(10_000);
  await set('c', 200);
  t.same([...bed.store.byKey.keys()], ['b', 'c']);
  t.equal(bed.store.bytes, 500);
});

t.test(
  'what has expired leaves memory within a minute, with one entry for all of it, and by cleanup at once',
  async (t) => {
    const bed = new StoreBed();
    for (let n = 0; n < 500; n++) await bed.desk.set({ key: `k${n}`, value: n, ttl: 10 + (n % 50) }, anybody);
    await bed.desk.set({ key: 'stays', value: 1 }, anybody);
    t.equal(nextClearing(bed.store), bed.clock.wall() + 10_000 + storeClearDelayMs);
    bed.pass(60_000);
    t.equal(bed.store.byKey.size, 501, 'not yet');
    bed.pass(10_000);
    t.same([...bed.store.byKey.keys()], ['stays']);
    t.equal(bed.store.expiries.size, 0);
    t.equal(bed.events.filter(({ e }) => e === 'store.cleared').length, 1);
    t.equal(nextClearing(bed.store), Number.POSITIVE_INFINITY, 'a store in which nothing ends wakes nobody');
    t.same(await bed.desk.cleanUp(), { keys: 0, bytes: 0 });
    const written = bed.events.length;
    bed.pass(86_400_000);
    t.equal(bed.events.length, written, 'and writes nothing');
    for (let n = 0; n < 25_000; n++) await bed.desk.set({ key: `k${n}`, value: 0, ttl: 1 + (n % 10) }, anybody);
    bed.clock.advance(20_000);
    t.match(await bed.desk.cleanUp(), { keys: 25_000 });
    t.same([...bed.store.byKey.keys()], ['stays']);
  },
);

t.test('a key that is set again and again leaves nothing behind', async (t) => {
  const bed = new StoreBed();
  for (let n = 0; n < 5_000; n++) {
    await bed.desk.set({ key: 'a', value: n, ttl: 100 }, anybody);
    bed.clock.advance(1);
  }
  t.ok(bed.store.expiries.size < 1_100, `${bed.store.expiries.size} ends are remembered`);
  await bed.desk.set({ key: 'a', value: 0 }, anybody);
  bed.clock.advance(1_000_000);
  t.same(clearExpired(bed.store, bed.clock.wall()), [], 'its old ends clear nothing');
  t.ok(await bed.desk.get('a'));
});

t.test(
  'a clock that goes back shows again what has not been cleared, and never what has been, before and after a restart',
  async (t) => {
    const bed = new StoreBed();
    await bed.desk.set({ key: 'cleared', value: 1, ttl: 10 }, anybody);
    bed.pass(15_000);
    await bed.desk.cleanUp();
    await bed.desk.set({ key: 'expired', value: 2, ttl: 10 }, anybody);
    bed.pass(15_000);
    t.equal(await bed.desk.get('expired'), null);
    bed.clock.jump(-30_000);
    for (const when of ['at once', 'after a restart', 'after a restart from a snapshot']) {
      t.equal(await heldBy(bed, 'cleared'), null, when);
      t.equal(await heldBy(bed, 'expired'), 2, when);
      if (when === 'after a restart') bed.journal.takeSnapshot();
      bed.restart();
    }
  },
);

t.test(
  'a page is in the order of the keys, ends where its values are large, and the next one goes on there',
  async (t) => {
    const bed = new StoreBed();
    const keys = Array.from({ length: 3_000 }, (_, n) => `k/${(n * 7_919) % 3_000}`);
    for (const key of keys) await bed.desk.set({ key, value: key }, anybody);
    await bed.desk.set({ key: 'other', value: 1 }, anybody);
    for (const limit of [1, 7, 500]) {
      const seen: string[] = [];
      let after: string | null = null;
      for (let page = 0; page < 20; page++) {
        const { items, next, total } = pageOf(bed.store, { prefix: 'k/', limit, after }, bed.clock.wall());
        t.equal(total, 3_000);
        seen.push(...items.map(({ key }) => key));
        after = next;
        if (after === null) break;
      }
      t.same(seen, keys.toSorted().slice(0, limit * 20), `${limit} a page`);
    }
    t.match(await bed.desk.list({ prefix: 'nothing', limit: 5, after: null }), { items: [], next: null, total: 0 });
    for (let n = 0; n < 40; n++) await bed.desk.set({ key: `l${n}`, value: 'v'.repeat(60_000) }, anybody);
    const { items, next } = await bed.desk.list({ prefix: 'l', limit: 500, after: null });
    t.equal(items.length, Math.floor(storePageBytesMax / 60_002));
    t.equal(next, items.at(-1)?.key);
  },
);

t.test('a stored value is read back from a snapshot line as it was', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.jsonValue(), fc.option(fc.nat()), (key, given, expiresAt) => {
      const stored = { key, value: JSON.stringify(given), version: 9, expiresAt, setAt: 7 };
      const body = encodeStored(stored);
      const bytes = Buffer.from(`....${body}....`);
      const from = { seq: 9, bytes, start: 4, end: bytes.length - 4, file: 1, offset: 0 };
      assert.ok(isStored(from) && !body.includes('\n'));
      assert.deepStrictEqual(decodeStored(from), stored);
      const shown = JSON.parse(storedText(stored));
      assert.deepStrictEqual(shown.value, JSON.parse(stored.value));
    }),
  );
  const bytes = Buffer.from('"e":"store.set","key":"a","expiresAt":null');
  t.throws(() => decodeEvent(bytes, 0, bytes.length, freshState()), /key of the store without a value/);
  const { store } = freshState();
  const gone = { e: 'store.deleted', key: 'a', by: 'http' } as const;
  t.throws(() => applyStore(store, gone, { seq: 5, at: 0, missingUntil: 4 }), /entry 5 deletes the key "a"/);
  t.doesNotThrow(() => applyStore(store, gone, { seq: 4, at: 0, missingUntil: 4 }));
});

/** What a map with an eye on the clock would say. */
interface Held {
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number | null;
}

type Deed =
  | {
      readonly do: 'set';
      readonly key: number;
      readonly value: number;
      readonly ttl: number | null;
      readonly fresh: boolean;
    }
  | { readonly do: 'increment'; readonly key: number; readonly by: number; readonly ttl: number | null }
  | { readonly do: 'delete'; readonly key: number }
  | { readonly do: 'pass' | 'jump'; readonly ms: number }
  | { readonly do: 'cleanup' | 'restart' | 'snapshot' | 'slice' };

const key = fc.nat({ max: 12 });
const ttl = fc.option(fc.integer({ min: 1, max: 90 }));
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('set' as const), key, value: fc.nat(), ttl, fresh: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('increment' as const), key, by: fc.integer({ min: -9, max: 9 }), ttl }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 100_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -90_000, max: 90_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cleanup' as const, 'restart', 'snapshot') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('slice' as const) }) },
);

class Model {
  readonly held = new Map<string, Held>();

  seen(key: string, now: number): Held | null {
    const held = this.held.get(key);
    return held && (held.expiresAt === null || now < held.expiresAt) ? held : null;
  }

  clear(now: number): void {
    for (const [key, { expiresAt }] of this.held) if (expiresAt !== null && expiresAt <= now) this.held.delete(key);
  }

  passed(now: number): void {
    const ends = [...this.held.values()].map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY);
    if (Math.min(...ends) + storeClearDelayMs <= now) this.clear(now);
  }
}

async function carryOut(bed: StoreBed, model: Model, deed: Deed): Promise<void> {
  const now = bed.clock.wall();
  switch (deed.do) {
    case 'set': {
      const key = `k${deed.key}`;
      const condition = deed.fresh ? (model.seen(key, now)?.version ?? 0) : null;
      const { stored } = await bed.desk.set({ key, value: deed.value, ttl: deed.ttl, condition }, anybody);
      const expiresAt = deed.ttl === null ? null : now + deed.ttl * 1_000;
      model.held.set(key, { value: deed.value, version: stored.version, expiresAt });
      break;
    }
    case 'increment': {
      const key = `k${deed.key}`;
      const before = model.seen(key, now);
      const { version } = await bed.desk.increment({ key, by: deed.by, ttl: deed.ttl }, anybody);
      const expiresAt = before ? before.expiresAt : deed.ttl === null ? null : now + deed.ttl * 1_000;
      model.held.set(key, { value: ((before?.value as number | undefined) ?? 0) + deed.by, version, expiresAt });
      break;
    }
    case 'delete': {
      const key = `k${deed.key}`;
      assert.equal(await bed.desk.delete(key, null, anybody), model.seen(key, now) !== null);
      if (model.seen(key, now)) model.held.delete(key);
      break;
    }
    case 'pass':
      bed.pass(deed.ms);
      model.passed(bed.clock.wall());
      break;
    case 'jump':
      bed.clock.jump(deed.ms);
      break;
    case 'cleanup':
      await bed.desk.cleanUp();
      model.clear(now);
      break;
    case 'restart': {
      const before = bed.picture();
      bed.restart();
      assert.deepStrictEqual(bed.picture(), before, 'a restart brings back what was there');
      break;
    }
    case 'snapshot':
      if (!bed.journal.takesSnapshot) bed.journal.beginSnapshot();
      break;
    case 'slice':
      bed.journal.goOnWithSnapshot();
      break;
  }
}

t.test(
  'whatever is asked, whenever it expires, is killed or the clock moves, it is what a map would say',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 120, size: 'max' }), async (deeds) => {
        const bed = new StoreBed();
        const model = new Model();
        for (const one of deeds) {
          await carryOut(bed, model, one);
          const now = bed.clock.wall();
          for (let n = 0; n <= 12; n++) {
            const stored = await bed.desk.get(`k${n}`);
            const seen = stored && {
              value: JSON.parse(stored.value),
              version: stored.version,
              expiresAt: stored.expiresAt,
            };
            assert.deepStrictEqual(seen, model.seen(`k${n}`, now));
          }
          const { items } = await bed.desk.list({ prefix: '', limit: 50, after: null });
          assert.deepStrictEqual(
            items.map(({ key }) => key),
            [...model.held.keys()].filter((one) => model.seen(one, now)).sort(),
          );
          assert.equal(bed.store.byKey.size, model.held.size, 'what is cleared has left memory');
        }
        while (bed.journal.takesSnapshot) bed.journal.goOnWithSnapshot();
        const before = bed.picture();
        bed.restart();
        assert.deepStrictEqual(bed.picture(), before);
      }),
      { numRuns: 100 },
    );
    t.pass();
  },
);
