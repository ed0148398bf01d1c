/** What became of the planned times of a schedule, newest first, each with its reason and its task. */
import type { OccurrenceRecord } from '../../../supervisor/core/schedule/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { now } from '../now.ts';
import { plannedTime } from '../planned-time.ts';
import { route, schedulePath, startedPath } from '../router.ts';
import { ledgerLive } from '../schedule-resources.ts';
import { Link } from './link.tsx';
import { PageProblem } from './page-problem.tsx';
import { Paging } from './paging.tsx';
import { PanelTable } from './panel-table.tsx';
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
      {page.items.length === 0 ? <NoRows /> : <LedgerTable rows={page.items} zone={zone} />}
      <Paging
        label={words.schedules.ledger}
        newest={cursor === '' ? null : path}
        older={page.next === null ? null : `${path}?${new URLSearchParams({ cursor: page.next })}`}
      />
    </div>
  );
}

function NoRows() {
  const words = say().schedules;
  return (
    <section class="panel" aria-label={words.ledger}>
      <header class="panel-head">
        <h2>{words.ledger}</h2>
      </header>
      <p class="none">{words.ledgerNone}</p>
    </section>
  );
}

function LedgerTable({ rows, zone }: { rows: readonly OccurrenceRecord[]; zone: string }) {
  const words = say().schedules;
  return (
    <PanelTable
      title={words.ledger}
      kind="ledger-table"
      columns={[
        { name: words.planned, class: 'col-planned' },
        { name: words.outcome, class: 'col-outcome' },
        { name: words.why, class: 'roomy' },
        { name: words.started, class: 'col-task end' },
      ]}
    >
      {rows.map((row) => (
        <LedgerRow key={`${row.plannedAt} ${row.outcome} ${row.taskId ?? row.runId}`} row={row} zone={zone} />
      ))}
    </PanelTable>
  );
}

function LedgerRow({ row, zone }: { row: OccurrenceRecord; zone: string }) {
  const { plannedAt, throughAt, count, outcome, reason } = row;
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
        <Started row={row} />
      </td>
    </tr>
  );
}

/** The way to the task or the run of an occurrence. */
function Started({ row }: { row: OccurrenceRecord }) {
  const { openTask, openRun } = say().schedules;
  const path = startedPath(row);
  if (path === null) return <span class="muted">–</span>;
  const word = row.taskId === undefined ? openRun : openTask;
  return (
    <Link to={path} class="count-link" label={`${word} ${row.taskId ?? row.runId}`}>
      {word}
    </Link>
  );
}
