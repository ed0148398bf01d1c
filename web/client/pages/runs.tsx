/** Runs: each with how far its stages are, filtered and paged by the server; below them the pipelines there are. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { Fresh } from '../parts/fresh.tsx';
import { NoRuns, StartButton } from '../parts/no-runs.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Paging } from '../parts/paging.tsx';
import { PipelineFailures, PipelineList } from '../parts/pipeline-list.tsx';
import { RunFilterBar } from '../parts/run-filter-bar.tsx';
import { RunTable } from '../parts/run-table.tsx';
import { route } from '../router.ts';
import { type RunFilter, runFilterOf, runsPathOf, runsQueryOf } from '../run-filter.ts';
import { pipelinesLive, type RunPage, runsLive } from '../run-resources.ts';
import { useSteady } from '../steady.ts';

function isFiltered({ states, pipeline, cursor }: RunFilter): boolean {
  return states.length > 0 || pipeline !== '' || cursor !== '';
}

export function Runs() {
  const filter = useMemo(() => runFilterOf(route.value.query), [route.value.query]);
  const query = runsQueryOf(filter);
  const live = useLive(`runs ${query}`, runsLive(query));
  const found = useLive('pipelines', pipelinesLive).value.value;
  const opened = useSignal(0);
  const page = live.value.value;
  const { rows, fresh } = useSteady(page?.items ?? [], false, `${query} ${opened.value}`);
  const words = say();
  const some = isFiltered(filter) || rows.length > 0;
  return (
    <>
      <div class="page-head">
        <h1>{words.pages.runs}</h1>
        <div class="page-actions">{some && <StartButton />}</div>
      </div>
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      {found && <PipelineFailures failures={found.failures} />}
      {some && <RunFilterBar filter={filter} pipelines={found?.items ?? []} />}
      {some && (
        <div class="list-bar" data-steady>
          {page && <span class="muted">{countOf(page)}</span>}
          {fresh > 0 && (
            <Fresh
              text={words.runs.fresh(fresh)}
              show={() => {
                opened.value += 1;
              }}
            />
          )}
        </div>
      )}
      {page && found && rows.length === 0 && <NoRuns filtered={isFiltered(filter)} pipelines={found.items} />}
      {rows.length > 0 && <RunTable rows={rows} />}
      <Paging
        label={words.pages.runs}
        newest={filter.cursor === '' ? null : runsPathOf({ ...filter, cursor: '' })}
        older={page?.next && rows.length > 0 ? runsPathOf({ ...filter, cursor: page.next }) : null}
      />
      <PipelineList pipelines={found?.items ?? []} />
    </>
  );
}

function countOf({ items, total }: RunPage): string {
  const words = say().runs;
  if (total !== undefined) return total === 0 ? '' : words.total(total);
  return items.length === 0 ? '' : words.onPage(items.length);
}
