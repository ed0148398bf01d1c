/** One order from claim to outcome: load, check params, run, tidy up, tell. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Attempt } from './attempt.ts';
import { Context } from './context.ts';
import type { ControlMessage, Order, StopReason } from './contract.ts';
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
const running = new Map<string, Attempt>();

/** Wishes to stop that overtook their order, on another port; the oldest are forgotten. */
const earlyStops = new Map<string, StopReason>();
const earlyStopsMax = 256;

/** Whose code runs now: told by the callback it is in, else by being the only one there is. */
export function attemptNow(): Attempt | null {
  const [first, second] = running.values();
  return currentAttempt.getStore() ?? (second ? null : (first ?? null));
}

export function hear(message: ControlMessage): void {
  if (message.kind === 'replies') {
    for (const reply of message.replies) underWay(reply)?.reply(reply);
    return;
  }
  const attempt = underWay(message);
  if (attempt) attempt.stop(message.reason);
  else {
    earlyStops.set(`${message.taskId}/${message.attempt}`, message.reason);
    const [oldest] = earlyStops.keys();
    if (earlyStops.size > earlyStopsMax && oldest !== undefined) earlyStops.delete(oldest);
  }
}

function underWay({ taskId, attempt }: { readonly taskId: string; readonly attempt: number }): Attempt | null {
  const found = running.get(taskId);
  return found?.order.attempt === attempt ? found : null;
}

function stopIfAskedBefore(attempt: Attempt): void {
  const key = `${attempt.order.taskId}/${attempt.order.attempt}`;
  const reason = earlyStops.get(key);
  if (reason === undefined) return;
  earlyStops.delete(key);
  attempt.stop(reason);
}

/** What a process does around each attempt, and a thread does not. */
export interface Around {
  /** Before the handler is even loaded; when it fails, so does the attempt. */
  begin(attempt: Attempt): Promise<unknown>;
  /** When the handler has ended, before the outcome is told. */
  tidy(attempt: Attempt): Promise<unknown>;
}

export function perform(order: Order, outbox: Outbox, around: Around | null = null): Promise<void> {
  return carryOut(new Attempt(order, outbox), () => handlerFor(order), outbox, around);
}

export async function carryOut(
  attempt: Attempt,
  find: () => Loaded | Promise<Loaded>,
  outbox: Outbox,
  around: Around | null = null,
): Promise<void> {
  const beganAt = performance.now();
  const { taskId } = attempt.order;
  running.set(taskId, attempt);
  if (earlyStops.size > 0) stopIfAskedBefore(attempt);
  const refused = around && (await around.begin(attempt).then(() => null, failed));
  let loaded: Loaded | null = null;
  let ending: Ending;
  try {
    const found = refused ? null : find();
    loaded = found instanceof Promise ? await found : found;
    if (loaded?.blocking && outbox.waiting) outbox.flush();
    ending = loaded ? await story(attempt, loaded, beganAt) : (refused as Ending);
  } catch (error) {
    const told = new Error('the handler could not be loaded', { cause: error });
    ending = failed(Object.assign(told, { code: 'handler_load_failed' }));
  }
  if (attempt.hasLooseEnds) ending = await attempt.tieLooseEnds(ending);
  if (around) await around.tidy(attempt);
  const durationMs = performance.now() - beganAt;
  if (loaded) loaded.blocking = durationMs > blockingMsMax;
  running.delete(taskId);
  attempt.end(ending, durationMs);
}

async function story(attempt: Attempt, loaded: Loaded, beganAt: number): Promise<Ending> {
  const { handler } = loaded;
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
    attempt.settle = resolve;
    Promise.resolve(value).then(
      (result) => resolve(returned(result)),
      (error) => resolve(attempt.threw(error)),
    );
  });
}

function call(handler: AnyHandler, params: unknown, attempt: Attempt): unknown {
  return handler.run(params, new Context(attempt));
}
