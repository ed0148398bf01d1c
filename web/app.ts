/** The HTTP layer as one list: what a request passes on its way in. It knows the supervisor by its facade alone. */
import type { RequestListener } from 'node:http';
import { Router } from '@koa/router';
import Koa from 'koa';
import type { Clock } from '../supervisor/clock.ts';
import { Refusal } from '../supervisor/core/refusal.ts';
import type { Facade } from '../supervisor/facade.ts';
import type { LibraryFacade } from '../supervisor/library-facade.ts';
import type { RunsFacade } from '../supervisor/runs-facade.ts';
import type { SchedulesFacade } from '../supervisor/schedules-facade.ts';
import type { SettingsFacade } from '../supervisor/settings-facade.ts';
import type { StoreFacade } from '../supervisor/store-facade.ts';
import { may } from './caller.ts';
import { EventStreams } from './event-stream.ts';
import { LogStreams } from './log-stream.ts';
import { accessLog } from './middleware/access-log.ts';
import { authenticate } from './middleware/authenticate.ts';
import { basePath } from './middleware/base-path.ts';
import { problems } from './middleware/problems.ts';
import { ourHostOnly, ourPagesOnly } from './middleware/same-site.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { tellTimezone } from './middleware/timezone.ts';
import { readQuery } from './query.ts';
import type { Context, Parts, Route, State, WebLog } from './route.ts';
import { backupRoutes } from './routes/backup.ts';
import { eventRoutes } from './routes/events.ts';
import { libraryRoutes } from './routes/library.ts';
import { manyTaskRoutes } from './routes/many-tasks.ts';
import { type Pages, pages } from './routes/pages.ts';
import { queueRoutes } from './routes/queue.ts';
import { runsRoutes } from './routes/runs.ts';
import { schedulesRoutes } from './routes/schedules.ts';
import { sessionRoutes } from './routes/session.ts';
import { settingsRoutes } from './routes/settings.ts';
import { statsRoutes } from './routes/stats.ts';
import { statusRoutes } from './routes/status.ts';
import { storeRoutes } from './routes/store.ts';
import { submitRoutes } from './routes/submit.ts';
import { taskExportRoutes } from './routes/task-export.ts';
import { taskLogRoutes } from './routes/task-log.ts';
import { taskRoutes } from './routes/tasks.ts';
import { Sessions } from './sessions.ts';
import type { WebSettings } from './settings.ts';
import { FailureBrake, RateBrake } from './throttle.ts';

export interface AppOptions {
  readonly facade: Facade;
  readonly desk: SettingsFacade;
  readonly schedules: SchedulesFacade;
  readonly runs: RunsFacade;
  readonly store: StoreFacade;
  readonly library: LibraryFacade;
  /** @returns id of the task whose attempt is under way with this token, or null */
  readonly taskOf: (token: string) => string | null;
  /** Asked at every request. */
  readonly settings: () => WebSettings;
  /** Where the bundle and its `manifest.json` are. */
  readonly publicDir: string;
  readonly clock: Clock;
  readonly log: WebLog;
}

export interface App {
  readonly handle: RequestListener;
  readonly routes: readonly Route[];
  /** Ends every stream, so that the server can close. */
  endStreams(): void;
}

export function createApp(options: AppOptions): App {
  const { facade, settings, clock, log } = options;
  const parts: Parts = {
    ...options,
    sessions: new Sessions(clock),
    failures: new FailureBrake(clock),
    rates: new RateBrake(clock),
    events: new EventStreams(facade.events, clock),
    logs: new LogStreams(facade, clock),
  };
  const page = pages(parts);
  const routes = allRoutes(parts, page);
  const router = routerOf(routes);

  const app = new Koa<State>();
  app.use(accessLog(log, clock));
  app.use(problems(log));
  app.use(securityHeaders);
  app.use(ourHostOnly(settings));
  app.use(authenticate(parts));
  app.use(tellTimezone(settings));
  app.use(ourPagesOnly(settings));
  app.use(basePath(settings));
  app.use(router.routes());
  app.use(async (ctx) => {
    if (!(await page.serve(ctx as Context))) throw refusalOfAddress(router, ctx as Context);
  });
  app.on('error', (error: NodeJS.ErrnoException) => {
    // A client that closes its stream is no error.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE' && error.code !== 'ECONNRESET' && error.code !== 'EPIPE')
      log.error({ err: error }, 'an answer broke off');
  });
  return {
    handle: app.callback(),
    routes,
    endStreams() {
      parts.events.endAll();
      parts.logs.endAll();
    },
  };
}

function allRoutes(parts: Parts, page: Pages): readonly Route[] {
  const routes: Route[] = [
    ...submitRoutes(parts),
    ...taskExportRoutes(parts),
    ...taskRoutes(parts),
    ...manyTaskRoutes(parts),
    ...taskLogRoutes(parts),
    ...queueRoutes(parts),
    ...runsRoutes(parts),
    ...schedulesRoutes(parts),
    ...storeRoutes(parts),
    ...libraryRoutes(parts),
    ...backupRoutes(parts),
    ...settingsRoutes(parts),
    ...eventRoutes(parts),
    ...statsRoutes(parts),
    ...statusRoutes(parts, () => routes),
    ...sessionRoutes(parts, page),
  ];
  return routes;
}

function routerOf(routes: readonly Route[]): Router<State> {
  const router = new Router<State>();
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx) => {
      checkNeed(ctx as Context, route);
      if (!route.query && ctx.querystring !== '') readQuery(ctx.querystring, {});
      await route.handle(ctx as Context);
    });
  }
  return router;
}

function checkNeed(ctx: Context, route: Route): void {
  const { caller } = ctx.state;
  if (caller.level === 'task' && route.need !== 'nothing' && !route.forTasks)
    throw new Refusal('forbidden', 'The token of a task is good for the store only');
  if (may(caller, route.need)) return;
  if (caller.means === 'token' || caller.means === 'session')
    throw new Refusal('forbidden', 'This token allows looking only');
  throw new Refusal(
    'unauthorized',
    'Send a token, as `Authorization: Bearer …`, or log in; tools on this machine read it from the file `token` of the data folder',
  );
}

/** The address is known with another method, or not at all. */
function refusalOfAddress(router: Router<State>, ctx: Context): Refusal {
  const methods = new Set(router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods));
  if (methods.size === 0) return new Refusal('not_found', `There is nothing at ${ctx.path.slice(0, 200)}`);
  const allowed = [...methods].join(', ');
  ctx.set('Allow', allowed);
  return new Refusal('method_not_allowed', `${ctx.path.slice(0, 200)} takes ${allowed}, not ${ctx.method}`);
}
