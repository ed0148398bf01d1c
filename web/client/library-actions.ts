/** What a person does with the library: sync a playlist, a group or everything, and try a track again that failed. */
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import type { TrackView } from '../../supervisor/library-facade.ts';
import { get, Problem, post } from './api.ts';
import { say } from './language.ts';
import { askToDiscard } from './parts/ask.tsx';
import { toast } from './parts/toasts.tsx';
import { go, runPath, taskPath } from './router.ts';
import { EMPTY_SCHEDULE } from './schedule-draft.ts';
import { editingOf, isWritten, write } from './schedule-editing.ts';
import { own } from './task-actions.ts';

/** What a sync is narrowed down to; empty for everything. */
export type SyncScope = { readonly playlists: readonly string[] } | { readonly groups: readonly string[] } | object;

async function start(pipeline: string, params: object, told: string): Promise<void> {
  const { run } = await post<{ run: RunRecord }>('runs', { pipeline, params });
  toast(told, { label: say().do.open, act: () => go(runPath(run.id)) });
}

/** @param name of the playlist or the group; null for everything */
export function syncNow(scope: SyncScope, name: string | null): Promise<void> {
  const { told } = say().library;
  return own(() => start('library.full', scope, name === null ? told.all : told.syncing(name)));
}

/** Opens the form of a schedule, filled in with the sync; what somebody has written there already is not lost unasked. */
export async function scheduleSync(scope: SyncScope, name: string): Promise<void> {
  const editing = editingOf(null);
  if (isWritten(editing) && !(await askToDiscard())) return;
  const params = JSON.stringify(scope, null, 2);
  const draft = {
    ...EMPTY_SCHEDULE,
    name: say().library.syncName(name),
    work: 'run',
    pipeline: 'library.full',
    params,
  } as const;
  write({ ...editing, mistakes: {}, refused: null }, draft);
  go('schedules/new');
}

/** The task that failed runs again in its place; where it cannot any more, a run for the track alone does its work. */
export function retryTrack(track: TrackView): Promise<void> {
  const { failure, id, title } = track;
  if (!failure) return Promise.resolve();
  return own(async () => {
    const told = say().library.told.retried(title);
    if (await ranAgain(failure.task))
      return toast(told, { label: say().do.open, act: () => go(taskPath(failure.task)) });
    await start(failure.stage === 'upload' ? 'library.upload' : 'library.download', { track: id }, told);
  });
}

async function ranAgain(id: string): Promise<boolean> {
  try {
    const { task } = await get<{ task: TaskView }>(taskPath(id));
    if (task.state !== 'failed') return false;
    if (task.run) await post(`${runPath(task.run.id)}/retry`, { task: id });
    else await post(`${taskPath(id)}/retry`);
    return true;
  } catch (error) {
    // It is not known any more, or its run is over for good.
    if (error instanceof Problem && (error.status === 404 || error.status === 409)) return false;
    throw error;
  }
}
