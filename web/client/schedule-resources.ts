/** What the pages of schedules ask of the API, and which events make the answer another one. */
import type { OccurrenceRecord, ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import type { PreviewView, SchedulerView } from '../../supervisor/schedules-facade.ts';
import { get, request } from './api.ts';
import type { LiveOptions } from './live.ts';
import { schedulePath } from './router.ts';
import type { LiveEvent } from './stream.ts';

export interface SchedulePage {
  readonly items: readonly ScheduleRecord[];
  readonly next: string | null;
  readonly total: number;
  readonly scheduler: SchedulerView;
}

export interface LedgerPage {
  readonly items: readonly OccurrenceRecord[];
  readonly next: string | null;
}

function changesSchedules({ name, data }: LiveEvent): boolean {
  if (name === 'task.accepted') return data['occurrence'] !== undefined;
  return /^(schedules?\.|scheduler\.|occurrences\.|flag\.)/.test(name);
}

/** The end of a task counts failures, and gives one that waits its turn. */
function changesOne(event: LiveEvent): boolean {
  return changesSchedules(event) || /^(attempt\.ended|task\.canceled)$/.test(event.name);
}

export function schedulesLive(query: string): LiveOptions<SchedulePage> {
  return {
    load: (signal) => get<SchedulePage>(`schedules?${query}`, signal),
    concerns: changesOne,
    everyMs: 1_000,
  };
}

export function scheduleLive(id: string): LiveOptions<ScheduleRecord> {
  return { load: (signal) => loadSchedule(id, signal), concerns: changesOne, everyMs: 500 };
}

export async function loadSchedule(id: string, signal?: AbortSignal): Promise<ScheduleRecord> {
  return (await get<{ schedule: ScheduleRecord }>(schedulePath(id), signal)).schedule;
}

const ledgerRowsMax = 50;

/** @param cursor page after it; the newest when empty */
export function ledgerLive(id: string, cursor: string): LiveOptions<LedgerPage> {
  const query = new URLSearchParams({ limit: String(ledgerRowsMax), ...(cursor !== '' && { cursor }) });
  return {
    load: (signal) => get<LedgerPage>(`${schedulePath(id)}/occurrences?${query}`, signal),
    concerns: changesOne,
    everyMs: 500,
  };
}

export function nextLive(id: string): LiveOptions<PreviewView> {
  return {
    load: (signal) => get<PreviewView>(`${schedulePath(id)}/next?count=5`, signal),
    concerns: changesSchedules,
    everyMs: 1_000,
  };
}

/** @throws Problem with the members that are wrong */
export async function askPreview(rule: unknown, signal: AbortSignal): Promise<PreviewView> {
  return (await (await request('POST', 'schedules/preview', rule, { signal })).json()) as PreviewView;
}
