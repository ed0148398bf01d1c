/** Tasks one by one: look, and act on one. */
import { refusalOf } from '../../supervisor/core/refusal.ts';
import { checkTask } from '../../supervisor/core/task-input.ts';
import type { TaskPage } from '../../supervisor/facade.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { goneSignal } from '../gone.ts';
import { itemsPerPageDefault } from '../limits.ts';
import { readMembers } from '../members.ts';
import { PAGE, type Parameters, readQuery } from '../query.ts';
import {
  actorOf,
  answerJson,
  api,
  type Context,
  look,
  notFound,
  operate,
  type Parts,
  pathParameter,
  type Route,
} from '../route.ts';
import { QUERY_FILTERS, queryFilterOf } from '../task-filter.ts';

const LIST = {
  ...QUERY_FILTERS,
  order: { is: 'choice', of: ['newest', 'oldest'], default: 'newest', sentence: 'By time of creation.' },
  ...PAGE,
} as const satisfies Parameters;

export function taskRoutes({ facade }: Parts): Route[] {
  async function list(ctx: Context): Promise<void> {
    const { cursor, limit, order = 'newest', ...filters } = readQuery(ctx.querystring, LIST);
    const filter = queryFilterOf(filters);
    const question = { filter, order };
    const after = cursor === undefined ? null : readCursor(cursor, question);
    const page = await whileConnected(ctx, (signal) =>
      facade.tasks({
        filter,
        limit: limit ?? itemsPerPageDefault,
        after,
        order: order as 'newest' | 'oldest',
        counted: true,
        signal,
      }),
    );
    if (page === null) return;
    const next = page.next === null ? null : cursorText(page.next, question);
    const { items, total, totalAtLeast } = page;
    answerJson(ctx, 200, JSON.stringify({ items, next, total, totalAtLeast }));
  }

  async function one(ctx: Context): Promise<void> {
    const id = pathParameter(ctx, 'id');
    const task = await facade.task(id);
    if (!task) throw notFound(`There is no task ${id}`);
    answerJson(ctx, 200, JSON.stringify({ task }));
  }

  const act = (status: number, action: 'cancel' | 'promote') => async (ctx: Context) => {
    await readMembers(ctx, []);
    answerJson(ctx, status, JSON.stringify({ task: await facade[action](pathParameter(ctx, 'id'), actorOf(ctx)) }));
  };

  async function retry(ctx: Context): Promise<void> {
    const { params } = await readMembers(ctx, ['params']);
    const answer = await facade.retry(
      pathParameter(ctx, 'id'),
      actorOf(ctx),
      params === undefined ? null : checkParams(params),
    );
    answerJson(ctx, answer.task.id === answer.originalId ? 200 : 201, JSON.stringify(answer));
  }

  const path = `${api}/tasks`;
  return [
    look(path, 'Lists tasks, live and finished together', list, LIST),
    look(`${path}/:id`, 'Shows one task', one),
    operate(`${path}/:id/cancel`, 'Asks a task to stop, or never to begin', act(202, 'cancel')),
    operate(`${path}/:id/promote`, 'Puts a task to the front of the queue', act(200, 'promote')),
    operate(`${path}/:id/retry`, 'Runs a finished task again', retry),
    operate(`${path}/retry/:id`, 'The same as `/tasks/{id}/retry`', retry),
  ];
}

/** @returns JSON text */
function checkParams(params: unknown): string {
  const checked = checkTask({ type: 'any', params });
  if (checked.ok) return checked.value.params;
  throw refusalOf(checked.mistakes);
}

/** @returns null when the client has gone meanwhile, and nobody waits for an answer */
async function whileConnected(ctx: Context, ask: (signal: AbortSignal) => Promise<TaskPage>): Promise<TaskPage | null> {
  const signal = goneSignal(ctx);
  try {
    return await ask(signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
