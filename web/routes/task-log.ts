/** What an attempt wrote, as text. */
import { attemptsMax } from '../../supervisor/core/limits.ts';
import { logText } from '../log-stream.ts';
import { type Parameters, readQuery } from '../query.ts';
import { api, type Context, look, notFound, type Parts, pathParameter, type Route } from '../route.ts';

const LOG = {
  attempt: {
    is: 'integer',
    least: 1,
    most: attemptsMax * 10,
    sentence: 'Number of the attempt; the newest when left out.',
  },
  follow: { is: 'flag', sentence: '1: keeps sending lines until the attempt ends.' },
} as const satisfies Parameters;

export function taskLogRoutes({ facade, logs }: Parts): Route[] {
  async function log(ctx: Context): Promise<void> {
    const { attempt = null, follow = false } = readQuery(ctx.querystring, LOG);
    const id = pathParameter(ctx, 'id');
    const streams = follow && ctx.method !== 'HEAD';
    const body = streams ? await logs.follow(id, attempt) : await standing(id, attempt);
    ctx.status = 200;
    ctx.set('Content-Type', 'text/plain; charset=utf-8');
    if (follow) ctx.set('X-Accel-Buffering', 'no');
    ctx.body = body;
    if (streams) ctx.flushHeaders();
  }

  async function standing(id: string, attempt: number | null): Promise<string> {
    const found = await facade.log(id, attempt);
    if (found) return logText(found.lines);
    const task = await facade.task(id);
    if (!task) throw notFound(`There is no task ${id}`);
    if (attempt !== null) throw notFound(`Task ${id} has no log of an attempt ${attempt}`);
    return '';
  }

  return [look(`${api}/tasks/:id/log`, 'Shows the log of one attempt, as text', log, LOG)];
}
