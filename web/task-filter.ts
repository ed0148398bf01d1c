/** Filters of task lists, the same in a query string and in the body of a call for many tasks, which has one more. */
import { type Mistake, refusalOf } from '../supervisor/core/refusal.ts';
import { TASK_STATE_NAMES, type TaskState } from '../supervisor/core/task.ts';
import type { TaskFilter } from '../supervisor/facade.ts';
import { filterTextCharsMax, filterValuesMax, mistakesShownMax } from './limits.ts';
import { type Parameters, readParameter, type Values, Wrong } from './query.ts';

export const FILTERS = {
  state: { is: 'names', of: TASK_STATE_NAMES, sentence: 'States, e.g. `queued,running`.' },
  type: { is: 'names', sentence: 'Types of work.' },
  tag: { is: 'names', sentence: 'Tasks with any of these tags.' },
  group: { is: 'names', sentence: 'Groups.' },
  run: { is: 'names', sentence: 'Ids of runs the tasks belong to.' },
  stage: { is: 'names', sentence: 'Names of stages of runs.' },
  origin: { is: 'names', sentence: 'Where they came from, e.g. `http` or `inbox:feeds.json`.' },
  schedule: { is: 'names', sentence: 'Names of schedules that submitted them.' },
  q: { is: 'text', sentence: 'Text in id, type, params, error or tags, whatever its case.' },
  from: { is: 'moment', sentence: 'Created at this time or later.' },
  to: { is: 'moment', sentence: 'Created before this time.' },
  durationFrom: {
    is: 'duration',
    sentence: 'Finished, and took so long or longer from the first start to the end, e.g. `5m`.',
  },
  durationTo: { is: 'duration', sentence: 'Finished, and took less than this from the first start to the end.' },
} as const satisfies Parameters;

export const PARAM_SENTENCE = 'Members of the params and the values they must have, e.g. `{ "platform": 1 }`.';

const paramTextCharsMax = 2_000;

/** As a query string has them. It has no types of its own, so members of the params are JSON there. */
export const QUERY_FILTERS = {
  ...FILTERS,
  param: { is: 'text', charsMax: paramTextCharsMax, sentence: `${PARAM_SENTENCE.slice(0, -1)}, as JSON.` },
} as const satisfies Parameters;

/** @throws Refusal when `param` is no such object */
export function queryFilterOf({ param, ...values }: Values<typeof QUERY_FILTERS>): TaskFilter {
  if (param === undefined) return filterOf(values);
  const mistakes: Mistake[] = [];
  const wanted = checkParam(parsed(param), 'param', mistakes);
  if (mistakes.length > 0) throw refusalOf(mistakes);
  return { ...filterOf(values), ...(wanted && { param: wanted }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function filterOf(values: Values<typeof FILTERS>): TaskFilter {
  const { state, type, tag, group, run, stage, origin, schedule, q, from, to, durationFrom, durationTo } = values;
  return {
    // Checked against the names of states by its row.
    ...(state && { state: state as readonly TaskState[] }),
    ...(type && { type }),
    ...(tag && { tag }),
    ...(group && { group }),
    ...(run && { run }),
    ...(stage && { stage }),
    ...(origin && { origin }),
    ...(schedule && { schedule }),
    ...(q !== undefined && { q }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(durationFrom !== undefined && { durationFrom }),
    ...(durationTo !== undefined && { durationTo }),
  };
}

/** A filter as JSON: lists as lists or as `a,b`, text and times as text. */
export function checkFilter(value: unknown, path: string, mistakes: Mistake[]): TaskFilter {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    mistakes.push({ path, message: 'must be an object such as { "state": ["failed"] }' });
    return {};
  }
  const values: Record<string, unknown> = {};
  let param: TaskFilter['param'];
  for (const [name, given] of Object.entries(value)) {
    if (mistakes.length >= mistakesShownMax) break;
    if (name === 'param') {
      param = checkParam(given, `${path}.param`, mistakes);
      continue;
    }
    const row = Object.hasOwn(FILTERS, name) ? FILTERS[name as keyof typeof FILTERS] : undefined;
    if (!row) {
      mistakes.push({
        path: `${path}.${name}`,
        message: `is no filter; known are ${[...Object.keys(FILTERS), 'param'].join(', ')}`,
      });
      continue;
    }
    const texts = textsOf(given, row.is === 'names');
    const read = texts instanceof Wrong ? texts : readParameter(row, texts);
    if (read instanceof Wrong) mistakes.push({ path: `${path}.${name}`, message: read.message });
    else if (read === undefined)
      mistakes.push({ path: `${path}.${name}`, message: 'must not be empty: leave it out to match everything' });
    else values[name] = read;
  }
  return { ...filterOf(values as Values<typeof FILTERS>), ...(param && { param }) };
}

function checkParam(value: unknown, path: string, mistakes: Mistake[]): TaskFilter['param'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    mistakes.push({ path, message: 'must be an object such as { "platform": 1 }' });
    return undefined;
  }
  const members = Object.entries(value);
  if (members.length > filterValuesMax)
    mistakes.push({ path, message: `has ${members.length} members; at most ${filterValuesMax} are taken` });
  for (const [name, wanted] of members.slice(0, filterValuesMax)) {
    if (typeof wanted === 'object' && wanted !== null)
      mistakes.push({ path: `${path}.${name}`, message: 'must be text, a number, true, false or null' });
    else if (typeof wanted === 'string' && wanted.length > filterTextCharsMax)
      mistakes.push({ path: `${path}.${name}`, message: `is longer than ${filterTextCharsMax} characters` });
  }
  return value as TaskFilter['param'];
}

function textsOf(value: unknown, list: boolean): readonly string[] | Wrong {
  if (typeof value === 'string') return [value];
  if (list && Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  return new Wrong(list ? 'must be text or a list of texts' : 'must be text');
}
