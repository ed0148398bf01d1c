/** One task: where it stands and why, every attempt in time, what it was given, what it gave back, its log. */
import type { TaskView } from '../../../supervisor/facade.ts';
import { lastError } from '../failures.ts';
import { useKeys } from '../keys.ts';
import { say } from '../language.ts';
import { type Live, useLive } from '../live.ts';
import { About } from '../parts/about.tsx';
import { Attempts } from '../parts/attempts.tsx';
import { Icon } from '../parts/icon.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { Link } from '../parts/link.tsx';
import { Log } from '../parts/log.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Progress } from '../parts/progress.tsx';
import { TaskStateWord } from '../parts/state-word.tsx';
import { TaskButtons } from '../parts/task-buttons.tsx';
import { labelOf } from '../parts/task-name.tsx';
import { Span, Time } from '../parts/time.tsx';
import { taskLive } from '../resources.ts';
import { runPath } from '../router.ts';
import { actOn, allows, type TaskAction } from '../task-actions.ts';
import { waitingText } from '../waiting.ts';

export function Task({ id }: { id: string }) {
  const live = useLive(id, taskLive(id));
  const task = live.value.value;
  const words = say();
  return (
    <>
      <p class="crumbs">
        <Link to="tasks">
          <Icon name="back" />
          {words.task.back}
        </Link>
      </p>
      {task ? <Known key={id} task={task} /> : <NotKnown live={live} />}
    </>
  );
}

function NotKnown({ live }: { live: Live<TaskView> }) {
  const problem = live.problem.value;
  const words = say().task;
  if (!problem) return <h1 class="muted">{say().pages.task}</h1>;
  if (problem.status !== 404 && problem.status !== 400) return <PageProblem problem={problem} again={live.reload} />;
  return (
    <div class="empty">
      <h1>{words.missing}</h1>
      <p>{words.missingText}</p>
    </div>
  );
}

function Known({ task }: { task: TaskView }) {
  const act = (action: TaskAction) => () => {
    if (allows(task, action)) void actOn(task, action);
  };
  useKeys({ r: act(task.state === 'succeeded' ? 'again' : 'retry'), c: act('cancel'), p: act('promote') });
  const words = say().task;
  return (
    <>
      <Head task={task} />
      {task.waiting && <Waits task={task} />}
      <Failure task={task} />
      <RunIsOver task={task} />
      <div class="task-grid">
        <div class="task-main">
          <Attempts task={task} />
          <Log task={task} />
          {task.state === 'succeeded' && <JsonView title={words.result} value={task.result} none={words.noResult} />}
        </div>
        <div class="task-side">
          <About task={task} />
          <JsonView title={words.params} value={task.params} none="{}" />
        </div>
      </div>
    </>
  );
}

function Head({ task }: { task: TaskView }) {
  const attempt = task.attempts.at(-1);
  const running = task.state === 'running';
  return (
    <div class="page-head">
      <div class="task-head">
        <h1>
          {task.type} <span class="task-summary">{labelOf(task)}</span>
        </h1>
        <p class="task-now">
          <TaskStateWord task={task} />
          {running && attempt && <Span from={attempt.startedAt} to={null} />}
          {running && <Progress progress={task.progress} label={say().columns.progress} />}
          {task.finishedAt && (
            <span class="muted">
              <Time at={task.finishedAt} />
            </span>
          )}
          {running && task.cancelRequestedAt !== null && <span class="muted">{say().task.cancelAsked}</span>}
        </p>
      </div>
      <div class="page-actions">
        <TaskButtons task={task} />
      </div>
    </div>
  );
}

function Waits({ task }: { task: TaskView }) {
  const text = waitingText(task);
  if (!text || !task.waiting) return null;
  const { until } = task.waiting;
  const words = say().task;
  return (
    <section class="notice info" aria-label={words.waiting}>
      <Icon name="info" />
      <div class="notice-text">
        <h2>{words.waiting}</h2>
        <p>
          {text.title}
          {until && (
            <>
              {' '}
              {words.until} <Time at={until} />
            </>
          )}
          .
        </p>
        {text.detail && <p class="muted">{text.detail}</p>}
      </div>
    </section>
  );
}

function Failure({ task }: { task: TaskView }) {
  const error = lastError(task);
  if (!error) return null;
  const words = say().task;
  return (
    <section class={`notice ${task.state === 'failed' ? 'error' : 'warning'}`} aria-label={words.error}>
      <Icon name="error" />
      <div class="notice-text">
        <h2>
          {words.error}: <code>{error.code}</code>
        </h2>
        <p class="error-text">{error.message}</p>
        {error.stack && (
          <details>
            <summary>{words.stack}</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must be reachable by keyboard */}
            <pre tabIndex={0}>{error.stack}</pre>
          </details>
        )}
      </div>
    </section>
  );
}

/** Why Retry is not there: where the task has run again, that is linked among its facts. */
function RunIsOver({ task: { run, state, retryRefused, retriedAs } }: { task: TaskView }) {
  if (!run || retryRefused === undefined || retriedAs !== null) return null;
  if (state !== 'failed' && state !== 'canceled') return null;
  const words = say().task;
  return (
    <div class="notice info">
      <Icon name="info" />
      <p class="notice-text">
        {words.runOver}{' '}
        <Link to={runPath(run.id)} class="text-link">
          {words.openRun}
        </Link>
      </p>
    </div>
  );
}
