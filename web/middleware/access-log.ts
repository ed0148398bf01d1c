/** One line for each change that was asked for and each error; reading leaves no trace. */
import type { Middleware } from 'koa';
import type { Clock } from '../../supervisor/clock.ts';
import { refusalsLoggedPerMinuteMax } from '../limits.ts';
import type { State, WebLog } from '../route.ts';

/** Somebody without the right, from elsewhere or too often; any other refusal is a slip of the one who asked. */
const ALARMING: readonly number[] = [401, 403, 429];

export function accessLog(log: WebLog, clock: Clock): Middleware<State> {
  const refusals = new MinuteBudget(clock);
  return async (ctx, next) => {
    const began = clock.monotonic();
    await next();
    const { status } = ctx;
    const reads = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (status < 400 && (reads || ctx.state.quiet)) return;
    const fields = {
      method: ctx.method,
      path: ctx.path,
      status,
      ms: Math.round(clock.monotonic() - began),
      from: ctx.state.caller?.address ?? ctx.req.socket.remoteAddress,
      by: ctx.state.caller?.means ?? 'none',
    };
    if (status === 500) log.error(fields, 'request failed');
    else if (status < 400) log.info(fields, 'request');
    else {
      const level = ALARMING.includes(status) || status > 500 ? 'warn' : 'info';
      refusals.take((leftOut) => log[level](leftOut > 0 ? { ...fields, leftOut } : fields, 'request refused'));
    }
  };
}

/** Whoever sends nonsense must not fill the disk with lines about it. */
class MinuteBudget {
  readonly #clock: Clock;
  #since = Number.NEGATIVE_INFINITY;
  #left = 0;
  #leftOut = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param write told how many have been left out since the last one */
  take(write: (leftOut: number) => void): void {
    const now = this.#clock.monotonic();
    if (now - this.#since >= 60_000) {
      this.#since = now;
      this.#left = refusalsLoggedPerMinuteMax;
    }
    if (this.#left === 0) {
      this.#leftOut++;
      return;
    }
    this.#left--;
    write(this.#leftOut);
    this.#leftOut = 0;
  }
}
