/**
 * The newest attempts of a run as bars in time, in a lane a stage or a worker. A bar leads to its task; for readers of a
 * screen and for keys the same stands in the table below.
 */
import { useSignal } from '@preact/signals';
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import type { TaskView } from '../../../supervisor/facade.ts';
import { duration, number, time } from '../format.ts';
import { type Span as Attempt, type Bar, type Lane, type LaneKind, lanesOf, newestAttempts } from '../gantt-lanes.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { now } from '../now.ts';
import { taskListLive } from '../resources.ts';
import { taskPath } from '../router.ts';
import { follow, Link } from './link.tsx';
import { OutcomeWord, outcomeTone } from './state-word.tsx';
import { labelOf } from './task-name.tsx';
import { Span, Time } from './time.tsx';
import { axisHeight, barOf, type Scale, scaleOf, TimeAxis, useWidth } from './time-axis.tsx';

const tasksAskedFor = 200;
const STARTED = 'running,succeeded,failed,canceled,retrying,interrupted';

export function Gantt({ run }: { run: RunRecord }) {
  const query = new URLSearchParams({
    run: run.id,
    from: run.createdAt,
    state: STARTED,
    limit: String(tasksAskedFor),
  }).toString();
  const page = useLive(`gantt ${query}`, taskListLive(query, 2_000)).value.value;
  const kind = useSignal<LaneKind>('stage');
  const attempts = newestAttempts(page?.items ?? [], now.value);
  const order = run.stages.map(({ name }) => name);
  const words = say().runs.gantt;
  return (
    <section class="panel" aria-label={words.title}>
      <header class="panel-head">
        <h2>{words.title}</h2>
        {page?.next && <span class="muted">{words.newest(page.items.length)}</span>}
        <LaneChoice kind={kind.value} choose={(chosen) => (kind.value = chosen)} />
      </header>
      {page && attempts.length === 0 && <p class="none">{words.none}</p>}
      {attempts.length > 0 && (
        <>
          <Chart attempts={attempts} lanes={lanesOf(attempts, kind.value, order)} />
          <AttemptList attempts={attempts} />
        </>
      )}
    </section>
  );
}

function LaneChoice({ kind, choose }: { kind: LaneKind; choose(kind: LaneKind): void }) {
  const words = say().runs.gantt;
  const choices = [
    ['stage', words.byStage],
    ['worker', words.byWorker],
  ] as const;
  return (
    <fieldset class="lane-choice">
      <legend class="unseen">{words.lanes}</legend>
      {choices.map(([value, name]) => (
        <button key={value} type="button" class="chip" aria-pressed={kind === value} onClick={() => choose(value)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}

const nameHeight = 18;
const rowHeight = 10;
const barHeight = 8;
const laneGap = 6;
const barWidthMin = 3;

function heightOf({ rows }: Lane): number {
  return nameHeight + rows * rowHeight + laneGap;
}

function Chart({ attempts, lanes }: { attempts: readonly Attempt[]; lanes: readonly Lane[] }) {
  const { self, width } = useWidth();
  const from = Math.min(...attempts.map((one) => one.from));
  const to = Math.max(...attempts.map((one) => one.to));
  const scale = scaleOf(from, to, width);
  const tops = lanes.map((_, index) => lanes.slice(0, index).reduce((sum, lane) => sum + heightOf(lane), 0));
  const bottom = lanes.reduce((sum, lane) => sum + heightOf(lane), 0);
  const height = bottom + axisHeight;
  const label = say().runs.gantt.says(attempts.length, time(from, now.value), time(to, now.value));
  return (
    <div class="timeline gantt" ref={self}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
        <title>{label}</title>
        {lanes.map((lane, index) => (
          <LaneBars key={lane.name} lane={lane} top={tops[index] ?? 0} scale={scale} />
        ))}
        <TimeAxis scale={scale} top={bottom} />
      </svg>
    </div>
  );
}

function LaneBars({ lane, top, scale }: { lane: Lane; top: number; scale: Scale }) {
  return (
    <g>
      <text class="lane-name" x={scale.x(scale.from)} y={top + 12}>
        {lane.name}
      </text>
      {lane.bars.map((bar) => (
        <OneBar key={`${bar.task.id} ${bar.attempt.number}`} bar={bar} top={top + nameHeight} scale={scale} />
      ))}
    </g>
  );
}

function OneBar({ bar: { task, attempt, from, to, row }, top, scale }: { bar: Bar; top: number; scale: Scale }) {
  const { left, wide } = barOf(scale, from, to, barWidthMin);
  const word = say().outcomes[attempt.outcome ?? 'running'];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table below has it as a link
    <g class={`bar ${outcomeTone(attempt.outcome)}`} onClick={(event) => follow(event, taskPath(task.id))}>
      <title>{`${labelOf(task) || task.type}: ${word}, ${duration(to - from)}, ${attempt.worker}`}</title>
      <rect x={left} y={top + row * rowHeight} width={wide} height={barHeight} rx={2} />
    </g>
  );
}

const listedMax = 50;

function AttemptList({ attempts }: { attempts: readonly Attempt[] }) {
  const { runs, columns, task: words } = say();
  const shown = attempts.slice(0, listedMax);
  return (
    <details class="gantt-table">
      <summary>{runs.gantt.table(shown.length)}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.task}</th>
            <th scope="col" class="col-time roomy">
              {runs.stages}
            </th>
            <th scope="col" class="col-state">
              {columns.outcome}
            </th>
            <th scope="col" class="col-worker roomy">
              {columns.worker}
            </th>
            <th scope="col" class="col-time end roomy">
              {columns.started}
            </th>
            <th scope="col" class="col-duration end">
              {columns.duration}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ task, attempt }) => (
            <tr key={`${task.id} ${attempt.number}`}>
              <td class="task-cell">
                <Link to={taskPath(task.id)}>{labelOf(task) || task.type}</Link>
                {attempt.number > 1 && <span class="muted"> · {words.attemptNumber(number(attempt.number))}</span>}
              </td>
              <td class="roomy muted">{stageOf(task)}</td>
              <td>
                <OutcomeWord outcome={attempt.outcome} />
              </td>
              <td class="roomy muted">{attempt.worker}</td>
              <td class="end roomy muted">
                <Time at={attempt.startedAt} />
              </td>
              <td class="end">
                <Span from={attempt.startedAt} to={attempt.finishedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function stageOf({ run }: TaskView): string {
  return run?.stage ?? '';
}
