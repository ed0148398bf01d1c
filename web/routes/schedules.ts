/** Schedules: what they are, when they are due next, what became of it, and changes. Named by id or by name. */
import { previewTimesMax } from '../../supervisor/core/limits.ts';
import { mistaken } from '../../supervisor/core/refusal.ts';
import type { PauseRequest } from '../../supervisor/schedules-facade.ts';
import { readJson } from '../body.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { itemsPerPageDefault, reasonCharsMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { PAGE, type Parameters, readQuery } from '../query.ts';
import {
  answerJson,
  api,
  type Context,
  handOf,
  look,
  operate,
  type Parts,
  pathParameter,
  type Route,
} from '../route.ts';

const LIST = {
  ...PAGE,
  state: { is: 'choice', of: ['active', 'paused'], sentence: 'Only those in this state.' },
  q: { is: 'text', charsMax: 200, sentence: 'Text in name, task or note.' },
} as const satisfies Parameters;

const NEXT = {
  count: { is: 'integer', least: 1, most: previewTimesMax, default: 10, sentence: 'How many planned times.' },
} as const satisfies Parameters;

export function schedulesRoutes({ schedules }: Parts): Route[] {
  async function list(ctx: Context): Promise<void> {
    const { limit = itemsPerPageDefault, cursor, state, q } = readQuery(ctx.querystring, LIST);
    const question = ['schedules', state, q];
    const after = cursor === undefined ? null : readCursor(cursor, question);
    const page = await schedules.list({
      limit,
      after,
      ...(state !== undefined && { state: state as 'active' | 'paused' }),
      ...(q !== undefined && { q }),
    });
    const next = page.next === null ? null : cursorText(page.next, question);
    answerJson(
      ctx,
      200,
      JSON.stringify({ items: page.items, next, total: page.total, scheduler: await schedules.status() }),
    );
  }

  async function show(ctx: Context): Promise<void> {
    answer(ctx, 200, await schedules.show(which(ctx)));
  }

  async function create(ctx: Context): Promise<void> {
    const schedule = await schedules.create(await readJson(ctx.req), handOf(ctx));
    ctx.set('Location', `${api}/schedules/${schedule.id}`);
    answer(ctx, 201, schedule);
  }

  async function change(ctx: Context): Promise<void> {
    answer(ctx, 200, await schedules.change(which(ctx), await readJson(ctx.req), versionSeen(ctx), handOf(ctx)));
  }

  async function remove(ctx: Context): Promise<void> {
    await schedules.remove(which(ctx), versionSeen(ctx), handOf(ctx));
    ctx.status = 204;
  }

  async function pause(ctx: Context): Promise<void> {
    answer(ctx, 200, await schedules.pause(which(ctx), await readPause(ctx), handOf(ctx)));
  }

  async function resume(ctx: Context): Promise<void> {
    answer(ctx, 200, await schedules.resume(which(ctx), await readCatchUp(ctx), handOf(ctx)));
  }

  async function toggle(ctx: Context): Promise<void> {
    await readMembers(ctx, []);
    const { id, state } = await schedules.show(which(ctx));
    const pausing = { reason: 'switched off', until: null };
    const schedule =
      state === 'paused'
        ? await schedules.resume(id, false, handOf(ctx))
        : await schedules.pause(id, pausing, handOf(ctx));
    answer(ctx, 200, schedule);
  }

  async function pauseAll(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify({ scheduler: await schedules.pauseAll(await readPause(ctx), handOf(ctx)) }));
  }

  async function resumeAll(ctx: Context): Promise<void> {
    const scheduler = await schedules.resumeAll(await readCatchUp(ctx), handOf(ctx));
    answerJson(ctx, 200, JSON.stringify({ scheduler }));
  }

  async function run(ctx: Context): Promise<void> {
    await readMembers(ctx, []);
    answerJson(ctx, 202, JSON.stringify(await schedules.run(which(ctx), handOf(ctx))));
  }

  async function occurrences(ctx: Context): Promise<void> {
    const { limit = itemsPerPageDefault, cursor } = readQuery(ctx.querystring, PAGE);
    const question = ['occurrences', which(ctx)];
    const after = cursor === undefined ? null : readCursor(cursor, question);
    const page = await schedules.occurrences(which(ctx), { limit, after });
    const next = page.next === null ? null : cursorText(page.next, question);
    answerJson(ctx, 200, JSON.stringify({ items: page.items, next }));
  }

  async function next(ctx: Context): Promise<void> {
    const { count = 10 } = readQuery(ctx.querystring, NEXT);
    answerJson(ctx, 200, JSON.stringify(await schedules.next(which(ctx), count)));
  }

  async function preview(ctx: Context): Promise<void> {
    const given = await readMembers(ctx, ['when', 'timezone', 'after', 'count']);
    answerJson(ctx, 200, JSON.stringify(await schedules.preview(given)));
  }

  const all = `${api}/schedules`;
  const one = `${all}/:id`;
  return [
    look(all, 'Lists schedules, and how scheduling as a whole is', list, LIST),
    operate(all, 'Creates a schedule', create),
    operate(`${all}/preview`, 'Says when a rule is due next, before it is saved', preview),
    operate(`${all}/pause`, 'Pauses all schedules, with a reason and perhaps an end', pauseAll),
    operate(`${all}/resume`, 'Resumes all schedules; each that is paused by itself stays so', resumeAll),
    look(one, 'Shows a schedule', show),
    {
      ...operate(one, 'Changes members of a schedule; `If-Match` names the version they rest on', change),
      method: 'PATCH',
    },
    { ...operate(one, 'Deletes a schedule; its ledger stays', remove), method: 'DELETE' },
    operate(`${one}/pause`, 'Pauses a schedule, with a reason and perhaps an end', pause),
    operate(`${one}/resume`, 'Resumes a schedule from now on, or catches up with `catchUp`', resume),
    operate(`${one}/toggle`, 'Pauses a schedule, or resumes it when it is paused', toggle),
    operate(`${one}/run`, 'Submits its task now; when it is due next stays as it is', run),
    operate(`${one}/run_now`, 'The same as `run`', run),
    look(`${one}/occurrences`, 'Lists what became of planned times, newest first', occurrences, PAGE),
    look(`${one}/next`, 'Says when a schedule is due next', next, NEXT),
  ];
}

