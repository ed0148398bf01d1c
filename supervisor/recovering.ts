/** What is held back after a crash, as one notice. */
import { heldBySuspects } from './core/decide/claim.ts';
import { iso } from './core/record.ts';
import type { State } from './core/state.ts';
import type { HealthItem } from './facade.ts';

/** @param startedAt ms since 1970 */
export function recovering(state: State, now: number, startedAt: number): readonly HealthItem[] {
  if (!heldBySuspects(state, now)) return [];
  const count = state.suspects.size;
  return [
    {
      code: 'recovery',
      severity: 'info',
      message: `Recovering from a crash: ${count} ${count === 1 ? 'task that was' : 'tasks that were'} running then ${count === 1 ? 'runs' : 'run'} alone first`,
      action: 'Nothing to do: the rest follows by itself.',
      since: iso(startedAt),
    },
  ];
}
