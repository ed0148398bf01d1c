/** Tasks of types nobody handles wait: which, how many, and whether another type was probably meant. */
import { nearest } from './core/nearest.ts';
import { iso } from './core/record.ts';
import type { State } from './core/state.ts';
import type { HealthItem } from './facade.ts';

export function waitingForHandlers(state: State): readonly HealthItem[] {
  const waiting = new Map<string, { count: number; since: number }>();
  for (const line of state.ready.lines()) {
    if (line.size === 0 || state.lanes?.has(line.type)) continue;
    const known = waiting.get(line.type);
    waiting.set(line.type, {
      count: (known?.count ?? 0) + line.size,
      since: Math.min(known?.since ?? Infinity, line.head?.at ?? Infinity),
    });
  }
  return [...waiting].map(([type, { count, since }]) => ({
    code: `no-handler:${type}`,
    severity: 'warning' as const,
    message: `${count} ${count === 1 ? 'task waits' : 'tasks wait'} for a handler of ${type}${meant(state, type)}`,
    action: `Put a handler for ${type} into handlers/, or cancel what waits.`,
    since: iso(since),
  }));
}

/** `: did you mean http.download?`, or nothing when no known type is near. */
function meant(state: State, type: string): string {
  const near = nearest(type, [...(state.lanes?.keys() ?? [])]);
  return near === null ? '' : `: did you mean ${near}?`;
}
