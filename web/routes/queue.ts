/** The queue as a whole, and workers and handlers beside it. */
import { nameCharsMax } from '../../supervisor/core/limits.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { reasonCharsMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { type Parameters, readQuery } from '../query.ts';
import {
  actorOf,
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

const ONE_TYPE = {
  type: { is: 'text', charsMax: nameCharsMax, sentence: 'Only tasks of this type; all of them when left out.' },
} as const satisfies Parameters;

export function queueRoutes({ facade }: Parts): Route[] {
  async function show(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify(await facade.queue()));
  }

  async function pause(ctx: Context): Promise<void> {
    const { type = null } = readQuery(ctx.querystring, ONE_TYPE);
    const { reason = '' } = await readMembers(ctx, ['reason']);
    if (typeof reason !== 'string' || reason.length > reasonCharsMax) {
      const message = `must be text of at most ${reasonCharsMax} characters`;
      throw new Refusal('validation', `$.reason ${message}`, [{ path: '$.reason', message }]);
    }
    answerJson(ctx, 200, JSON.stringify(await facade.pause(type, reason, handOf(ctx))));
  }

  async function resume(ctx: Context): Promise<void> {
    const { type = null } = readQuery(ctx.querystring, ONE_TYPE);
    await readMembers(ctx, ['reason']);
    answerJson(ctx, 200, JSON.stringify(await facade.resume(type, handOf(ctx))));
  }

  async function workers(ctx: Context): Promise<void> {
    answerJson(ctx, 200, JSON.stringify({ items: await facade.workers(), next: null }));
  }

  async function recycle(ctx: Context): Promise<void> {
    await readMembers(ctx, []);
    const items = await facade.recycle(pathParameter(ctx, 'id'), actorOf(ctx));
    answerJson(ctx, 202, JSON.stringify({ items, next: null }));
  }

  async function handlers(ctx: Context): Promise<void> {
    const { handlers, failures } = await facade.handlers();
    answerJson(ctx, 200, JSON.stringify({ items: handlers, failures, next: null }));
  }

  return [
    look(`${api}/queue`, 'Shows what waits and runs, by type, and what is paused', show),
    operate(`${api}/queue/pause`, 'Starts nothing more; what runs finishes', pause, ONE_TYPE),
    operate(`${api}/queue/resume`, 'Starts tasks again', resume, ONE_TYPE),
    look(`${api}/workers`, 'Lists workers and what each runs', workers),
    operate(
      `${api}/workers/:id/recycle`,
      'Gives a worker new threads (a cpu worker: all of its lane); what runs finishes on the old ones',
      recycle,
    ),
    look(`${api}/handlers`, 'Lists loaded handlers and files that could not be used', handlers),
  ];
}
