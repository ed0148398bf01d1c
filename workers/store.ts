/** `ctx.store`: what handlers ask of the shared data of the supervisor. Values travel as JSON text both ways. */
import type { CallItem, StoreItem, StoreRequest } from './contract.ts';
import type { HandlerStore, StoredValue } from './define.ts';
import { jsonText } from './outcome.ts';

export function handlerStore(call: (request: CallItem['request']) => Promise<unknown>): HandlerStore {
  const ask = async <T>(request: StoreRequest) => (await call({ name: 'store', ask: request })) as T;
  return {
    async get(key) {
      const item = await ask<StoreItem | null>({ act: 'get', key });
      return item && storedValue(item);
    },
    async set(key, value, { ttl, ifVersion } = {}) {
      const text = jsonText(value, 'the value', 'value_not_json');
      return storedValue(await ask<StoreItem>({ act: 'set', key, value: text, ttl, ifVersion }));
    },
    async increment(key, by, { ttl } = {}) {
      return storedValue(await ask<StoreItem>({ act: 'increment', key, by, ttl }));
    },
    delete: (key, { ifVersion } = {}) => ask<boolean>({ act: 'delete', key, ifVersion }),
    async list(prefix = '', { limit, after } = {}) {
      const { items, next } = await ask<{ items: readonly StoreItem[]; next: string | null }>({
        act: 'list',
        prefix,
        limit,
        after,
      });
      return { items: items.map(storedValue), next };
    },
  };
}

function storedValue({ key, value, version, expiresAt, setAt }: StoreItem): StoredValue {
  return {
    key,
    value: JSON.parse(value),
    version,
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    setAt: new Date(setAt).toISOString(),
  };
}
