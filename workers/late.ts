/**
 * Exceptions and rejections that no handler caught. Left to Node they would end the thread, and with it whatever runs
 * there now; here they belong to the attempt they came from, and an attempt that has ended can only be told of them.
 */
import { inspect } from 'node:util';
import type { Attempt } from './attempt.ts';
import { currentAttempt } from './perform.ts';

const owners = new WeakMap<Promise<unknown>, Attempt>();

export function catchLateErrors(): void {
  process.on('unhandledRejection', (reason, promise) => {
    const attempt = currentAttempt.getStore();
    if (!attempt || attempt.ended) return tell(attempt, reason, 'a promise was rejected and nobody handled it');
    owners.set(promise, attempt);
    attempt.unhandled(promise, reason);
  });
  process.on('rejectionHandled', (promise) => owners.get(promise)?.handledAfterAll(promise));
  process.on('uncaughtException', (error) => {
    const attempt = currentAttempt.getStore();
    // A handler that threw outside its own call will hardly ever settle its promise: the attempt ends here.
    if (attempt?.settle) attempt.breakOff(error);
    else tell(attempt, error, 'an exception was thrown and nobody caught it');
  });
}

function tell(attempt: Attempt | undefined, error: unknown, what: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  if (attempt) attempt.log('warn', `after the attempt had ended, ${what}: ${text}`);
  else process.stderr.write(`${what}, and it is not known in which task: ${text.replaceAll('\n', ' ')}\n`);
}
