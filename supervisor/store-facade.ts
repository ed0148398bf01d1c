/** What may be asked of the store from outside and by handlers. Every answer rests on what is on disk. */
import type { Condition } from './core/decide/store.ts';
import type { StorePage, StoreQuery } from './core/store/list.ts';
import type { Stored } from './core/store/store.ts';
import type { Actor } from './facade.ts';

/** How full it is. Keys that have expired count until they are cleared. */
export interface StoreUsage {
  readonly keys: number;
  readonly bytes: number;
  readonly bytesMax: number;
}

export interface SetRequest {
  readonly key: unknown;
  /** What JSON can hold. */
  readonly value: unknown;
  /** Seconds, or a duration such as `10m`; none keeps it for good. */
  readonly ttl?: unknown;
  readonly condition?: Condition;
}

export interface IncrementRequest {
  readonly key: unknown;
  /** 1 when left out. */
  readonly by?: unknown;
  /** Of a key that is made by it. */
  readonly ttl?: unknown;
}

/** What was cleared. */
export interface Cleared {
  readonly keys: number;
  readonly bytes: number;
}

export interface StoreFacade {
  get(key: unknown): Promise<Stored | null>;
  /** In the order of the keys; a page ends early where its values are large. */
  list(query: StoreQuery): Promise<StorePage & { readonly usage: StoreUsage }>;
  set(given: SetRequest, actor: Actor): Promise<{ readonly stored: Stored; readonly created: boolean }>;
  increment(given: IncrementRequest, actor: Actor): Promise<Stored>;
  /** @returns whether it was there */
  delete(key: unknown, condition: Condition, actor: Actor): Promise<boolean>;
  /** Lets go of all that has expired. */
  cleanUp(): Promise<Cleared>;
}
