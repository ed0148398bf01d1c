/** Tasks one by one and as lists: submit, look, act on one. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { tasksPerListMax } from '../../supervisor/core/limits.ts';
import { type Mistake, Refusal } from '../../supervisor/core/refusal.ts';
import { checkTask, type TaskInput } from '../../supervisor/core/task-input.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import { readJson } from '../body.ts';
import { cursorText, readCursor } from '../cursor.ts';
import { itemsPerPageDefault, itemsPerPageMax, mistakesShownMax } from '../limits.ts';
import { readMembers } from '../members.ts';
import { type Parameters, readQuery } from '../query.ts';
import { actorOf, answerJson, api, type Context, notFound, type Parts, pathParameter, type Route } from '../route.ts';
import { FILTERS, filterOf } from '../task-filter.ts';

/** Longer lists are worked through in turns, so that other requests and the pool are served in between. */
const tasksPerTurnMax = 1_000;

const LIST = {
  ...FILTERS,
  order: { is: 'choice', of: ['newest', 'oldest'], default: 'newest', sentence: 'By time of creation.' },
  limit: { is: 'integer', least: 1, most: itemsPerPageMax, default: itemsPerPageDefault, sentence: 'Items on a page.' },
  cursor: { is: 'text', charsMax: 1_000, sentence: '`next` of the page before.' },
} as const satisfies Parameters;

export function taskRoutes({ facade }: Parts): Route[] {
  async function submit(ctx: Context): Promise<void> {
    const body = await readJson(ctx.req);
    // Every task that came in is on record as a task.
    ctx.state.quiet = true;
    if (Array.isArray(body)) return await submitList(ctx, body);
    if (body === undefined)
      throw new Refusal('validation', 'A task or a list of tasks is expected as the body', [
        { path: '$', message: 'is missing' },
      ]);
    const tasks = await checkedTasks([body], () => '$');
    await checkTypes(tasks, () => '$');
    const answer = await facade.submit(tasks, actorOf(ctx));
    const task = answer.tasks[0];
    if (!task) throw new Error('the supervisor gave no task back');
    answerJson(ctx, answer.created[0] === false ? 200 : 201, JSON.stringify({ task }));
    ctx.set('Location', `${api}/tasks/${task.id}`);
  }

  async function submitList(ctx: Context, list: readonly unknown[]): Promise<void> {
    if (list.length > tasksPerListMax) {
      throw new Refusal('too_large', `The list has ${list.length} tasks; at most ${tasksPerListMax} are taken at once`);
    }
    if (list.length === 0) return answerJson(ctx, 201, '{"tasks":[]}');
    const path = (index: number) => `$[${index}]`;
    const tasks = await checkedTasks(list, path);
    await checkTypes(tasks, path);
    const answer = await facade.submit(tasks, actorOf(ctx));
    answerJson(ctx, 201, await listText(answer.tasks));
  }

  async function checkTypes(tasks: readonly TaskInput[], path: (index: number) => string): Promise<void> {
    const mistakes: Mistake[] = [];
    for (let index = 0; index < tasks.length && mistakes.length < mistakesShownMax; index++) {
      const type = tasks[index]?.type ?? '';
      if (!facade.knowsType(type))
        mistakes.push({ path: `${path(index)}.type`, message: `${JSON.stringify(type)} has no handler` });
    }
    if (mistakes.length === 0) return;
    const { handlers } = await facade.handlers();
    const known = handlers.map((handler) => handler.type).sort();
    throw new Refusal(
      'unknown_type',
      `No handler for ${mistakes[0]?.message.split(' has ')[0]}; known types: ${known.join(', ') || 'none'}`,
      mistakes,
    );
  }

  async function list(ctx: Context): Promise<void> {
    const { cursor, limit, order = 'newest', ...filters } = readQuery(ctx.querystring, LIST);
    const filter = filterOf(filters);
    const question = { filter, order };
    const after = cursor === undefined ? null : readCursor(cursor, question);
    const page = await facade.tasks({
      filter,
      limit: limit ?? itemsPerPageDefault,
      after,
      order: order as 'newest' | 'oldest',
    });
    const next = page.next === null ? null : cursorText(page.next, question);
    answerJson(
      ctx,
      200,
      JSON.stringify({ items: page.items, next, ...(page.total !== undefined && { total: page.total }) }),
    );
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
    await readMembers(ctx, []);
    const answer = await facade.retry(pathParameter(ctx, 'id'), actorOf(ctx));
    answerJson(ctx, answer.task.id === answer.originalId ? 200 : 201, JSON.stringify(answer));
  }

  const path = `${api}/tasks`;
  return [
    {
      method: 'POST',
      path,
      need: 'operate',
      does: 'Submits one task, or a list of them as a whole or not at all',
      handle: submit,
    },
    { method: 'GET', path, need: 'read', query: LIST, does: 'Lists tasks, live and finished together', handle: list },
    { method: 'GET', path: `${path}/:id`, need: 'read', does: 'Shows one task', handle: one },
    {
      method: 'POST',
      path: `${path}/:id/cancel`,
      need: 'operate',
      does: 'Asks a task to stop, or never to begin',
      handle: act(202, 'cancel'),
    },
    {
      method: 'POST',
      path: `${path}/:id/promote`,
      need: 'operate',
      does: 'Puts a task to the front of the queue',
      handle: act(200, 'promote'),
    },
    { method: 'POST', path: `${path}/:id/retry`, need: 'operate', does: 'Runs a finished task again', handle: retry },
    {
      method: 'POST',
      path: `${path}/retry/:id`,
      need: 'operate',
      does: 'The same as `/tasks/{id}/retry`',
      handle: retry,
    },
  ];
}

/** @returns all of them checked, or a refusal that names the first mistakes with their places */
async function checkedTasks(list: readonly unknown[], path: (index: number) => string): Promise<TaskInput[]> {
  const tasks: TaskInput[] = [];
  const mistakes: Mistake[] = [];
  for (let index = 0; index < list.length && mistakes.length < mistakesShownMax; index++) {
    if (index > 0 && index % tasksPerTurnMax === 0) await nextTurn();
    const checked = checkTask(list[index], path(index));
    if (checked.ok) tasks.push(checked.value);
    else mistakes.push(...checked.mistakes);
  }
  if (mistakes.length === 0) return tasks;
  const [first] = mistakes;
  const more = mistakes.length > 1 ? ' (and more, see errors)' : '';
  throw new Refusal('validation', `${first?.path} ${first?.message}${more}`, mistakes);
}

async function listText(tasks: readonly TaskView[]): Promise<string> {
  if (tasks.length <= tasksPerTurnMax) return `{"tasks":${JSON.stringify(tasks)}}`;
  const texts: string[] = [];
  for (let from = 0; from < tasks.length; from += tasksPerTurnMax) {
    if (from > 0) await nextTurn();
    texts.push(JSON.stringify(tasks.slice(from, from + tasksPerTurnMax)).slice(1, -1));
  }
  return `{"tasks":[${texts.join(',')}]}`;
}
