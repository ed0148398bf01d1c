/** What may be done with tasks in which state, and doing it: ask where it cannot be undone, act, say so, show it. */

import type { TaskState } from '../../supervisor/core/task.ts';
import type { ManyAnswer, QueueView, TaskView } from '../../supervisor/facade.ts';
import { post } from './api.ts';
import { say } from './language.ts';
import { ask } from './parts/ask.tsx';
import { edited } from './parts/edit-params.tsx';
import { toast, toastProblem } from './parts/toasts.tsx';
import { go, runPath, taskPath } from './router.ts';
import { mayOperate } from './session.ts';
import { letGo } from './steady.ts';
import { refreshAll } from './stream.ts';

export type TaskAction = 'retry' | 'edit' | 'cancel' | 'promote' | 'again';

const ALLOWED: Readonly<Record<TaskAction, readonly TaskState[]>> = {
  retry: ['failed', 'canceled', 'interrupted', 'retrying'],
  edit: ['failed', 'canceled', 'succeeded'],
  cancel: ['running', 'queued', 'scheduled', 'retrying', 'interrupted'],
  promote: ['queued', 'scheduled'],
  again: ['succeeded'],
};
/** What the server refuses of a task whose run is over for good. */
const RUNS_AGAIN: readonly TaskAction[] = ['retry', 'edit', 'again'];
/** On the page of one task. */
export const PAGE_ACTIONS = Object.keys(ALLOWED) as readonly TaskAction[];
/** With many at once: what ended well is not run again by the hundred. */
export const BULK_ACTIONS = ['retry', 'cancel', 'promote'] as const;

export function allows(task: TaskView, action: TaskAction): boolean {
  if (!mayOperate.value) return false;
  if (action === 'cancel' && task.cancelRequestedAt !== null) return false;
  if (RUNS_AGAIN.includes(action) && task.retryRefused !== undefined) return false;
  return ALLOWED[action].includes(task.state);
}

/** Runs an action of the reader's own: its effect is shown at once, its refusal said. */
export async function own(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    toastProblem(error);
  }
  letGo();
  refreshAll();
}

export async function actOn(task: TaskView, action: TaskAction): Promise<void> {
  if (action === 'edit') {
    edited.value = task;
    return;
  }
  if (task.run && (action === 'retry' || action === 'again')) return retryInRun(task, task.run.id);
  if (action === 'retry' || action === 'again') return retryOne(task.id);
  return action === 'cancel' ? cancelOne(task) : promote([task.id]);
}

function retryOne(id: string): Promise<void> {
  return own(async () => {
    const answer = await post<{ task: TaskView; warning?: string }>(`${taskPath(id)}/retry`);
    toast(answer.warning ?? say().told.retried(1), { label: say().do.open, act: () => go(taskPath(answer.task.id)) });
  });
}

/** In its place, also when it succeeded; a run that its failures stopped goes on with it. */
function retryInRun({ id, state }: TaskView, run: string): Promise<void> {
  return own(async () => {
    await post(`${runPath(run)}/retry`, { task: id, force: state === 'succeeded' });
    toast(say().told.retried(1), { label: say().do.open, act: () => go(runPath(run)) });
  });
}

async function cancelOne(task: TaskView): Promise<void> {
  const words = say();
  const running = task.state === 'running';
  const text = running ? words.ask.cancelRunning : words.ask.cancelText;
  const yes = await ask({ title: words.ask.cancelTitle(1), text, yes: words.ask.cancelYes(1), tone: 'bad' });
  if (yes === null) return;
  await own(async () => {
    await post(`${taskPath(task.id)}/cancel`);
    if (running) toast(words.told.canceling);
    else toast(words.told.canceled(1), { label: words.do.undo, act: () => void retryOne(task.id) });
  });
}

/** One by one, and only what was picked by hand: the front of a queue is short. */
export function promote(ids: readonly string[]): Promise<void> {
  return own(async () => {
    for (const id of ids) await post(`${taskPath(id)}/promote`);
    toast(say().told.promoted(ids.length));
  });
}

/** Tasks picked by hand, or everything that matches a filter of `GET /tasks`. */
export type Which = { readonly ids: readonly string[] } | { readonly filter: Readonly<Record<string, unknown>> };

export async function actOnMany(action: 'retry' | 'cancel', which: Which): Promise<boolean> {
  const sure = await askMany(action, which);
  if (sure) await own(() => untilDone(action, which));
  return sure;
}

async function askMany(action: 'retry' | 'cancel', which: Which): Promise<boolean> {
  const words = say();
  if (action === 'retry' && 'ids' in which) return true;
  try {
    const matched = 'ids' in which ? which.ids.length : await count(action, which);
    if (action === 'retry') {
      const { retryTitle, retryText, retryYes } = words.ask;
      return (
        (await ask({ title: retryTitle(matched), text: retryText, yes: retryYes(matched), tone: 'plain' })) !== null
      );
    }
    const { cancelTitle, cancelMany, cancelYes } = words.ask;
    return (
      (await ask({ title: cancelTitle(matched), text: cancelMany, yes: cancelYes(matched), tone: 'bad' })) !== null
    );
  } catch (error) {
    toastProblem(error);
    return false;
  }
}

async function count(action: 'retry' | 'cancel', which: Which): Promise<number> {
  return (await post<ManyAnswer>(`tasks/${action}`, { ...which, dryRun: true })).matched;
}

const callsMax = 100;

/** A call changes a bounded number, and the next goes on where it ended. */
async function untilDone(action: 'retry' | 'cancel', which: Which): Promise<void> {
  const words = say();
  let changed = 0;
  let skipped = 0;
  let cursor: string | null = null;
  for (let calls = 0; calls < callsMax; calls++) {
    const answer: ManyAnswer = await post(`tasks/${action}`, cursor === null ? which : { ...which, cursor });
    changed += answer.changed;
    skipped += answer.skipped.length;
    cursor = answer.next;
    if (cursor === null) break;
  }
  const told = action === 'retry' ? words.told.retried(changed) : words.told.canceled(changed);
  toast(skipped === 0 ? told : `${told}, ${words.told.skipped(skipped)}`);
}

/** @param type one whose tasks wait for it alone; null for all */
export function resume(type: string | null): Promise<void> {
  return own(async () => {
    await post<QueueView>(type === null ? 'queue/resume' : `queue/resume?type=${encodeURIComponent(type)}`);
    toast(type === null ? say().told.resumed : say().told.resumedType(type));
  });
}

export async function pauseQueue(): Promise<void> {
  const words = say();
  const { pauseTitle, pauseText, pauseYes, defaultReason } = words.ask;
  const reason = await ask({ title: pauseTitle, text: pauseText, yes: pauseYes, tone: 'plain', reason: true });
  if (reason === null) return;
  await own(async () => {
    await post<QueueView>('queue/pause', { reason: reason === '' ? defaultReason : reason });
    toast(words.told.paused, { label: words.do.undo, act: () => void resume(null) });
  });
}
