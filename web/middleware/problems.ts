/** Outermost but for the access log: whatever is thrown inside becomes `application/problem+json`, here and nowhere else. */
import type { Middleware } from 'koa';
import { discardBody } from '../body.ts';
import { internalProblem, type Problem, problemOf, problemType, refusalIn } from '../problem.ts';
import type { State, WebLog } from '../route.ts';

const drainRetrySeconds = 5;

export function problems(log: WebLog): Middleware<State> {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const refusal = refusalIn(thrown);
      if (!refusal) log.error({ err: thrown, method: ctx.method, path: ctx.path }, 'a request ended in a fault');
      if (ctx.headerSent) return void ctx.res.destroy();
      const problem: Problem = refusal ? problemOf(refusal) : internalProblem;
      if (problem.status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="nightshift"');
      if (problem.status === 503) ctx.set('Retry-After', String(drainRetrySeconds));
      if (!(await discardBody(ctx.req))) ctx.set('Connection', 'close');
      ctx.set('Cache-Control', 'no-store');
      ctx.status = problem.status;
      ctx.set('Content-Type', problemType);
      ctx.body = JSON.stringify(problem);
    }
  };
}
