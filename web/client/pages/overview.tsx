/** Tonight: is all well, what runs, what came of it, what failed. The first page anybody sees. */
import type { StatusView } from '../../../supervisor/facade.ts';
import { longDay } from '../format.ts';
import { useKeys } from '../keys.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { AddButton } from '../parts/add-button.tsx';
import { Counts } from '../parts/counts.tsx';
import { Flow } from '../parts/flow.tsx';
import { Failures, Results, Running } from '../parts/glance.tsx';
import { HealthList, RecoveredNotice } from '../parts/health.tsx';
import { Icon } from '../parts/icon.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Pauses } from '../parts/pauses.tsx';
import { moveRow, pressInRow } from '../rows.ts';
import { mayOperate } from '../session.ts';
import { pausedAll, status, statusLoad, stopping } from '../supervisor.ts';
import { pauseQueue } from '../task-actions.ts';
import { zone } from '../zone.ts';

export function Overview() {
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    r: () => pressInRow('retry'),
    c: () => pressInRow('cancel'),
  });
  const known = status.value;
  const problem = statusLoad.problem.value;
  return (
    <>
      <Head />
      {problem && !known && <PageProblem problem={problem} again={statusLoad.reload} />}
      {known && <Notices status={known} />}
      <Pauses />
      <Counts status={known} />
      <div class="overview-grid">
        <Running paused={pausedAll.value} count={known?.counts.running ?? 0} />
        <Failures />
        <Results />
        <Flow status={known} />
      </div>
    </>
  );
}

function Notices({ status }: { status: StatusView }) {
  return (
    <>
      <HealthList status={status} />
      {status.recovered && <RecoveredNotice recovered={status.recovered} startedAt={status.startedAt} />}
    </>
  );
}

/** What is paused is resumed where it is told. */
function Head() {
  const words = say();
  return (
    <div class="page-head">
      <div>
        <h1>{words.pages.overview}</h1>
        <p class="muted">
          {longDay(now.value)} · {zone.value}
        </p>
      </div>
      <div class="page-actions">
        {mayOperate.value && !pausedAll.value && !stopping.value && (
          <button type="button" onClick={() => void pauseQueue()}>
            <Icon name="pause" />
            {words.do.pauseQueue}
          </button>
        )}
        <AddButton />
      </div>
    </div>
  );
}
