/** Shapes of schedules for the OpenAPI document. */
import { z } from 'zod';
import { CATCH_UPS, OCCURRENCE_OUTCOMES, OVERLAPS } from '../supervisor/core/schedule/schedule.ts';
import { WEEKDAYS } from '../supervisor/core/schedule/when.ts';
import { newRun } from './openapi-runs.ts';
import { count, newTask, oneTask, time } from './openapi-schemas.ts';

const outcomes = Object.keys(OCCURRENCE_OUTCOMES) as [keyof typeof OCCURRENCE_OUTCOMES];
const clock = z.string().meta({ description: 'HH:MM or HH:MM:SS, 24 h, in the zone', example: '02:00' });
const duration = z.string().meta({ example: '10m' });
const zone = z.string().meta({ description: 'IANA name', example: 'Europe/Berlin' });

const when = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('daily'), at: clock }),
    z.strictObject({ kind: z.literal('weekly'), days: z.array(z.enum(WEEKDAYS)), at: clock }),
    z.strictObject({
      kind: z.literal('monthly'),
      day: z.union([z.int().min(1).max(31), z.literal('last')]),
      at: clock,
    }),
    z.strictObject({ kind: z.literal('interval'), every: duration, anchor: z.string().optional() }),
    z.strictObject({
      kind: z.literal('cron'),
      expression: z.string().meta({ description: '5 or 6 fields, or @daily …', example: '0 2 * * *' }),
    }),
    z.strictObject({
      kind: z.literal('once'),
      at: z.string().meta({ description: 'Local to the zone, or with Z or an offset', example: '2026-12-01T08:00:00' }),
    }),
  ])
  .meta({ id: 'When' });

const occurrence = z
  .object({
    plannedAt: time,
    outcome: z.enum(outcomes),
    taskId: z.string().optional(),
    runId: z.string().optional(),
    reason: z.string().optional(),
    throughAt: time.optional().meta({ description: 'Where this stands for many planned times: the last of them' }),
    count: count.optional(),
  })
  .meta({ id: 'Occurrence' });

const paused = z.object({ reason: z.string(), until: time.nullable(), by: z.string(), since: time }).nullable();

const schedule = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(['active', 'paused']),
    task: z.unknown().meta({ description: 'The task that each occurrence submits; null where it starts a run' }),
    run: z.unknown().meta({ description: 'The run that each occurrence starts; null where it submits a task' }),
    when,
    timezone: zone,
    timezoneFollowsSetting: z.boolean().meta({ description: 'It names none and follows TIMEZONE' }),
    catchUp: z.enum(CATCH_UPS),
    catchUpLimit: count,
    startDeadline: duration.nullable(),
    overlap: z.enum(OVERLAPS),
    jitter: duration,
    pauseAfterFailures: count.nullable(),
    flag: z.string().nullable(),
    note: z.string(),
    sentence: z.string(),
    builtIn: z.boolean(),
    version: count.meta({ description: 'For `If-Match`' }),
    createdAt: time,
    createdBy: z.string(),
    paused,
    held: z.string().nullable().meta({ description: 'Why it does not start although it is active' }),
    nextAt: time.nullable().meta({ description: 'Next planned time, without jitter' }),
    startsAt: time.nullable().meta({ description: 'When it starts: the next planned time with its jitter' }),
    activeTasks: z.array(z.string()),
    activeRuns: z.array(z.string()),
    waiting: z.array(occurrence).meta({ description: 'What is submitted once earlier work has ended' }),
    failuresInRow: count,
    last: occurrence.nullable(),
  })
  .meta({ id: 'Schedule' });

const scheduler = z
  .object({
    enabled: z.boolean(),
    paused,
    lookedAt: time.nullable(),
    nextAt: time.nullable(),
    schedules: count,
    timezone: zone,
  })
  .meta({ id: 'Scheduler' });

const members = {
  task: newTask.optional(),
  run: newRun.optional().meta({ description: 'Started instead of a task' }),
  when,
  timezone: zone.nullable().optional(),
  catchUp: z.enum(CATCH_UPS).nullable().optional(),
  catchUpLimit: count.nullable().optional(),
  startDeadline: duration.nullable().optional(),
  overlap: z.enum(OVERLAPS).nullable().optional(),
  jitter: duration.nullable().optional(),
  pauseAfterFailures: count.nullable().optional(),
  flag: z.string().nullable().optional(),
  note: z.string().nullable().optional(),
};

export const newSchedule = z.strictObject({ name: z.string(), ...members }).meta({ id: 'NewSchedule' });
export const scheduleChanges = newSchedule.partial().meta({ id: 'ScheduleChanges' });
export const oneSchedule = z.object({ schedule });
export const schedulePage = z.object({
  items: z.array(schedule),
  next: z.string().nullable(),
  total: count,
  scheduler,
});
export const oneScheduler = z.object({ scheduler });
export const pauseScheduleCall = z.strictObject({
  reason: z.string().optional(),
  until: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'A day or a time at which it ends', example: '2026-12-27' }),
});
export const resumeScheduleCall = z.strictObject({
  catchUp: z.boolean().optional().meta({ description: 'What was planned meanwhile counts as late, not as skipped' }),
});
export const ranSchedule = z.object({ occurrence, task: oneTask.shape.task.nullable() });
export const occurrences = z.object({ items: z.array(occurrence), next: z.string().nullable() });
export const previewCall = z.strictObject({
  when,
  timezone: zone.nullable().optional(),
  after: z.string().optional(),
  count: count.optional(),
});
export const preview = z.object({
  next: z.array(z.object({ at: time, local: z.string(), offset: z.string(), note: z.string().optional() })),
  sentence: z.string(),
  timezone: zone,
  collisions: z
    .array(z.object({ id: z.string(), name: z.string(), at: time }))
    .meta({ description: 'Other schedules planned in the same minute' }),
});
