/** Shapes of pipelines and runs for the OpenAPI document. */
import { z } from 'zod';
import { PIPELINE_ON_INTERRUPTS, STAGE_STARTS } from '../supervisor/core/run/pipeline.ts';
import { RUN_STATE_NAMES, STAGE_STATES } from '../supervisor/core/run/run-state.ts';
import { count, manyAnswer, taskFilter, time } from './openapi-schemas.ts';

const starts = Object.keys(STAGE_STARTS) as [keyof typeof STAGE_STARTS];
const stageStates = Object.keys(STAGE_STATES) as [keyof typeof STAGE_STATES];
const runStates = RUN_STATE_NAMES as unknown as [(typeof RUN_STATE_NAMES)[number]];

const stageMembers = {
  name: z.string(),
  type: z.string().meta({ description: 'Of its tasks' }),
  concurrency: count.nullable(),
  rate: z.string().nullable().meta({ example: '10/1m' }),
  maxAttempts: count.nullable(),
  timeout: z.string().nullable(),
  start: z.enum(starts).meta({ description: '`after` the stage before has ended, or `flow`: as soon as tasks arrive' }),
  onFailure: z.string().meta({ description: '`continue`, `stop`, `stop after 10` or `stop after 10%`' }),
};

const pipeline = z
  .object({
    name: z.string(),
    note: z.string(),
    version: z.string(),
    onInterrupt: z.enum(PIPELINE_ON_INTERRUPTS),
    stages: z.array(z.object(stageMembers)),
    builtIn: z.boolean(),
    file: z.string().nullable().meta({ description: 'Name in the pipelines folder; null for one that is built in' }),
    replacesBuiltIn: z.boolean().meta({ description: 'The file takes the place of a built-in one of its name' }),
  })
  .meta({ id: 'Pipeline' });

const counts = z.object({
  accepted: count,
  waiting: count,
  running: count,
  succeeded: count,
  failed: count,
  canceled: count,
});

const run = z
  .object({
    id: z.string(),
    pipeline: z.string(),
    pipelineVersion: z.string(),
    state: z.enum(runStates),
    params: z.unknown(),
    sources: z.array(z.string()).nullable(),
    scope: z.unknown(),
    priority: count,
    settingsRevision: z.string().nullable().meta({ description: 'Of the settings that its tasks see' }),
    createdAt: time,
    createdBy: z.string(),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    estimatedEndAt: time.nullable().meta({ description: 'If it goes on as it has so far' }),
    paused: z.object({ reason: z.string(), by: z.string(), since: time }).nullable(),
    stopped: z
      .object({ stage: z.string(), since: time })
      .nullable()
      .meta({ description: 'The stage whose failures stopped it' }),
    cancelRequestedAt: time.nullable(),
    retryable: z.boolean().meta({ description: 'Whether what failed of it can run again' }),
    counts,
    stages: z.array(z.object({ ...stageMembers, state: z.enum(stageStates), startedAt: time.nullable(), counts })),
  })
  .meta({ id: 'Run' });

export const pipelines = z.object({
  items: z.array(pipeline),
  failures: z.array(
    z.object({
      file: z.string(),
      mistakes: z.array(z.object({ path: z.string(), message: z.string() })),
      serving: z.string().nullable().meta({ description: 'The version of it that goes on' }),
    }),
  ),
  next: z.null(),
});
export const newRun = z
  .strictObject({
    pipeline: z.string(),
    params: z.record(z.string(), z.unknown()).optional(),
    sources: z.array(z.string()).nullable().optional().meta({ description: 'Names of what it is to work on' }),
    scope: z.unknown().optional().meta({ description: 'What it is to be narrowed down to' }),
    priority: z.int().min(0).max(9).optional(),
  })
  .meta({ id: 'NewRun' });
export const oneRun = z.object({ run });
export const runPage = z.object({ items: z.array(run), next: z.string().nullable(), total: count.optional() });
export const retryRunCall = z.strictObject({
  stage: z.string().nullable().optional().meta({ description: 'Only failed tasks of this stage' }),
  filter: taskFilter.optional(),
  task: z.string().nullable().optional().meta({ description: 'Only this task' }),
  force: z.boolean().optional().meta({ description: 'With `task`: also when it succeeded' }),
});
export const retriedRun = z.object({ matched: count, changed: count, skipped: manyAnswer.shape.skipped, run });
