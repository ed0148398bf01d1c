/**
 * Shapes of bodies and answers for the OpenAPI document. Loaded only with it: requests are checked without zod, whose
 * 13 MB an idle supervisor does not have to carry. A test holds the two together.
 */
import { z } from 'zod';
import {
  attemptsMax,
  idempotencyKeyCharsMax,
  nameCharsMax,
  tagsPerTaskMax,
  taskParamsBytesMax,
  tasksPerListMax,
} from '../supervisor/core/limits.ts';
import { REFUSALS, type RefusalCode } from '../supervisor/core/refusal.ts';
import { REVISION_BY } from '../supervisor/core/revision.ts';
import { TASK_STATE_NAMES, TASK_STATES } from '../supervisor/core/task.ts';
import { idsPerCallMax, noteCharsMax, reasonCharsMax, retryKeyCharsMax, settingCharsMax } from './limits.ts';
import { FILTERS, PARAM_SENTENCE } from './task-filter.ts';

export const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });
const momentText = z.iso.datetime({ offset: true });
const nullableTime = time.nullable();
const duration = z.string().meta({ description: '`500ms 10s 5m 2h 7d`, or ISO 8601 (`PT10M`)', example: '10m' });
const name = z.string().min(1).max(nameCharsMax);
const id = z.string().meta({ description: 'UUIDv7', example: '019a9c3e-7c1e-7b52-8a57-2f6f1c1d9f10' });
export const count = z.int().nonnegative();
const json = z.unknown().meta({ description: 'Any JSON' });
const [firstState = '', ...otherStates] = TASK_STATE_NAMES;

const taskState = z.enum([firstState, ...otherStates]).meta({
  id: 'TaskState',
  description: Object.entries(TASK_STATES)
    .map(([state, sentence]) => `- \`${state}\`: ${sentence}`)
    .join('\n'),
});

export const newTask = z
  .strictObject({
    type: name.meta({ description: 'Name of the work; selects the handler', example: 'http.download' }),
    params: json.optional().meta({ description: `JSON for the handler, at most ${taskParamsBytesMax} bytes` }),
    priority: z.int().min(0).max(9).optional().meta({ description: 'Higher runs first; 5 when left out' }),
    runAt: momentText.optional().meta({ description: 'Not before this time; not beside `delay`' }),
    delay: duration.optional(),
    maxAttempts: z
      .int()
      .min(1)
      .max(attemptsMax)
      .optional()
      .meta({ description: '3 when left out; interruptions do not count' }),
    backoff: z
      .strictObject({
        kind: z.enum(['exponential', 'fixed']).optional(),
        base: duration.optional(),
        max: duration.optional(),
        jitter: z.number().min(0).max(1).optional(),
      })
      .optional(),
    timeout: duration.optional(),
    idempotencyKey: z
      .string()
      .min(1)
      .max(idempotencyKeyCharsMax)
      .optional()
      .meta({ description: 'Known for this type: the same task is given back' }),
    tags: z.array(name).max(tagsPerTaskMax).optional(),
    group: name.optional(),
    onInterrupt: z.enum(['requeue', 'hold', 'fail']).optional(),
  })
  .meta({ id: 'NewTask' });

export const newTasks = z.union([newTask, z.array(newTask).max(tasksPerListMax)]);

const taskError = z
  .object({ code: z.string(), message: z.string(), stack: z.string().optional() })
  .meta({ id: 'TaskError' });

const attempt = z
  .object({
    number: count,
    outcome: z.enum(['succeeded', 'failed', 'timed_out', 'canceled', 'interrupted', 'worker_crashed']).nullable(),
    startedAt: time,
    finishedAt: nullableTime,
    worker: z.string(),
    handlerVersion: z.string().nullable(),
    error: taskError.optional(),
    log: z.object({ file: z.string(), offset: count, bytes: count }).optional(),
  })
  .meta({ id: 'Attempt' });

