/** Bodies that are small objects with known members. */
import { type Mistake, Refusal } from '../supervisor/core/refusal.ts';
import { readJson } from './body.ts';
import { mistakesShownMax } from './limits.ts';
import type { Context } from './route.ts';

/** @returns the members, or none without a body. A member nobody knows is refused: it may have narrowed what is meant. */
export async function readMembers(ctx: Context, known: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const body = await readJson(ctx.req);
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal('validation', 'The body must be an object', [{ path: '$', message: 'must be an object' }]);
  }
  const mistakes: Mistake[] = Object.keys(body)
    .filter((member) => !known.includes(member))
    .slice(0, mistakesShownMax)
    .map((member) => ({
      path: `$.${member}`,
      message:
        known.length === 0
          ? 'is not known: this call takes no members'
          : `is not known here; known are ${known.join(', ')}`,
    }));
  if (mistakes.length > 0) throw new Refusal('validation', `${mistakes[0]?.path} ${mistakes[0]?.message}`, mistakes);
  return body as Readonly<Record<string, unknown>>;
}
