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
  const fresh = new Map<string, Fresh>();
  for (const [index, input] of inputs.entries()) {
    const key = input.idempotencyKey === null ? null : keyDigest(input.type, input.idempotencyKey);
    const holder = key === null ? null : holderOf(state, key, fresh, now);
    if (holder && holder.paramsDigest !== paramsDigest(input.params))
      return keyConflict(input, index, inputs.length, holder);
    const id = holder?.id ?? newId();
    ids.push(id);
    created.push(holder === null);
    if (holder) continue;
    if (key !== null) fresh.set(key, { id, index, params: input.params });
    events.push(acceptedTask(state, input, id, origin, now, handlers(input.type), retryOf));
  }
  return { events, ids, created };
}

/** A task of the list under way, by its key. */
interface Fresh {
  readonly id: string;
  readonly index: number;
  readonly params: string;
}

/** Who has a key: a task that is there, or one that stands earlier in the same list and has an index in it. */
interface Holder {
  readonly id: string;
  readonly index: number | null;
  readonly paramsDigest: string;
}

export function acceptedTask(
  state: State,
  input: TaskInput,
  id: string,
  origin: string,
  now: number,
  handler: HandlerDefaults | undefined,
  retryOf: string | null = null,
): TaskAccepted {
  const runAt = input.runAt ?? (input.delayMs === null ? null : now + input.delayMs);
  return {
    e: 'task.accepted',
    id,
    key: input.idempotencyKey,
    runAt: runAt !== null && runAt > now ? runAt : null,
    relative: input.delayMs !== null,
    retryOf,
    options: state.options.of(optionsFor(input, origin, handler, state.settingsRevision)),
    params: input.params,
  };
}

function holderOf(state: State, key: string, fresh: ReadonlyMap<string, Fresh>, now: number): Holder | null {
  const known: KnownKey | undefined = state.liveKeys.get(key) ?? state.finishedKeys.get(key);
  if (known && (known.until === null || known.until > now))
    return { id: known.taskId, index: null, paramsDigest: known.paramsDigest };
  const earlier = fresh.get(key);
  return earlier ? { id: earlier.id, index: earlier.index, paramsDigest: paramsDigest(earlier.params) } : null;
}

/** The task of an earlier place in the list is never made, so its id would lead nowhere: it is named by that place. */
function keyConflict({ idempotencyKey, type }: TaskInput, index: number, of: number, holder: Holder): Refusal {
  const path = of === 1 ? '$.idempotencyKey' : `$[${index}].idempotencyKey`;
  const key = `key ${JSON.stringify(idempotencyKey)} of type ${type}`;
  if (holder.index !== null) {
    const message = `is also the key of $[${holder.index}], which has other params`;
    return new Refusal('conflict', `${key} stands at $[${holder.index}] too, with other params`, [{ path, message }]);
  }
  const message = 'is already taken by a task with other params';
  return new Refusal('conflict', `${key} belongs to task ${holder.id}, which has other params`, [{ path, message }]);
}