export const task = z
  .object({
    id,
    type: z.string(),
    state: taskState,
    params: json,
    priority: z.int(),
    runAt: nullableTime,
    maxAttempts: z.int(),
    backoff: z.object({
      kind: z.enum(['exponential', 'fixed']),
      base: z.string(),
      max: z.string(),
      jitter: z.number(),
    }),
    timeout: z.string().nullable(),
    idempotencyKey: z.string().nullable(),
    tags: z.array(z.string()),
    group: z.string().nullable(),
    onInterrupt: z.string(),
    origin: z
      .string()
      .meta({ description: '`http`, `cli`, `inbox:NAME`, `handler:TASK_ID`, `schedule:NAME`, `run:PIPELINE`' }),
    createdAt: time,
    startedAt: nullableTime,
    finishedAt: nullableTime,
    attempt: count,
    attempts: z.array(attempt),
    progress: z.object({ done: z.number(), total: z.number().nullable(), text: z.string().nullable() }).nullable(),
    counts: z.object({ processed: z.number(), succeeded: z.number(), failed: z.number() }).nullable(),
    result: json,
    error: taskError.nullable(),
    run: z.object({ id: z.string(), stage: z.string() }).nullable(),
    label: z.string().optional().meta({ description: 'How a task of a run is called' }),
    retryOf: z.string().nullable(),
    retriedAs: z
      .string()
      .nullable()
      .meta({ description: 'Id of the task that ran it again from history; it then counts as resolved' }),
    retryRefused: z.string().optional().meta({ description: 'Only of a task that cannot run again in its run: why' }),
    cancelRequestedAt: nullableTime,
    settingsRevision: z.string().nullable(),
    waiting: z
      .object({ reason: z.string(), until: nullableTime, detail: z.string() })
      .nullable()
      .meta({ description: 'Why it is not running' }),
  })
  .meta({ id: 'Task' });

export const oneTask = z.object({ task });
const durability = z.enum(['disk', 'os']).meta({ description: 'What the acknowledgement rests on: see `FSYNC`' });
export const submittedOne = z.object({ task, durability });
export const backupCall = z.strictObject({
  keep: z.int().min(1).max(10_000).optional().meta({ description: 'How many archives are kept; 7 when left out' }),
  maxAge: duration.optional().meta({ description: 'Older archives are removed' }),
});
export const submitted = z.union([submittedOne, z.object({ tasks: z.array(task), durability })]);
export const taskPage = z.object({
  items: z.array(task),
  next: z.string().nullable(),
  total: count.optional().meta({ description: 'How many match; where counting would take long it is left out' }),
  totalAtLeast: count.optional().meta({
    description: 'On a first page without `total`: so many match, and perhaps more',
  }),
});

const day = z.iso.date();
const figures = z.object({
  finished: count,
  succeeded: count,
  failed: count,
  canceled: count,
  p50Ms: count.nullable().meta({ description: 'Half of the attempts in which a task succeeded took no longer' }),
  p95Ms: count.nullable().meta({ description: '95 in a hundred of them took no longer' }),
});
export const stats = z.object({
  timezone: z.string(),
  from: day,
  to: day,
  durationErrorMax: z.number().meta({ description: 'Share by which `p50Ms` and `p95Ms` may be off' }),
  types: z.array(
    figures.extend({
      type: z.string().nullable().meta({ description: 'Null: all types beyond those counted by name' }),
      days: z.array(figures.extend({ day })).meta({ description: 'Without those on which none ended' }),
    }),
  ),
});
export const retried = z.object({
  task,
  originalId: id,
  source: z.enum(['live', 'history', 'rebuilt']),
  warning: z.string().optional(),
});

const names = z.union([z.string(), z.array(z.string())]);
export const taskFilter = z
  .strictObject({
    state: names.optional().meta({ description: FILTERS.state.sentence }),
    type: names.optional().meta({ description: FILTERS.type.sentence }),
    tag: names.optional().meta({ description: FILTERS.tag.sentence }),
    group: names.optional().meta({ description: FILTERS.group.sentence }),
    run: names.optional().meta({ description: FILTERS.run.sentence }),
    stage: names.optional().meta({ description: FILTERS.stage.sentence }),
    origin: names.optional().meta({ description: FILTERS.origin.sentence }),
    schedule: names.optional().meta({ description: FILTERS.schedule.sentence }),
    q: z.string().optional().meta({ description: FILTERS.q.sentence }),
    from: momentText.optional().meta({ description: FILTERS.from.sentence }),
    to: momentText.optional().meta({ description: FILTERS.to.sentence }),
    durationFrom: z.string().optional().meta({ description: FILTERS.durationFrom.sentence }),
    durationTo: z.string().optional().meta({ description: FILTERS.durationTo.sentence }),
    param: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional()
      .meta({ description: PARAM_SENTENCE }),
  } satisfies Record<keyof typeof FILTERS | 'param', z.ZodType>)
  .meta({ id: 'TaskFilter' });

