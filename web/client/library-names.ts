/** Titles of the playlists that tracks belong to, asked for once a track while something is at work on it. */
import { type Signal, signal } from '@preact/signals';
import type { TaskView } from '../../supervisor/facade.ts';
import type { TrackView } from '../../supervisor/library-facade.ts';
import { get } from './api.ts';

const titles = new Map<string, Signal<string | null>>();
const titlesMax = 1_000;

/** @returns null for a task that is at no track, and until it is known */
export function playlistOf({ type, params }: Pick<TaskView, 'type' | 'params'>): string | null {
  const { track } = (params ?? {}) as { readonly track?: unknown };
  if (!type.startsWith('library.') || typeof track !== 'string') return null;
  const known = titles.get(track);
  if (known) return known.value;
  const title = signal<string | null>(null);
  if (titles.size >= titlesMax) titles.clear();
  titles.set(track, title);
  ask(track).then(
    (found) => {
      title.value = found;
    },
    // What the track belongs to is only not said.
    () => undefined,
  );
  return title.value;
}

async function ask(track: string): Promise<string> {
  const { track: found } = await get<{ track: TrackView }>(`library/tracks/${encodeURIComponent(track)}`);
  return found.playlistTitle;
}