function which(ctx: Context): string {
  return pathParameter(ctx, 'id');
}

function answer(ctx: Context, status: number, schedule: { readonly version: number }): void {
  ctx.set('ETag', `"${schedule.version}"`);
  answerJson(ctx, status, JSON.stringify({ schedule }));
}

async function readPause(ctx: Context): Promise<PauseRequest> {
  const { reason, until } = await readMembers(ctx, ['reason', 'until']);
  if (reason !== undefined && (typeof reason !== 'string' || reason.length > reasonCharsMax))
    throw mistaken('$.reason', `must be text of at most ${reasonCharsMax} characters`);
  if (until !== undefined && until !== null && typeof until !== 'string')
    throw mistaken('$.until', 'must be a day or a time, e.g. "2026-12-27" or "2026-12-27T08:00:00Z"');
  return { reason, until };
}

async function readCatchUp(ctx: Context): Promise<boolean> {
  const { catchUp = false } = await readMembers(ctx, ['catchUp', 'reason']);
  if (typeof catchUp !== 'boolean') throw mistaken('$.catchUp', 'must be true or false');
  return catchUp;
}

/** An entity tag stands in quotes (RFC 9110, 8.8.3); `*` is any. */
function versionSeen(ctx: Context): number | null {
  const tag = ctx.req.headers['if-match'];
  if (tag === undefined || tag === '*') return null;
  const version = /^"(\d{1,15})"$/.exec(tag)?.[1];
  if (version === undefined) throw mistaken('If-Match', 'must be the version of a schedule in quotes, e.g. "12"');
  return Number(version);
}