const dryRun = z.boolean().optional().meta({ description: 'A preview: nothing is changed' });
const byIds = z.strictObject({ ids: z.array(id).min(1).max(idsPerCallMax), dryRun });
const byFilter = z.strictObject({
  filter: taskFilter,
  cursor: z
    .string()
    .optional()
    .meta({ description: '`next` of the call before, with the same filter: goes on where that one ended' }),
  dryRun,
});
export const cancelCall = z.union([byIds, byFilter]).meta({ id: 'CancelTasks' });
const retryHow = {
  over: z
    .string()
    .optional()
    .meta({ description: 'Spreads their starts evenly over so long, e.g. `30m`, at most `30d`' }),
  idempotencyKey: z
    .string()
    .max(retryKeyCharsMax)
    .optional()
    .meta({ description: 'The same call again with the same key makes no task twice, e.g. after its answer was lost' }),
};
export const retryOneCall = z
  .strictObject({
    params: json
      .optional()
      .meta({ description: 'In place of those it had, for a task that has ended; the task itself keeps its own' }),
  })
  .meta({ id: 'RetryTask' });
export const retryCall = z
  .union([
    byIds.extend(retryHow),
    byFilter.extend({
      ...retryHow,
      resolved: z
        .boolean()
        .optional()
        .meta({ description: 'Also failures that have been retried: by filter they are passed over as `resolved`' }),
    }),
  ])
  .meta({ id: 'RetryTasks', description: 'A filter means failures: what is `failed` or `interrupted`' });
export const manyAnswer = z.object({
  matched: count.meta({ description: 'By filter no more than a call takes' }),
  changed: count,
  skipped: z.array(z.object({ id, code: z.string() })),
  next: z.string().nullable().meta({ description: 'A cursor where more match, all of them older' }),
  sample: z.array(task).optional(),
});

const pause = z
  .object({ reason: z.string(), since: time, by: z.string().meta({ description: '`page`, `http` or `cli`' }) })
  .meta({ id: 'Pause' });
const counts = z.record(z.string(), count).meta({ description: 'Tasks by state' });
export const pauseCall = z.strictObject({ reason: z.string().max(reasonCharsMax).optional() });
export const queue = z
  .object({
    paused: pause.nullable(),
    types: z.array(
      z.object({
        type: z.string(),
        queued: count,
        running: count,
        paused: pause.nullable(),
        concurrency: count.nullable(),
      }),
    ),
    counts,
  })
  .meta({ id: 'Queue' });

export const workers = z.object({
  items: z.array(
    z
      .object({
        id: z.string(),
        lane: z.enum(['cpu', 'io', 'process']),
        state: z.enum(['starting', 'idle', 'busy', 'draining', 'unresponsive']),
        slots: count,
        tasks: z.array(z.object({ id, type: z.string(), attempt: count, since: time })),
        startedAt: nullableTime.meta({ description: 'When its threads were made; null while it has none' }),
        memory: z
          .object({ heapBytes: count, externalBytes: count })
          .nullable()
          .meta({ description: 'Of its thread, noted each second while it runs something; null while none is up' }),
        attempts: count,
      })
      .meta({ id: 'Worker' }),
  ),
  next: z.null(),
});

export const handlers = z.object({
  items: z.array(
    z
      .object({
        type: z.string(),
        lane: z.enum(['cpu', 'io', 'process']),
        timeoutMs: count.nullable(),
        maxAttempts: count.nullable(),
        concurrency: count.nullable(),
        flag: z.string().nullable().meta({ description: 'Feature flag it depends on' }),
        settings: z.array(z.string()),
        checksParams: z.boolean(),
        file: z.string(),
        url: z.string(),
        version: z.string(),
        builtIn: z.boolean(),
      })
      .meta({ id: 'Handler' }),
  ),
  failures: z.array(
    z.object({
      file: z.string(),
      message: z.string(),
      version: z.string().optional().describe('What was tried'),
      serving: z.string().optional().describe('Version of the file that goes on serving'),
    }),
  ),
  next: z.null(),
});

export const status = z
  .object({
    version: z.string(),
    node: z.string(),
    incarnation: z.string(),
    startedAt: time,
    pid: count,
    state: z.enum(['running', 'paused', 'draining']),
    counts,
    totals: z.object({ accepted: count, succeeded: count, failed: count, canceled: count }),
    throughput: z.object({ perMinute1: z.number(), perMinute5: z.number(), perMinute60: z.number() }),
    nextDueAt: nullableTime,
    health: z.array(
      z.object({
        code: z.string(),
        severity: z.enum(['info', 'warning', 'error']),
        message: z.string(),
        action: z.string(),
        since: time,
      }),
    ),
    recovered: z.object({ tasks: count, stoppedAt: nullableTime, downMs: z.number(), clean: z.boolean() }).nullable(),
    journal: z.object({
      epoch: count,
      seq: count,
      durableSeq: count,
      bytes: count,
      segments: count,
      snapshotSeq: count,
      durability: z.enum(['disk', 'os']),
    }),
    memory: z.object({ rssBytes: count }),
    disk: z.object({ freeBytes: count, totalBytes: count }),
    dataDir: z.string(),
    timezone: z.string().meta({ description: 'IANA name of the zone that times are shown in: see `TIMEZONE`' }),
  })
  .meta({ id: 'Status' });

