/** Attempts of a run side by side: which lane each stands in, and in which row of it, so that none covers another. */
import type { AttemptView } from '../../supervisor/core/record.ts';
import type { TaskView } from '../../supervisor/facade.ts';

export type LaneKind = 'stage' | 'worker';

export interface Bar {
  readonly task: TaskView;
  readonly attempt: AttemptView;
  /** ms since 1970 */
  readonly from: number;
  readonly to: number;
  /** From 0. */
  readonly row: number;
}

export interface Lane {
  readonly name: string;
  readonly rows: number;
  readonly bars: readonly Bar[];
}

export const barsShownMax = 300;
/** What runs beside more than this is drawn over what began before it. */
const rowsMax = 12;

export type Span = Omit<Bar, 'row'>;

/** @returns the newest first. What runs still ends now. */
export function newestAttempts(tasks: readonly TaskView[], now: number): readonly Span[] {
  const all = tasks.flatMap((task) =>
    task.attempts.map((attempt) => {
      const from = Date.parse(attempt.startedAt);
      return { task, attempt, from, to: Math.max(from, attempt.finishedAt ? Date.parse(attempt.finishedAt) : now) };
    }),
  );
  return all.sort((a, b) => b.from - a.from).slice(0, barsShownMax);
}

/** @param order names of lanes in the order they stand in; others follow by name */
export function lanesOf(spans: readonly Span[], kind: LaneKind, order: readonly string[]): readonly Lane[] {
  const byLane = new Map<string, Span[]>();
  for (const span of spans) {
    const name = kind === 'stage' ? (span.task.run?.stage ?? '') : span.attempt.worker;
    byLane.set(name, [...(byLane.get(name) ?? []), span]);
  }
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...byLane]
    .sort(([a], [b]) => place(a) - place(b) || a.localeCompare(b, 'en', { numeric: true }))
    .map(([name, own]) => pack(name, own));
}

function pack(name: string, spans: readonly Span[]): Lane {
  const ends: number[] = [];
  const bars = [...spans]
    .sort((a, b) => a.from - b.from)
    .map((span) => {
      const row = rowFor(ends, span.from);
      ends[row] = Math.max(ends[row] ?? 0, span.to);
      return { ...span, row };
    });
  return { name, rows: ends.length, bars };
}

function rowFor(ends: readonly number[], from: number): number {
  const free = ends.findIndex((end) => end <= from);
  if (free >= 0) return free;
  return ends.length < rowsMax ? ends.length : ends.indexOf(Math.min(...ends));
}
