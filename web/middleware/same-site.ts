/** Keeps pages of strangers out: our own name only, and changes only from our own pages or from no page at all. */
import type { Middleware } from 'koa';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { isOurHost, isOurOrigin, isOurSite } from '../hosts.ts';
import { shown } from '../query.ts';
import type { State } from '../route.ts';
import type { WebSettings } from '../settings.ts';

export function ourHostOnly(settings: () => WebSettings): Middleware {
  return (ctx, next) => {
    const { host } = ctx.req.headers;
    if (!isOurHost(host, settings())) {
      throw new Refusal(
        'forbidden',
        `${shown(host ?? '')} is not a name of this machine that we know; if it is, add it to WEB_ALLOWED_HOSTS`,
      );
    }
    return next();
  };
}

export function ourPagesOnly(settings: () => WebSettings): Middleware<State> {
  return (ctx, next) => {
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return next();
    const { origin, host, 'sec-fetch-site': site } = ctx.req.headers;
    if (origin !== undefined && !isOurOrigin(origin, host, settings())) {
      throw new Refusal(
        'forbidden',
        `A page of ${shown(origin)} may not change anything here; if it is this console, add its name to WEB_ALLOWED_HOSTS`,
      );
    }
    if (!isOurSite(site as string | undefined))
      throw new Refusal('forbidden', 'A page of another site may not change anything here');
    if (origin === undefined && ctx.state.caller.means === 'session') {
      throw new Refusal(
        'forbidden',
        'With a session, changes need the Origin header that browsers send; scripts send a bearer token instead',
      );
    }
    return next();
  };
}
