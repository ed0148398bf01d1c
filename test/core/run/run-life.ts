/** Runs on a journal in memory: started, worked off by hand, crashed and read back. */
import { endAttempt, recoverAttempt } from '../../../supervisor/core/decide/attempt.ts';
import { claimTask } from '../../../supervisor/core/decide/claim.ts';
import { addToStage, type HandlerOf, startRun, targetStage } from '../../../supervisor/core/decide/runs.ts';
import type { Event } from '../../../supervisor/core/event.ts';
import { Refusal } from '../../../supervisor/core/refusal.ts';
import { checkNext, checkRun } from '../../../supervisor/core/run/input.ts';
import type { Pipeline } from '../../../supervisor/core/run/pipeline.ts';
import { checkPipeline } from '../../../supervisor/core/run/pipeline-input.ts';
import type { Run } from '../../../supervisor/core/run/run.ts';
import type { Outcome, Task } from '../../../supervisor/core/task.ts';
import { MemoryJournal } from '../../helpers/memory-journal.ts';
import { idOf, noon } from '../fixtures.ts';

export const by = { by: 'http' };

export function pipelineOf(stages: readonly object[], more: object = {}): Pipeline {
  const named = stages.map((stage, index) => ({ name: `s${index}`, type: 'work', ...stage }));
  const checked = checkPipeline({ name: 'test', stages: named, ...more });
  if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
  return checked.value;
}

export class RunLife {
  now = noon;
  readonly journal = new MemoryJournal({ wall: () => this.now, monotonic: () => this.now, after: () => () => {} });
  #ids = 1;

  get state() {
    return this.journal.state;
  }

  start(pipeline: Pipeline, given: object = {}): string {
    const checked = checkRun({ pipeline: pipeline.name, ...given });
    if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
    const [runId, taskId] = [this.newId(), this.newId()];
    this.carryOut(startRun(this.state, pipeline, checked.value, { runId, taskId, handlerOf: () => undefined }, by));
    return runId;
  }

  run(id: string): Run {
    const run = this.state.runs.byId.get(id);
    if (!run) throw new Error(`there is no run ${id}`);
    return run;
  }

  /** @returns the refusal, when it is one */
  carryOut(decision: readonly Event[] | Refusal): Refusal | null {
    if (decision instanceof Refusal) return decision;
    this.journal.recordGroup(decision);
    return null;
  }

  /** Starts the task whose turn it is. */
  claim(): Task | null {
    const claim = claimTask(this.state, this.now, () => true);
    if (!claim) return null;
    const n = (claim.task.life?.attempts.at(-1)?.number ?? 0) + 1;
    const { id } = claim.task;
    this.journal.record({ e: 'attempt.started', id, n, worker: 'cpu-1', handler: null, solo: claim.solo });
    return claim.task;
  }

  next(
    task: Task,
    key: string,
    more: { readonly stage?: string; readonly type?: string } = {},
    handlerOf: HandlerOf = () => undefined,
  ): Refusal | null {
    const checked = checkNext({ key, ...more });
    if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
    const stage = targetStage(this.state, task, checked.value.stage);
    if (stage instanceof Refusal) return stage;
    return this.carryOut(addToStage(this.state, stage, checked.value, this.newId(), handlerOf));
  }

  end(task: Task, outcome: Outcome, more: { retryable?: boolean } = {}): void {
    const error = outcome === 'succeeded' ? null : { code: outcome, message: 'no' };
    const ending = { outcome, error, result: null, retryable: false, retryAfterMs: null, log: null, ...more };
    this.journal.record(endAttempt(task, task.life?.attempts.at(-1)?.number ?? 0, ending, this.now, 0.5));
  }

  /** Claims, adds work for the next stage, and ends well. */
  workOff(keys: readonly string[] = []): Task | null {
    const task = this.claim();
    for (const key of task ? keys : []) this.next(task as Task, key);
    if (task) this.end(task, 'succeeded');
    return task;
  }

  /** Everything in memory is lost; a restart writes down what was cut. Nobody is under suspicion. */
  crash(): void {
    this.journal.readBack();
    const running = [...this.state.running];
    this.journal.record({ e: 'supervisor.started', incarnation: 'i', boot: 'b', version: '1', pid: 1 });
    for (const task of running) this.journal.record(recoverAttempt(task, { orderly: true, at: null }));
  }

  newId(): string {
    return idOf(this.#ids++);
  }
}
