/** The store: keys with their values, versions and ends. Values go in and out as they are, never as objects of ours. */
import type { Condition } from '../../supervisor/core/decide/store.ts';
import { storeKeyBytesMax } from '../../supervisor/core/limits.ts';
import { mistaken } from '../../supervisor/core/refusal.ts';
import { storedText } from '../../supervisor/core/store/record.ts';
import type { Stored } from '../../supervisor/core/store/store.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { itemsPerPageDefault } from '../limits.ts';
import { readMembers } from '../members.ts';
import { PAGE, type Parameters, readQuery } from '../query.ts';
import {
  answerJson,
  api,
  type Context,
  handOf,
  look,
  notFound,
  operate,
  type Parts,
  pathParameter,
  type Route,
} from '../route.ts';

const LIST = {
  ...PAGE,
  prefix: { is: 'text', charsMax: storeKeyBytesMax, sentence: 'Only keys that begin with it.' },
} as const satisfies Parameters;

export function storeRoutes({ store }: Parts): Route[] {
  async function list(ctx: Context): Promise<void> {
    const { limit = itemsPerPageDefault, cursor, prefix = '' } = readQuery(ctx.querystring, LIST);
    const question = ['store', prefix];
    const after = cursor === undefined ? null : readCursor(cursor, question);
    const { items, next, total, usage } = await store.list({ prefix, limit, after });
    const rest = { next: next === null ? null : cursorText(next, question), total, store: usage };
    answerJson(ctx, 200, `{"items":[${items.map(storedText).join()}],${JSON.stringify(rest).slice(1)}`);
  }

  async function show(ctx: Context): Promise<void> {
    const stored = await store.get(keyOf(ctx));
    if (!stored) throw noKey(ctx);
    answer(ctx, 200, stored);
  }

  async function set(ctx: Context): Promise<void> {
    const { value, ttl } = await readMembers(ctx, ['value', 'ttl']);
    const given = { key: keyOf(ctx), value, ttl, condition: conditionOf(ctx) };
    const { stored, created } = await store.set(given, handOf(ctx));
    answer(ctx, created ? 201 : 200, stored);
  }

  async function increment(ctx: Context): Promise<void> {
    const { by, ttl } = await readMembers(ctx, ['by', 'ttl']);
    answer(ctx, 200, await store.increment({ key: keyOf(ctx), by, ttl }, handOf(ctx)));
  }

  async function remove(ctx: Context): Promise<void> {
    if (!(await store.delete(keyOf(ctx), conditionOf(ctx), handOf(ctx)))) throw noKey(ctx);
    ctx.status = 204;
  }

  async function cleanUp(ctx: Context): Promise<void> {
    await readMembers(ctx, []);
    answerJson(ctx, 200, JSON.stringify(await store.cleanUp()));
  }

  const all = `${api}/store`;
  const one = `${all}/:key`;
  return [
    look(all, 'Lists keys of the store with their values, in the order of the keys, and how full it is', list, LIST),
    operate(`${all}/cleanup`, 'Lets go of all that has expired at once', cleanUp),
    look(one, 'Shows what a key holds', show),
    {
      ...operate(one, 'Sets a key; `If-Match` names the version it rests on, `If-None-Match: *` only makes it', set),
      method: 'PUT',
    },
    { ...operate(one, 'Deletes a key; `If-Match` names the version that is meant', remove), method: 'DELETE' },
    operate(`${one}/increment`, 'Adds to the whole number that a key holds, 0 where there is none', increment),
  ];
}

function keyOf(ctx: Context): string {
  return pathParameter(ctx, 'key');
}

function noKey(ctx: Context) {
  return notFound(`there is no key ${JSON.stringify(keyOf(ctx))}`);
}

function answer(ctx: Context, status: number, stored: Stored): void {
  ctx.set('ETag', `"${stored.version}"`);
  answerJson(ctx, status, storedText(stored));
}

/** An entity tag stands in quotes (RFC 9110, 8.8.3); `If-Match: *` is any, `If-None-Match: *` is none (13.1). */
function conditionOf(ctx: Context): Condition {
  const { 'if-match': match, 'if-none-match': none } = ctx.req.headers;
  if (none !== undefined) {
    if (none !== '*' || match !== undefined)
      throw mistaken('If-None-Match', 'must be *, and stand alone: it makes a key that is not there');
    return 0;
  }
  if (match === undefined) return null;
  if (match === '*') return 'present';
  const version = /^"(\d{1,15})"$/.exec(match)?.[1];
  if (version === undefined) throw mistaken('If-Match', 'must be the version of the key in quotes, e.g. "12"');
  return Number(version);
}
