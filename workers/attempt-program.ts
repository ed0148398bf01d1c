/** How every program runs for an attempt: journaled before it begins, ended by its signal, within its grace period. */
import { Context } from './context.ts';
import type { HandlerContext } from './define.ts';
import { type Program, runProgram, type Watching } from './executable.ts';
import type { Ended } from './launcher.ts';
import { setup } from './setup.ts';

/** Share of the grace period that a program has for itself before it is killed. */
const patienceShare = 0.8;

/** @throws the signal's reason when it was raised; then nothing of the program is left */
export function runInAttempt(
  ctx: HandlerContext,
  program: Omit<Program, 'patienceMs'>,
  line: Watching['line'],
): Promise<Ended> {
  const attempt = Context.attemptOf(ctx);
  return runProgram(
    { ...program, patienceMs: setup.graceMs * patienceShare },
    {
      signal: ctx.signal,
      line,
      aboutToStart: (groupId, startTicks) => attempt.call({ name: 'child', groupId, startTicks }),
    },
  );
}
