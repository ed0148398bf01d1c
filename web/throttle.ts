/**
 * Two brakes by address, both bounded in memory: one on wrong tokens, which waits longer after each, and one on the
 * rate of requests. Neither touches callers on this machine who present nothing wrong: bulk work is local.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from '../supervisor/clock.ts';
import {
  addressesKeptMax,
  failuresForgottenMs,
  failureWaitMs,
  failureWaitMsMax,
  freeFailuresMax,
  requestBurstMax,
  requestsPerSecondMax,
} from './limits.ts';

/** One household has a whole /64 of IPv6: its addresses count as one. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  if (address.startsWith('::ffff:')) return address.slice(7);
  const [head = '', tail = ''] = address.split('::');
  const front = head.split(':').filter(Boolean);
  const back = tail.split(':').filter(Boolean);
  const zeros = address.includes('::')
    ? Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
    : [];
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}

/** Keeps the addresses seen last; the one longest unseen is forgotten first. */
class Recent<T> {
  readonly #byKey = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#byKey.get(key);
  }

  set(key: string, value: T): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, value);
    if (this.#byKey.size > addressesKeptMax) this.#byKey.delete(this.#byKey.keys().next().value ?? '');
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }
}

export class FailureBrake {
  readonly #clock: Clock;
  readonly #failures = new Recent<{ count: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long this address has to wait before its next guess is looked at. */
  waitMs(address: string): number {
    const seen = this.#failures.get(addressKey(address));
    if (!seen || seen.count < freeFailuresMax) return 0;
    const wait = Math.min(failureWaitMs * 2 ** (seen.count - freeFailuresMax), failureWaitMsMax);
    return Math.max(0, seen.at + wait - this.#clock.monotonic());
  }

  failed(address: string): void {
    const key = addressKey(address);
    const now = this.#clock.monotonic();
    const seen = this.#failures.get(key);
    const count = seen && now - seen.at < failuresForgottenMs ? seen.count + 1 : 1;
    this.#failures.set(key, { count, at: now });
  }

  succeeded(address: string): void {
    this.#failures.delete(addressKey(address));
  }
}

/** A bucket of `requestBurstMax` that fills at `requestsPerSecondMax`. */
export class RateBrake {
  readonly #clock: Clock;
  readonly #buckets = new Recent<{ left: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns 0 when the request may pass, else how long to wait */
  takeMs(address: string): number {
    const key = addressKey(address);
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { left: requestBurstMax, at: now };
    bucket.left = Math.min(requestBurstMax, bucket.left + ((now - bucket.at) / 1_000) * requestsPerSecondMax);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (bucket.left < 1) return ((1 - bucket.left) / requestsPerSecondMax) * 1_000;
    bucket.left -= 1;
    return 0;
  }
}
