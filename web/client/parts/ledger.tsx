/** What became of the planned times of a schedule, newest first, each with its reason and its task. */
import type { OccurrenceRecord } from '../../../supervisor/core/schedule/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { now } from '../now.ts';
import { plannedTime } from '../planned-time.ts';
import { route, schedulePath, taskPath } from '../router.ts';
import { ledgerLive } from '../schedule-resources.ts';
import { Link } from './link.tsx';
import { PageProblem } from './page-problem.tsx';
import { Paging } from './paging.tsx';
import { PlannedTime } from './planned-time.tsx';
import { OccurrenceWord } from './schedule-words.tsx';

interface LedgerProps {
  id: string;
  zone: string;
  /** Of a schedule that is not there there may be no ledger either: then nothing is said. */
  quiet?: boolean;
}

export function Ledger({ id, zone, quiet = false }: LedgerProps) {
  const cursor = route.value.query.get('cursor') ?? '';
  const live = useLive(`ledger ${id} ${cursor}`, ledgerLive(id, cursor));
  const page = live.value.value;
  const words = say();
  if (!page) {
    return live.problem.value && !quiet ? <PageProblem problem={live.problem.value} again={live.reload} /> : null;
  }
  const path = schedulePath(id);
  return (
    <div>
      <section class="panel" aria-label={words.schedules.ledger}>
        <header class="panel-head">
          <h2>{words.schedules.ledger}</h2>
        </header>
        {page.items.length === 0 ? (
          <p class="none">{words.schedules.ledgerNone}</p>
        ) : (
          <LedgerTable rows={page.items} zone={zone} />
        )}
      </section>
      <Paging
        label={words.schedules.ledger}
        newest={cursor === '' ? null : path}
        older={page.next === null ? null : `${path}?${new URLSearchParams({ cursor: page.next })}`}
      />
    </div>
  );
}

function LedgerTable({ rows, zone }: { rows: readonly OccurrenceRecord[]; zone: string }) {
  const words = say().schedules;
  return (
    <table class="ledger-table">
      <thead>
        <tr>
          <th scope="col" class="col-planned">
            {words.planned}
          </th>
          <th scope="col" class="col-outcome">
            {words.outcome}
          </th>
          <th scope="col" class="roomy">
            {words.why}
          </th>
          <th scope="col" class="col-task end">
            {words.task}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <LedgerRow key={`${row.plannedAt} ${row.outcome} ${row.taskId ?? row.runId}`} row={row} zone={zone} />
        ))}
      </tbody>
    </table>
  );
}

function LedgerRow({ row, zone }: { row: OccurrenceRecord; zone: string }) {
  const { plannedAt, throughAt, count, outcome, reason, taskId } = row;
  const words = say().schedules;
  const why = reason === undefined ? '' : words.reason(reason);
  return (
    <tr>
      <th scope="row">
        <PlannedTime at={plannedAt} zone={zone} />
        {throughAt !== undefined && count !== undefined && (
          <span class="line-below muted">
            {words.through(plannedTime(Date.parse(throughAt), zone, now.value), number(count))}
          </span>
        )}
        {why !== '' && <span class="second-line muted">{why}</span>}
      </th>
      <td>
        <OccurrenceWord outcome={outcome} />
      </td>
      <td class="roomy muted why">{why}</td>
      <td class="end">
        {taskId === undefined ? (
          <span class="muted">–</span>
        ) : (
          <Link to={taskPath(taskId)} class="count-link" label={`${words.openTask} ${taskId}`}>
            {words.openTask}
          </Link>
        )}
      </td>
    </tr>
  );
}
