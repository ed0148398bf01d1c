/**
 * The store that a handler has in a test: a map that answers as the supervisor does. What the supervisor checks beside
 * that (lengths, control characters, its size) is left to it.
 */
import type { StoreItem, StoreRequest } from './contract.ts';
import { durationMs } from './duration.ts';

export class TriedStore {
  readonly #items = new Map<string, StoreItem>();
  readonly #now: () => number;
  #version = 0;

  /** @param now ms since 1970 */
  constructor(given: Readonly<Record<string, unknown>>, now: () => number) {
    this.#now = now;
    for (const [key, value] of Object.entries(given)) this.#put(key, JSON.stringify(value), null);
  }

  /** What is in it, by key. */
  get held(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#all().map(({ key, value }) => [key, JSON.parse(value)]));
  }

  answer(request: StoreRequest): unknown {
    switch (request.act) {
      case 'get':
        return this.#get(request.key as string);
      case 'set': {
        const key = request.key as string;
        this.#check(key, request.ifVersion);
        return this.#put(key, request.value, this.#endOf(request.ttl));
      }
      case 'increment': {
        const key = request.key as string;
        const held = this.#get(key);
        const before = held ? JSON.parse(held.value) : 0;
        if (!Number.isInteger(before)) throw refusal('conflict', `key "${key}" holds no whole number`);
        const sum = String(before + ((request.by as number | undefined) ?? 1));
        return this.#put(key, sum, held ? held.expiresAt : this.#endOf(request.ttl));
      }
      case 'delete': {
        const key = request.key as string;
        this.#check(key, request.ifVersion);
        return this.#get(key) !== null && this.#items.delete(key);
      }
      case 'list':
        return this.#page(request);
    }
  }

  #page({ prefix, limit = 500, after }: StoreRequest & { act: 'list' }) {
    const found = this.#all().filter(({ key }) => key.startsWith(prefix as string) && key > ((after as string) ?? ''));
    const items = found.slice(0, limit as number);
    return { items, next: items.length < found.length ? items.at(-1)?.key : null };
  }

  #all(): StoreItem[] {
    return [...this.#items.keys()].sort().flatMap((key) => this.#get(key) ?? []);
  }

  #get(key: string): StoreItem | null {
    const item = this.#items.get(key);
    return item && (item.expiresAt === null || this.#now() < item.expiresAt) ? item : null;
  }

  #put(key: string, value: string, expiresAt: number | null): StoreItem {
    const item = { key, value, version: ++this.#version, expiresAt, setAt: this.#now() };
    this.#items.set(key, item);
    return item;
  }

  #check(key: string, version: unknown): void {
    const held = this.#get(key)?.version ?? 0;
    if (version != null && version !== held)
      throw refusal('precondition_failed', `key "${key}" is at version ${held}, not ${version}`);
  }

  #endOf(ttl: unknown): number | null {
    if (ttl == null) return null;
    const ms = typeof ttl === 'number' ? ttl * 1_000 : durationMs(String(ttl));
    if (ms === null || !(ms > 0)) throw refusal('validation', `$.ttl must be seconds or a duration, not ${ttl}`);
    return this.#now() + Math.round(ms);
  }
}

function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
