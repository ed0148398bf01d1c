/** Everything that happens, as it happens. */
import { type Parameters, readQuery } from '../query.ts';
import { api, type Context, look, type Parts, type Route } from '../route.ts';

const EVENTS = {
  lastEventId: {
    is: 'text',
    sentence:
      'Where to go on, `EPOCH-SEQUENCE`, for clients that cannot set the header `Last-Event-ID`; the header goes first.',
  },
} as const satisfies Parameters;

export function eventRoutes({ events }: Parts): Route[] {
  function follow(ctx: Context): void {
    const { lastEventId } = readQuery(ctx.querystring, EVENTS);
    const header = ctx.get('Last-Event-ID');
    const body = ctx.method === 'HEAD' ? '' : events.open(header || lastEventId || null);
    ctx.status = 200;
    ctx.set('Content-Type', 'text/event-stream; charset=utf-8');
    // Proxies must neither keep it nor gather it up.
    ctx.set('Cache-Control', 'no-store, no-transform');
    ctx.set('X-Accel-Buffering', 'no');
    ctx.body = body;
  }

  return [look(`${api}/events`, 'Server-sent events, resumed exactly', follow, EVENTS)];
}
