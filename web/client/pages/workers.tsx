/** Workers: what each slot does, for how long, and how full they are together. */
import { useEffect } from 'preact/hooks';
import type { TaskView, WorkerView } from '../../../supervisor/facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { playlistOf } from '../library-names.ts';
import { useLive } from '../live.ts';
import { Link } from '../parts/link.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Progress } from '../parts/progress.tsx';
import { WorkerWord } from '../parts/state-word.tsx';
import { nameOf, TaskName } from '../parts/task-name.tsx';
import { Span } from '../parts/time.tsx';
import { taskListLive, workersLive } from '../resources.ts';
import { taskPath } from '../router.ts';
import { runTasksPath } from '../run-filter.ts';
import { runsLive } from '../run-resources.ts';
import { useRowsReserved } from '../steady.ts';

/** As many as a list may have; what runs beyond them is named by its type alone. */
const runningAskedFor = 500;

/** Workers say which tasks they run; this is what the tasks are, by id, and the pipelines of their runs, by id of the run. */
interface Known {
  readonly tasks: ReadonlyMap<string, TaskView>;
  readonly pipelines: ReadonlyMap<string, string>;
}

export function Workers() {
  const live = useLive('workers', workersLive);
  const running = useLive('what runs', taskListLive(`state=running&limit=${runningAskedFor}`, 500)).value.value;
  const runs = useLive('runs that run', runsLive('state=running,pausing&limit=100')).value.value;
  const known: Known = {
    tasks: new Map(running?.items.map((task) => [task.id, task])),
    pipelines: new Map(runs?.items.map(({ id, pipeline }) => [id, pipeline])),
  };
  const workers = live.value.value;
  useStarting(workers, live.reload);
  const words = say();
  const slots = workers?.reduce((sum, one) => sum + one.slots, 0) ?? 0;
  const busy = workers?.reduce((sum, one) => sum + one.tasks.length, 0) ?? 0;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{words.pages.workers}</h1>
          <p class="muted">{workers ? words.workers.summary(busy, slots) : ' '}</p>
        </div>
      </div>
      {live.problem.value && !workers && <PageProblem problem={live.problem.value} again={live.reload} />}
      {workers?.length === 0 && (
        <div class="empty">
          <h2>{words.workers.none}</h2>
          <p>{words.workers.noneText}</p>
        </div>
      )}
      {workers && workers.length > 0 && <WorkerTable workers={workers} known={known} />}
    </>
  );
}

const startingMs = 1_000;

/** No event tells that a thread is up. */
function useStarting(workers: readonly WorkerView[] | null, reload: () => void): void {
  useEffect(() => {
    if (!workers?.some(({ state }) => state === 'starting')) return undefined;
    const timer = window.setTimeout(reload, startingMs);
    return () => window.clearTimeout(timer);
  }, [workers]);
}

function WorkerTable({ workers, known }: { workers: readonly WorkerView[]; known: Known }) {
  const words = say().columns;
  return (
    <section class="panel" aria-label={say().pages.workers} data-steady>
      <table class="worker-table">
        <thead>
          <tr>
            <th scope="col" class="col-head">
              {words.worker}
            </th>
            <th scope="col" class="col-state roomy">
              {words.state}
            </th>
            <th scope="col">{words.task}</th>
            <th scope="col" class="col-duration end">
              {words.elapsed}
            </th>
            <th scope="col" class="col-time end roomy">
              {words.done}
            </th>
            <th scope="col" class="col-time end roomy">
              {words.up}
            </th>
          </tr>
        </thead>
        {workers.map((worker) => (
          <WorkerRows key={worker.id} worker={worker} known={known} />
        ))}
      </table>
    </section>
  );
}

function WorkerRows({ worker, known }: { worker: WorkerView; known: Known }) {
  const idle = Math.max(0, worker.slots - worker.tasks.length);
  const used = Math.max(1, worker.tasks.length + (idle > 0 ? 1 : 0));
  const rows = used + useRowsReserved(used, 1);
  return (
    <tbody>
      {Array.from({ length: rows }, (_, slot) => (
        <tr key={slot}>
          {slot === 0 && <WorkerHead worker={worker} rows={rows} />}
          <Slot task={worker.tasks[slot]} known={known} idle={slot === worker.tasks.length ? idle : 0} />
          {slot === 0 && <WorkerTail worker={worker} rows={rows} />}
        </tr>
      ))}
    </tbody>
  );
}

function WorkerHead({ worker, rows }: { worker: WorkerView; rows: number }) {
  const words = say().columns;
  return (
    <>
      <th scope="rowgroup" rowSpan={rows}>
        {worker.id}
        <small class="muted">
          {words.lane} {worker.lane} · {words.slots} {number(worker.slots)}
        </small>
        <span class="second-line">
          <WorkerWord state={worker.state} />
        </span>
      </th>
      <td rowSpan={rows} class="roomy">
        <WorkerWord state={worker.state} />
      </td>
    </>
  );
}

interface SlotProps {
  task: WorkerView['tasks'][number] | undefined;
  known: Known;
  idle: number;
}

/** A slot that runs something; or, in one line, all that do not. */
function Slot({ task, known, idle }: SlotProps) {
  const words = say().workers;
  if (!task) {
    return (
      <>
        <td class="muted slot">{idle > 1 ? words.more(idle) : idle === 1 && words.idle}</td>
        <td class="end muted" />
      </>
    );
  }
  const what = known.tasks.get(task.id);
  return (
    <>
      <td class={what?.run ? 'task-cell slot two-lines' : 'task-cell slot'}>
        {what ? <TaskName task={what} /> : <Unknown task={task} />}
        {what?.run && (
          <OfRun
            run={what.run}
            pipeline={known.pipelines.get(what.run.id)}
            playlist={playlistOf(what)?.title ?? null}
          />
        )}
        {what?.progress && <Progress progress={what.progress} label={`${say().columns.progress}: ${nameOf(what)}`} />}
      </td>
      <td class="end elapsed">
        <Span from={task.since} to={null} />
      </td>
    </>
  );
}

function Unknown({ task: { id, type } }: { task: WorkerView['tasks'][number] }) {
  return (
    <>
      <Link to={taskPath(id)} class="task-name">
        <span class="task-type">{type}</span>
      </Link>
      <span class="task-summary wide-only"> …{id.slice(-8)}</span>
    </>
  );
}

interface OfRunProps {
  run: NonNullable<TaskView['run']>;
  pipeline: string | undefined;
  playlist: string | null;
}

/** Of which run and which stage, and of which playlist where it is at a track. */
function OfRun({ run: { id, stage }, pipeline, playlist }: OfRunProps) {
  return (
    <span class="line-below muted">
      <Link to={runTasksPath(id, { stage, states: [], cursor: '' })}>
        {pipeline ?? `…${id.slice(-8)}`} · {stage}
      </Link>
      {playlist !== null && <span>{playlist}</span>}
    </span>
  );
}

function WorkerTail({ worker, rows }: { worker: WorkerView; rows: number }) {
  return (
    <>
      <td rowSpan={rows} class="end roomy">
        {number(worker.attempts)}
      </td>
      <td rowSpan={rows} class="end roomy muted">
        <Span from={worker.startedAt} to={null} />
      </td>
    </>
  );
}
