/** The same call for several tasks: a refusal of one does not keep the others from being asked. */
import { type Answer, Refused, type Supervisor } from './call.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { print, printError, printJson } from './print.ts';
import type { Task } from './task.ts';
import { wholeId } from './task-id.ts';

type Named<Body> = Body & { readonly task: Task };

export interface EachTask<Body> {
  readonly ids: readonly string[];
  readonly supervisor: Supervisor;
  readonly action: 'cancel' | 'retry';
  readonly body?: object;
  /** What is printed about a task that was accepted, beside its id. */
  readonly said: (body: Named<Body>) => string;
  readonly json?: true | undefined;
}

export async function eachTask<Body>({
  ids,
  supervisor,
  action,
  body: asked = {},
  said,
  json,
}: EachTask<Body>): Promise<void> {
  const items: Named<Body>[] = [];
  for (const given of ids) {
    try {
      const id = await wholeId(supervisor, given);
      const { body }: Answer<Named<Body>> = await supervisor.post(`tasks/${encodeURIComponent(id)}/${action}`, asked);
      items.push(body);
      if (!json) print(`${body.task.id}  ${said(body)}`);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      printError(thrown.message.includes(given) ? thrown.message : `${given}: ${thrown.message}`);
      process.exitCode = EXIT_CODES.refused;
    }
  }
  if (json) printJson({ items });
}
