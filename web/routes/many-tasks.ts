/** One call for many tasks: by their ids, or all that match a filter, with a preview. */
import { parseDuration } from '../../supervisor/core/duration.ts';
import { type Mistake, Refusal } from '../../supervisor/core/refusal.ts';
import type { RetryHow, TaskFilter, Which } from '../../supervisor/facade.ts';
import { cursorAfter, cursorText } from '../cursor.ts';
import { idsPerCallMax, retryKeyCharsMax, retryOverMsMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { actorOf, answerJson, api, type Context, operate, type Parts, type Route } from '../route.ts';
import { checkFilter } from '../task-filter.ts';

type Action = 'cancelMany' | 'retryMany';

const MEMBERS: Readonly<Record<Action, readonly string[]>> = {
  cancelMany: ['ids', 'filter', 'cursor', 'dryRun'],
  retryMany: ['ids', 'filter', 'resolved', 'cursor', 'dryRun', 'over', 'idempotencyKey'],
};

interface Call {
  readonly which: Which;
  readonly dryRun: boolean;
  readonly how: RetryHow;
  /** What a cursor is bound to. */
  readonly question: unknown;
}

export function manyTaskRoutes({ facade }: Parts): Route[] {
  const many = (action: Action) => async (ctx: Context) => {
    const { which, dryRun, how, question } = await readCall(ctx, action);
    const answer = await facade[action](which, dryRun, actorOf(ctx), how);
    const next = answer.next === null ? null : cursorText(answer.next, question);
    answerJson(ctx, 200, JSON.stringify({ ...answer, next }));
  };
  return [
    operate(`${api}/tasks/cancel`, 'Cancels many tasks', many('cancelMany')),
    operate(`${api}/tasks/retry`, 'Runs many failed tasks again', many('retryMany')),
  ];
}

async function readCall(ctx: Context, action: Action): Promise<Call> {
  const body = await readMembers(ctx, MEMBERS[action]);
  const { ids, filter, cursor, dryRun = false } = body;
  const mistakes: Mistake[] = [];
  if (typeof dryRun !== 'boolean') mistakes.push({ path: '$.dryRun', message: 'must be true or false' });
  if ((ids === undefined) === (filter === undefined)) {
    mistakes.push({ path: '$', message: 'must have either "ids" or "filter"; { "filter": {} } means every task' });
  }
  const checked = filter === undefined ? null : checkFilter(filter, '$.filter', mistakes);
  const resolved = checkResolved(body, mistakes);
  const how = { overMs: checkOver(body['over'], mistakes), idempotencyKey: checkKey(body['idempotencyKey'], mistakes) };
  const question = { action, filter: checked, resolved };
  const after = cursor === undefined ? null : checkCursor(cursor, checked && question, mistakes);
  const which = checked
    ? filtered(checked, after, resolved)
    : { ids: ids === undefined ? [] : checkIds(ids, mistakes) };
  if (mistakes.length > 0) throw new Refusal('validation', `${mistakes[0]?.path} ${mistakes[0]?.message}`, mistakes);
  return { which, dryRun: dryRun === true, how, question };
}

function filtered(filter: TaskFilter, after: string | null, resolved: boolean): Which {
  return { filter, ...(after !== null && { after }), ...(resolved && { resolved }) };
}

function checkResolved({ ids, resolved = false }: Readonly<Record<string, unknown>>, mistakes: Mistake[]): boolean {
  if (typeof resolved !== 'boolean') mistakes.push({ path: '$.resolved', message: 'must be true or false' });
  else if (resolved && ids !== undefined)
    mistakes.push({ path: '$.resolved', message: 'goes with "filter": tasks named by "ids" are always meant' });
  return resolved === true;
}

function checkOver(value: unknown, mistakes: Mistake[]): number | null {
  if (value === undefined) return null;
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  if (ms === null || ms > retryOverMsMax)
    mistakes.push({ path: '$.over', message: 'must be a duration such as "30m", at most 30d' });
  return ms;
}

function checkKey(value: unknown, mistakes: Mistake[]): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '' && value.length <= retryKeyCharsMax) return value;
  mistakes.push({ path: '$.idempotencyKey', message: `must be text of at most ${retryKeyCharsMax} characters` });
  return null;
}

/** @param question null where there can be no cursor */
function checkCursor(cursor: unknown, question: unknown, mistakes: Mistake[]): string | null {
  const after = question !== null && typeof cursor === 'string' ? cursorAfter(cursor, question) : null;
  if (after === null) {
    const message = 'must be "next" of the same call with the same "filter"; to begin anew, leave it out';
    mistakes.push({ path: '$.cursor', message });
  }
  return after;
}

function checkIds(value: unknown, mistakes: Mistake[]): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every((id) => typeof id === 'string' && id !== '')) {
    mistakes.push({ path: '$.ids', message: 'must be a list of task ids' });
    return [];
  }
  if (value.length > idsPerCallMax)
    mistakes.push({ path: '$.ids', message: `has ${value.length} ids; at most ${idsPerCallMax} are taken at once` });
  return value;
}
