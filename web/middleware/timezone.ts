/** Every answer to somebody who may look says the zone that times are shown in, so that a program need not ask for it. */
import type { Middleware } from 'koa';
import type { State } from '../route.ts';
import type { WebSettings } from '../settings.ts';

export const timezoneHeader = 'Nightshift-Timezone';

export function tellTimezone(settings: () => WebSettings): Middleware<State> {
  return (ctx, next) => {
    if (ctx.state.caller.level !== 'nobody') ctx.set(timezoneHeader, settings().timezone);
    return next();
  };
}
