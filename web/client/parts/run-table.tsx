/** Runs in a table: how each is, how far its stages are, who started it, and when it ends. */
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { number } from '../format.ts';
import { useKeys } from '../keys.ts';
import { say } from '../language.ts';
import { runPath } from '../router.ts';
import { moveRow } from '../rows.ts';
import { aboutOf } from '../run-about.ts';
import { Link } from './link.tsx';
import { RunEnd } from './run-end.tsx';
import { RunStateWord } from './run-words.tsx';
import { StageMeter } from './stage-meter.tsx';
import { Word } from './state-word.tsx';
import { TaskRow } from './task-row.tsx';
import { Time } from './time.tsx';

export function RunTable({ rows }: { rows: readonly RunRecord[] }) {
  const { columns, pages, runs: words } = say();
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) });
  return (
    <section class="panel" aria-label={pages.runs} data-steady>
      <table class="run-table">
        <thead>
          <tr>
            <th scope="col" class="col-state roomy">
              {columns.state}
            </th>
            <th scope="col">{words.run}</th>
            <th scope="col" class="col-stages">
              {words.stages}
            </th>
            <th scope="col" class="col-time end roomy">
              {columns.started}
            </th>
            <th scope="col" class="col-by wide-only">
              {words.startedBy}
            </th>
            <th scope="col" class="col-end end roomy">
              {words.end}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((run) => (
            <Row key={run.id} run={run} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ run }: { run: RunRecord }) {
  const about = aboutOf(run);
  return (
    <TaskRow id={run.id} to={runPath(run.id)}>
      <td class="roomy">
        <RunStateWord state={run.state} />
      </td>
      <td class="task-cell two-lines">
        <Link to={runPath(run.id)} class="task-name" title={about}>
          <span class="task-type">{run.pipeline}</span>
          {about && <span class="task-summary">{` ${about}`}</span>}
        </Link>
        <span class="line-below muted roomy">…{run.id.slice(-8)}</span>
        <span class="second-line">
          <RunStateWord state={run.state} />
          <RunEnd run={run} />
        </span>
      </td>
      <td class="two-lines">
        <Stages run={run} />
      </td>
      <td class="end roomy muted">
        <Time at={run.startedAt ?? run.createdAt} />
      </td>
      <td class="wide-only muted" title={run.createdBy}>
        {run.createdBy}
      </td>
      <td class="end roomy">
        <RunEnd run={run} />
      </td>
    </TaskRow>
  );
}

/** One bar a stage, in one line; below it, how many are done of those that are known. */
function Stages({ run: { stages, counts } }: { run: RunRecord }) {
  const words = say().runs;
  const done = counts.succeeded + counts.failed + counts.canceled;
  return (
    <>
      <span class="stage-meters">
        {stages.map((stage) => (
          <StageMeter key={stage.name} name={stage.name} counts={stage.counts} />
        ))}
      </span>
      <span class="line-below">
        <span class="muted">{words.done(number(done), number(counts.accepted))}</span>
        {counts.failed > 0 && (
          <Word icon="failed" tone="bad" word={`${number(counts.failed)} ${words.counts.failed}`} />
        )}
      </span>
    </>
  );
}
