/** Settings, their revisions, and feature flags. To look takes no more than elsewhere; to change them, a token. */
import { type Mistake, mistaken, Refusal } from '../../supervisor/core/refusal.ts';
import type { ChangeRequest } from '../../supervisor/settings-facade.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { itemsPerPageDefault, noteCharsMax, settingCharsMax, settingsPerCallMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { PAGE, type Parameters, readQuery } from '../query.ts';
import {
  actorOf,
  administer,
  answerJson,
  api,
  type Context,
  isPage,
  look,
  type Parts,
  pathParameter,
  type Route,
} from '../route.ts';

const DIFF = {
  against: { is: 'text', charsMax: 20, sentence: 'Id of another revision; the one before it when left out.' },
} as const satisfies Parameters;

export function settingsRoutes({ desk }: Parts): Route[] {
  function show(ctx: Context): void {
    answerJson(ctx, 200, JSON.stringify(desk.show()));
  }

  async function change(ctx: Context): Promise<void> {
    const { changes, note } = await readMembers(ctx, ['changes', 'note']);
    answerJson(ctx, 200, JSON.stringify(await desk.change(readChanges(changes), requestOf(ctx, note), actorOf(ctx))));
  }

  function revisions(ctx: Context): void {
    const { limit = itemsPerPageDefault, cursor } = readQuery(ctx.querystring, PAGE);
    const all = desk.revisions();
    const after = cursor === undefined ? null : readCursor(cursor, 'revisions');
    const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const items = all.slice(from, from + limit);
    const next = from + limit < all.length ? cursorText(items.at(-1)?.id ?? '', 'revisions') : null;
    answerJson(ctx, 200, JSON.stringify({ items, next, total: all.length }));
  }

  function diff(ctx: Context): void {
    const { against = null } = readQuery(ctx.querystring, DIFF);
    answerJson(ctx, 200, JSON.stringify(desk.diff(pathParameter(ctx, 'id'), against)));
  }

  async function apply(ctx: Context): Promise<void> {
    const { note } = await readMembers(ctx, ['note']);
    answerJson(
      ctx,
      200,
      JSON.stringify(await desk.apply(pathParameter(ctx, 'id'), requestOf(ctx, note), actorOf(ctx))),
    );
  }

  function flags(ctx: Context): void {
    answerJson(ctx, 200, JSON.stringify({ items: desk.flags(), next: null }));
  }

  async function switchFlag(ctx: Context): Promise<void> {
    const { on, note } = await readMembers(ctx, ['on', 'note']);
    if (typeof on !== 'boolean' && on !== null) throw mistaken('$.on', 'must be true, false, or null to take it out');
    const flag = await desk.switchFlag(pathParameter(ctx, 'name'), on, requestOf(ctx, note), actorOf(ctx));
    answerJson(ctx, 200, JSON.stringify({ flag }));
  }

  const settings = `${api}/settings`;
  return [
    look(settings, 'Shows every setting in force, with what is allowed; secrets are masked', show),
    administer(
      'PUT',
      settings,
      'Changes settings, all of them or none; `If-Match` names the revision they rest on',
      change,
    ),
    look(`${settings}/revisions`, 'Lists what the settings were, newest first', revisions, PAGE),
    look(`${settings}/revisions/:id/diff`, 'Shows what a revision changed; secrets are masked', diff, DIFF),
    administer(
      'POST',
      `${settings}/revisions/:id/apply`,
      'Brings back the settings of a revision, as a new one',
      apply,
    ),
    look(`${api}/flags`, 'Lists feature flags and what depends on them', flags),
    administer('PATCH', `${api}/flags/:name`, 'Switches a feature flag', switchFlag),
  ];
}

function readChanges(given: unknown): Readonly<Record<string, string | null>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw mistaken('$.changes', 'must be an object: { "KEY": "value" }, null to take a key out');
  const entries = Object.entries(given);
  if (entries.length === 0 || entries.length > settingsPerCallMax)
    throw mistaken('$.changes', `must name 1 to ${settingsPerCallMax} keys`);
  const wrong = entries.filter(([, value]) => value !== null && !isValue(value));
  const mistakes = wrong.map(([key]) => ({
    path: `$.changes.${key}`,
    message: `must be text of at most ${settingCharsMax} characters, or null to take it out`,
  }));
  if (mistakes.length > 0) throw new Refusal('validation', describe(mistakes), mistakes);
  return given as Readonly<Record<string, string | null>>;
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' && value.length <= settingCharsMax;
}

function requestOf(ctx: Context, note: unknown = null): ChangeRequest {
  if (note !== null && (typeof note !== 'string' || note.length > noteCharsMax))
    throw mistaken('$.note', `must be text of at most ${noteCharsMax} characters`);
  const { origin } = actorOf(ctx);
  const by = origin === 'cli' ? 'cli' : isPage(ctx) ? 'page' : 'api';
  return { by, note: note as string | null, since: revisionSeen(ctx.req.headers['if-match']) };
}

/** An entity tag stands in quotes (RFC 9110, 8.8.3); `*` is any. */
function revisionSeen(tag: string | undefined): string | null {
  if (tag === undefined || tag === '*') return null;
  const id = /^"(r\d{1,15})"$/.exec(tag)?.[1];
  if (id === undefined) throw mistaken('If-Match', 'must be the id of a revision in quotes, e.g. "r12"');
  return id;
}

function describe(mistakes: readonly Mistake[]): string {
  return mistakes.map(({ path, message }) => `${path} ${message}`).join('; ');
}
