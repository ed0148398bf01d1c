import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'tap';
import { Arrivals } from '../../supervisor/dispatch/arrivals.ts';

test('what arrives alone is taken at once', async (t) => {
  const taken: string[] = [];
  const arrivals = new Arrivals();
  arrivals.add(128, () => taken.push('first'));
  t.same(taken, ['first']);
  await nextTurn();
  arrivals.add(1, () => taken.push('second'));
  t.same(taken, ['first', 'second']);
});

test('what arrives all at once is taken in portions, in its order, with turns of the event loop between', async (t) => {
  const taken: number[] = [];
  const arrivals = new Arrivals();
  for (let number = 0; number < 40; number++) arrivals.add(8, () => taken.push(number));
  const first = taken.length;
  t.ok(first > 0 && first < 40, `${first} of 40 in the first turn`);
  const turns = [first];
  while (taken.length < 40) {
    const before = taken.length;
    await nextTurn();
    turns.push(taken.length - before);
    t.ok(turns.length < 40, 'each turn takes some');
  }
  t.ok(Math.max(...turns) <= first, `no turn takes more than the first: ${turns}`);
  t.same(
    taken,
    Array.from({ length: 40 }, (_, index) => index),
  );
});

test('the end of a thread waits for what it said before', async (t) => {
  const taken: string[] = [];
  const arrivals = new Arrivals();
  arrivals.add(128, () => taken.push('a batch'));
  arrivals.add(1, () => taken.push('its last word'));
  arrivals.add(0, () => taken.push('its end'));
  t.same(taken, ['a batch']);
  await nextTurn();
  t.same(taken, ['a batch', 'its last word', 'its end']);
});

test('what comes while something is being taken waits for its turn', async (t) => {
  const taken: string[] = [];
  const arrivals = new Arrivals();
  arrivals.add(64, () => {
    taken.push('outer');
    arrivals.add(1, () => taken.push('inner'));
  });
  t.same(taken, ['outer']);
  await nextTurn();
  t.same(taken, ['outer', 'inner']);
});
