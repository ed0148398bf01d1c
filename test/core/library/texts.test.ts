/** What holds the records and finds them again, against plain maps. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { HashIndex } from '../../../supervisor/core/library/hash-index.ts';
import { Texts } from '../../../supervisor/core/library/texts.ts';

t.test('each number has the text that was put last, however often others were put anew', (t) => {
  const texts = new Texts();
  const held = new Map<number, string>();
  for (let n = 0; n < 60_000; n++) {
    const number = (n * 7_919) % 5_000;
    const text = `${number} ${'夢x'.repeat((n * 31) % 200)}`;
    texts.put(number, Buffer.from(text));
    held.set(number, text);
  }
  let bytes = 0;
  for (const [number, text] of held) {
    assert.equal(texts.bytesOf(number).toString('utf8'), text);
    bytes += Buffer.byteLength(text);
  }
  t.equal(texts.bytes, bytes);
  t.ok(texts.room < bytes * 1.4 + 3 * 1024 * 1024, `${texts.room} bytes for ${bytes}: hollow slabs are emptied`);
  t.throws(() => texts.bytesOf(5_000), /there is no text 5000/);
  t.throws(() => texts.put(1, Buffer.alloc(2 * 1024 * 1024)), /at most/);
  t.end();
});

t.test('numbers are found by their hash, also where several have the same', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 20 }), fc.nat({ max: 12 })), { maxLength: 300 }),
      (deeds) => {
        const index = new HashIndex();
        const held = new Map<number, Set<number>>();
        for (const [adds, hash, number] of deeds) {
          const has = held.get(hash) ?? new Set();
          held.set(hash, has);
          if (adds && !has.has(number)) {
            index.add(hash * 16, number);
            has.add(number);
          } else if (!adds) {
            index.delete(hash * 16, number);
            has.delete(number);
          }
        }
        for (const [hash, has] of held) assert.deepStrictEqual([...index.find(hash * 16)].sort(), [...has].sort());
        assert.equal(
          index.size,
          [...held.values()].reduce((sum, { size }) => sum + size, 0),
        );
      },
    ),
  );
  t.pass();
  t.end();
});
