/**
 * Who is asking and what they may do. Whether a caller is on this machine is told by the socket alone, and a forwarding
 * header takes it back: a reverse proxy on the same machine makes every stranger look local.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { sameSecret } from './secret.ts';
import type { Sessions } from './sessions.ts';
import { isLoopback, type WebSettings } from './settings.ts';

export const LEVELS = {
  owner: 'holds WEB_TOKEN or can read the token file of the data folder',
  local: 'is on this machine, which WEB_LOOPBACK_OPEN leaves open',
  task: 'is an attempt under way, which may use the store',
  reader: 'may look and change nothing',
  nobody: 'is not known',
} as const;
export type Level = keyof typeof LEVELS;

/** What a route asks of its caller. `administer` is settings, handlers and backup: never open to `local`. */
export type Need = 'nothing' | 'read' | 'operate' | 'administer';

const MAY: Readonly<Record<Level, readonly Need[]>> = {
  owner: ['nothing', 'read', 'operate', 'administer'],
  local: ['nothing', 'read', 'operate'],
  // Of routes for tasks alone, see `Route.forTasks`.
  task: ['nothing', 'read', 'operate'],
  reader: ['nothing', 'read'],
  nobody: ['nothing'],
};

export interface Caller {
  readonly level: Level;
  /** How we know. */
  readonly means: 'token' | 'session' | 'loopback' | 'none';
  /** The socket's, or what the proxy on this machine says it stands for. */
  readonly address: string;
  /** On this machine, without a proxy between. */
  readonly local: boolean;
  /** Id of the task, for an attempt under way. */
  readonly task?: string;
}

export function may(caller: Caller, need: Need): boolean {
  return mayOf(caller).includes(need);
}

/** All that a caller may do. */
export function mayOf({ level }: Caller): readonly Need[] {
  return MAY[level];
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  const { forwarded, via } = headers;
  const unofficial =
    headers['x-forwarded-for'] ?? headers['x-real-ip'] ?? headers['x-forwarded-host'] ?? headers['x-forwarded-proto'];
  return (forwarded ?? via ?? unofficial) !== undefined;
}

/** Where a request comes from. A proxy elsewhere may write what it likes: its own address counts. */
export function peerOf(
  remoteAddress: string | undefined,
  headers: IncomingHttpHeaders,
): Pick<Caller, 'address' | 'local'> {
  const address = remoteAddress ?? 'unknown';
  if (!isLoopback(address)) return { address, local: false };
  if (!isForwarded(headers)) return { address, local: true };
  // The last one was added by the proxy that speaks to us; those before it are hearsay.
  const last = String(headers['x-forwarded-for'] ?? headers['x-real-ip'] ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return { address: last?.slice(0, 64) || address, local: false };
}

type TokenKind = 'owner' | 'reader';

/** @returns what a token is good for, or null when it is none of ours */
export function tokenKind(token: string, settings: WebSettings): { kind: TokenKind; secret: string } | null {
  if (settings.localToken && sameSecret(token, settings.localToken))
    return { kind: 'owner', secret: settings.localToken };
  if (settings.token && sameSecret(token, settings.token)) return { kind: 'owner', secret: settings.token };
  if (settings.readToken && sameSecret(token, settings.readToken))
    return { kind: 'reader', secret: settings.readToken };
  return null;
}

/** Other schemes are not ours: a proxy in front may ask for a password of its own. */
export function bearerOf(headers: IncomingHttpHeaders): string | null {
  const given = headers.authorization;
  return given && /^bearer /i.test(given) ? given.slice(7).trim() : null;
}

export const sessionCookie = 'nightshift_session';

export function cookieOf(headers: IncomingHttpHeaders): string | null {
  if (headers.cookie === undefined) return null;
  for (const part of headers.cookie.split(';')) {
    const at = part.indexOf('=');
    if (part.slice(0, at).trim() === sessionCookie) return part.slice(at + 1).trim() || null;
  }
  return null;
}

/** For callers without a bearer token: their session, or where they are. */
export function callerWithoutToken(
  peer: Pick<Caller, 'address' | 'local'>,
  headers: IncomingHttpHeaders,
  settings: WebSettings,
  sessions: Sessions,
): Caller {
  const { address, local } = peer;
  const cookie = cookieOf(headers);
  const session = cookie && sessions.levelOf(cookie, [settings.localToken, settings.token, settings.readToken]);
  if (session) return { level: session, means: 'session', address, local };
  if (local) return { level: settings.loopbackOpen ? 'local' : 'reader', means: 'loopback', address, local };
  return { level: 'nobody', means: 'none', address, local };
}
