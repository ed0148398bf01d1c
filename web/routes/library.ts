/** The library: sources, playlists and tracks, to be looked at. What changes them are handlers. */
import { TRACK_STATES, type TrackState } from '../../workers/library-contract.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { filterTextCharsMax, itemsPerPageDefault } from '../limits.ts';
import { PAGE, type Parameters, readQuery } from '../query.ts';
import { answerJson, api, type Context, look, notFound, type Parts, pathParameter, type Route } from '../route.ts';

const FILTER = {
  source: { is: 'names', sentence: 'Names of sources.' },
  group: { is: 'names', sentence: 'Names of groups.' },
} as const satisfies Parameters;

const PLAYLISTS = {
  ...PAGE,
  ...FILTER,
  q: { is: 'text', charsMax: filterTextCharsMax, sentence: 'Text in the title; case does not count.' },
} as const satisfies Parameters;

const TRACKS = {
  ...PAGE,
  state: { is: 'names', of: TRACK_STATES, sentence: 'States.' },
  playlist: { is: 'names', sentence: 'Ids or titles of playlists.' },
  ...FILTER,
  q: {
    is: 'text',
    charsMax: filterTextCharsMax,
    sentence: 'Text in title, artist, album or path of the file; case does not count.',
  },
} as const satisfies Parameters;

export function libraryRoutes({ library }: Parts): Route[] {
  async function status(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify({ library: await library.status() }));
  }

  async function playlists(ctx: Context): Promise<void> {
    const {
      limit = itemsPerPageDefault,
      cursor,
      source: sources,
      group: groups,
      q: text,
    } = readQuery(ctx.querystring, PLAYLISTS);
    const query = { sources, groups, text };
    const question = ['playlists', query];
    const after = cursor === undefined ? null : readCursor(cursor, question);
    answerPage(ctx, await library.playlists(query, after, limit), question);
  }

  async function tracks(ctx: Context): Promise<void> {
    const { limit = itemsPerPageDefault, cursor, ...filter } = readQuery(ctx.querystring, TRACKS);
    const { state, playlist: playlists, source: sources, group: groups, q: text } = filter;
    const query = { playlists, sources, groups, states: state as readonly TrackState[] | undefined, text };
    const question = ['tracks', query];
    const after = cursor === undefined ? null : readCursor(cursor, question);
    answerPage(ctx, await library.tracks(query, after, limit), question);
  }

  async function playlist(ctx: Context): Promise<void> {
    const found = await library.playlist(pathParameter(ctx, 'id'));
    if (!found) throw notFound(`the library has no playlist ${JSON.stringify(pathParameter(ctx, 'id'))}`);
    answerJson(ctx, 200, JSON.stringify({ playlist: found }));
  }

  async function track(ctx: Context): Promise<void> {
    const found = await library.track(pathParameter(ctx, 'id'));
    if (!found) throw notFound(`the library has no track ${JSON.stringify(pathParameter(ctx, 'id'))}`);
    answerJson(ctx, 200, JSON.stringify({ track: found }));
  }

  const all = `${api}/library`;
  return [
    look(all, 'Says how many tracks of the library are in which state, and which sources there are', status),
    look(`${all}/playlists`, 'Lists playlists by title, with their tracks counted by state', playlists, PLAYLISTS),
    look(`${all}/playlists/:id`, 'Shows a playlist', playlist),
    look(`${all}/tracks`, 'Lists tracks by the title of their playlist and their place in it', tracks, TRACKS),
    look(`${all}/tracks/:id`, 'Shows a track', track),
  ];
}

interface Page {
  readonly items: readonly unknown[];
  readonly next: string | null;
  readonly total: number;
}

function answerPage(ctx: Context, { items, next, total }: Page, question: unknown): void {
  const page = { items, next: next === null ? null : cursorText(next, question), total };
  answerJson(ctx, 200, JSON.stringify(page));
}
