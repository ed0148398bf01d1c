/** What a route is: its address, what it asks of its caller, what its query may hold, and what it does. */
import type { RouterContext } from '@koa/router';
import type { Clock } from '../supervisor/clock.ts';
import { Refusal } from '../supervisor/core/refusal.ts';
import type { Actor, Facade } from '../supervisor/facade.ts';
import type { LibraryFacade } from '../supervisor/library-facade.ts';
import type { RunsFacade } from '../supervisor/runs-facade.ts';
import type { SchedulesFacade } from '../supervisor/schedules-facade.ts';
import type { SettingsFacade } from '../supervisor/settings-facade.ts';
import type { StoreFacade } from '../supervisor/store-facade.ts';
import type { Caller, Need } from './caller.ts';
import type { EventStreams } from './event-stream.ts';
import type { LogStreams } from './log-stream.ts';
import type { Parameters } from './query.ts';
import type { Sessions } from './sessions.ts';
import type { WebSettings } from './settings.ts';
import type { FailureBrake, RateBrake } from './throttle.ts';

/** Where the access log goes. */
export interface WebLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What middleware and routes share. */
export interface Parts {
  readonly facade: Facade;
  readonly desk: SettingsFacade;
  readonly schedules: SchedulesFacade;
  readonly runs: RunsFacade;
  readonly store: StoreFacade;
  readonly library: LibraryFacade;
  /** @returns id of the task whose attempt is under way with this token, or null */
  readonly taskOf: (token: string) => string | null;
  readonly settings: () => WebSettings;
  readonly publicDir: string;
  readonly clock: Clock;
  readonly log: WebLog;
  readonly sessions: Sessions;
  readonly failures: FailureBrake;
  readonly rates: RateBrake;
  readonly events: EventStreams;
  readonly logs: LogStreams;
}

export interface State {
  caller: Caller;
  /** Set by routes whose successes are recorded elsewhere and need no line in the access log. */
  quiet?: boolean;
}
export type Context = RouterContext<State>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the router has it: `/api/v1/tasks/:id`. */
  readonly path: string;
  readonly need: Need;
  readonly query?: Parameters;
  /** Programs of an attempt may ask it with the token of their task. */
  readonly forTasks?: true;
  /** One sentence for the OpenAPI document. */
  readonly does: string;
  readonly handle: (ctx: Context) => Promise<void> | void;
}

export const api = '/api/v1';

type Handle = Route['handle'];

/** A GET for whoever may look. */
export function look(path: string, does: string, handle: Handle, query?: Parameters): Route {
  return { method: 'GET', path, need: 'read', does, handle, ...(query && { query }) };
}

/** A POST for whoever may work with tasks, queue and workers. */
export function operate(path: string, does: string, handle: Handle, query?: Parameters): Route {
  return { method: 'POST', path, need: 'operate', does, handle, ...(query && { query }) };
}

/** A change of settings: never open to whoever is merely on this machine. */
export function administer(
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  does: string,
  handle: Handle,
  query?: Parameters,
): Route {
  return { method, path, need: 'administer', does, handle, ...(query && { query }) };
}

/** For everybody: probes, and logging in and out. */
export function open(method: Route['method'], path: string, does: string, handle: Handle, query?: Parameters): Route {
  return { method, path, need: 'nothing', does, handle, ...(query && { query }) };
}

/** Named `param` in the path of the route that asks. */
export function pathParameter(ctx: Context, name: string): string {
  const value = ctx.params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/** The command line says who it is; everything else that comes over HTTP is `http`. */
export function actorOf(ctx: Context): Actor {
  const { address, means, task } = ctx.state.caller;
  if (task !== undefined) return { origin: `handler:${task}`, from: `${address} (${means})` };
  const origin = ctx.req.headers['user-agent']?.startsWith('nightshift-cli/') ? 'cli' : 'http';
  return { origin, from: `${address} (${means})` };
}

/** A browser sends `Origin` with every change and a script does not: who wonders about a change is told which it was. */
export function isPage(ctx: Context): boolean {
  return ctx.req.headers.origin !== undefined;
}

/** The same, but for a change by hand on the page, which is told from one by a script. */
export function handOf(ctx: Context): Actor {
  const actor = actorOf(ctx);
  return isPage(ctx) && ctx.state.caller.task === undefined ? { ...actor, origin: 'page' } : actor;
}

export function notFound(what: string): Refusal {
  return new Refusal('not_found', what);
}

/** Text made once, whatever the list's length; Koa would measure an object by making its text twice. Long text comes as bytes, to be measured once. */
export function answerJson(ctx: Context, status: number, text: string | Buffer): void {
  ctx.status = status;
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = text;
}
