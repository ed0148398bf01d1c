/** Tasks that come in, one or a list: the busiest address of all. A list is taken as a whole or not at all. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { tasksPerListMax } from '../../supervisor/core/limits.ts';
import { type Mistake, Refusal, refusalOf } from '../../supervisor/core/refusal.ts';
import { checkTask, type TaskInput } from '../../supervisor/core/task-input.ts';
import type { Facade } from '../../supervisor/facade.ts';
import { readJson } from '../body.ts';
import { mistakesShownMax } from '../limits.ts';
import { actorOf, answerJson, api, type Context, operate, type Parts, type Route } from '../route.ts';

/** Longer lists are worked through in turns, so that other requests and the pool are served in between. */
const tasksPerTurnMax = 1_000;

/** What one unit of a JavaScript string takes at most. */
const utf8BytesPerChar = 3;
const COMMA = 44;

type PathOf = (index: number) => string;

export function submitRoutes({ facade }: Parts): Route[] {
  async function submit(ctx: Context): Promise<void> {
    const body = await readJson(ctx.req);
    // Every task that came in is on record as a task.
    ctx.state.quiet = true;
    if (Array.isArray(body)) await submitList(ctx, body);
    else await submitOne(ctx, body);
  }

  async function submitOne(ctx: Context, body: unknown): Promise<void> {
    if (body === undefined) {
      const mistake = { path: '$', message: 'is missing' };
      throw new Refusal('validation', 'A task or a list of tasks is expected as the body', [mistake]);
    }
    const tasks = await checked([body], () => '$');
    const { ids, texts, created, durability } = await facade.submit(tasks, actorOf(ctx));
    answerJson(ctx, created[0] === false ? 200 : 201, `{"task":${texts[0]},"durability":"${durability}"}`);
    ctx.set('Location', `${api}/tasks/${ids[0]}`);
  }

  async function submitList(ctx: Context, list: readonly unknown[]): Promise<void> {
    if (list.length > tasksPerListMax) {
      throw new Refusal('too_large', `The list has ${list.length} tasks; at most ${tasksPerListMax} are taken at once`);
    }
    const tasks = await checked(list, (index) => `$[${index}]`);
    const { texts, durability } = await facade.submit(tasks, actorOf(ctx));
    answerJson(ctx, 201, listBytes('{"tasks":[', texts, `],"durability":"${durability}"}`));
  }

  async function checked(list: readonly unknown[], path: PathOf): Promise<TaskInput[]> {
    const tasks = await checkedTasks(list, path);
    await checkTypes(facade, tasks, path);
    return tasks;
  }

  return [operate(`${api}/tasks`, 'Submits one task, or a list of them as a whole or not at all', submit)];
}

/** Texts with commas between them, piece by piece into one buffer: joined as text first, each would be copied twice. */
function listBytes(before: string, texts: readonly string[], after: string): Buffer {
  const chars = texts.reduce((sum, text) => sum + text.length + 1, before.length + after.length);
  const bytes = Buffer.allocUnsafe(chars * utf8BytesPerChar);
  let used = bytes.write(before);
  for (const text of texts) {
    used += bytes.write(text, used);
    bytes[used++] = COMMA;
  }
  if (texts.length > 0) used--;
  used += bytes.write(after, used);
  return bytes.subarray(0, used);
}

/** @returns all of them checked, or a refusal that names the first mistakes with their places */
async function checkedTasks(list: readonly unknown[], path: PathOf): Promise<TaskInput[]> {
  const tasks: TaskInput[] = [];
  const mistakes: Mistake[] = [];
  for (let index = 0; index < list.length && mistakes.length < mistakesShownMax; index++) {
    if (index > 0 && index % tasksPerTurnMax === 0) await nextTurn();
    const checked = checkTask(list[index], path(index));
    if (checked.ok) tasks.push(checked.value);
    else for (const mistake of checked.mistakes) mistakes.push(mistake);
  }
  if (mistakes.length === 0) return tasks;
  throw refusalOf(mistakes);
}

async function checkTypes(facade: Facade, tasks: readonly TaskInput[], path: PathOf): Promise<void> {
  const mistakes: Mistake[] = [];
  let unknown = '';
  for (let index = 0; index < tasks.length && mistakes.length < mistakesShownMax; index++) {
    const type = tasks[index]?.type ?? '';
    if (facade.knowsType(type)) continue;
    unknown ||= type;
    mistakes.push({ path: `${path(index)}.type`, message: `"${type}" has no handler` });
  }
  if (mistakes.length === 0) return;
  const { handlers } = await facade.handlers();
  const known = handlers.map((handler) => handler.type).sort();
  throw new Refusal(
    'unknown_type',
    `No handler for "${unknown}"; known types: ${known.join(', ') || 'none'}`,
    mistakes,
  );
}
