/** Tasks: live and finished in one list, filtered and paged by the server; some of them, or all that match, acted on. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { TaskPage } from '../../../supervisor/facade.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { moreMistakes } from '../more-filters.ts';
import { AddButton } from '../parts/add-button.tsx';
import { Bulk, type Selection } from '../parts/bulk.tsx';
import { ExportLinks } from '../parts/export-links.tsx';
import { Fresh } from '../parts/fresh.tsx';
import { NoTasks } from '../parts/no-tasks.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Paging } from '../parts/paging.tsx';
import { Pauses } from '../parts/pauses.tsx';
import { TaskFilterBar } from '../parts/task-filter-bar.tsx';
import { TaskTable } from '../parts/task-table.tsx';
import { taskListLive } from '../resources.ts';
import { route } from '../router.ts';
import { useSteady } from '../steady.ts';
import { apiQueryOf, filterOf, isEmpty, pathOf, type TaskFilter, tasksShownMax } from '../task-filter.ts';

const NOTHING: Selection = { ids: new Set(), everything: false };

export function Tasks() {
  const filter = useMemo(() => filterOf(route.value.query), [route.value.query]);
  const query = apiQueryOf(filter);
  const live = useLive(query, taskListLive(query, 500));
  const page = live.value.value;
  const selection = useSignal(NOTHING);
  const opened = useSignal(0);
  const picked = selection.value.ids.size > 0;
  const problem = page ? null : live.problem.value;
  const told = Object.keys(moreMistakes(problem)).length > 0;
  const { rows, fresh } = useSteady(page?.items ?? [], picked, `${query} ${opened.value}`);
  useEffect(() => {
    selection.value = NOTHING;
  }, [query]);
  const showFresh = () => {
    selection.value = NOTHING;
    opened.value += 1;
  };
  return (
    <>
      <Head />
      <Pauses />
      <TaskFilterBar filter={filter} problem={problem} />
      {problem && !told && <PageProblem problem={problem} again={live.reload} />}
      <div class="list-bar" data-steady>
        {picked && <Bulk selection={selection} rows={rows} filter={filter} more={page?.next != null} />}
        {!picked && page && <span class="muted">{countOf(page, filter)}</span>}
        {!picked && fresh > 0 && <Fresh text={say().list.fresh(fresh)} show={showFresh} />}
        {!picked && page && rows.length > 0 && <ExportLinks filter={filter} total={totalOf(page, filter)} />}
      </div>
      {page && rows.length === 0 && <NoTasks filtered={!isEmpty(filter) || filter.cursor !== ''} />}
      {rows.length > 0 && <TaskTable rows={rows} selection={selection} />}
      <Paging
        label={say().pages.tasks}
        newest={filter.cursor === '' ? null : pathOf({ ...filter, cursor: '' })}
        older={page?.next && rows.length > 0 ? pathOf({ ...filter, cursor: page.next }) : null}
      />
    </>
  );
}

/** How many match, where that is known. */
function totalOf({ items, next, total }: TaskPage, { cursor }: TaskFilter): number | null {
  return total ?? (cursor === '' && next === null ? items.length : null);
}

/** How many there are where that is known; else what this page proves: a search in the history counts nothing beyond it. */
function countOf(page: TaskPage, filter: TaskFilter): string {
  const words = say().list;
  const total = totalOf(page, filter);
  const shown = page.items.length;
  if (total !== null) return total === 0 ? '' : words.total(total);
  if (shown === 0) return '';
  if (filter.cursor !== '') return words.onPage(shown);
  const known = page.totalAtLeast ?? shown;
  return known > shown || shown < tasksShownMax ? words.atLeast(known) : words.moreThan(shown);
}

function Head() {
  return (
    <div class="page-head">
      <h1>{say().pages.tasks}</h1>
      <div class="page-actions">
        <AddButton />
      </div>
    </div>
  );
}
