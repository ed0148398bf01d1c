/** What a pipeline is: a name and stages in order. A run keeps the pipeline as it was when the run started. */
import { createHash } from 'node:crypto';
import type { Rate } from '../rate.ts';

export const STAGE_STARTS = {
  after: 'when the stage before has ended',
  flow: 'as soon as tasks arrive',
} as const;
export type StageStart = keyof typeof STAGE_STARTS;

export const PIPELINE_ON_INTERRUPTS = ['requeue', 'hold'] as const;
export type PipelineOnInterrupt = (typeof PIPELINE_ON_INTERRUPTS)[number];

/** What failed tasks of a stage mean for the run. */
export type OnFailure =
  | { readonly kind: 'continue' }
  /** So many of them stop it. */
  | { readonly kind: 'count'; readonly most: number }
  /** Such a share of the tasks of the stage stops it. */
  | { readonly kind: 'percent'; readonly most: number };

export interface Stage {
  readonly name: string;
  /** Of its tasks. */
  readonly type: string;
  /** Attempts that may run at once in one run; null for no limit of its own. */
  readonly concurrency: number | null;
  readonly rate: Rate | null;
  /** Null for what the handler says. */
  readonly maxAttempts: number | null;
  readonly timeoutMs: number | null;
  readonly start: StageStart;
  readonly onFailure: OnFailure;
}

export interface Pipeline {
  readonly name: string;
  readonly note: string;
  /** `hold`: after a crash the run is paused, and what was cut waits for a person. */
  readonly onInterrupt: PipelineOnInterrupt;
  readonly stages: readonly Stage[];
}

/** @returns 12 characters that stand for all it says: two pipelines with the same version do the same */
export function versionOf(pipeline: Pipeline): string {
  return createHash('sha256').update(JSON.stringify(pipeline)).digest('hex').slice(0, 12);
}

/** As a pipeline's file says it. */
export function onFailureText(onFailure: OnFailure): string {
  if (onFailure.kind === 'continue') return 'continue';
  if (onFailure.kind === 'percent') return `stop after ${onFailure.most}%`;
  return onFailure.most === 1 ? 'stop' : `stop after ${onFailure.most}`;
}
