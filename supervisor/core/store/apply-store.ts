/**
 * How events change the store, live and at replay alike. Each says what holds from then on and not by how much it has
 * changed: one that a snapshot already has in it may come again, as all that came after it come again too.
 */
import type { Event } from '../event.ts';
import { bytesOf, isPending, type Store, type Stored } from './store.ts';

const slackMin = 1_024;

export interface ApplyingStore {
  readonly seq: number;
  readonly at: number;
  readonly missingUntil: number;
}

export function applyStore(store: Store, event: Event & { e: `store.${string}` }, by: ApplyingStore): void {
  switch (event.e) {
    case 'store.set': {
      const { key, value, expiresAt } = event;
      putStored(store, { key, value, version: by.seq, expiresAt, setAt: by.at });
      break;
    }
    case 'store.deleted': {
      const stored = store.byKey.get(event.key);
      if (stored) remove(store, stored);
      else if (by.seq > by.missingUntil)
        throw new Error(`entry ${by.seq} deletes the key ${JSON.stringify(event.key)}, which is not there`);
      break;
    }
    case 'store.cleared':
      clear(store, event.upTo);
      break;
  }
  compact(store);
}

/** Puts a value in the place of what its key held; also what a snapshot has. */
export function putStored(store: Store, stored: Stored): void {
  const before = store.byKey.get(stored.key);
  if (before) {
    store.bytes -= bytesOf(before);
    if (before.expiresAt !== null) store.expiring--;
  }
  store.byKey.set(stored.key, stored);
  store.bytes += bytesOf(stored);
  if (stored.expiresAt === null) return;
  store.expiring++;
  store.expiries.push(stored.expiresAt, { at: stored.expiresAt, key: stored.key });
}

function remove(store: Store, stored: Stored): void {
  store.byKey.delete(stored.key);
  store.bytes -= bytesOf(stored);
  if (stored.expiresAt !== null) store.expiring--;
}

/** All that ends by then goes, whatever the clock says when this is read back. */
function clear(store: Store, upTo: number): void {
  while (store.expiries.earliest <= upTo) {
    const expiry = store.expiries.pop();
    const stored = expiry && isPending(store, expiry) ? store.byKey.get(expiry.key) : undefined;
    if (stored) remove(store, stored);
  }
}

/** Keys that are set again and again leave behind when they would have ended before. */
function compact(store: Store): void {
  if (store.expiries.size > store.expiring * 2 + slackMin) store.expiries.keep((expiry) => isPending(store, expiry));
}
