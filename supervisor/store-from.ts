/** A handler's `ctx.store`: asked under the name of its task, its values as text both ways. */
import type { StoreItem, StoreRequest } from '../workers/contract.ts';
import { mistaken } from './core/refusal.ts';
import type { Stored } from './core/store/store.ts';
import type { Task } from './core/task.ts';
import type { StoreFacade } from './store-facade.ts';

const itemsPerPageMax = 500;

export async function storeFrom(store: StoreFacade, { id }: Task, request: StoreRequest): Promise<unknown> {
  const actor = { origin: `handler:${id}`, from: null };
  switch (request.act) {
    case 'get': {
      const stored = await store.get(request.key);
      return stored && itemOf(stored);
    }
    case 'list': {
      const { prefix, limit, after } = checkedPage(request);
      const { items, next } = await store.list({ prefix, limit, after });
      return { items: items.map(itemOf), next };
    }
    case 'set': {
      const { key, value, ttl, ifVersion = null } = request;
      const given = { key, value: JSON.parse(value), ttl, condition: checkedVersion(ifVersion) };
      return itemOf((await store.set(given, actor)).stored);
    }
    case 'increment':
      return itemOf(await store.increment(request, actor));
    case 'delete':
      return store.delete(request.key, checkedVersion(request.ifVersion ?? null), actor);
  }
}

function itemOf({ key, value, version, expiresAt, setAt }: Stored): StoreItem {
  return { key, value, version, expiresAt, setAt };
}

function checkedVersion(version: unknown): number | null {
  if (version === null || (Number.isSafeInteger(version) && (version as number) >= 0)) return version as number | null;
  throw mistaken('ifVersion', 'must be the version that a read has given, or 0 for a key that is not there');
}

function checkedPage({ prefix, limit = itemsPerPageMax, after = null }: StoreRequest & { act: 'list' }) {
  if (typeof prefix !== 'string') throw mistaken('prefix', 'must be text');
  if (after !== null && typeof after !== 'string') throw mistaken('after', 'must be a key');
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > itemsPerPageMax)
    throw mistaken('limit', `must be a whole number from 1 to ${itemsPerPageMax}`);
  return { prefix, limit: limit as number, after };
}
