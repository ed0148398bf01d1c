/** What may be asked of the store: set, count, delete, and clear what has expired, each as events or a refusal. */
import type { AskedBy, Event } from '../event.ts';
import { storeKeysMax } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import type { Limits } from '../state.ts';
import { bytesOf, type Expiry, heldAt, isPending, type Store, type Stored } from '../store/store.ts';

type Decision = readonly Event[] | Refusal;

/** So many keys go with one entry: what waits for its turn meanwhile does not wait long. */
export const storeClearedAtOnceMax = 10_000;
/** What has expired takes up room for so long at most; nobody is given it. */
export const storeClearDelayMs = 60_000;

/** What must hold for a change to be made: this version, 0 for no such key, or `present` for any. */
export type Condition = number | 'present' | null;

export interface NewValue {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly ttlMs: number | null;
  readonly condition: Condition;
}

export interface Room {
  readonly storeBytesMax: Limits['storeBytesMax'];
}

/** Takes the place of what the key held, its time to live included. */
export function setValue(store: Store, room: Room, given: NewValue, now: number, by: AskedBy): Decision {
  const { key, value, ttlMs, condition } = given;
  const refused = unmet(heldAt(store, key, now), key, condition) ?? tooMuch(store, room, given);
  return refused ?? [{ e: 'store.set', key, expiresAt: endOf(ttlMs, now), ...by, value }];
}

export interface Increment {
  readonly key: string;
  readonly by: number;
  /** Of the key that is made by it; one that is there keeps its own. */
  readonly ttlMs: number | null;
}

/** Decided on what is in memory and in the order of the calls, so that none is lost between a read and a write. */
export function incrementValue(store: Store, room: Room, given: Increment, now: number, asked: AskedBy): Decision {
  const { key, by, ttlMs } = given;
  const held = heldAt(store, key, now);
  const before = held ? wholeNumberIn(held) : 0;
  if (before === null)
    return new Refusal(
      'conflict',
      `key ${JSON.stringify(key)} holds no whole number, so it cannot be incremented: set it to one first`,
    );
  const after = before + by;
  if (!Number.isSafeInteger(after))
    return new Refusal(
      'conflict',
      `key ${JSON.stringify(key)} holds ${before}; ${by} more would be beyond 2^53 and lose digits`,
    );
  const value = String(after);
  const expiresAt = held ? held.expiresAt : endOf(ttlMs, now);
  return tooMuch(store, room, { key, value }) ?? [{ e: 'store.set', key, expiresAt, ...asked, value }];
}

/** @returns no event where there is nothing to delete */
export function deleteKey(store: Store, key: string, condition: Condition, now: number, by: AskedBy): Decision {
  const held = heldAt(store, key, now);
  return unmet(held, key, condition) ?? (held ? [{ e: 'store.deleted', key, ...by }] : []);
}

/** Ends of keys that are set or deleted meanwhile are let go of on the way. */
export function clearExpired(store: Store, now: number): readonly Event[] {
  const { expiries } = store;
  const seen: Expiry[] = [];
  while (expiries.earliest <= now && seen.length < storeClearedAtOnceMax) {
    const expiry = expiries.pop();
    if (expiry && isPending(store, expiry)) seen.push(expiry);
  }
  for (const expiry of seen) expiries.push(expiry.at, expiry);
  const last = seen.at(-1);
  return last ? [{ e: 'store.cleared', upTo: last.at }] : [];
}

/** When clearing is due, ms since 1970; Infinity for never. */
export function nextClearing(store: Store): number {
  const { expiries } = store;
  while (expiries.first && !isPending(store, expiries.first)) expiries.pop();
  return expiries.earliest + storeClearDelayMs;
}

/** Whether a value does not fit beside all that is there, expired or not. */
export function lacksRoom(store: Store, { storeBytesMax }: Room, given: Pick<Stored, 'key' | 'value'>): boolean {
  const before = store.byKey.get(given.key);
  if (!before && store.byKey.size >= storeKeysMax) return true;
  const more = bytesOf(given) - (before ? bytesOf(before) : 0);
  return more > 0 && store.bytes + more > storeBytesMax;
}

function tooMuch(store: Store, room: Room, given: Pick<Stored, 'key' | 'value'>): Refusal | null {
  if (!lacksRoom(store, room, given)) return null;
  const { byKey, bytes } = store;
  const held =
    byKey.size >= storeKeysMax
      ? `it holds ${byKey.size} keys, and at most ${storeKeysMax} are kept`
      : `it holds ${bytes} bytes, and at most ${room.storeBytesMax} are kept (STORE_SIZE)`;
  return new Refusal(
    'conflict',
    `the store has no room for key ${JSON.stringify(given.key)}: ${held}; delete what is not needed`,
  );
}

function unmet(held: Stored | null, key: string, condition: Condition): Refusal | null {
  if (condition === null || (condition === 'present' ? held !== null : condition === (held?.version ?? 0))) return null;
  const wanted =
    condition === 'present' ? 'it was to be there' : condition === 0 ? 'it was not to be there' : `not ${condition}`;
  const is = held ? `is at version ${held.version}` : 'is not there';
  return new Refusal('precondition_failed', `key ${JSON.stringify(key)} ${is}, ${wanted}: read it and decide again`);
}

function endOf(ttlMs: number | null, now: number): number | null {
  return ttlMs === null ? null : now + ttlMs;
}

function wholeNumberIn({ value }: Stored): number | null {
  return /^-?\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : null;
}
