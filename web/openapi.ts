/** The OpenAPI 3.1 document, made of the routes themselves: their addresses, queries and needs, and a shape for each. */
import type { ZodType } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { REFUSALS, type RefusalCode } from '../supervisor/core/refusal.ts';
import { filterTextCharsMax } from './limits.ts';
import * as library from './openapi-library.ts';
import * as runs from './openapi-runs.ts';
import * as schedules from './openapi-schedules.ts';
import * as shapes from './openapi-schemas.ts';
import * as store from './openapi-store.ts';
import { problemType } from './problem.ts';
import type { Parameter, Parameters } from './query.ts';
import { api, type Route } from './route.ts';

interface Shape {
  readonly body?: ZodType;
  /** By status; text is given by its media type. */
  readonly answers: Readonly<Record<number, ZodType | string | null>>;
  readonly refusals?: readonly RefusalCode[];
}

const ACTS = ['not_found', 'conflict', 'draining', 'disk_full'] as const satisfies readonly RefusalCode[];
const LOGIN: Shape = {
  body: shapes.loginCall,
  answers: { 200: shapes.loggedIn },
  refusals: ['unauthorized', 'rate_limited'],
};
const RETRY: Shape = {
  body: shapes.retryOneCall,
  answers: { 200: shapes.retried, 201: shapes.retried },
  refusals: [...ACTS, 'unknown_type'],
};
const PAUSE_SCHEDULE: Shape = {
  body: schedules.pauseScheduleCall,
  answers: { 200: schedules.oneSchedule },
  refusals: ['not_found'],
};
const STEER_RUN: Shape = { answers: { 200: runs.oneRun }, refusals: ['not_found', 'conflict'] };
const RUN_SCHEDULE: Shape = { answers: { 202: schedules.ranSchedule }, refusals: ACTS };

