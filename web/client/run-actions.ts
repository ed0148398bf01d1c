/** What a person does with runs: start, pause, resume, cancel, retry what failed; each said, asked before where it cannot be undone. */
import { signal } from '@preact/signals';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { RetriedRun } from '../../supervisor/runs-facade.ts';
import { post } from './api.ts';
import { say } from './language.ts';
import { ask } from './parts/ask.tsx';
import { toast } from './parts/toasts.tsx';
import { runPath } from './router.ts';
import type { RunDraft } from './run-draft.ts';
import { mayOperate } from './session.ts';
import { own } from './task-actions.ts';

/** What the dialog that starts a run begins with; null while it is closed. */
export const starting = signal<RunDraft | null>(null);

export type RunAction = 'pause' | 'resume' | 'retry' | 'cancel';

/** Nothing of it is left to do: one that its failures stopped keeps what waits. */
export function isOver({ finishedAt, stopped, counts }: RunRecord): boolean {
  return finishedAt !== null && !(stopped && counts.waiting > 0);
}

export function mayDo(run: RunRecord, action: RunAction): boolean {
  if (!mayOperate.value) return false;
  const { paused, stopped, cancelRequestedAt, retryable, counts } = run;
  if (action === 'retry') return retryable && counts.failed > 0;
  if (isOver(run) || cancelRequestedAt !== null) return false;
  if (action === 'cancel') return true;
  const held = paused !== null || stopped !== null;
  return action === 'resume' ? held : !held;
}

export async function pauseRun({ id, pipeline }: RunRecord): Promise<void> {
  const words = say().runs;
  const { pauseText: text, pauseYes: yes, defaultReason } = words.ask;
  const reason = await ask({ title: words.ask.pauseTitle(pipeline), text, yes, tone: 'plain', reason: true });
  if (reason === null) return;
  await own(async () => {
    await post(`${runPath(id)}/pause`, { reason: reason === '' ? defaultReason : reason });
    toast(words.told.paused, { label: say().do.undo, act: () => void resumeRun(id) });
  });
}

export function resumeRun(id: string): Promise<void> {
  return own(async () => {
    await post(`${runPath(id)}/resume`);
    toast(say().runs.told.resumed);
  });
}

export async function cancelRun({ id, pipeline, counts }: RunRecord): Promise<void> {
  const { ask: words, told } = say().runs;
  const sure = await ask({
    title: words.cancelTitle(pipeline),
    text: words.cancelText(counts.waiting, counts.running),
    yes: words.cancelYes,
    tone: 'bad',
  });
  if (sure === null) return;
  await own(async () => {
    await post(`${runPath(id)}/cancel`);
    toast(told.canceled);
  });
}

/** @param stage name; null for all that failed of the run */
export function retryRun(id: string, stage: string | null): Promise<void> {
  return own(async () => {
    const { changed, skipped } = await post<RetriedRun>(`${runPath(id)}/retry`, stage === null ? {} : { stage });
    const words = say();
    const told = changed === 0 ? words.runs.told.nothing : words.runs.told.retried(changed);
    toast(skipped.length === 0 ? told : `${told}, ${words.told.skipped(skipped.length)}`);
  });
}
