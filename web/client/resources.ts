/** What pages ask of the API, and which events make the answer another one. */

import type { Counts, Progress } from '../../supervisor/core/task.ts';
import type { QueueView, StatusView, TaskPage, TaskView, WorkerView } from '../../supervisor/facade.ts';
import type { FlagView, RevisionView, SettingDifference, SettingsView } from '../../supervisor/settings-facade.ts';
import type { HandlerCatalog } from '../../workers/contract.ts';
import { get } from './api.ts';
import type { LiveOptions } from './live.ts';
import { taskPath } from './router.ts';
import type { LiveEvent } from './stream.ts';

/** Events that tell of progress alone are taken over as they are and need no new answer. */
const PASSING = new Set(['attempt.progressed', 'attempt.checkpointed', 'attempt.logged', 'suspect.cleared']);

function changesTasks(event: LiveEvent): boolean {
  return /^(task|attempt|queue)\./.test(event.name) && !PASSING.has(event.name);
}

function progressOf(data: LiveEvent['data']): Partial<Pick<TaskView, 'progress' | 'counts'>> {
  const progress = data['progress'] as Progress | undefined;
  const counts = data['counts'] as Counts | undefined;
  return { ...(progress && { progress }), ...(counts && { counts }) };
}

function progressed(task: TaskView, event: LiveEvent): TaskView {
  if (event.name !== 'attempt.progressed' || event.task !== task.id || task.state !== 'running') return task;
  return { ...task, ...progressOf(event.data) };
}

export const statusLive: LiveOptions<StatusView> = {
  load: (signal) => get<StatusView>('status', signal),
  concerns: (event) => !PASSING.has(event.name),
  everyMs: 1_000,
};

export const queueLive: LiveOptions<QueueView> = {
  load: (signal) => get<QueueView>('queue', signal),
  concerns: (event) => event.name.startsWith('queue.'),
  everyMs: 500,
};

export const workersLive: LiveOptions<readonly WorkerView[]> = {
  load: async (signal) => (await get<{ items: readonly WorkerView[] }>('workers', signal)).items,
  concerns: (event) => /^(attempt\.(started|ended)|worker\.|supervisor\.|handler)/.test(event.name),
  everyMs: 500,
};

/** How many of each type wait and run: another answer with every task that moves. */
export const queueCountsLive: LiveOptions<QueueView> = {
  load: (signal) => get<QueueView>('queue', signal),
  concerns: changesTasks,
  everyMs: 1_000,
};

async function loadCatalog(signal?: AbortSignal): Promise<HandlerCatalog> {
  const { items, failures } = await get<{ items: HandlerCatalog['handlers'] } & HandlerCatalog>('handlers', signal);
  return { handlers: items, failures };
}

export async function loadHandlers(): Promise<HandlerCatalog['handlers']> {
  return (await loadCatalog()).handlers;
}

export const handlersLive: LiveOptions<HandlerCatalog> = {
  load: loadCatalog,
  concerns: (event) => /^(handler|supervisor\.)/.test(event.name),
  everyMs: 1_000,
};

function changesSettings(event: LiveEvent): boolean {
  return event.name === 'settings.changed';
}

export const settingsLive: LiveOptions<SettingsView> = {
  load: (signal) => get<SettingsView>('settings', signal),
  concerns: changesSettings,
};

export const flagsLive: LiveOptions<readonly FlagView[]> = {
  load: async (signal) => (await get<{ items: readonly FlagView[] }>('flags', signal)).items,
  concerns: (event) => changesSettings(event) || event.name === 'flag.switched',
};

export interface RevisionPage {
  readonly items: readonly RevisionView[];
  readonly next: string | null;
  readonly total: number;
}

const revisionsShownMax = 25;

/** @param cursor page after it; the newest when empty */
export function revisionsLive(cursor: string): LiveOptions<RevisionPage> {
  const query = new URLSearchParams({ limit: String(revisionsShownMax), ...(cursor !== '' && { cursor }) });
  return { load: (signal) => get<RevisionPage>(`settings/revisions?${query}`, signal), concerns: changesSettings };
}

export interface RevisionDiff {
  /** Null when there is none before it. */
  readonly against: string | null;
  readonly differences: readonly SettingDifference[];
}

/** @param against the one before it when null */
export function diffLive(id: string, against: string | null): LiveOptions<RevisionDiff> {
  const query = against === null ? '' : `?against=${against}`;
  return {
    load: (signal) => get<RevisionDiff>(`settings/revisions/${id}/diff${query}`, signal),
    concerns: () => false,
  };
}

export function taskListLive(query: string, everyMs: number): LiveOptions<TaskPage> {
  return {
    load: (signal) => get<TaskPage>(`tasks?${query}`, signal),
    concerns: changesTasks,
    apply(page, event) {
      if (event.name !== 'attempt.progressed') return page;
      const items = page.items.map((task) => progressed(task, event));
      return items.some((task, index) => task !== page.items[index]) ? { ...page, items } : page;
    },
    everyMs,
  };
}

export function taskLive(id: string): LiveOptions<TaskView> {
  return {
    load: async (signal) => (await get<{ task: TaskView }>(taskPath(id), signal)).task,
    concerns: (event) => changesTasks(event) && (event.task === id || event.task === null),
    apply: progressed,
  };
}
