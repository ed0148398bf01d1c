/** Which playlists tracks belong to, asked for once a track while something is at work on it. */
import { type Signal, signal } from '@preact/signals';
import type { TaskView } from '../../supervisor/facade.ts';
import type { TrackView } from '../../supervisor/library-facade.ts';
import { get } from './api.ts';

export interface PlaylistName {
  readonly id: string;
  readonly title: string;
}

const names = new Map<string, Signal<PlaylistName | null>>();
const namesMax = 1_000;

/** @returns the id of the track that a task is at; null for one that is at none */
export function trackOf({ type, params }: Pick<TaskView, 'type' | 'params'>): string | null {
  const { track } = (params ?? {}) as { readonly track?: unknown };
  return type.startsWith('library.') && typeof track === 'string' ? track : null;
}

/** @returns null for a task that is at no track, and until it is known */
export function playlistOf(task: Pick<TaskView, 'type' | 'params'>): PlaylistName | null {
  const track = trackOf(task);
  if (track === null) return null;
  const known = names.get(track);
  if (known) return known.value;
  const name = signal<PlaylistName | null>(null);
  if (names.size >= namesMax) names.clear();
  names.set(track, name);
  ask(track).then(
    (found) => {
      name.value = found;
    },
    // What the track belongs to is only not said.
    () => undefined,
  );
  return name.value;
}

async function ask(id: string): Promise<PlaylistName> {
  const { track } = await get<{ track: TrackView }>(`library/tracks/${encodeURIComponent(id)}`);
  return { id: track.playlist, title: track.playlistTitle };
}
