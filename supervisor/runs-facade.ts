/** What may be asked of pipelines and runs from outside. Every answer rests on what is on disk. */
import type { PipelineRecord, RunRecord } from './core/run/record.ts';
import type { RunState } from './core/run/run-state.ts';
import type { Actor, ManyAnswer, TaskFilter } from './facade.ts';

export interface RunQuery {
  readonly limit: number;
  /** Id after which the page begins; newest first. */
  readonly after: string | null;
  readonly state?: readonly RunState[];
  /** Names of pipelines. */
  readonly pipeline?: readonly string[];
}

/** A file of the pipelines folder that is not taken, and why. */
export interface PipelineFailure {
  readonly file: string;
  readonly mistakes: readonly { readonly path: string; readonly message: string }[];
  /** The version of it that goes on. */
  readonly serving: string | null;
}

export interface RetryRunRequest {
  /** Name of a stage; null for all. */
  readonly stage: string | null;
  /** Of its failed tasks, those that match. */
  readonly filter: TaskFilter;
  /** Only this one. */
  readonly task: string | null;
  /** Also when it succeeded. */
  readonly force: boolean;
}

export interface RetriedRun extends Omit<ManyAnswer, 'next' | 'sample'> {
  readonly run: RunRecord;
}

export interface RunsFacade {
  pipelines(): Promise<{ items: readonly PipelineRecord[]; failures: readonly PipelineFailure[] }>;
  list(query: RunQuery): Promise<{ items: readonly RunRecord[]; next: string | null; total?: number }>;
  show(id: string): Promise<RunRecord>;
  start(given: unknown, actor: Actor): Promise<RunRecord>;
  pause(id: string, reason: string, actor: Actor): Promise<RunRecord>;
  resume(id: string, actor: Actor): Promise<RunRecord>;
  cancel(id: string, actor: Actor): Promise<RunRecord>;
  retry(id: string, request: RetryRunRequest, actor: Actor): Promise<RetriedRun>;
}
