/** What a person does with schedules: run, pause, resume, delete, each said, asked before where it cannot be undone. */
import { signal } from '@preact/signals';
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import type { RanView } from '../../supervisor/schedules-facade.ts';
import { post, request } from './api.ts';
import { say } from './language.ts';
import { ask } from './parts/ask.tsx';
import { toast } from './parts/toasts.tsx';
import { go, route, runPath, schedulePath, taskPath } from './router.ts';
import { own } from './task-actions.ts';

/** What is to be paused or resumed: a schedule, or all of them. */
export type Which = Pick<ScheduleRecord, 'id' | 'name' | 'timezone' | 'sentence'> | { readonly allIn: string };

export const pausing = signal<Which | null>(null);
export const resuming = signal<Which | null>(null);

function pathOf(which: Which): string {
  return 'id' in which ? schedulePath(which.id) : 'schedules';
}

export function runNow({ id, name }: ScheduleRecord): Promise<void> {
  return own(async () => {
    const { task, occurrence } = await post<RanView>(`${schedulePath(id)}/run`);
    const words = say();
    if (task) toast(words.schedules.told.ran(name), { label: words.do.open, act: () => go(taskPath(task.id)) });
    else if (occurrence.runId !== undefined) {
      const path = runPath(occurrence.runId);
      toast(words.schedules.told.began(name), { label: words.do.open, act: () => go(path) });
    } else toast(words.schedules.told.ranLater(name));
  });
}

/** @param until local to the zone of what is paused; empty for until somebody resumes @throws Problem */
export async function pause(which: Which, reason: string, until: string): Promise<void> {
  const words = say();
  const { told, ask: asked } = words.schedules;
  const body = { reason: reason === '' ? asked.defaultReason : reason, until: until === '' ? null : until };
  await post(`${pathOf(which)}/pause`, body);
  const text = 'id' in which ? told.paused(which.name) : told.pausedAll;
  toast(text, { label: words.do.undo, act: () => void own(() => resume(which, false)) });
}

/** @throws Problem */
export async function resume(which: Which, catchUp: boolean): Promise<void> {
  await post(`${pathOf(which)}/resume`, { catchUp });
  const { told } = say().schedules;
  toast('id' in which ? told.resumed(which.name) : told.resumedAll);
}

export async function remove(schedule: ScheduleRecord): Promise<void> {
  const { ask: words, told } = say().schedules;
  const sure = await ask({
    title: words.removeTitle(schedule.name),
    text: schedule.builtIn ? words.removeBuiltIn : words.removeText,
    yes: words.removeYes,
    tone: 'bad',
  });
  if (sure === null) return;
  await own(async () => {
    await request('DELETE', schedulePath(schedule.id), undefined, { since: String(schedule.version) });
    if (route.value.page === 'schedule') go('schedules');
    toast(told.removed(schedule.name));
  });
}
