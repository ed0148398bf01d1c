/** How many tasks are in each state, as one strip; each figure leads to its list. */
import type { TaskState } from '../../../supervisor/core/task.ts';
import type { StatusView } from '../../../supervisor/facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { Link } from './link.tsx';
import { STATE_ORDER, StateWord } from './state-word.tsx';

/** Tasks that ended well or were canceled soon leave the live ones for history; ever counts both. */
function countsOf({ counts, totals }: StatusView): Readonly<Record<TaskState, number>> {
  return { ...counts, succeeded: totals.succeeded, canceled: totals.canceled };
}

export function Counts({ status }: { status: StatusView | null }) {
  const counts = status && countsOf(status);
  return (
    <section class="counts" aria-label={say().overview.counts}>
      {STATE_ORDER.map((state) => (
        <Link key={state} to={`tasks?state=${state}`} class={counts?.[state] ? 'count' : 'count zero'}>
          <span class="count-figure">{counts ? number(counts[state]) : '–'}</span>
          <StateWord state={state} />
        </Link>
      ))}
    </section>
  );
}
