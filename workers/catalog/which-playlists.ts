/** Which playlists a task of the library is about: what its params may say of it. */
import { z } from 'zod';
import type { PlaylistQuery } from '../library-contract.ts';

const names = z.array(z.string()).optional();
export const whichPlaylists = {
  sources: names,
  /** Ids or titles. */
  playlists: names,
  groups: names,
} as const;

/** A list without members leaves it open, as one that is not there. */
export function queryFor(which: PlaylistQuery): PlaylistQuery {
  const { sources, playlists, groups } = which;
  return { sources: filled(sources), playlists: filled(playlists), groups: filled(groups) };
}

function filled(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
