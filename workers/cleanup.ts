/** Handlers that have the supervisor tidy up after itself: a task shows when it happened, what came of it, and can be run. */
import { z } from 'zod';
import { Context } from './context.ts';
import type { CleanupName } from './contract.ts';
import { defineHandler, type HandlerContext, type HandlerDefinition } from './define.ts';

/**
 * @param tell writes the log of what was done
 * @returns the handler `WHAT.cleanup`, whose result is what the supervisor tells of it
 */
export function cleanupHandler<Answer>(
  what: CleanupName,
  tell: (answer: Answer, ctx: HandlerContext) => void = () => {},
): HandlerDefinition<Record<string, never>> {
  return defineHandler({
    type: `${what}.cleanup`,
    lane: 'io',
    timeout: '1h',
    concurrency: 1,
    params: z.strictObject({}),
    async run(_, ctx) {
      const answer = await Context.attemptOf(ctx).call({ name: 'cleanup', what });
      tell(answer as Answer, ctx);
      return answer;
    },
  });
}
