/** A copy of the data folder, now: a task like any other, which answers at once and is followed as one. */
import { Refusal } from '../../supervisor/core/refusal.ts';
import { checkTask } from '../../supervisor/core/task-input.ts';
import { readMembers } from '../members.ts';
import { actorOf, administer, answerJson, api, type Context, isPage, type Parts, type Route } from '../route.ts';

export function backupRoutes({ facade }: Parts): Route[] {
  async function backup(ctx: Context): Promise<void> {
    const params = await readMembers(ctx, ['keep', 'maxAge']);
    const checked = checkTask({ type: 'backup.create', params });
    if (!checked.ok) throw new Refusal('validation', 'The members make no task', checked.mistakes);
    const actor = actorOf(ctx);
    const asked = isPage(ctx) ? { ...actor, origin: 'page' } : actor;
    const { ids, texts, durability } = await facade.submit([checked.value], asked);
    ctx.set('Location', `${api}/tasks/${ids[0]}`);
    answerJson(ctx, 201, `{"task":${texts[0]},"durability":"${durability}"}`);
  }

  return [administer('POST', `${api}/backup`, 'Starts a consistent copy of the data folder', backup)];
}
