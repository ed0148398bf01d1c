/** The store as part of the state: shared data by key, each value with its version and perhaps a moment at which it ends. */
import { Heap } from '../heap.ts';

export interface Stored {
  readonly key: string;
  /** JSON text, compact. */
  readonly value: string;
  /** Sequence of the entry that set it: a key that is deleted and set again has no version twice. */
  readonly version: number;
  /** ms since 1970: from then on nobody is given it; null for never. */
  readonly expiresAt: number | null;
  readonly setAt: number;
}

/** When a key ends, as it was said once: it may have been set anew or deleted since. */
export interface Expiry {
  readonly at: number;
  readonly key: string;
}

export interface Store {
  readonly byKey: Map<string, Stored>;
  readonly expiries: Heap<Expiry>;
  /** How many keys end some time. */
  expiring: number;
  /** Of keys and values in UTF-8. */
  bytes: number;
}

export function freshStore(): Store {
  return { byKey: new Map(), expiries: new Heap(), expiring: 0, bytes: 0 };
}

/** What a read is given: what has expired is not there, whether it has been cleared or not. */
export function heldAt({ byKey }: Store, key: string, now: number): Stored | null {
  const stored = byKey.get(key);
  return stored && !isExpired(stored, now) ? stored : null;
}

export function isExpired({ expiresAt }: Stored, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

export function bytesOf({ key, value }: Pick<Stored, 'key' | 'value'>): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value);
}

export function isPending({ byKey }: Store, { at, key }: Expiry): boolean {
  return byKey.get(key)?.expiresAt === at;
}
