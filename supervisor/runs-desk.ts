/** Answers for pipelines and runs: lists and progress, and what people ask of runs, each written down with who asked. */
import type { Clock } from './clock.ts';
import { cancelRun, pauseRun, resumeRun, retryRun, startRun } from './core/decide/runs.ts';
import { askedBy, type Event } from './core/event.ts';
import { mistaken, Refusal, refusalOf } from './core/refusal.ts';
import { checkRun, firstParams } from './core/run/input.ts';
import { pipelineRecord, type RunRecord, runRecord } from './core/run/record.ts';
import { type Run, stageOf } from './core/run/run.ts';
import { runState } from './core/run/run-state.ts';
import { createdAt } from './core/task.ts';
import { checkTask } from './core/task-input.ts';
import type { Actor, ManyAnswer, TaskView, Which } from './facade.ts';
import type { NextParts } from './next-from.ts';
import type { FoundPipeline, PipelinesFolder } from './pipelines-folder.ts';
import { checkParamsOf } from './put-schedules.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { RetriedRun, RetryRunRequest, RunQuery, RunsFacade } from './runs-facade.ts';

export interface RunsDeskParts extends NextParts {
  readonly clock: Clock;
  readonly pipelines: Pick<PipelinesFolder, 'of' | 'all' | 'failures'>;
  readonly keeper: Pick<RunKeeper, 'cancelRest'>;
  readonly task: (id: string) => Promise<TaskView | null>;
  readonly retryTask: (id: string, actor: Actor) => Promise<unknown>;
  readonly retryMany: (which: Which, actor: Actor) => Promise<ManyAnswer>;
}

/** Of tasks that could not be run again, so many are named. */
const skippedNamedMax = 1_000;

export class RunsDesk implements RunsFacade {
  readonly #parts: RunsDeskParts;

  constructor(parts: RunsDeskParts) {
    this.#parts = parts;
  }

  async pipelines() {
    const { all, failures } = this.#parts.pipelines;
    return { items: all.map(({ pipeline, version, file }) => pipelineRecord(pipeline, version, file)), failures };
  }

