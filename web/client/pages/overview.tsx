/** Tonight: is all well, what runs, what came of it, what failed. The first page anybody sees. */
import { useEffect } from 'preact/hooks';
import type { StatusView } from '../../../supervisor/facade.ts';
import { longDay, zoneName } from '../format.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { now } from '../now.ts';
import { AddButton } from '../parts/add-button.tsx';
import { Counts } from '../parts/counts.tsx';
import { Flow } from '../parts/flow.tsx';
import { Failures, Results, Running } from '../parts/glance.tsx';
import { HealthList, PausedNotice, RecoveredNotice } from '../parts/health.tsx';
import { Icon } from '../parts/icon.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { queueLive, statusLive } from '../resources.ts';
import { mayOperate } from '../session.ts';
import { pauseQueue, resumeQueue } from '../task-actions.ts';

/** Rates fall as time passes, also when nothing happens. */
const statusAgainMs = 10_000;

export function Overview() {
  const status = useLive('status', statusLive);
  const queue = useLive('queue', queueLive);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || status.reload(), statusAgainMs);
    return () => clearInterval(timer);
  }, [status]);
  const known = status.value.value;
  const paused = queue.value.value?.paused ?? null;
  return (
    <>
      <Head paused={paused !== null} />
      {status.problem.value && !known && <PageProblem problem={status.problem.value} again={status.reload} />}
      {known && <Notices status={known} />}
      {paused && <PausedNotice paused={paused} />}
      <Counts status={known} />
      <div class="overview-grid">
        <Running paused={paused !== null} count={known?.counts.running ?? 0} />
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

function Head({ paused }: { paused: boolean }) {
  const words = say();
  return (
    <div class="page-head">
      <div>
        <h1>{words.pages.overview}</h1>
        <p class="muted">
          {longDay(now.value)} · {zoneName()}
        </p>
      </div>
      <div class="page-actions">
        {mayOperate.value && (
          <button type="button" onClick={() => void (paused ? resumeQueue() : pauseQueue())}>
            <Icon name={paused ? 'resume' : 'pause'} />
            {paused ? words.do.resumeQueue : words.do.pauseQueue}
          </button>
        )}
        <AddButton />
      </div>
    </div>
  );
}
