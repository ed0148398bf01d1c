/** Tokens compared so that the time taken says nothing about how much of a guess was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

const digests = new Map<string, Buffer>();
const digestsKeptMax = 16;

/** Equal lengths whatever was guessed: both sides are hashed first. */
export function sameSecret(guess: string, secret: string): boolean {
  return timingSafeEqual(createHash('sha256').update(guess).digest(), digestOf(secret));
}

/** Of a secret of ours, kept because it is asked for at every request. */
export function digestOf(secret: string): Buffer {
  const known = digests.get(secret);
  if (known) return known;
  if (digests.size >= digestsKeptMax) digests.clear();
  const digest = createHash('sha256').update(secret).digest();
  digests.set(secret, digest);
  return digest;
}
