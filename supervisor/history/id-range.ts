/** From what a query says of ids and times to the ids it means. */
import type { IdRange } from './merge.ts';
import type { HistoryQuery } from './query.ts';
import { compareIds, type IdWords, idWords } from './row.ts';

/** Null when `after` is no id at all, or nothing can lie within. */
export function rangeOf({
  after,
  order,
  from,
  to,
}: Pick<HistoryQuery, 'after' | 'order' | 'from' | 'to'>): IdRange | null {
  let low = from === undefined ? new Uint32Array(4) : momentWords(from);
  let high = to === undefined ? new Uint32Array(4).fill(0xffff_ffff) : momentWords(to);
  if (after) {
    const words = idWords(after);
    if (!words) return null;
    if (order === 'newest') high = least(high, words);
    else low = most(low, following(words));
  }
  return compareIds(low, 0, high, 0) < 0 ? { low, high } : null;
}

function least(a: IdWords, b: IdWords): IdWords {
  return compareIds(a, 0, b, 0) < 0 ? a : b;
}

function most(a: IdWords, b: IdWords): IdWords {
  return compareIds(a, 0, b, 0) < 0 ? b : a;
}

/** The smallest id made at this moment: the first 48 bits of a UUIDv7 are its time. */
function momentWords(at: number): IdWords {
  const ms = Math.min(Math.max(0, Math.ceil(at)), 2 ** 48 - 1);
  return Uint32Array.of(Math.floor(ms / 0x1_0000), (ms % 0x1_0000) * 0x1_0000, 0, 0);
}

/** The next id there can be. */
export function following(id: IdWords): IdWords {
  const next = id.slice();
  for (let word = 3; word >= 0; word--) {
    const value = ((next[word] as number) + 1) >>> 0;
    next[word] = value;
    if (value !== 0) break;
  }
  return next;
}
