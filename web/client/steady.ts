/**
 * Nothing moves under the pointer: while somebody points into a list, its rows keep their order and number, and only
 * what stands in them changes. An action of one's own lets go at once, because its effect is expected; so does a
 * pointer that has rested for a while, because it is likely forgotten there.
 */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

const restsMs = 6_000;
const pointing = signal(false);
let timer = 0;

function onMove(event: PointerEvent): void {
  const inside =
    event.pointerType === 'mouse' && event.target instanceof Element && event.target.closest('[data-steady]');
  clearTimeout(timer);
  pointing.value = Boolean(inside);
  if (!inside) return;
  timer = window.setTimeout(letGo, restsMs);
}

export function letGo(): void {
  clearTimeout(timer);
  pointing.value = false;
}

addEventListener('pointermove', onMove, { passive: true });
document.documentElement.addEventListener('pointerleave', letGo);

export interface Steady<T> {
  readonly rows: readonly T[];
  /** How many rows are new and not shown yet. */
  readonly fresh: number;
  /** Rows that have left the list and are shown only so that nothing moves. */
  isGone(row: T): boolean;
}

/**
 * @param live the rows as they are now
 * @param hold a further reason to keep the order, e.g. a selection
 * @param key another key is another list and is shown at once
 */
export function useSteady<T extends { readonly id: string }>(
  live: readonly T[],
  hold: boolean,
  key: string,
): Steady<T> {
  const kept = useRef<{ key: string; rows: readonly T[] }>({ key, rows: live });
  const keeps = (pointing.value || hold) && kept.current.key === key && kept.current.rows.length > 0;
  const rows = keeps ? inKeptOrder(kept.current.rows, live) : live;
  useEffect(() => {
    kept.current = { key, rows };
  });
  const shown = new Set(rows.map((row) => row.id));
  const there = new Set(live.map((row) => row.id));
  return { rows, fresh: live.filter((row) => !shown.has(row.id)).length, isGone: (row) => !there.has(row.id) };
}

/** Rows that left the list stay as they were last seen. */
function inKeptOrder<T extends { readonly id: string }>(kept: readonly T[], live: readonly T[]): readonly T[] {
  const byId = new Map(live.map((row) => [row.id, row]));
  return kept.map((row) => byId.get(row.id) ?? row);
}

/** Rows come and go in less time than it takes to point at what is below them. */
const reservedMs = 4_000;

/**
 * How many empty rows to add: what is below a list stays where it is while rows come and go, and nothing moves under
 * the pointer; once neither is so for a while, the room of rows that are gone is given back.
 */
export function useRowsReserved(shown: number, least: number): number {
  const kept = useSignal(least);
  const rows = Math.max(kept.value, shown);
  const held = pointing.value;
  useEffect(() => {
    if (shown > kept.peek()) kept.value = shown;
    if (held || shown >= rows) return undefined;
    const timer = setTimeout(() => {
      kept.value = Math.max(least, shown);
    }, reservedMs);
    return () => clearTimeout(timer);
  }, [shown, rows, held, least, kept]);
  return rows - shown;
}
