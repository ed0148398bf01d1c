/** Idempotency keys are kept as hashes: per type, of fixed size whatever people write. */
import { createHash } from 'node:crypto';

/** @returns 22 characters that stand for `type` and `key` together */
export function keyDigest(type: string, key: string): string {
  return createHash('sha256').update(`${type}\0${key}`).digest('base64url').slice(0, 22);
}

/** @returns 11 characters that stand for the params, in whatever order their members were written */
export function paramsDigest(params: string): string {
  return createHash('sha256')
    .update(canonical(JSON.parse(params)))
    .digest('base64url')
    .slice(0, 11);
}

/** JSON with the members of each object in order of their names. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`).join()}}`;
}
