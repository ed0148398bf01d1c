/** The three lists of the overview: what runs, what failed last, what finished last. Each has a fixed place. */
import type { ComponentChildren } from 'preact';
import type { TaskView } from '../../../supervisor/facade.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { taskListLive } from '../resources.ts';
import { runTasksPath } from '../run-filter.ts';
import { useRowsReserved, useSteady } from '../steady.ts';
import { Link } from './link.tsx';
import { Progress } from './progress.tsx';
import { TaskStateWord } from './state-word.tsx';
import { TaskButtons } from './task-buttons.tsx';
import { nameOf, TaskName } from './task-name.tsx';
import { TaskRow } from './task-row.tsx';
import { Span, Time } from './time.tsx';

const runningShownMax = 8;
const runningRowsMin = 1;
const RUNNING = { stage: '', states: ['running'], cursor: '' } as const;
const finishedShownMax = 8;
/** Lists come newest first by creation; a few more than shown are asked for, to find those that finished last. */
const finishedAskedFor = 16;

interface PanelProps {
  title: string;
  to: string;
  children: ComponentChildren;
  note?: ComponentChildren;
  class: string;
}

function Panel({ title, to, note, children, class: kind }: PanelProps) {
  return (
    <section class={`panel ${kind}`} aria-label={title} data-steady>
      <header class="panel-head">
        <h2>{title}</h2>
        {note}
        <Link to={to} label={`${say().do.showAll}: ${title}`} class="panel-link">
          {say().do.showAll}
        </Link>
      </header>
      {children}
    </section>
  );
}

function Spare({ rows, columns }: { rows: number; columns: number }) {
  return Array.from({ length: rows }, (_, index) => (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row cannot have the focus
    <tr key={`spare${index}`} class="spare" aria-hidden="true">
      <td colSpan={columns}>&nbsp;</td>
    </tr>
  ));
}

interface RunningProps {
  paused: boolean;
  /** How many run, also beyond those that are shown. */
  count: number;
  /** Id of the run whose tasks they are; of all where it is left out. */
  run?: string;
}

export function Running({ paused, count, run }: RunningProps) {
  const query = `state=running&limit=${runningShownMax}${run === undefined ? '' : `&run=${run}`}`;
  const live = useLive(`running ${run}`, taskListLive(query, 250));
  const page = live.value.value;
  const { rows, isGone } = useSteady(page?.items.slice(0, runningShownMax) ?? [], false, '');
  const spare = useRowsReserved(rows.length, runningRowsMin);
  const words = say();
  const more = rows.length < runningShownMax ? 0 : count - rows.length;
  const note = more > 0 ? <span class="muted">{words.overview.more(more)}</span> : undefined;
  return (
    <Panel
      title={words.overview.running}
      to={run === undefined ? 'tasks?state=running' : runTasksPath(run, RUNNING)}
      class="running"
      note={note}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{words.columns.task}</th>
            <th scope="col" class="col-progress roomy">
              {words.columns.progress}
            </th>
            <th scope="col" class="col-duration end roomy">
              {words.columns.elapsed}
            </th>
            <th scope="col" class="col-worker roomy">
              {words.columns.worker}
            </th>
            <th scope="col" class="col-act end">
              <span class="unseen">{words.columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((task) => (
            <RunningRow key={task.id} task={task} gone={isGone(task)} />
          ))}
          {page && rows.length === 0 && (
            <Empty columns={5} text={paused ? words.overview.runningPaused : words.overview.runningNone} />
          )}
          <Spare rows={page && rows.length === 0 ? spare - 1 : spare} columns={5} />
        </tbody>
      </table>
    </Panel>
  );
}

