/** The facts of a task, as a list of names and values; what it does not have is not there. */
import type { ComponentChildren } from 'preact';
import type { TaskView } from '../../../supervisor/facade.ts';
import { failuresUsed } from '../failures.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { taskPath } from '../router.ts';
import { runTasksPath } from '../run-filter.ts';
import { FactList } from './fact-list.tsx';
import { Link } from './link.tsx';
import { Time } from './time.tsx';

function factsOf(task: TaskView): readonly (readonly [string, ComponentChildren])[] {
  const { task: words, columns } = say();
  const { counts, backoff } = task;
  const facts: [string, ComponentChildren][] = [
    [words.id, <code class="id">{task.id}</code>],
    [columns.created, <Time at={task.createdAt} />],
    [columns.started, task.startedAt && <Time at={task.startedAt} />],
    [columns.finished, task.finishedAt && <Time at={task.finishedAt} />],
    [words.runAt, task.runAt && <Time at={task.runAt} />],
    [columns.attempts, words.attemptsText(task.attempt, failuresUsed(task), task.maxAttempts)],
    [
      words.counts,
      counts && words.countsText(number(counts.processed), number(counts.succeeded), number(counts.failed)),
    ],
    [columns.priority, number(task.priority)],
    [
      words.run,
      task.run && (
        <Link to={runTasksPath(task.run.id, { stage: task.run.stage, states: [], cursor: '' })}>
          …{task.run.id.slice(-8)} · {task.run.stage}
        </Link>
      ),
    ],
    [words.group, task.group],
    [
      words.tags,
      task.tags.length > 0 &&
        task.tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        )),
    ],
    [words.key, task.idempotencyKey && <code>{task.idempotencyKey}</code>],
    [words.timeout, task.timeout],
    [
      words.backoff,
      backoff.kind === 'fixed' ? `fixed, ${backoff.base}` : `${backoff.kind}, ${backoff.base} – ${backoff.max}`,
    ],
    [words.onInterrupt, task.onInterrupt],
    [words.origin, task.origin],
    [words.retryOf, task.retryOf && <Link to={taskPath(task.retryOf)}>…{task.retryOf.slice(-8)}</Link>],
    [words.retriedAs, task.retriedAs && <Link to={taskPath(task.retriedAs)}>…{task.retriedAs.slice(-8)}</Link>],
  ];
  return facts.filter(([, value]) => value);
}

export function About({ task }: { task: TaskView }) {
  return <FactList title={say().task.about} facts={factsOf(task)} />;
}
