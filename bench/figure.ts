/** What a bench measures: one figure with its unit, its target and the floor of this machine beside it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should reach at least (`per second`) or at most (everything else). */
  readonly target: number | null;
  /** Name of the floor it is compared with. */
  readonly floor?: string;
}

/** Run once in a process of its own; the runner repeats it and takes medians. */
export type Bench = (quick: boolean) => Promise<readonly Figure[]>;

export const perSecond = 'per second';

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
