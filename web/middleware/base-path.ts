/** A reverse proxy may strip `WEB_BASE` before it passes a request on, or not: both are understood. */
import type { Middleware } from 'koa';
import type { WebSettings } from '../settings.ts';

export function basePath(settings: () => WebSettings): Middleware {
  return (ctx, next) => {
    const { base } = settings();
    if (base !== '' && ctx.path.startsWith(base)) {
      const rest = ctx.path.slice(base.length);
      if (rest === '' && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
        ctx.status = 301;
        ctx.set('Location', `${base}/`);
        return;
      }
      if (rest.startsWith('/')) ctx.path = rest;
    }
    return next();
  };
}
