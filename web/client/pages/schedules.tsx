/** Schedules: how scheduling as a whole is, and every schedule with what comes next and what came last. */
import { useEffect } from 'preact/hooks';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { Icon } from '../parts/icon.tsx';
import { AddSchedule, NoSchedules } from '../parts/no-schedules.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Paging } from '../parts/paging.tsx';
import { ScheduleTable } from '../parts/schedule-table.tsx';
import { SchedulerHealth } from '../parts/scheduler-health.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { rewrite, route } from '../router.ts';
import { type SchedulePage, schedulesLive } from '../schedule-resources.ts';
import { useSteady } from '../steady.ts';

interface Asked {
  readonly q: string;
  readonly paused: boolean;
  readonly cursor: string;
}

function asked(): Asked {
  const { query } = route.value;
  return { q: query.get('q') ?? '', paused: query.get('state') === 'paused', cursor: query.get('cursor') ?? '' };
}

function queryOf({ q, paused, cursor }: Asked): string {
  return new URLSearchParams({
    ...(q !== '' && { q }),
    ...(paused && { state: 'paused' }),
    ...(cursor !== '' && { cursor }),
  }).toString();
}

function pathOf(what: Asked): string {
  const query = queryOf(what);
  return query === '' ? 'schedules' : `schedules?${query}`;
}

/** No event tells that the scheduler has looked. */
const lookAgainMs = 15_000;

export function Schedules() {
  const what = asked();
  const query = queryOf(what);
  const live = useLive(`schedules ${query}`, schedulesLive(query));
  useEffect(() => {
    const timer = setInterval(() => document.hidden || live.reload(), lookAgainMs);
    return () => clearInterval(timer);
  }, [live]);
  const page = live.value.value;
  return (
    <>
      <Head total={page?.scheduler.schedules ?? null} />
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      {page && <SchedulerHealth scheduler={page.scheduler} />}
      {(page === null || page.scheduler.schedules > 0) && <Filter what={what} />}
      {page && <List page={page} what={what} />}
    </>
  );
}

function Head({ total }: { total: number | null }) {
  const words = say();
  return (
    <div class="page-head">
      <div>
        <h1>{words.pages.schedules}</h1>
        <p class="muted">{total === null ? ' ' : words.schedules.total(number(total))}</p>
      </div>
      <div class="page-actions">{total !== 0 && <AddSchedule />}</div>
    </div>
  );
}

function Filter({ what }: { what: Asked }) {
  const words = say();
  const ask = (part: Partial<Asked>) => rewrite(pathOf({ ...what, cursor: '', ...part }));
  return (
    <search class="filter schedule-filter" aria-label={words.schedules.filter}>
      <div class="filter-fields">
        <SearchField label={words.schedules.filterText} text={what.q} change={(q) => ask({ q })} />
        <button type="button" class="chip" aria-pressed={what.paused} onClick={() => ask({ paused: !what.paused })}>
          {words.schedules.onlyPaused}
        </button>
        {(what.q !== '' || what.paused) && (
          <button type="button" class="quiet" onClick={() => ask({ q: '', paused: false })}>
            <Icon name="cancel" />
            {words.list.clear}
          </button>
        )}
      </div>
    </search>
  );
}

function List({ page, what }: { page: SchedulePage; what: Asked }) {
  const { rows } = useSteady(page.items, false, queryOf(what));
  const older = page.next === null ? null : pathOf({ ...what, cursor: page.next });
  const words = say();
  if (rows.length === 0) return <NoSchedules filtered={page.scheduler.schedules > 0} />;
  return (
    <>
      <ScheduleTable rows={rows} />
      <Paging
        label={words.pages.schedules}
        newest={what.cursor === '' ? null : pathOf({ ...what, cursor: '' })}
        older={older}
      />
    </>
  );
}
