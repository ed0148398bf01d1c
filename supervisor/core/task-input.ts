/**
 * A task as somebody wrote it, in a file, a request or a handler: checked as a whole, its mistakes named together.
 * Unknown members are refused, not ignored: a misspelt `runAt` must not run at once.
 */
import { parseDuration } from './duration.ts';
import {
  attemptsMax,
  durationMsMax,
  idempotencyKeyCharsMax,
  mistakesPerTaskMax,
  nameCharsMax,
  tagsPerTaskMax,
  taskParamsBytesMax,
} from './limits.ts';
import type { Mistake } from './refusal.ts';
import type { Backoff, OnInterrupt } from './task.ts';

/** A checked task, before it has options, an id and a place in the queue. */
export interface TaskInput {
  readonly type: string;
  /** JSON text, compact. */
  readonly params: string;
  readonly priority: number;
  readonly runAt: number | null;
  readonly delayMs: number | null;
  readonly maxAttempts: number | null;
  readonly backoff: Backoff | null;
  readonly timeoutMs: number | null;
  readonly idempotencyKey: string | null;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly onInterrupt: OnInterrupt;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export const defaultBackoff: Backoff = { kind: 'exponential', baseMs: 10_000, maxMs: 3_600_000, jitter: 0.2 };
export const defaultPriority = 5;
export const defaultMaxAttempts = 3;

export const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._:/@+-]*$/u;
const NO_TAGS: readonly string[] = [];
export type Members = Record<string, unknown>;
type Check = (value: unknown, path: string, mistakes: Mistake[]) => void;

/** One row a member: what is checked. Anything not here is refused. */
const MEMBERS: Readonly<Record<string, Check>> = {
  type: name,
  params: anything,
  priority: integer(0, 9),
  runAt: moment,
  delay: duration,
  maxAttempts: integer(1, attemptsMax),
  backoff: backoff,
  timeout: timeout,
  idempotencyKey: text(idempotencyKeyCharsMax),
  tags: tags,
  group: name,
  onInterrupt: oneOf('requeue', 'hold', 'fail'),
};
export const TASK_MEMBERS = Object.keys(MEMBERS);

/** @param path where the task stands in its document, `$` for the whole */
export function checkTask(value: unknown, path = '$'): Checked<TaskInput> {
  const mistakes: Mistake[] = [];
  if (!isMembers(value)) {
    return {
      ok: false,
      mistakes: [{ path, message: `expected a task, an object with "type", but got ${kindOf(value)}` }],
    };
  }
  if (value['type'] === undefined)
    mistakes.push({ path: `${path}.type`, message: 'is required: the name of the work, e.g. "http.download"' });
  for (const member in value) {
    if (isEnough(mistakes)) break;
    const check = Object.hasOwn(MEMBERS, member) ? MEMBERS[member] : undefined;
    if (!check)
      mistakes.push({
        path: `${path}.${member}`,
        message: `is not a member of a task; known are ${TASK_MEMBERS.join(', ')}`,
      });
    else if (value[member] !== undefined) check(value[member], `${path}.${member}`, mistakes);
  }
  if (value['runAt'] !== undefined && value['delay'] !== undefined) {
    mistakes.push({ path: `${path}.delay`, message: 'cannot stand beside "runAt": give one of them' });
  }
  const params = paramsText(value['params'], `${path}.params`, mistakes);
  if (mistakes.length > 0 || params === null) return { ok: false, mistakes };
  return { ok: true, value: input(value, params) };
}

/** Called with members that have all been checked. */
function input(task: Members, params: string): TaskInput {
  return {
    type: task['type'] as string,
    params,
    priority: (task['priority'] as number | undefined) ?? defaultPriority,
    runAt: task['runAt'] === undefined ? null : Date.parse(task['runAt'] as string),
    delayMs: task['delay'] === undefined ? null : parseDuration(task['delay'] as string),
    maxAttempts: (task['maxAttempts'] as number | undefined) ?? null,
    backoff: task['backoff'] === undefined ? null : backoffOf(task['backoff'] as Members),
    timeoutMs: task['timeout'] === undefined ? null : parseDuration(task['timeout'] as string),
    idempotencyKey: (task['idempotencyKey'] as string | undefined) ?? null,
    tags: (task['tags'] as string[] | undefined) ?? NO_TAGS,
    group: (task['group'] as string | undefined) ?? null,
    onInterrupt: (task['onInterrupt'] as OnInterrupt | undefined) ?? 'requeue',
  };
}

function backoffOf(given: Members): Backoff {
  const kind = (given['kind'] as Backoff['kind'] | undefined) ?? 'exponential';
  return {
    kind,
    baseMs: given['base'] === undefined ? defaultBackoff.baseMs : (parseDuration(given['base'] as string) as number),
    maxMs: given['max'] === undefined ? defaultBackoff.maxMs : (parseDuration(given['max'] as string) as number),
    jitter: (given['jitter'] as number | undefined) ?? defaultBackoff.jitter,
  };
}

/** JSON text of the params, refused when JSON would change a value silently or when it is too long. */
function paramsText(params: unknown, path: string, mistakes: Mistake[]): string | null {
  if (params === undefined) return '{}';
  if (isEnough(mistakes)) return null;
  const before = mistakes.length;
  checkJson(params, path, mistakes, 0);
  if (mistakes.length > before) return null;
  const text = JSON.stringify(params);
  if (text.length * 3 > taskParamsBytesMax && Buffer.byteLength(text) > taskParamsBytesMax) {
    mistakes.push({
      path,
      message: `is ${Buffer.byteLength(text)} bytes as JSON; at most ${taskParamsBytesMax} are kept with a task`,
    });
    return null;
  }
  return text;
}

