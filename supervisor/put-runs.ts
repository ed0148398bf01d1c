/** Runs as files give them: all of a file start, in one group with whatever else stands in it, or none. */
import type { Clock } from './clock.ts';
import { type HandlerOf, startRun } from './core/decide/runs.ts';
import type { AskedBy, Event } from './core/event.ts';
import type { IdMaker } from './core/id.ts';
import { type Mistake, Refusal } from './core/refusal.ts';
import { firstParams, type RunInput } from './core/run/input.ts';
import type { Pipeline } from './core/run/pipeline.ts';
import type { State } from './core/state.ts';
import { checkTask, type TaskInput } from './core/task-input.ts';
import type { PipelinesFolder } from './pipelines-folder.ts';
import { checkParamsOf, type PlacedTask } from './placed-tasks.ts';

export interface PutRunsParts {
  readonly state: State;
  readonly ids: IdMaker;
  readonly clock: Clock;
  readonly handlerOf: HandlerOf;
  readonly pipelines: Pick<PipelinesFolder, 'of' | 'all'>;
  /** Asks handlers about params; null when none has to be asked. @throws Refusal `validation` */
  readonly checkParams: (inputs: readonly TaskInput[]) => Promise<void> | null;
}

export interface GivenRun {
  readonly input: RunInput;
  /** Where it stands in what was given, e.g. `$[3].run`; mistakes begin with it. */
  readonly path: string;
}

export interface CheckedRun extends GivenRun {
  /** As it was when it was checked. */
  readonly pipeline: Pipeline;
}

export class PutRuns {
  readonly #parts: PutRunsParts;

  constructor(parts: PutRunsParts) {
    this.#parts = parts;
  }

  /** A stage of a type that nobody handles is no mistake: its tasks wait. @throws Refusal `validation` that names every mistake */
  async check(given: readonly GivenRun[]): Promise<readonly CheckedRun[]> {
    const { pipelines, checkParams } = this.#parts;
    const runs: CheckedRun[] = [];
    const mistakes: Mistake[] = [];
    for (const { input, path } of given) {
      const found = pipelines.of(input.pipeline);
      if (found) runs.push({ input, path, pipeline: found.pipeline });
      else mistakes.push(noPipeline(pipelines, input.pipeline, path));
    }
    const [first] = mistakes;
    if (first) throw new Refusal('validation', `${first.path} ${first.message}`, mistakes);
    await checkParamsOf(runs.flatMap(firstTask), checkParams);
    return runs;
  }

  /** Taken in the turn in which it is written down. */
  decide(runs: readonly CheckedRun[], by: AskedBy): readonly Event[] | Refusal {
    const { state, ids, clock, handlerOf } = this.#parts;
    const now = clock.wall();
    const events: Event[] = [];
    for (const [before, { input, pipeline }] of runs.entries()) {
      const starting = { runId: ids.next(now), taskId: ids.next(now), handlerOf, before };
      const decision = startRun(state, pipeline, input, starting, by);
      if (decision instanceof Refusal) return decision;
      events.push(...decision);
    }
    return events;
  }
}

/** What its handler is asked about. */
export function firstTask({ input, path, pipeline }: CheckedRun): readonly PlacedTask[] {
  const task = checkTask({ type: pipeline.stages[0]?.type });
  return task.ok ? [{ task: { ...task.value, params: firstParams(input) }, path }] : [];
}

export function noPipeline({ all }: Pick<PipelinesFolder, 'all'>, name: string, path = '$'): Mistake {
  const known = all.map(({ pipeline }) => pipeline.name).join(', ');
  const message = `"${name}" is no pipeline; known are ${known || 'none: put one into pipelines/'}`;
  return { path: `${path}.pipeline`, message };
}
