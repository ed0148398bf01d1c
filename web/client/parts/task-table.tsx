/** The list of tasks as a table that is worked through by keyboard: j k move, x selects, Enter opens, r c p act. */
import type { Signal } from '@preact/signals';
import type { TaskView } from '../../../supervisor/facade.ts';
import { lastError } from '../failures.ts';
import { number } from '../format.ts';
import { useKeys } from '../keys.ts';
import { say } from '../language.ts';
import { currentRow, moveRow } from '../rows.ts';
import { actOn, allows } from '../task-actions.ts';
import { waitingText } from '../waiting.ts';
import { actOnSelected, type BulkAction, type Selection } from './bulk.tsx';
import { shareOf } from './progress.tsx';
import { TaskStateWord } from './state-word.tsx';
import { TaskButtons } from './task-buttons.tsx';
import { nameOf, TaskName } from './task-name.tsx';
import { TaskRow } from './task-row.tsx';
import { Span, Time } from './time.tsx';

interface TaskTableProps {
  rows: readonly TaskView[];
  selection: Signal<Selection>;
}

export function TaskTable({ rows, selection }: TaskTableProps) {
  useRowKeys(rows, selection);
  const words = say().columns;
  const all = rows.every((row) => selection.value.ids.has(row.id));
  const pickAll = () => {
    selection.value = { ids: new Set(all ? [] : rows.map((row) => row.id)), everything: false };
  };
  return (
    <section class="panel" aria-label={say().pages.tasks} data-steady>
      <table class="task-table">
        <thead>
          <tr>
            <th scope="col" class="pick">
              <input type="checkbox" checked={all} aria-label={say().list.selectPage} onChange={pickAll} />
            </th>
            <th scope="col" class="col-state roomy">
              {words.state}
            </th>
            <th scope="col">{words.task}</th>
            <th scope="col" class="col-detail wide-only">
              {words.detail}
            </th>
            <th scope="col" class="col-number end wide-only">
              {words.attempts}
            </th>
            <th scope="col" class="col-time end roomy">
              {words.created}
            </th>
            <th scope="col" class="col-duration end roomy">
              {words.duration}
            </th>
            <th scope="col" class="col-act end">
              <span class="unseen">{words.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((task) => (
            <Row key={task.id} task={task} selection={selection} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function toggle(selection: Signal<Selection>, id: string): void {
  const ids = new Set(selection.value.ids);
  if (!ids.delete(id)) ids.add(id);
  selection.value = { ids, everything: false };
}

function Row({ task, selection }: { task: TaskView; selection: Signal<Selection> }) {
  const picked = selection.value.ids.has(task.id);
  const failure = lastError(task)?.message;
  return (
    <TaskRow id={task.id} class={picked ? 'picked' : undefined}>
      <td class="pick">
        <input
          type="checkbox"
          checked={picked}
          aria-label={say().list.selectOne(nameOf(task))}
          onChange={() => toggle(selection, task.id)}
        />
      </td>
      <td class="roomy">
        <TaskStateWord task={task} />
      </td>
      <td class="task-cell">
        <TaskName task={task} />
        <span class="second-line">
          <TaskStateWord task={task} />
          <span class="muted">
            <Time at={task.createdAt} />
          </span>
          {task.attempt > 0 && <Took task={task} />}
        </span>
        {failure && (
          <span class="narrow-only error-line" title={failure}>
            {failure}
          </span>
        )}
      </td>
      <td class="wide-only detail-cell">
        <Detail task={task} />
      </td>
      <td class="end wide-only">{task.attempt === 0 ? <span class="muted">–</span> : number(task.attempt)}</td>
      <td class="end roomy muted">
        <Time at={task.createdAt} />
      </td>
      <td class="end roomy">
        <Took task={task} />
      </td>
      <td class="end">
        <TaskButtons task={task} only={['retry', 'cancel']} compact />
      </td>
    </TaskRow>
  );
}

/** The one thing worth knowing about it now: its error, why it waits, or how far it is. */
function Detail({ task }: { task: TaskView }) {
  const text = waitingText(task);
  const failure = lastError(task)?.message;
  if (task.state === 'failed' || task.state === 'interrupted') {
    return (
      <span class="error-line" title={failure}>
        {failure}
      </span>
    );
  }
  if (text) {
    const all = [text.title, failure, text.detail].filter(Boolean).join(' · ');
    return (
      <span class="muted" title={all}>
        <Awaited task={task} title={text.title} />
        {failure && ` · ${failure}`}
      </span>
    );
  }
  if (task.state !== 'running') return null;
  const share = shareOf(task.progress);
  const done = [share === null ? '' : `${Math.floor(share * 100)} %`, task.progress?.text ?? ''];
  const line = done.filter(Boolean).join(' · ');
  return (
    <span class="muted" title={line}>
      {line}
    </span>
  );
}

/** Of what only waits for a moment, the moment says it all. */
function Awaited({ task: { state, waiting }, title }: { task: TaskView; title: string }) {
  const words = say();
  if (!waiting?.until) return title;
  const moment = <Time at={waiting.until} />;
  if (state === 'retrying')
    return (
      <>
        {words.list.againAt} {moment}
      </>
    );
  if (state === 'scheduled')
    return (
      <>
        {words.task.runAt} {moment}
      </>
    );
  return (
    <>
      {title}, {words.task.until} {moment}
    </>
  );
}

function Took({ task }: { task: TaskView }) {
  const attempt = task.attempts.at(-1);
  if (!attempt || (attempt.finishedAt === null && task.state !== 'running')) return <span class="muted">–</span>;
  return <Span from={attempt.startedAt} to={attempt.finishedAt} />;
}

function useRowKeys(rows: readonly TaskView[], selection: Signal<Selection>): void {
  const act = (action: BulkAction) => {
    if (selection.value.ids.size > 0) return void actOnSelected(action, selection, rows);
    const task = rows.find((row) => row.id === currentRow());
    if (task && allows(task, action)) void actOn(task, action);
  };
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => {
      const id = currentRow();
      if (id) toggle(selection, id);
    },
    r: () => act('retry'),
    c: () => act('cancel'),
    p: () => act('promote'),
    Escape: () => {
      selection.value = { ids: new Set(), everything: false };
    },
  });
}
