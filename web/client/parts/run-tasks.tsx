/** The tasks of a run, or of one stage of it: the list of tasks, filtered by run. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import type { TaskState } from '../../../supervisor/core/task.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { taskListLive } from '../resources.ts';
import { rewrite } from '../router.ts';
import { mayDo, retryRun } from '../run-actions.ts';
import { type RunTasksFilter, runTasksPath, taskFilterOf } from '../run-filter.ts';
import { useSteady } from '../steady.ts';
import { apiQueryOf, pathOf } from '../task-filter.ts';
import { Bulk, type Selection } from './bulk.tsx';
import { Chips } from './chips.tsx';
import { Empty } from './empty.tsx';
import { Fresh } from './fresh.tsx';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';
import { PageProblem } from './page-problem.tsx';
import { Paging } from './paging.tsx';
import { STATE_ORDER, StateWord } from './state-word.tsx';
import { TaskTable } from './task-table.tsx';

const NOTHING: Selection = { ids: new Set(), everything: false };

/** What follows below must be near. */
const tasksListedMax = 20;

interface RunTasksProps {
  run: RunRecord;
  filter: RunTasksFilter;
}

export function RunTasks({ run, filter }: RunTasksProps) {
  const asked = taskFilterOf(run, filter);
  const query = apiQueryOf(asked, tasksListedMax);
  const live = useLive(query, taskListLive(query, 500));
  const page = live.value.value;
  const selection = useSignal(NOTHING);
  const opened = useSignal(0);
  const picked = selection.value.ids.size > 0;
  const { rows, fresh } = useSteady(page?.items ?? [], picked, `${query} ${opened.value}`);
  useEffect(() => {
    selection.value = NOTHING;
  }, [query, selection]);
  const words = say();
  const change = (part: Partial<RunTasksFilter>) => rewrite(runTasksPath(run.id, { ...filter, cursor: '', ...part }));
  const showFresh = () => {
    selection.value = NOTHING;
    opened.value += 1;
  };
  return (
    <section class="run-tasks" aria-label={titleOf(filter)}>
      <Head run={run} filter={filter} />
      <Chips<TaskState>
        name={words.columns.state}
        known={STATE_ORDER}
        chosen={filter.states}
        change={(states) => change({ states })}
        word={(state) => <StateWord state={state} />}
      />
      <div class="list-bar store-bar" data-steady>
        {picked && <Bulk selection={selection} rows={rows} filter={asked} more={page?.next != null} />}
        {!picked && fresh > 0 && <Fresh text={words.list.fresh(fresh)} show={showFresh} />}
      </div>
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      {page && rows.length === 0 && <None filter={filter} />}
      {rows.length > 0 && <TaskTable rows={rows} selection={selection} />}
      <Paging
        label={titleOf(filter)}
        newest={filter.cursor === '' ? null : runTasksPath(run.id, { ...filter, cursor: '' })}
        older={page?.next && rows.length > 0 ? runTasksPath(run.id, { ...filter, cursor: page.next }) : null}
      />
    </section>
  );
}

function titleOf({ stage }: RunTasksFilter): string {
  const words = say().runs;
  return stage === '' ? words.allTasks : words.tasksOf(stage);
}

function Head({ run, filter }: RunTasksProps) {
  const words = say().runs;
  const { from: _, ...more } = taskFilterOf(run, filter).more;
  const failed = run.stages.find(({ name }) => name === filter.stage)?.counts.failed ?? 0;
  return (
    <header class="run-tasks-head">
      <h2>{titleOf(filter)}</h2>
      {filter.stage !== '' && (
        <button
          type="button"
          class="quiet small"
          onClick={() => rewrite(runTasksPath(run.id, { ...filter, stage: '', cursor: '' }))}
        >
          <Icon name="cancel" />
          {words.allStages}
        </button>
      )}
      {failed > 0 && mayDo(run, 'retry') && (
        <button type="button" class="small" onClick={() => void retryRun(run.id, filter.stage)}>
          <Icon name="retrying" />
          {words.do.retry(failed)}
        </button>
      )}
      <Link to={pathOf({ states: filter.states, type: '', text: '', more, cursor: '' })} class="panel-link">
        {words.inTasks}
      </Link>
    </header>
  );
}

function None({ filter: { states, cursor } }: { filter: RunTasksFilter }) {
  const words = say().runs;
  if (states.length > 0 || cursor !== '') return <p class="muted">{words.noTasksMatch}</p>;
  return <Empty title={words.noTasks} text={words.noTasksText} />;
}
