/** Answers for pipelines and runs: lists and progress, and what people ask of runs, each written down with who asked. */
import type { Clock } from './clock.ts';
import { cancelRun, pauseRun, resumeRun, retryRun, startRun } from './core/decide/runs.ts';
import { askedBy, type Event } from './core/event.ts';
import { mistaken, Refusal, refusalOf } from './core/refusal.ts';
import { checkRun, firstParams } from './core/run/input.ts';
import { pipelineRecord, type RunRecord, runRecord } from './core/run/record.ts';
import { type Run, stageOf } from './core/run/run.ts';
import { createdAt } from './core/task.ts';
import { checkTask } from './core/task-input.ts';
import type { Actor, ManyAnswer, TaskView, Which } from './facade.ts';
import { listRuns } from './list-runs.ts';
import type { NextParts } from './next-from.ts';
import type { PastRuns } from './past-runs.ts';
import type { FoundPipeline, PipelinesFolder } from './pipelines-folder.ts';
import { checkParamsOf } from './placed-tasks.ts';
import { noPipeline } from './put-runs.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { RetriedRun, RetryRunRequest, RunQuery, RunsFacade } from './runs-facade.ts';

export interface RunsDeskParts extends NextParts {
  readonly clock: Clock;
  readonly pipelines: Pick<PipelinesFolder, 'of' | 'all' | 'failures'>;
  readonly keeper: Pick<RunKeeper, 'cancelRest'>;
  readonly past: Pick<PastRuns, 'get' | 'list' | 'records'>;
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

  async list(query: RunQuery) {
    const { state, past } = this.#parts;
    const records = [...state.runs.byId.values()].map((run) => this.#record(run));
    const page = await listRuns(records, past, query);
    const total = query.state || query.pipeline ? null : state.runs.byId.size + past.records;
    await this.#parts.settled();
    return { ...page, ...(total !== null && { total }) };
  }

  async show(id: string): Promise<RunRecord> {
    const { state, past, settled } = this.#parts;
    const run = state.runs.byId.get(id);
    const record = run ? this.#record(run) : await past.get(id);
    await settled();
    if (!record) throw new Refusal('not_found', `there is no run ${id}`);
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
    const run = this.#live(id) ?? (await this.#past(id, 'there is nothing left to pause'));
    await this.#carryOut(pauseRun(run, reason, askedBy(actor)));
    return this.show(id);
  }

  async resume(id: string, actor: Actor): Promise<RunRecord> {
    const run = this.#live(id) ?? (await this.#past(id, 'there is nothing left to resume'));
    await this.#carryOut(resumeRun(this.#parts.state, run, askedBy(actor)));
    return this.show(id);
  }

  /** Answers once the wish is on disk. */
  async cancel(id: string, actor: Actor): Promise<RunRecord> {
    const run = this.#live(id) ?? (await this.#past(id, 'there is nothing left to cancel'));
    await this.#carryOut(cancelRun(run, askedBy(actor)));
    void this.#parts.keeper.cancelRest(run);
    return this.show(id);
  }

  async retry(id: string, request: RetryRunRequest, actor: Actor): Promise<RetriedRun> {
    this.#parts.mayTakeWork();
    const run = this.#live(id) ?? (await this.#past(id, 'nothing of it runs again, start another'));
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
    const { path, message } = noPipeline(pipelines, name);
    throw mistaken(path, message);
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

  #live(id: string): Run | undefined {
    return this.#parts.state.runs.byId.get(id);
  }

  /** @param otherwise why a run of the history cannot be meant */
  async #past(id: string, otherwise: string): Promise<never> {
    await this.show(id);
    throw new Refusal('conflict', `run ${id} ended longer ago than FAILED_LIVE: ${otherwise}`);
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
