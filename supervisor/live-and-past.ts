/** A page of what is live and what the history has, together: what goes over from one to the other is met once. */

interface Entry {
  readonly id: string;
}

export interface Found<T> {
  /** Looked at first: what goes into the history meanwhile is then met twice, never not at all. */
  readonly live: readonly T[];
  /** Whether there may be more of them. */
  readonly liveGoesOn: boolean;
  /** One more than the page has, if there are so many. */
  readonly past: { readonly items: readonly T[]; readonly next: string | null };
}

/** @returns `next`: the id to give as `after`; null at the end */
export function pageOf<T extends Entry>(
  { live, liveGoesOn, past }: Found<T>,
  { limit, order }: { readonly limit: number; readonly order: 'newest' | 'oldest' },
): { readonly records: readonly T[]; readonly next: string | null } {
  const isLive = new Set(live.map(({ id }) => id));
  const goesBefore = (a: string, b: string) => (order === 'newest' ? a > b : a < b);
  // A search through much history may end early: beyond where it has come, nothing may be shown yet.
  const reached = past.items.length <= limit ? past.next : null;
  const all = [...live, ...past.items.filter(({ id }) => !isLive.has(id))]
    .filter(({ id }) => reached === null || !goesBefore(reached, id))
    .sort((a, b) => (goesBefore(a.id, b.id) ? -1 : 1));
  const records = all.slice(0, limit);
  const goesOn = all.length > limit || liveGoesOn;
  return { records, next: goesOn ? (records.at(-1)?.id ?? null) : reached };
}
