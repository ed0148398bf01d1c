/** One run: its stages with their counts, what stands in its way, the tasks of a stage, and its attempts in time. */
import { useMemo } from 'preact/hooks';
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { say } from '../language.ts';
import { type Live, useLive } from '../live.ts';
import { Gantt } from '../parts/gantt.tsx';
import { Running } from '../parts/glance.tsx';
import { Icon } from '../parts/icon.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { Link } from '../parts/link.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { RunButtons } from '../parts/run-buttons.tsx';
import { RunFacts } from '../parts/run-facts.tsx';
import { RunNotices } from '../parts/run-notices.tsx';
import { RunTasks } from '../parts/run-tasks.tsx';
import { RunStateWord } from '../parts/run-words.tsx';
import { StageBar } from '../parts/stage-bar.tsx';
import { Span, Time } from '../parts/time.tsx';
import { route } from '../router.ts';
import { aboutOf } from '../run-about.ts';
import { isOver } from '../run-actions.ts';
import { runTasksOf } from '../run-filter.ts';
import { runLive } from '../run-resources.ts';
import { pausedAll } from '../supervisor.ts';

export function Run({ id }: { id: string }) {
  const live = useLive(`run ${id}`, runLive(id));
  const run = live.value.value;
  return (
    <>
      <p class="crumbs">
        <Link to="runs">
          <Icon name="back" />
          {say().runs.back}
        </Link>
      </p>
      {run ? <Known run={run} /> : <NotKnown live={live} />}
    </>
  );
}

function NotKnown({ live }: { live: Live<RunRecord> }) {
  const problem = live.problem.value;
  const words = say();
  if (!problem) return <h1 class="muted">{words.pages.run}</h1>;
  if (problem.status !== 404) return <PageProblem problem={problem} again={live.reload} />;
  return (
    <div class="empty">
      <h1>{words.runs.missing}</h1>
      <p>{words.runs.missingText}</p>
    </div>
  );
}

function Known({ run }: { run: RunRecord }) {
  const filter = useMemo(() => runTasksOf(route.value.query), [route.value.query]);
  return (
    <>
      <Head run={run} />
      <RunNotices run={run} />
      <StageBar run={run} filter={filter} />
      {!isOver(run) && <Running paused={pausedAll.value} count={run.counts.running} run={run.id} />}
      <RunTasks run={run} filter={filter} />
      <div class="task-grid">
        <div class="task-main">
          <Gantt run={run} />
        </div>
        <div class="task-side">
          <RunFacts run={run} />
          <JsonView title={say().task.params} value={run.params} none="{}" />
        </div>
      </div>
    </>
  );
}

function Head({ run }: { run: RunRecord }) {
  const { pipeline, startedAt, finishedAt, estimatedEndAt, createdBy } = run;
  const words = say().runs;
  return (
    <div class="page-head">
      <div class="task-head">
        <h1>
          {pipeline} <span class="task-summary">{aboutOf(run)}</span>
        </h1>
        <p class="task-now">
          <RunStateWord state={run.state} />
          {startedAt && <Span from={startedAt} to={finishedAt} />}
          {estimatedEndAt && (
            <span class="muted">
              {words.ends} <Time at={estimatedEndAt} />
            </span>
          )}
          <span class="muted">{words.by(createdBy)}</span>
        </p>
      </div>
      <div class="page-actions">
        <RunButtons run={run} />
      </div>
    </div>
  );
}
