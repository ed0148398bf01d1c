/**
 * Why a task waits, as a title in the reader's language. The API's reason is a coarse one; its detail, in English,
 * tells what it really is. A reason that this page does not know yet is told in the API's own words.
 */
import type { TaskView } from '../../supervisor/facade.ts';
import { say } from './language.ts';
import { pausedAll, pauses } from './supervisor.ts';

export interface WaitingText {
  readonly title: string;
  /** Empty when the title says it all. */
  readonly detail: string;
}

export function waitingText({ type, waiting }: TaskView): WaitingText | null {
  if (!waiting) return null;
  const title = titleOf(type, waiting);
  if (title !== undefined) return { title, detail: waiting.detail };
  return { title: sentenceOf(waiting.detail || waiting.reason), detail: '' };
}

function titleOf(type: string, { reason, detail }: NonNullable<TaskView['waiting']>): string | undefined {
  const words = say().task.reasons;
  if (reason === 'paused') return pausedTitle(type, detail);
  if (reason === 'concurrency') return turnTitle(detail);
  if (reason === 'stage') return stageTitle(detail);
  const known: Readonly<Record<string, unknown>> = words;
  const title = known[reason];
  return typeof title === 'string' ? title : undefined;
}

/** The list may be newer than what is known of pauses: then the detail decides. */
function pausedTitle(type: string, detail: string): string {
  const words = say().task.reasons;
  const [, flag] = /^the feature flag (\S+) is off/.exec(detail) ?? [];
  if (flag !== undefined) return words.flagOff(flag);
  if (detail.startsWith('its run is being canceled')) return words.runCanceled;
  if (detail.startsWith('its run is paused')) return words.runPaused;
  const one = pauses.value.some((pause) => pause.type === type) || detail.startsWith(`${type} `);
  return one && !pausedAll.value ? words.pausedType(type) : words.paused;
}

/** Without failures that stopped its run it waits for an earlier stage. */
function stageTitle(detail: string): string {
  const words = say().task.reasons;
  const [, stage] = /^failures of stage (\S+) stopped its run/.exec(detail) ?? [];
  return stage === undefined ? words.stage : words.stageStopped(stage);
}

function turnTitle(detail: string): string {
  const words = say().task.reasons;
  if (detail.includes('last crash')) return words.suspects;
  if (detail.startsWith('at most')) return words.limit;
  return detail.startsWith('all slots') ? words.slots : words.concurrency;
}

function sentenceOf(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
