/** A handler's `ctx.next`: work for a stage of its run, added once however often the attempt is repeated. */
import type { Clock } from './clock.ts';
import { addToStage, type HandlerOf, targetStage } from './core/decide/runs.ts';
import type { IdMaker } from './core/id.ts';
import { Refusal } from './core/refusal.ts';
import { checkNext, type NextInput } from './core/run/input.ts';
import type { State } from './core/state.ts';
import type { Task } from './core/task.ts';
import { checkTask, type TaskInput } from './core/task-input.ts';
import type { Recorder } from './recorder.ts';

export interface NextParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'recordGroup'>;
  readonly ids: IdMaker;
  readonly clock: Clock;
  readonly handlerOf: HandlerOf;
  /** Asks the handler about params; null when it need not be asked. @throws Refusal `validation` */
  readonly checkParams: (inputs: readonly TaskInput[]) => Promise<void> | null;
  /** @throws Refusal when nothing new can be written */
  readonly mayTakeWork: () => void;
  readonly pump: () => void;
  readonly settled: () => Promise<void>;
}

/** Resolves once it is durable. `added` is false when the stage had that key already. */
export async function nextFrom(parts: NextParts, parent: Task, given: unknown): Promise<{ added: boolean }> {
  const { state, recorder, ids, clock, handlerOf } = parts;
  const checked = checkNext(given);
  if (!checked.ok) {
    const named = checked.mistakes.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new Refusal('validation', `ctx.next was given wrong work: ${named}`, checked.mistakes);
  }
  parts.mayTakeWork();
  const checking = checkParamsFor(parts, parent, checked.value);
  if (checking) {
    await checking;
    parts.mayTakeWork();
  }
  const stage = targetStage(state, parent, checked.value.stage);
  const decision =
    stage instanceof Refusal ? stage : addToStage(state, stage, checked.value, ids.next(clock.wall()), handlerOf);
  if (!(decision instanceof Refusal)) {
    recorder.recordGroup(decision);
    parts.pump();
  }
  // Also what a refusal, or a key that is known, rests on.
  await parts.settled();
  if (decision instanceof Refusal) throw decision;
  return { added: decision.length > 0 };
}

function checkParamsFor(
  { state, checkParams }: NextParts,
  parent: Task,
  { stage: name, type, params }: NextInput,
): Promise<void> | null {
  const stage = targetStage(state, parent, name);
  if (stage instanceof Refusal) return null;
  const task = checkTask({ type: type ?? stage.life.stage.type });
  return task.ok ? checkParams([{ ...task.value, params }]) : null;
}
