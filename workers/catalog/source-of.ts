/** The source that a playlist is read with. */
import type { Playlist, Source } from '../library-contract.ts';
import { isCollected } from './record-playlist.ts';

/** What stands where other playlists have the source they came from: a list of strangers named it. */
export const DISCOVER = 'discover';

/**
 * @returns null where it is not on, and for what was discovered: a source that somebody calls by that name is no reason to
 * take addresses of strangers for addresses of a person
 */
export function sourceOf(playlist: Playlist | null, on: readonly Source[]): Source | null {
  if (playlist === null || (playlist.source === DISCOVER && !isCollected(playlist))) return null;
  return on.find(({ name }) => name === playlist.source) ?? null;
}
