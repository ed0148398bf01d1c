/** The attempts of a task: a line of time, and below it the same as a table. */
import type { AttemptView } from '../../../supervisor/core/record.ts';
import type { TaskView } from '../../../supervisor/facade.ts';
import { say } from '../language.ts';
import { OutcomeWord } from './state-word.tsx';
import { Span, Time } from './time.tsx';
import { Timeline } from './timeline.tsx';

export function Attempts({ task }: { task: TaskView }) {
  const words = say();
  const some = task.attempts.length > 0;
  return (
    <section class="panel" aria-label={words.task.attempts}>
      <header class="panel-head">
        <h2>{words.task.attempts}</h2>
      </header>
      {some ? <Timeline task={task} /> : <p class="none">{words.task.noAttempts}</p>}
      {some && <AttemptTable attempts={task.attempts} />}
    </section>
  );
}

function AttemptTable({ attempts }: { attempts: readonly AttemptView[] }) {
  const words = say().columns;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col" class="col-number">
            {words.number}
          </th>
          <th scope="col" class="col-state">
            {words.outcome}
          </th>
          <th scope="col" class="col-time end roomy">
            {words.started}
          </th>
          <th scope="col" class="col-duration end">
            {words.duration}
          </th>
          <th scope="col" class="col-worker roomy">
            {words.worker}
          </th>
          <th scope="col" class="wide-only">
            {words.error}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...attempts].reverse().map((attempt) => (
          <Row key={attempt.number} attempt={attempt} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ attempt }: { attempt: AttemptView }) {
  const version = attempt.handlerVersion;
  const error = attempt.error?.message;
  return (
    <>
      <tr>
        <td>{attempt.number}</td>
        <td>
          <OutcomeWord outcome={attempt.outcome} />
        </td>
        <td class="end roomy">
          <Time at={attempt.startedAt} />
        </td>
        <td class="end">
          <Span from={attempt.startedAt} to={attempt.finishedAt} />
        </td>
        <td class="roomy muted" title={version ? `${say().columns.handler} ${version}` : undefined}>
          {attempt.worker}
        </td>
        <td class="wide-only error-line" title={error}>
          {error}
        </td>
      </tr>
      {error && (
        <tr class="narrow-row">
          <td />
          <td colSpan={4}>{error}</td>
        </tr>
      )}
    </>
  );
}