  async list({ limit, after, state, pipeline }: RunQuery) {
    const { past, byId } = this.#parts.state.runs;
    const all = [...past.values(), ...byId.values()]
      .filter((run) => !pipeline || pipeline.includes(run.pipeline.name))
      .filter((run) => !state || state.includes(runState(run)))
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    const from = after === null ? 0 : all.findIndex(({ id }) => id < after);
    const some = from < 0 ? [] : all.slice(from, from + limit);
    const next = from >= 0 && from + limit < all.length ? (some.at(-1)?.id ?? null) : null;
    const items = some.map((run) => this.#record(run));
    await this.#parts.settled();
    return { items, next, total: all.length };
  }

  async show(id: string): Promise<RunRecord> {
    const record = this.#record(this.#find(id));
    await this.#parts.settled();
    return record;
  }

  async start(given: unknown, actor: Actor): Promise<RunRecord> {
    const { state, ids, clock, handlerOf, checkParams, mayTakeWork } = this.#parts;
    mayTakeWork();
    const checked = checkRun(given);
    if (!checked.ok) throw refusalOf(checked.mistakes);
    const { pipeline } = this.#pipeline(checked.value.pipeline);
    this.#mustKnowTypes(pipeline.stages);
    const first = checkTask({ type: pipeline.stages[0]?.type });
    if (!first.ok) throw refusalOf(first.mistakes);
    await checkParamsOf([{ task: { ...first.value, params: firstParams(checked.value) }, path: '$' }], checkParams);
    mayTakeWork();
    const now = clock.wall();
    const runId = ids.next(now);
    const starting = { runId, taskId: ids.next(now), handlerOf };
    await this.#carryOut(startRun(state, pipeline, checked.value, starting, askedBy(actor)));
    return this.show(runId);
  }

  async pause(id: string, reason: string, actor: Actor): Promise<RunRecord> {
    await this.#carryOut(pauseRun(this.#find(id), reason, askedBy(actor)));
    return this.show(id);
  }

  async resume(id: string, actor: Actor): Promise<RunRecord> {
    await this.#carryOut(resumeRun(this.#parts.state, this.#find(id), askedBy(actor)));
    return this.show(id);
  }

  /** Answers once the wish is on disk. */
  async cancel(id: string, actor: Actor): Promise<RunRecord> {
    const run = this.#find(id);
    await this.#carryOut(cancelRun(run, askedBy(actor)));
    void this.#parts.keeper.cancelRest(run);
    return this.show(id);
  }

  async retry(id: string, request: RetryRunRequest, actor: Actor): Promise<RetriedRun> {
    this.#parts.mayTakeWork();
    const run = this.#find(id);
    const { stage, filter, task } = request;
    if (stage !== null && !stageOf(run, stage))
      throw mistaken('$.stage', `"${stage}" is no stage of ${run.pipeline.name}`);
    if (task !== null) await this.#mayRetry(run, task, request.force);
    await this.#carryOut(retryRun(this.#parts.state, run, askedBy(actor)));
    if (task !== null) {
      await this.#parts.retryTask(task, actor);
      return { matched: 1, changed: 1, skipped: [], run: await this.show(id) };
    }
    const own = { ...filter, run: [id], from: createdAt(id), ...(stage !== null && { stage: [stage] }) };
    return { ...(await this.#retryAll(own, actor)), run: await this.show(id) };
  }

  /** Bounded by the newest task there is at the first call. */
  async #retryAll(filter: RetryRunRequest['filter'], actor: Actor): Promise<Omit<RetriedRun, 'run'>> {
    let answer: ManyAnswer = { matched: 0, changed: 0, skipped: [], next: null };
    do {
      const after = answer.next;
      const { matched, changed, skipped, next } = await this.#parts.retryMany({ filter, after }, actor);
      answer = {
        matched: answer.matched + matched,
        changed: answer.changed + changed,
        skipped: [...answer.skipped, ...skipped].slice(0, skippedNamedMax),
        next,
      };
    } while (answer.next !== null);
    const { next: _, ...all } = answer;
    return all;
  }

  async #mayRetry({ id }: Run, taskId: string, force: boolean): Promise<void> {
    const task = await this.#parts.task(taskId);
    if (!task || task.run?.id !== id) throw new Refusal('not_found', `there is no task ${taskId} in run ${id}`);
    if (task.state === 'succeeded' && !force)
      throw new Refusal('conflict', `task ${taskId} succeeded: with "force" it runs again`);
  }

  #pipeline(name: string): FoundPipeline {
    const { pipelines } = this.#parts;
    const found = pipelines.of(name);
    if (found) return found;
    const known = pipelines.all.map(({ pipeline }) => pipeline.name).join(', ');
    throw mistaken('$.pipeline', `"${name}" is no pipeline; known are ${known || 'none: put one into pipelines/'}`);
  }

  /** A run that could not go on would be found out late. */
  #mustKnowTypes(stages: readonly { readonly name: string; readonly type: string }[]): void {
    const lost = stages.find(({ type }) => !this.#parts.handlerOf(type));
    if (!lost) return;
    const mistake = {
      path: '$.pipeline',
      message: `has stage "${lost.name}" of type "${lost.type}", which has no handler`,
    };
    throw new Refusal('unknown_type', `No handler for "${lost.type}" of stage "${lost.name}"`, [mistake]);
  }

  #find(id: string): Run {
    const { byId, past } = this.#parts.state.runs;
    const found = byId.get(id) ?? past.get(id);
    if (!found) throw new Refusal('not_found', `there is no run ${id}`);
    return found;
  }

  #record(run: Run): RunRecord {
    return runRecord(run, this.#parts.clock.wall());
  }

  async #carryOut(decision: readonly Event[] | Refusal): Promise<void> {
    if (!(decision instanceof Refusal)) {
      this.#parts.recorder.recordGroup(decision);
      this.#parts.pump();
    }
    await this.#parts.settled();
    if (decision instanceof Refusal) throw decision;
  }
}
