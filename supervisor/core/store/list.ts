/**
 * A page of the store by key. Keys are kept in no order: all of them are looked through for each page, a hundred
 * thousand in a few milliseconds, so that none pays for an order with each set.
 */
import { storePageBytesMax } from '../limits.ts';
import { bytesOf, isExpired, type Store, type Stored } from './store.ts';

export interface StoreQuery {
  readonly prefix: string;
  readonly limit: number;
  /** Key after which the page begins. */
  readonly after: string | null;
}

export interface StorePage {
  readonly items: readonly Stored[];
  readonly next: string | null;
  /** Keys with the prefix, on all pages. */
  readonly total: number;
}

export function pageOf({ byKey }: Store, { prefix, limit, after }: StoreQuery, now: number): StorePage {
  let total = 0;
  let first: Stored[] = [];
  // Beyond the last key that can be on the page nothing is kept.
  let last: string | null = null;
  for (const stored of byKey.values()) {
    const { key } = stored;
    if (!key.startsWith(prefix) || isExpired(stored, now)) continue;
    total++;
    if ((after !== null && key <= after) || (last !== null && key >= last)) continue;
    first.push(stored);
    if (first.length <= limit * 4) continue;
    first = sorted(first).slice(0, limit + 1);
    last = first.at(-1)?.key ?? null;
  }
  const found = sorted(first);
  const items = upToBytes(found.slice(0, limit));
  return { items, next: items.length < found.length ? (items.at(-1)?.key ?? null) : null, total };
}

function sorted(some: Stored[]): Stored[] {
  return some.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** A page ends early where its values are large, but has one at least. */
function upToBytes(some: readonly Stored[]): readonly Stored[] {
  let bytes = 0;
  let count = 0;
  for (const stored of some) {
    bytes += bytesOf(stored);
    if (bytes > storePageBytesMax && count > 0) break;
    count++;
  }
  return some.slice(0, count);
}
