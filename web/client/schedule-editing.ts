/**
 * Schedules that somebody is writing and has not saved. They outlive the page, so that looking elsewhere loses nothing,
 * and remember the version they rest on, so that nobody's change is overwritten unseen.
 */
import { signal } from '@preact/signals';
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import { change, Problem, post } from './api.ts';
import { say } from './language.ts';
import { toast, toastProblem } from './parts/toasts.tsx';
import { go, schedulePath } from './router.ts';
import { bodyOf, changesOf, draftOf, EMPTY_SCHEDULE, rebased, type ScheduleDraft } from './schedule-draft.ts';
import { ownMistakes, type ScheduleMistakes, scheduleMistakes } from './schedule-mistakes.ts';
import { loadSchedule } from './schedule-resources.ts';
import { letGo } from './steady.ts';
import { refreshAll } from './stream.ts';

export interface Editing {
  readonly draft: ScheduleDraft;
  /** What it rests on; null for a new one. */
  readonly base: ScheduleRecord | null;
  readonly mistakes: ScheduleMistakes;
  /** The server says that another version is in force, or none any more, which this page may not have heard of yet. */
  readonly refused: 'changed' | 'gone' | null;
}

/** By id; a new one under ''. */
const all = signal<Readonly<Record<string, Editing>>>({});

export function editingOf(base: ScheduleRecord | null): Editing {
  const draft = base ? draftOf(base) : EMPTY_SCHEDULE;
  return all.value[base?.id ?? ''] ?? { draft, base, mistakes: {}, refused: null };
}

function put(editing: Editing): void {
  all.value = { ...all.value, [editing.base?.id ?? '']: editing };
}

function drop({ base }: Editing): void {
  const { [base?.id ?? '']: _dropped, ...rest } = all.value;
  all.value = rest;
}

/** What is typed takes away what was wrong with it. */
export function write(editing: Editing, part: Partial<ScheduleDraft>): void {
  const mistakes = { ...editing.mistakes };
  for (const field of [...Object.keys(part), 'form']) delete mistakes[field as keyof ScheduleMistakes];
  put({ ...editing, draft: { ...editing.draft, ...part }, mistakes });
}

export function isWritten({ draft, base }: Editing): boolean {
  return JSON.stringify(draft) !== JSON.stringify(base ? draftOf(base) : EMPTY_SCHEDULE);
}

/** All that was typed goes, and comes back by an undo. */
export function leave(editing: Editing): void {
  const { base } = editing;
  if (isWritten(editing)) {
    const act = () => {
      put(editing);
      go(base ? `${schedulePath(base.id)}/edit` : 'schedules/new');
    };
    toast(say().scheduleForm.discarded, { label: say().do.undo, act });
  }
  drop(editing);
  go(base ? schedulePath(base.id) : 'schedules');
}

/** Saves what is typed, or leaves what is wrong with it at its fields. */
export async function save(editing: Editing): Promise<void> {
  const { draft, base } = editing;
  const mistakes = ownMistakes(draft);
  if (Object.keys(mistakes).length > 0) return put({ ...editing, mistakes });
  try {
    const { schedule } = await send(draft, base);
    const words = say().scheduleForm;
    drop(editing);
    go(schedulePath(schedule.id));
    toast(base ? words.saved(schedule.name) : words.created(schedule.name));
    letGo();
    refreshAll();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 412) return put({ ...editing, refused: 'changed' });
    if (error.status === 404) return put({ ...editing, refused: 'gone' });
    const text = error.status === 0 ? say().told.unreachable : error.message;
    put({ ...editing, mistakes: scheduleMistakes(error.mistakes, text, draft) });
  }
}

async function send(draft: ScheduleDraft, base: ScheduleRecord | null): Promise<{ schedule: ScheduleRecord }> {
  if (!base) return post('schedules', bodyOf(draft));
  return change('PATCH', schedulePath(base.id), changesOf(draft, base), String(base.version));
}

/** Whether somebody else has changed it since this was begun. */
export function isStale({ base, refused }: Editing, now: ScheduleRecord | null): boolean {
  return refused === 'changed' || (base !== null && now !== null && now.version > base.version);
}

/** What was typed goes on top of what is in force now. */
export async function loadAnew({ base }: Editing): Promise<void> {
  if (!base) return;
  try {
    const record = await loadSchedule(base.id);
    const { draft } = editingOf(base);
    put({ draft: rebased(draft, base, record), base: record, mistakes: {}, refused: null });
    toast(say().scheduleForm.loaded);
  } catch (error) {
    toastProblem(error);
  }
}

/** What was typed for one that is deleted becomes a new one, to be looked at and saved. */
export function createInstead(editing: Editing): void {
  drop(editing);
  put({ draft: editing.draft, base: null, mistakes: {}, refused: null });
  go('schedules/new');
}