export function isEnough(mistakes: readonly Mistake[]): boolean {
  return mistakes.length >= mistakesPerTaskMax;
}

const depthMax = 100;

/** Refuses what a round trip through JSON would change: integers beyond 2^53, NaN, undefined in lists, class instances. */
export function checkJson(value: unknown, path: string, mistakes: Mistake[], depth = 0): void {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) mistakes.push({ path, message: `is ${value}, which JSON cannot hold` });
    else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      mistakes.push({ path, message: `is beyond 2^53 and would lose digits: write it as a string` });
    }
    return;
  }
  if (depth >= depthMax) {
    mistakes.push({ path, message: `is nested deeper than ${depthMax} levels` });
    return;
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && !isEnough(mistakes); index++)
      checkJson(value[index], `${path}[${index}]`, mistakes, depth + 1);
  } else if (isMembers(value)) {
    for (const member in value) {
      if (isEnough(mistakes)) return;
      if (value[member] !== undefined || depth === 0)
        checkJson(value[member], `${path}.${member}`, mistakes, depth + 1);
    }
  } else {
    mistakes.push({ path, message: `is ${kindOf(value)}, which JSON cannot hold` });
  }
}

function name(value: unknown, path: string, mistakes: Mistake[]): void {
  if (typeof value !== 'string' || value.length > nameCharsMax || !NAME.test(value)) {
    mistakes.push({
      path,
      message: `must be a name of letters, digits and . _ : / @ + -, at most ${nameCharsMax} long, not ${shown(value)}`,
    });
  }
}

function anything(): void {}

function integer(least: number, most: number): Check {
  return (value, path, mistakes) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      mistakes.push({ path, message: `must be a whole number from ${least} to ${most}, not ${shown(value)}` });
    }
  };
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function moment(value: unknown, path: string, mistakes: Mistake[]): void {
  if (typeof value !== 'string' || !MOMENT.test(value) || Number.isNaN(Date.parse(value)) || !isDay(value)) {
    mistakes.push({ path, message: `must be a time with its zone, e.g. "2026-11-23T02:00:00Z", not ${shown(value)}` });
  }
}

/** `Date.parse` takes 30 February for 2 March. */
function isDay(moment: string): boolean {
  const day = moment.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function duration(value: unknown, path: string, mistakes: Mistake[]): void {
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  if (ms === null)
    mistakes.push({
      path,
      message: `must be a duration such as "500ms", "10s", "5m", "2h", "7d" or "PT10M", not ${shown(value)}`,
    });
  else if (ms > durationMsMax) mistakes.push({ path, message: 'must be at most ten years' });
}

/** An attempt with no time at all would be over before it began. */
function timeout(value: unknown, path: string, mistakes: Mistake[]): void {
  duration(value, path, mistakes);
  if (typeof value === 'string' && parseDuration(value) === 0)
    mistakes.push({ path, message: 'must be more than 0: without "timeout" what its handler says holds' });
}

function text(charsMax: number): Check {
  return (value, path, mistakes) => {
    if (typeof value !== 'string' || value.length === 0 || value.length > charsMax) {
      mistakes.push({ path, message: `must be text of 1 to ${charsMax} characters, not ${shown(value)}` });
    }
  };
}

function tags(value: unknown, path: string, mistakes: Mistake[]): void {
  if (!Array.isArray(value) || value.length > tagsPerTaskMax) {
    mistakes.push({ path, message: `must be a list of at most ${tagsPerTaskMax} names, not ${shown(value)}` });
    return;
  }
  value.forEach((tag, index) => {
    name(tag, `${path}[${index}]`, mistakes);
  });
}

function oneOf(...choices: string[]): Check {
  return (value, path, mistakes) => {
    if (!choices.includes(value as string))
      mistakes.push({ path, message: `must be one of ${choices.join(', ')}, not ${shown(value)}` });
  };
}

const BACKOFF_MEMBERS: Readonly<Record<string, Check>> = {
  kind: oneOf('exponential', 'fixed'),
  base: duration,
  max: duration,
  jitter: (value, path, mistakes) => {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1))
      mistakes.push({ path, message: `must be a number from 0 to 1, not ${shown(value)}` });
  },
};

function backoff(value: unknown, path: string, mistakes: Mistake[]): void {
  if (!isMembers(value)) {
    mistakes.push({
      path,
      message: `must be an object such as { "kind": "fixed", "base": "10s" }, not ${shown(value)}`,
    });
    return;
  }
  for (const member in value) {
    if (isEnough(mistakes)) return;
    const check = Object.hasOwn(BACKOFF_MEMBERS, member) ? BACKOFF_MEMBERS[member] : undefined;
    if (!check)
      mistakes.push({
        path: `${path}.${member}`,
        message: 'is not a member of backoff; known are kind, base, max, jitter',
      });
    else check(value[member], `${path}.${member}`, mistakes);
  }
}

export function isMembers(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`;
}

const shownCharsMax = 60;

export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > shownCharsMax ? `${value.slice(0, shownCharsMax)}…` : value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}