/** One row a route; a test walks both lists. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  [`POST ${api}/tasks`]: {
    body: shapes.newTasks,
    answers: { 200: shapes.submittedOne, 201: shapes.submitted },
    refusals: ['conflict', 'too_large', 'unknown_type', 'draining', 'disk_full', 'outcome_unknown'],
  },
  [`GET ${api}/tasks`]: { answers: { 200: shapes.taskPage } },
  [`GET ${api}/tasks/export`]: {
    answers: { 200: 'application/x-ndjson, text/csv' },
    refusals: ['rate_limited'],
  },
  [`GET ${api}/tasks/:id`]: { answers: { 200: shapes.oneTask }, refusals: ['not_found'] },
  [`GET ${api}/tasks/:id/log`]: { answers: { 200: 'text/plain' }, refusals: ['not_found', 'rate_limited'] },
  [`POST ${api}/tasks/:id/cancel`]: { answers: { 202: shapes.oneTask }, refusals: ACTS },
  [`POST ${api}/tasks/:id/promote`]: { answers: { 200: shapes.oneTask }, refusals: ACTS },
  [`POST ${api}/tasks/:id/retry`]: RETRY,
  [`POST ${api}/tasks/retry/:id`]: RETRY,
  [`POST ${api}/tasks/cancel`]: {
    body: shapes.cancelCall,
    answers: { 200: shapes.manyAnswer },
    refusals: ['draining', 'disk_full'],
  },
  [`POST ${api}/tasks/retry`]: {
    body: shapes.retryCall,
    answers: { 200: shapes.manyAnswer },
    refusals: ['draining', 'disk_full'],
  },
  [`GET ${api}/queue`]: { answers: { 200: shapes.queue } },
  [`POST ${api}/queue/pause`]: { body: shapes.pauseCall, answers: { 200: shapes.queue }, refusals: ['disk_full'] },
  [`POST ${api}/queue/resume`]: { body: shapes.pauseCall, answers: { 200: shapes.queue }, refusals: ['disk_full'] },
  [`GET ${api}/workers`]: { answers: { 200: shapes.workers } },
  [`POST ${api}/workers/:id/recycle`]: { answers: { 202: shapes.workers }, refusals: ['not_found', 'conflict'] },
  [`GET ${api}/handlers`]: { answers: { 200: shapes.handlers } },
  [`GET ${api}/pipelines`]: { answers: { 200: runs.pipelines } },
  [`GET ${api}/runs`]: { answers: { 200: runs.runPage } },
  [`POST ${api}/runs`]: {
    body: runs.newRun,
    answers: { 201: runs.oneRun },
    refusals: ['conflict', 'unknown_type', 'draining', 'disk_full'],
  },
  [`GET ${api}/runs/:id`]: { answers: { 200: runs.oneRun }, refusals: ['not_found'] },
  [`POST ${api}/runs/:id/pause`]: { ...STEER_RUN, body: shapes.pauseCall },
  [`POST ${api}/runs/:id/resume`]: { ...STEER_RUN, body: shapes.pauseCall },
  [`POST ${api}/runs/:id/cancel`]: { answers: { 202: runs.oneRun }, refusals: ['not_found', 'conflict'] },
  [`POST ${api}/runs/:id/retry`]: { body: runs.retryRunCall, answers: { 200: runs.retriedRun }, refusals: ACTS },
  [`GET ${api}/schedules`]: { answers: { 200: schedules.schedulePage } },
  [`POST ${api}/schedules`]: {
    body: schedules.newSchedule,
    answers: { 201: schedules.oneSchedule },
    refusals: ['conflict', 'unknown_type', 'draining', 'disk_full'],
  },
  [`POST ${api}/schedules/preview`]: { body: schedules.previewCall, answers: { 200: schedules.preview } },
  [`POST ${api}/schedules/pause`]: { body: schedules.pauseScheduleCall, answers: { 200: schedules.oneScheduler } },
  [`POST ${api}/schedules/resume`]: { body: schedules.resumeScheduleCall, answers: { 200: schedules.oneScheduler } },
  [`GET ${api}/schedules/:id`]: { answers: { 200: schedules.oneSchedule }, refusals: ['not_found'] },
  [`PATCH ${api}/schedules/:id`]: {
    body: schedules.scheduleChanges,
    answers: { 200: schedules.oneSchedule },
    refusals: [...ACTS, 'precondition_failed', 'unknown_type'],
  },
  [`DELETE ${api}/schedules/:id`]: { answers: { 204: null }, refusals: ['not_found', 'precondition_failed'] },
  [`POST ${api}/schedules/:id/pause`]: PAUSE_SCHEDULE,
  [`POST ${api}/schedules/:id/resume`]: { ...PAUSE_SCHEDULE, body: schedules.resumeScheduleCall },
  [`POST ${api}/schedules/:id/toggle`]: { answers: { 200: schedules.oneSchedule }, refusals: ['not_found'] },
  [`POST ${api}/schedules/:id/run`]: RUN_SCHEDULE,
  [`POST ${api}/schedules/:id/run_now`]: RUN_SCHEDULE,
  [`GET ${api}/schedules/:id/occurrences`]: { answers: { 200: schedules.occurrences }, refusals: ['not_found'] },
  [`GET ${api}/schedules/:id/next`]: { answers: { 200: schedules.preview }, refusals: ['not_found'] },
  [`GET ${api}/library`]: { answers: { 200: library.status } },
  [`GET ${api}/library/playlists`]: { answers: { 200: library.playlistPage } },
  [`GET ${api}/library/playlists/:id`]: { answers: { 200: library.onePlaylist }, refusals: ['not_found'] },
  [`GET ${api}/library/tracks`]: { answers: { 200: library.trackPage } },
  [`GET ${api}/library/tracks/:id`]: { answers: { 200: library.oneTrack }, refusals: ['not_found'] },
  [`GET ${api}/store`]: { answers: { 200: store.storePage } },
  [`POST ${api}/store/cleanup`]: { answers: { 200: store.cleared } },
  [`GET ${api}/store/:key`]: { answers: { 200: store.stored }, refusals: ['validation', 'not_found'] },
  [`PUT ${api}/store/:key`]: {
    body: store.setCall,
    answers: { 200: store.stored, 201: store.stored },
    refusals: ['conflict', 'precondition_failed', 'too_large', 'draining', 'disk_full', 'outcome_unknown'],
  },
  [`DELETE ${api}/store/:key`]: {
    answers: { 204: null },
    refusals: ['validation', 'not_found', 'precondition_failed', 'outcome_unknown'],
  },
  [`POST ${api}/store/:key/increment`]: {
    body: store.incrementCall,
    answers: { 200: store.stored },
    refusals: ['conflict', 'draining', 'disk_full', 'outcome_unknown'],
  },
  [`POST ${api}/backup`]: {
    body: shapes.backupCall,
    answers: { 201: shapes.submittedOne },
    refusals: ['draining', 'disk_full', 'outcome_unknown'],
  },
  [`GET ${api}/settings`]: { answers: { 200: shapes.settings } },
  [`PUT ${api}/settings`]: {
    body: shapes.settingsCall,
    answers: { 200: shapes.settings },
    refusals: ['conflict', 'precondition_failed', 'disk_full'],
  },
  [`GET ${api}/settings/revisions`]: { answers: { 200: shapes.revisions } },
  [`GET ${api}/settings/revisions/:id/diff`]: { answers: { 200: shapes.settingsDiff }, refusals: ['not_found'] },
  [`POST ${api}/settings/revisions/:id/apply`]: {
    body: shapes.applyCall,
    answers: { 200: shapes.settings },
    refusals: ['not_found', 'conflict', 'precondition_failed', 'disk_full'],
  },
  [`GET ${api}/flags`]: { answers: { 200: shapes.flags } },
  [`PATCH ${api}/flags/:name`]: {
    body: shapes.flagCall,
    answers: { 200: shapes.oneFlag },
    refusals: ['conflict', 'precondition_failed', 'disk_full'],
  },
  [`GET ${api}/events`]: { answers: { 200: 'text/event-stream' }, refusals: ['rate_limited'] },
  [`GET ${api}/stats`]: { answers: { 200: shapes.stats } },
  [`GET ${api}/status`]: { answers: { 200: shapes.status } },
  [`GET ${api}/openapi.json`]: { answers: { 200: shapes.anyObject } },
  'GET /healthz': { answers: { 200: shapes.health } },
  'GET /readyz': { answers: { 200: shapes.readiness, 503: shapes.readiness } },
  'GET /metrics': { answers: { 200: 'text/plain' } },
  'GET /login': { answers: { 200: 'text/html' } },
  'POST /login': LOGIN,
  'POST /logout': { answers: { 204: null } },
  [`POST ${api}/login`]: LOGIN,
  [`POST ${api}/logout`]: { answers: { 204: null } },
  [`GET ${api}/session`]: { answers: { 200: shapes.session } },
};

export function openapiText(routes: readonly Route[], version: string): string {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Nightshift',
      version,
      description:
        'A durable job supervisor for one machine. Changes are answered after the journal has them on disk. Errors are `application/problem+json`. Of members that stand twice in one object of a JSON body the last counts.',
    },
    servers: [{ url: '.' }],
    security: [{ token: [] }, { session: [] }, {}],
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: '`WEB_TOKEN`, `WEB_READ_TOKEN`, or what stands in the file `token` of the data folder',
        },
        session: { type: 'apiKey', in: 'cookie', name: 'nightshift_session' },
      },
    },
    paths,
  });
  return JSON.stringify(document);
}

function operation(route: Route): ZodOpenApiOperationObject {
  const shape = SHAPES[`${route.method} ${route.path}`];
  if (!shape) throw new Error(`${route.method} ${route.path} has no shape in openapi.ts`);
  const refusals = new Set<RefusalCode>(shape.refusals);
  if (route.query || shape.body) refusals.add('validation');
  if (shape.body) refusals.add('unsupported_media_type');
  if (route.need !== 'nothing') refusals.add('unauthorized').add('forbidden');
  return {
    operationId: operationId(route),
    summary: route.does,
    ...(route.need === 'nothing' && { security: [{}] }),
    parameters: [...pathParameters(route.path), ...queryParameters(route.query ?? {})],
    ...(shape.body && { requestBody: { content: { 'application/json': { schema: shape.body } } } }),
    responses: { ...answers(shape), ...problems(refusals) },
  };
}

/** `POST /api/v1/tasks/:id/cancel` is `postTasksIdCancel`. */
function operationId({ method, path }: Route): string {
  const api_ = path.startsWith(api) ? path.slice(api.length) : path;
  const words = api_.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const where = path.startsWith(api) ? '' : 'Root';
  return method.toLowerCase() + where + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function answers(shape: Shape): ZodOpenApiOperationObject['responses'] {
  return Object.fromEntries(
    Object.entries(shape.answers).map(([status, answer]) => {
      if (answer === null) return [status, { description: 'Done' }];
      if (typeof answer === 'string') return [status, { description: 'Text', content: textContent(answer) }];
      return [status, { description: 'Answer', content: { 'application/json': { schema: answer } } }];
    }),
  );
}

/** @param types one, or several of which the caller chooses */
function textContent(types: string) {
  return Object.fromEntries(types.split(', ').map((type) => [type, { schema: { type: 'string' as const } }]));
}

/** Several codes may share a status. */
function problems(codes: ReadonlySet<RefusalCode>): ZodOpenApiOperationObject['responses'] {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) byStatus.set(REFUSALS[code], [...(byStatus.get(REFUSALS[code]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      String(status),
      { description: `Problem: ${of.join(', ')}`, content: { [problemType]: { schema: shapes.problem } } },
    ]),
  );
}

function pathParameters(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path' as const,
    required: true,
    schema: { type: 'string' as const },
  }));
}

