/** What the page of the store asks of the API, and which events make the answer another one. */
import type { StoredRecord } from '../../supervisor/core/store/record.ts';
import type { StoreUsage } from '../../supervisor/store-facade.ts';
import { get, Problem } from './api.ts';
import type { LiveOptions } from './live.ts';
import type { LiveEvent } from './stream.ts';

export interface StorePage {
  readonly items: readonly StoredRecord[];
  readonly next: string | null;
  /** Keys with the prefix. */
  readonly total: number;
  readonly store: StoreUsage;
}

/** What a key holds now; null where it is not there. */
export interface HeldNow {
  readonly stored: StoredRecord | null;
}

const keysShownMax = 50;

/** Path of a key in the API. Its slashes are part of its name. */
export function keyPath(key: string): string {
  return `store/${encodeURIComponent(key)}`;
}

function changesStore({ name }: LiveEvent): boolean {
  return name.startsWith('store.');
}

/** @param query `prefix` and `cursor`, as the address of the page has them */
export function storeLive(query: string): LiveOptions<StorePage> {
  const asked = new URLSearchParams(query);
  asked.set('limit', String(keysShownMax));
  return { load: (signal) => get<StorePage>(`store?${asked}`, signal), concerns: changesStore, everyMs: 500 };
}

/** @param key empty for one that somebody is about to name */
export function heldLive(key: string): LiveOptions<HeldNow> {
  return {
    load: async (signal) => ({ stored: key === '' ? null : await loadStored(key, signal) }),
    concerns: (event) => changesStore(event) && (event.data['key'] ?? key) === key,
  };
}

/** @returns null where there is none */
export async function loadStored(key: string, signal?: AbortSignal): Promise<StoredRecord | null> {
  try {
    return await get<StoredRecord>(keyPath(key), signal);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