export const health = z.object({ status: z.literal('ok') });
export const readiness = z.object({ status: z.enum(['ready', 'not ready']), reason: z.string().nullable() });
export const loginCall = z.object({ token: z.string() });
export const loggedIn = z.object({ level: z.enum(['owner', 'reader']) });
export const session = z.object({
  session: z.object({
    level: z.enum(['owner', 'local', 'task', 'reader', 'nobody']),
    says: z.string(),
    may: z.array(z.enum(['read', 'operate', 'administer'])).meta({
      description: '`operate`: tasks, queue and workers; `administer`: settings, handlers and backup',
    }),
    means: z.enum(['token', 'session', 'loopback', 'none']),
    address: z.string(),
  }),
});
export const anyObject = z.record(z.string(), z.unknown());

const codes = [...(Object.keys(REFUSALS) as RefusalCode[]), 'internal'] as const;
export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(codes),
    errors: z.array(z.object({ path: z.string().meta({ example: '$[3].priority' }), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

const settingKey = z.string().max(settingCharsMax).nullable();
const note = z
  .string()
  .max(noteCharsMax)
  .nullable()
  .optional()
  .meta({ description: 'Why, for whoever reads it later' });
const revisionId = z.string().meta({ description: '`r1`, `r2`, …', example: 'r12' });

const revision = z
  .object({
    id: revisionId,
    createdAt: time,
    by: z.enum(REVISION_BY),
    from: z.string().nullable().meta({ description: 'Where the change came from; null for the file' }),
    note: z.string().nullable(),
    hash: z.string().meta({ description: 'sha256 of the content' }),
    keys: z.array(z.string()).meta({ description: 'Keys that differ from the revision before' }),
  })
  .meta({ id: 'Revision' });

const setting = z
  .object({
    key: z.string(),
    value: z.string().meta({ description: 'As text; a secret that is set reads `••••••••`' }),
    default: z.string(),
    source: z.enum(['default', 'file', 'environment', 'flag']),
    sentence: z.string(),
    limits: z.string(),
    unit: z.string().nullable(),
    secret: z.boolean(),
    fileOnly: z.boolean().meta({ description: 'Changed in the file only' }),
    needsRestart: z.boolean().meta({ description: 'A change holds from the next start' }),
    pending: z.boolean().meta({ description: 'Changed, and waiting for the next start' }),
  })
  .meta({ id: 'Setting' });

export const settings = z.object({
  revision: revision.nullable(),
  envFile: z.string(),
  fileHash: z.string().nullable().meta({ description: 'sha256 of the file as it was looked at last, taken or not' }),
  problems: z
    .array(z.object({ key: z.string().nullable(), line: count.nullable(), message: z.string() }))
    .meta({ description: 'Why the file as it stands is not taken; empty when it is' }),
  settings: z.record(z.string(), setting).meta({ description: 'By key' }),
});
export const settingsCall = z.strictObject({
  changes: z
    .record(z.string(), settingKey)
    .meta({ description: 'By key; null takes a key out, so that its default holds' }),
  note,
});
export const revisions = z.object({ items: z.array(revision), next: z.string().nullable(), total: count });
export const applyCall = z.strictObject({ note });
export const settingsDiff = z.object({
  against: revisionId.nullable(),
  differences: z.array(z.object({ key: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
});

const flag = z
  .object({
    name: z.string(),
    on: z.boolean().meta({ description: 'One that nobody has set is off' }),
    set: z.boolean(),
    types: z.array(z.string()).meta({ description: 'Types of the handlers that depend on it' }),
    schedules: z.array(z.string()).meta({ description: 'Names of the schedules that depend on it' }),
  })
  .meta({ id: 'Flag' });
export const flags = z.object({ items: z.array(flag), next: z.null() });
export const oneFlag = z.object({ flag });
export const flagCall = z.strictObject({ on: z.boolean().nullable(), note });
