/** What an event has to say to the ledger of a schedule. */
import type { Event } from '../event.ts';
import type { Occurrence } from './schedule.ts';

export interface LedgerRows {
  /** Id of the schedule. */
  readonly schedule: string;
  readonly occurrences: readonly Occurrence[];
}

export function ledgerRows(event: Event): LedgerRows | null {
  if (event.e === 'occurrences.settled')
    return event.rows.length === 0 ? null : { schedule: event.id, occurrences: event.rows };
  if ((event.e !== 'task.accepted' && event.e !== 'run.started') || !event.occurrence) return null;
  const { schedule, plannedAt, outcome, byHand } = event.occurrence;
  const reason = byHand === undefined ? {} : { reason: `run by hand: ${byHand}` };
  const work = event.e === 'run.started' ? { runId: event.id } : { taskId: event.id };
  return { schedule, occurrences: [{ plannedAt, outcome, ...work, ...reason }] };
}
