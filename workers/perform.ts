/** One order from claim to outcome: load, check params, run, tidy up, tell. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Attempt } from './attempt.ts';
import { Context } from './context.ts';
import type { Order } from './contract.ts';
import { Permanent } from './define.ts';
import { blockingMsMax } from './limits.ts';
import { handlerFor, type Loaded } from './load.ts';
import type { Outbox } from './outbox.ts';
import { type Ending, failed, returned } from './outcome.ts';
import { sayIssues } from './schema.ts';
import type { AnyHandler } from './shape.ts';

/** Tells which attempt a callback, a timer or a promise belongs to. */
export const currentAttempt = new AsyncLocalStorage<Attempt>();

/** Attempts under way on this thread, by task. */
export const running = new Map<string, Attempt>();

export async function perform(order: Order, outbox: Outbox): Promise<void> {
  const beganAt = performance.now();
  const attempt = new Attempt(order, outbox);
  running.set(order.taskId, attempt);
  const found = handlerFor(order);
  let loaded: Loaded | null = null;
  let ending: Ending;
  try {
    loaded = found instanceof Promise ? await found : found;
    if (loaded.blocking && outbox.waiting) outbox.flush();
    ending = await story(attempt, loaded, beganAt);
  } catch (error) {
    ending = failed(error, 'handler_load_failed');
  }
  if (attempt.hasLooseEnds) ending = await attempt.tieLooseEnds(ending);
  const durationMs = performance.now() - beganAt;
  if (loaded) loaded.blocking = durationMs > blockingMsMax;
  running.delete(order.taskId);
  attempt.end(ending, durationMs);
}

async function story(attempt: Attempt, loaded: Loaded, beganAt: number): Promise<Ending> {
  const { handler, otherVersion } = loaded;
  if (otherVersion !== null) {
    attempt.log('warn', `the handler's file has changed since it was checked; this attempt runs version ${otherVersion}`);
  }
  try {
    attempt.armTimeout(beganAt);
    const given: unknown = JSON.parse(attempt.order.params);
    const params = handler.params === undefined ? given : await checked(handler.params, given);
    if (attempt.stopError) return attempt.threw(attempt.stopError);
    return await run(handler, params, attempt);
  } catch (error) {
    return attempt.threw(error);
  }
}

async function checked(schema: NonNullable<AnyHandler['params']>, params: unknown): Promise<unknown> {
  const answer = schema['~standard'].validate(params);
  const result = answer instanceof Promise ? await answer : answer;
  if (result.issues) throw new Permanent(sayIssues(result.issues), { code: 'validation' });
  return result.value;
}

function run(handler: AnyHandler, params: unknown, attempt: Attempt): Ending | Promise<Ending> {
  const value = currentAttempt.run(attempt, call, handler, params, attempt);
  if (typeof value !== 'object' || value === null || !('then' in value)) return returned(value);
  return new Promise((resolve) => {
    attempt.breakOff = resolve;
    Promise.resolve(value).then(
      (result) => resolve(returned(result)),
      (error) => resolve(attempt.threw(error)),
    );
  });
}

function call(handler: AnyHandler, params: unknown, attempt: Attempt): unknown {
  return handler.run(params, new Context(attempt));
}
