/** Idempotency keys are kept as hashes: per type, of fixed size whatever people write. */
import { createHash } from 'node:crypto';

/** @returns 22 characters that stand for `type` and `key` together */
export function keyDigest(type: string, key: string): string {
  return createHash('sha256').update(`${type}\0${key}`).digest('base64url').slice(0, 22);
}

/** @returns 11 characters that stand for the params */
export function paramsDigest(params: string): string {
  return createHash('sha256').update(params).digest('base64url').slice(0, 11);
}
