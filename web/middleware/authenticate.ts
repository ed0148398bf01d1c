/** Finds out who asks. A wrong token is refused wherever it comes from, and costs its sender time. */
import type { Middleware } from 'koa';
import { Refusal } from '../../supervisor/core/refusal.ts';
import { bearerOf, type Caller, callerWithoutToken, peerOf, tokenKind } from '../caller.ts';
import type { Context, Parts, State } from '../route.ts';

type Needed = Pick<Parts, 'settings' | 'sessions' | 'failures' | 'rates' | 'taskOf'>;

export function authenticate(parts: Needed): Middleware<State> {
  return (ctx, next) => {
    const peer = peerOf(ctx.req.socket.remoteAddress, ctx.req.headers);
    // Who has to wait or brings a wrong token is refused as nobody.
    ctx.state.caller = { level: 'nobody', means: 'none', address: peer.address, local: peer.local };
    if (!peer.local) checkRate(ctx as Context, parts, peer.address);
    const token = bearerOf(ctx.req.headers);
    ctx.state.caller =
      token === null
        ? callerWithoutToken(peer, ctx.req.headers, parts.settings(), parts.sessions)
        : callerByToken(ctx as Context, parts, peer, token);
    return next();
  };
}

function callerByToken(ctx: Context, parts: Needed, peer: Pick<Caller, 'address' | 'local'>, token: string): Caller {
  const task = parts.taskOf(token);
  if (task !== null) return { level: 'task', means: 'token', address: peer.address, local: peer.local, task };
  const { kind } = checkToken(ctx, parts, token);
  return { level: kind, means: 'token', address: peer.address, local: peer.local };
}

/** @returns what the token is good for. Refuses while its sender has to wait, without looking at it. */
export function checkToken(ctx: Context, parts: Needed, token: string): NonNullable<ReturnType<typeof tokenKind>> {
  const { failures } = parts;
  const settings = parts.settings();
  const { address } = ctx.state.caller;
  const waitMs = failures.waitMs(address);
  const found = tokenKind(token, waitMs > 0 ? onlyLocalToken(settings) : settings);
  if (found) {
    failures.succeeded(address);
    return found;
  }
  if (waitMs > 0) {
    ctx.set('Retry-After', String(Math.ceil(waitMs / 1_000)));
    throw new Refusal(
      'rate_limited',
      `Too many wrong tokens from ${address}; try again in ${Math.ceil(waitMs / 1_000)} s`,
    );
  }
  failures.failed(address);
  throw new Refusal('unauthorized', 'The token is not one of ours');
}

/** The token of the data folder is too long to guess, so it is looked at even then: the owner's own tools are not locked out. */
function onlyLocalToken<T extends { token: string | null; readToken: string | null }>(settings: T): T {
  return { ...settings, token: null, readToken: null };
}

function checkRate(ctx: Context, parts: Needed, address: string): void {
  const waitMs = parts.rates.takeMs(address);
  if (waitMs === 0) return;
  ctx.set('Retry-After', String(Math.ceil(waitMs / 1_000)));
  throw new Refusal('rate_limited', `Too many requests from ${address}`);
}
