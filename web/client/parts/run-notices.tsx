/** What stands in the way of a run, or what became of it, and what to do about that. */
import type { ComponentChildren } from 'preact';
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { aboutOf } from '../run-about.ts';
import { isOver } from '../run-actions.ts';
import { runTasksPath } from '../run-filter.ts';
import { Icon, type IconName } from './icon.tsx';
import { Link } from './link.tsx';
import { Time } from './time.tsx';

export function RunNotices({ run }: { run: RunRecord }) {
  if (run.cancelRequestedAt !== null) return isOver(run) ? <Canceled /> : <Canceling />;
  return (
    <>
      {run.paused && !isOver(run) && <Paused run={run} paused={run.paused} />}
      {run.stopped ? <Stopped run={run} stopped={run.stopped} /> : <Failed run={run} />}
      {run.state === 'succeeded' && <NothingFound run={run} />}
    </>
  );
}

interface NoticeProps {
  tone: 'info' | 'warning' | 'error';
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}

function Notice({ tone, icon, title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={icon} />
      <div class="notice-text">
        <p>
          <strong>{title}</strong>
        </p>
        {children}
      </div>
    </div>
  );
}

function Canceling() {
  return <Notice tone="warning" icon="stopping" title={say().runs.notice.canceling} />;
}

function Canceled() {
  const words = say().runs.notice;
  return (
    <Notice tone="info" icon="canceled" title={words.canceled}>
      <p>{words.canceledDo}</p>
    </Notice>
  );
}

function Paused({ run, paused }: { run: RunRecord; paused: NonNullable<RunRecord['paused']> }) {
  const words = say().runs.notice;
  const { running } = run.counts;
  const title = running > 0 ? words.pausing(number(running)) : words.paused;
  return (
    <Notice tone="warning" icon="pause" title={title}>
      <p>
        {words.pausedBy(paused.reason, paused.by)} <Time at={paused.since} />
      </p>
    </Notice>
  );
}

function Stopped({ run, stopped: { stage } }: { run: RunRecord; stopped: NonNullable<RunRecord['stopped']> }) {
  const words = say().runs.notice;
  const rule = run.stages.find(({ name }) => name === stage)?.onFailure;
  const { waiting } = run.counts;
  return (
    <Notice tone="error" icon="error" title={words.stopped(stage)}>
      {rule && <p>{words.stoppedRule(rule)}</p>}
      <p>{run.retryable ? (waiting > 0 ? words.stoppedDo(number(waiting)) : words.stoppedOver) : words.failedOver}</p>
      <FailedTasks run={run} stage={stage} />
    </Notice>
  );
}

function Failed({ run }: { run: RunRecord }) {
  const words = say().runs.notice;
  const { failed, succeeded } = run.counts;
  if (failed === 0) return null;
  if (!isOver(run))
    return (
      <Notice tone="warning" icon="warning" title={words.failing(number(failed))}>
        <FailedTasks run={run} stage="" />
      </Notice>
    );
  const all = succeeded === 0;
  return (
    <Notice
      tone={all ? 'error' : 'warning'}
      icon={all ? 'error' : 'warning'}
      title={all ? words.all(number(failed)) : words.partial(number(failed))}
    >
      <p>{run.retryable ? words.failedDo : words.failedOver}</p>
      <FailedTasks run={run} stage="" />
    </Notice>
  );
}

/** A word that is mistyped in the scope finds nothing, and nothing that is done well looks like success. */
function NothingFound({ run }: { run: RunRecord }) {
  const words = say().runs.notice;
  const about = aboutOf(run);
  const [first, second] = run.stages;
  if (about === '' || !first || second?.counts.accepted !== 0) return null;
  return (
    <Notice tone="info" icon="info" title={words.nothingFound(first.name, second.name)}>
      <p>{words.nothingFoundDo(about)}</p>
    </Notice>
  );
}

function FailedTasks({ run, stage }: { run: RunRecord; stage: string }) {
  return (
    <p>
      <Link to={runTasksPath(run.id, { stage, states: ['failed'], cursor: '' })} class="text-link">
        {say().runs.do.failedTasks}
      </Link>
    </p>
  );
}