function RunningRow({ task, gone }: { task: TaskView; gone: boolean }) {
  const attempt = task.attempts.at(-1);
  const elapsed = <Span from={attempt?.startedAt ?? task.startedAt} to={attempt?.finishedAt ?? null} />;
  const progress = <Progress progress={task.progress} label={`${say().columns.progress}: ${nameOf(task)}`} />;
  return (
    <TaskRow id={task.id} class={gone ? 'gone' : undefined}>
      <td class="task-cell">
        <TaskName task={task} />
        <span class="second-line">
          {progress} {elapsed}
        </span>
      </td>
      <td class="roomy">{progress}</td>
      <td class="end roomy">{elapsed}</td>
      <td class="roomy muted">{attempt?.worker}</td>
      <td class="end">
        <TaskButtons task={task} only={['cancel']} compact />
      </td>
    </TaskRow>
  );
}

function Empty({ columns, text }: { columns: number; text: string }) {
  return (
    <tr class="none">
      <td colSpan={columns}>{text}</td>
    </tr>
  );
}

/** A task that waits for a person has not finished, but its attempt has. */
function endedAt(task: TaskView): string | null {
  return task.finishedAt ?? task.attempts.at(-1)?.finishedAt ?? null;
}

function byEnd(a: TaskView, b: TaskView): number {
  return (endedAt(b) ?? '').localeCompare(endedAt(a) ?? '');
}

function useFinished(states: string) {
  const live = useLive(states, taskListLive(`state=${states}&limit=${finishedAskedFor}`, 1_000));
  const items = live.value.value?.items ?? [];
  const steady = useSteady([...items].sort(byEnd).slice(0, finishedShownMax), false, '');
  return { ...steady, known: live.value.value !== null };
}

export function Failures() {
  const { rows, known } = useFinished('failed,interrupted');
  const words = say();
  return (
    <Panel title={words.overview.failures} to="tasks?state=failed,interrupted" class="failures">
      <table>
        <thead>
          <tr>
            <th scope="col">{words.columns.task}</th>
            <th scope="col" class="col-time end roomy">
              {words.columns.finished}
            </th>
            <th scope="col" class="col-act end">
              <span class="unseen">{words.columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((task) => (
            <FailureRow key={task.id} task={task} />
          ))}
          {known && rows.length === 0 && <Empty columns={3} text={words.overview.failuresNone} />}
        </tbody>
      </table>
    </Panel>
  );
}

function FailureRow({ task }: { task: TaskView }) {
  return (
    <TaskRow id={task.id}>
      <td class="task-cell two-lines">
        <TaskName task={task} />
        <span class="line-below" title={task.error?.message}>
          <TaskStateWord task={task} />
          <span class="error-line">{task.error?.message ?? ''}</span>
        </span>
      </td>
      <td class="end muted roomy">
        <Time at={endedAt(task)} />
      </td>
      <td class="end">
        <TaskButtons task={task} only={['retry']} compact />
      </td>
    </TaskRow>
  );
}

export function Results() {
  const { rows, known } = useFinished('succeeded,failed,canceled');
  const words = say();
  return (
    <Panel title={words.overview.results} to="tasks?state=succeeded,failed,canceled" class="results">
      <table>
        <thead>
          <tr>
            <th scope="col">{words.columns.task}</th>
            <th scope="col" class="col-duration end">
              {words.columns.duration}
            </th>
            <th scope="col" class="col-time end roomy">
              {words.columns.finished}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((task) => (
            <ResultRow key={task.id} task={task} />
          ))}
          {known && rows.length === 0 && <Empty columns={3} text={words.overview.resultsNone} />}
        </tbody>
      </table>
    </Panel>
  );
}

function ResultRow({ task }: { task: TaskView }) {
  const attempt = task.attempts.at(-1);
  return (
    <TaskRow id={task.id}>
      <td class="task-cell two-lines">
        <TaskName task={task} />
        <span class="line-below">
          <TaskStateWord task={task} />
          <span class="error-line">{task.state === 'succeeded' ? '' : task.error?.message}</span>
        </span>
      </td>
      <td class="end">
        {attempt?.finishedAt ? <Span from={attempt.startedAt} to={attempt.finishedAt} /> : <span class="muted">–</span>}
      </td>
      <td class="end roomy muted">
        <Time at={task.finishedAt} />
      </td>
    </TaskRow>
  );
}
