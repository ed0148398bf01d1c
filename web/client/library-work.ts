/** What is at work on playlists and tracks just now, so that their rows say how far it is. */
import type { TaskView } from '../../supervisor/facade.ts';
import { playlistOf, trackOf } from './library-names.ts';
import { useLive } from './live.ts';
import { taskListLive } from './resources.ts';

export const WORK_KINDS = ['sync', 'download', 'upload'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

const TYPES: Readonly<Record<WorkKind, string>> = {
  sync: 'library.sync',
  download: 'library.download',
  upload: 'library.upload',
};
/** More than slots there can be. */
const workAskedMax = 100;
const workLive = taskListLive(`state=running&type=${Object.values(TYPES).join()}&limit=${workAskedMax}`, 500);

export function useWork(): readonly TaskView[] {
  return useLive('library work', workLive).value.value?.items ?? [];
}

/** @returns null for a task of another type */
export function kindOf({ type }: Pick<TaskView, 'type'>): WorkKind | null {
  return WORK_KINDS.find((kind) => TYPES[kind] === type) ?? null;
}

export function workOnTrack(work: readonly TaskView[], id: string): readonly TaskView[] {
  return work.filter((task) => trackOf(task) === id);
}

/** A sync that a run passed on has the playlist as its key. */
export function workOnPlaylist(work: readonly TaskView[], id: string): readonly TaskView[] {
  return work.filter((task) => {
    if (trackOf(task) !== null) return playlistOf(task)?.id === id;
    return kindOf(task) === 'sync' && task.idempotencyKey === id;
  });
}
