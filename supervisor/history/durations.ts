/**
 * Durations as a sketch that can be added to and joined: each falls into one of some hundred buckets, which grow by a
 * fixed ratio. A duration told back is off by at most `durationErrorMax` of itself.
 *
 * The buckets are those of DDSketch (Masson, Rim, Lee, VLDB 2019), without its limit on their number: every duration of
 * whole milliseconds that a number can hold exactly falls below `durationBuckets`.
 */

/** Share of a duration by which what is told may differ from it. */
export const durationErrorMax = 0.02;
const ratio = (1 + durationErrorMax) / (1 - durationErrorMax);
const logRatio = Math.log(ratio);
/** Bucket 0 holds what took no whole millisecond; the others begin with 1 ms. */
export const durationBuckets = 2 + Math.ceil(Math.log(Number.MAX_SAFE_INTEGER) / logRatio);

/** @param ms any number: less than a millisecond counts as none */
export function bucketOf(ms: number): number {
  if (!(ms >= 1)) return 0;
  return 1 + Math.ceil(Math.log(Math.min(ms, Number.MAX_SAFE_INTEGER)) / logRatio);
}

/** @returns ms that differ by at most `durationErrorMax` from every duration in the bucket */
export function durationOf(bucket: number): number {
  return bucket === 0 ? 0 : (2 * ratio ** (bucket - 1)) / (ratio + 1);
}

/** How many durations fell into each bucket. */
export type Durations = Map<number, number>;

/**
 * @param share e.g. 0.95 for the 95th percentile
 * @returns ms of the duration that so large a share of all does not exceed; null when there is none
 */
export function percentile(durations: Durations, share: number): number | null {
  const buckets = [...durations].sort(([a], [b]) => a - b);
  const count = buckets.reduce((sum, [, some]) => sum + some, 0);
  let left = Math.max(1, Math.ceil(share * count));
  for (const [bucket, some] of buckets) {
    left -= some;
    if (left <= 0) return durationOf(bucket);
  }
  return null;
}
