/** One call for many tasks: by their ids, or all that match a filter, with a preview. */
import { type Mistake, Refusal } from '../../supervisor/core/refusal.ts';
import type { TaskFilter } from '../../supervisor/facade.ts';
import { idsPerCallMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { actorOf, answerJson, api, type Context, operate, type Parts, type Route } from '../route.ts';
import { checkFilter } from '../task-filter.ts';

interface Call {
  readonly which: { readonly ids: readonly string[] } | { readonly filter: TaskFilter };
  readonly dryRun: boolean;
}

export function manyTaskRoutes({ facade }: Parts): Route[] {
  const many = (action: 'cancelMany' | 'retryMany') => async (ctx: Context) => {
    const { which, dryRun } = await readCall(ctx);
    answerJson(ctx, 200, JSON.stringify(await facade[action](which, dryRun, actorOf(ctx))));
  };
  return [
    operate(`${api}/tasks/cancel`, 'Cancels many tasks', many('cancelMany')),
    operate(`${api}/tasks/retry`, 'Runs many failed tasks again', many('retryMany')),
  ];
}

async function readCall(ctx: Context): Promise<Call> {
  const body = await readMembers(ctx, ['ids', 'filter', 'dryRun']);
  const { ids, filter, dryRun = false } = body;
  const mistakes: Mistake[] = [];
  if (typeof dryRun !== 'boolean') mistakes.push({ path: '$.dryRun', message: 'must be true or false' });
  if ((ids === undefined) === (filter === undefined)) {
    mistakes.push({ path: '$', message: 'must have either "ids" or "filter"; { "filter": {} } means every task' });
  }
  const which =
    ids === undefined
      ? { filter: filter === undefined ? {} : checkFilter(filter, '$.filter', mistakes) }
      : { ids: checkIds(ids, mistakes) };
  if (mistakes.length > 0) throw new Refusal('validation', `${mistakes[0]?.path} ${mistakes[0]?.message}`, mistakes);
  return { which, dryRun: dryRun === true };
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
