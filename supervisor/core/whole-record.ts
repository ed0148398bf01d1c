/**
 * A record as every reader may take it: what it lacks, or has in another shape, because another version or a person wrote
 * it, is as if it had never been said. One such record must not hide all the others of its list.
 */
import { formatDuration } from './duration.ts';
import { iso, type TaskRecord } from './record.ts';
import { createdAt } from './task.ts';
import { defaultBackoff, defaultMaxAttempts, defaultPriority, isMembers } from './task-input.ts';

type Is = (value: unknown) => boolean;

const isText: Is = (value) => typeof value === 'string';
const isNumber: Is = (value) => typeof value === 'number';
const isTextList: Is = (value) => Array.isArray(value) && value.every(isText);
const isMoment: Is = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isRun: Is = (value) => isMembers(value) && isText(value['id']) && isText(value['stage']);
const isError: Is = (value) => isMembers(value) && isText(value['message']);
const isAttempt: Is = (value) => isMembers(value) && isNumber(value['number']) && isMoment(value['startedAt']);
const orNull =
  (is: Is): Is =>
  (value) =>
    value === null || is(value);
const anything: Is = (value) => value !== undefined;

/** Members but id, type and state, which a line has or is none: their shape, and what stands in place of another. */
const MEMBERS: readonly (readonly [name: keyof TaskRecord, is: Is, otherwise: unknown])[] = [
  ['params', anything, {}],
  ['priority', isNumber, defaultPriority],
  ['runAt', orNull(isMoment), null],
  ['maxAttempts', isNumber, defaultMaxAttempts],
  ['backoff', isMembers, backoffView()],
  ['timeout', orNull(isText), null],
  ['idempotencyKey', orNull(isText), null],
  ['tags', isTextList, []],
  ['group', orNull(isText), null],
  ['onInterrupt', isText, 'requeue'],
  ['origin', isText, 'unknown'],
  ['startedAt', orNull(isMoment), null],
  ['finishedAt', orNull(isMoment), null],
  ['attempt', isNumber, 0],
  ['attempts', (value) => Array.isArray(value) && value.every(isAttempt), []],
  ['progress', orNull(isMembers), null],
  ['counts', orNull(isMembers), null],
  ['result', anything, null],
  ['error', orNull(isError), null],
  ['run', orNull(isRun), null],
  ['retryOf', orNull(isText), null],
  ['cancelRequestedAt', orNull(isMoment), null],
  ['settingsRevision', orNull(isText), null],
];

function backoffView(): TaskRecord['backoff'] {
  const { kind, baseMs, maxMs, jitter } = defaultBackoff;
  return { kind, base: formatDuration(baseMs), max: formatDuration(maxMs), jitter };
}

/** @returns the record itself when there is nothing wrong with it */
export function wholeRecord<T extends TaskRecord>(record: T): T {
  const assumed: Record<string, unknown> = {};
  for (const [name, is, otherwise] of MEMBERS) if (!is(record[name])) assumed[name] = otherwise;
  if (!isMoment(record.createdAt)) assumed['createdAt'] = iso(createdAt(record.id));
  if (record.label !== undefined && !isText(record.label)) assumed['label'] = '';
  return Object.keys(assumed).length > 0 ? { ...record, ...assumed } : record;
}
