/** How many tasks are in each state, as one strip; each figure leads to its list. */
import type { TaskState } from '../../../supervisor/core/task.ts';
import type { StatusView } from '../../../supervisor/facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { Link } from './link.tsx';
import { STATE_ORDER, StateWord } from './state-word.tsx';

/** What has ended leaves the live ones for history sooner or later: of all such states the tile tells how many ever. */
function countsOf({
  counts,
  totals: { succeeded, failed, canceled },
}: StatusView): Readonly<Record<TaskState, number>> {
  return { ...counts, succeeded, failed, canceled };
}

const EVER: readonly TaskState[] = ['succeeded', 'failed', 'canceled'];

export function Counts({ status }: { status: StatusView | null }) {
  const counts = status && countsOf(status);
  return (
    <section class="counts" aria-label={say().overview.counts}>
      {STATE_ORDER.map((state) => (
        <Link key={state} to={`tasks?state=${state}`} class={counts?.[state] ? 'count' : 'count zero'}>
          <span class="count-figure">{counts ? number(counts[state]) : '–'}</span>
          <StateWord state={state} />
          {EVER.includes(state) && <small class="muted">{say().overview.ever}</small>}
        </Link>
      ))}
    </section>
  );
}