function queryParameters(table: Parameters) {
  return Object.entries(table).map(([name, parameter]) => ({
    name,
    in: 'query' as const,
    required: false,
    description: parameter.sentence,
    schema: schemaOf(parameter),
    // `state=queued,running` as well as `state=queued&state=running` is understood; this is the former.
    ...(parameter.is === 'names' && { style: 'form' as const, explode: false }),
  }));
}

function schemaOf(parameter: Parameter) {
  switch (parameter.is) {
    case 'names':
      return {
        type: 'array' as const,
        items: { type: 'string' as const, ...(parameter.of && { enum: [...parameter.of] }) },
      };
    case 'text':
      return { type: 'string' as const, maxLength: parameter.charsMax ?? filterTextCharsMax };
    case 'moment':
      return { type: 'string' as const, format: 'date-time' };
    case 'duration':
      return { type: 'string' as const, examples: ['500ms', '5m', 'PT5M'] };
    case 'flag':
      return { type: 'string' as const, enum: ['1', '0', 'true', 'false'] };
    case 'choice':
      return {
        type: 'string' as const,
        enum: [...parameter.of],
        ...(parameter.default !== undefined && { default: parameter.default }),
      };
    case 'integer':
      return {
        type: 'integer' as const,
        minimum: parameter.least,
        maximum: parameter.most,
        ...(parameter.default !== undefined && { default: parameter.default }),
      };
  }
}
