/** Which part of the library a run is about. What is left out takes in everything. */
import { z } from 'zod';
import { type PlaylistQuery, playlistId } from '../library-contract.ts';
import type { ListedPlaylist } from './opml.ts';

export interface Scope {
  /** Names. */
  readonly sources?: readonly string[] | undefined;
  /** Ids or titles. */
  readonly playlists?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

const names = z.array(z.string()).optional();
/** `scope` is what a run is given beside its params. */
export const scopeParams = {
  sources: names,
  playlists: names,
  groups: names,
  scope: z.looseObject({ sources: names, playlists: names, groups: names }).nullish(),
};

interface Scoped extends Scope {
  readonly scope?: Scope | null | undefined;
}

/** @returns without members that are not there, to be passed on; an empty list means all */
export function scopeOf({ sources, playlists, groups, scope }: Scoped): Scope {
  const members = {
    sources: sources ?? scope?.sources,
    playlists: playlists ?? scope?.playlists,
    groups: groups ?? scope?.groups,
  };
  return Object.fromEntries(Object.entries(members).filter(([, list]) => list !== undefined && list.length > 0));
}

export function queryOf(scope: Scope): PlaylistQuery {
  return scope;
}

/** @param source its name */
export function isInScope(
  { playlists, groups }: Scope,
  source: string,
  listed: Pick<ListedPlaylist, 'key' | 'title' | 'groups'>,
): boolean {
  const id = playlistId(source, listed.key);
  const named = !playlists || playlists.some((one) => one === id || sameText(one, listed.title));
  return named && (!groups || groups.some((group) => listed.groups.some((one) => sameText(one, group))));
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
