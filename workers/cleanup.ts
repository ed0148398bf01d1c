/** Handlers that have the supervisor tidy up after itself: a task shows when it happened, what came of it, and can be run. */
import { z } from 'zod';
import { Context } from './context.ts';
import type { CleanupName } from './contract.ts';
import { defineHandler, type HandlerDefinition } from './define.ts';

/** @returns the handler `WHAT.cleanup`, whose result is what the supervisor tells of it */
export function cleanupHandler(what: CleanupName): HandlerDefinition<Record<string, never>> {
  return defineHandler({
    type: `${what}.cleanup`,
    lane: 'io',
    timeout: '1h',
    concurrency: 1,
    params: z.strictObject({}),
    run: (_, ctx) => Context.attemptOf(ctx).call({ name: 'cleanup', what }),
  });
}
