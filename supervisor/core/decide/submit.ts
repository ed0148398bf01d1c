/** Accepting tasks: a whole list or none of it, each known idempotency key answered with the task that has it. */
import type { Event, TaskAccepted } from '../event.ts';
import { keyDigest, paramsDigest } from '../key.ts';
import { type HandlerDefaults, optionsFor } from '../options.ts';
import { Refusal } from '../refusal.ts';
import type { KnownKey, State } from '../state.ts';
import type { TaskInput } from '../task-input.ts';

export interface Submission {
  readonly events: readonly Event[];
  /** Task of each input, in order. */
  readonly ids: readonly string[];
  /** False where a known key gave back a task that was there before. */
  readonly created: readonly boolean[];
}

/**
 * @param newId one fresh id a call, in ascending order
 * @param handlers what handlers say where tasks are silent
 */
export function submitTasks(
  state: State,
  inputs: readonly TaskInput[],
  origin: string,
  now: number,
  newId: () => string,
  handlers: (type: string) => HandlerDefaults | undefined,
  retryOf: string | null = null,
): Submission | Refusal {
  const events: TaskAccepted[] = [];
  const ids: string[] = [];
  const created: boolean[] = [];
  const fresh = new Map<string, { readonly id: string; readonly paramsDigest: string }>();
  for (const [index, input] of inputs.entries()) {
    const known = input.idempotencyKey === null ? null : knownTask(state, input, fresh, now);
    if (known && known.paramsDigest !== paramsDigest(input.params))
      return keyConflict(input, index, inputs.length, known.id);
    const id = known?.id ?? newId();
    ids.push(id);
    created.push(known === null);
    if (known) continue;
    if (input.idempotencyKey !== null) {
      fresh.set(keyDigest(input.type, input.idempotencyKey), { id, paramsDigest: paramsDigest(input.params) });
    }
    events.push(accepted(state, input, id, origin, now, handlers(input.type), retryOf));
  }
  return { events, ids, created };
}

function accepted(
  state: State,
  input: TaskInput,
  id: string,
  origin: string,
  now: number,
  handler: HandlerDefaults | undefined,
  retryOf: string | null,
): TaskAccepted {
  const runAt = input.runAt ?? (input.delayMs === null ? null : now + input.delayMs);
  return {
    e: 'task.accepted',
    id,
    key: input.idempotencyKey,
    runAt: runAt !== null && runAt > now ? runAt : null,
    relative: input.delayMs !== null,
    retryOf,
    options: state.options.of(optionsFor(input, origin, handler)),
    params: input.params,
  };
}

function knownTask(
  state: State,
  input: TaskInput,
  fresh: ReadonlyMap<string, { readonly id: string; readonly paramsDigest: string }>,
  now: number,
): { readonly id: string; readonly paramsDigest: string } | null {
  const digest = keyDigest(input.type, input.idempotencyKey as string);
  const known: KnownKey | undefined = state.liveKeys.get(digest) ?? state.finishedKeys.get(digest);
  if (known && (known.until === null || known.until > now))
    return { id: known.taskId, paramsDigest: known.paramsDigest };
  return fresh.get(digest) ?? null;
}

function keyConflict(input: TaskInput, index: number, of: number, id: string): Refusal {
  const path = of === 1 ? '$.idempotencyKey' : `$[${index}].idempotencyKey`;
  const message = `key ${JSON.stringify(input.idempotencyKey)} of type ${input.type} belongs to task ${id}, which has other params`;
  return new Refusal('conflict', message, [{ path, message: 'is already taken by a task with other params' }]);
}
