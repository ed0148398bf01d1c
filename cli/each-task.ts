/** The same call for several tasks: a refusal of one does not keep the others from being asked. */
import { type Answer, Refused } from './call.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { print, printError } from './print.ts';
import type { Task } from './task.ts';

/** @param said what is printed about a task that was accepted, beside its id */
export async function eachTask<Body>(
  ids: readonly string[],
  ask: (id: string) => Promise<Answer<Body & { readonly task: Task }>>,
  said: (body: Body & { readonly task: Task }) => string,
): Promise<void> {
  for (const id of ids) {
    try {
      const { body } = await ask(id);
      print(`${body.task.id}  ${said(body)}`);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      printError(`${id}: ${thrown.message}`);
      process.exitCode = EXIT_CODES.refused;
    }
  }
}
