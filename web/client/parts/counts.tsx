/** How many tasks are in each state, as one strip; each figure leads to its list. */
import type { TaskState } from '../../../supervisor/core/task.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { Link } from './link.tsx';
import { STATE_ORDER, StateWord } from './state-word.tsx';

export function Counts({ counts }: { counts: Readonly<Record<TaskState, number>> | null }) {
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
