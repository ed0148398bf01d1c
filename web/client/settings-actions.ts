/** Changing settings: saving what was typed, switching flags, applying an older revision; each said, and undone where it can be. */
import type { FlagView, SettingsView } from '../../supervisor/settings-facade.ts';
import { change, get, Problem } from './api.ts';
import { say } from './language.ts';
import type { Live } from './live.ts';
import { toast } from './parts/toasts.tsx';
import { byKey, changesOf, draft, EMPTY_DRAFT, restOn } from './settings-draft.ts';
import { refreshAll } from './stream.ts';
import { own } from './task-actions.ts';

/** Saves what is typed. @returns false when something is wrong with it, which then stands in the draft */
export async function save(view: SettingsView, live: Live<SettingsView>): Promise<boolean> {
  const { note, seen } = draft.value;
  const changes = changesOf(view, draft.value);
  try {
    const body = { changes, ...(note.trim() !== '' && { note: note.trim() }) };
    const after = await change<SettingsView>('PUT', 'settings', body, seen);
    draft.value = EMPTY_DRAFT;
    live.put(after);
    tellSaved(after, Object.keys(changes), seen);
    refreshAll();
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 412) live.reload();
    draft.value = { ...draft.value, ...refusal(error, view) };
    return false;
  }
}

function refusal(problem: Problem, view: SettingsView) {
  if (problem.status === 412) return { refused: true, mistakes: {} };
  const text = problem.status === 0 ? say().told.unreachable : problem.message;
  return { mistakes: byKey(problem.mistakes, text, view) };
}

function tellSaved({ revision, settings }: SettingsView, keys: readonly string[], before: string | null): void {
  if (!revision) return;
  const words = say();
  const { id } = revision;
  const later = keys.filter((key) => settings[key]?.pending);
  const text = [words.settings.saved(id), later.length > 0 && words.settings.holdsLater(later.join(', '))];
  const undo = before && { label: words.do.undo, act: () => void applyAgain(before, null, id) };
  toast(text.filter(Boolean).join('. '), undo || null);
}

/** Takes what is in force now, and leaves what was typed. */
export async function loadAnew(live: Live<SettingsView>): Promise<void> {
  await own(async () => {
    const view = await get<SettingsView>('settings');
    live.put(view);
    restOn(view);
    toast(say().settings.loaded);
  });
}

/** All that was typed goes, and comes back by an undo. */
export function discard(): void {
  const before = draft.value;
  draft.value = EMPTY_DRAFT;
  const words = say();
  const act = () => {
    draft.value = before;
  };
  toast(words.settings.discarded, { label: words.do.undo, act });
}

/** @throws Problem when it is refused, with 412 when `current` is no longer in force */
export async function applyRevision(id: string, note: string | null, current: string): Promise<void> {
  const body = note ? { note } : {};
  const { revision } = await change<SettingsView>('POST', `settings/revisions/${id}/apply`, body, current);
  const words = say();
  const as = revision?.id ?? current;
  const undo = { label: words.do.undo, act: () => void applyAgain(current, null, as) };
  toast(words.settings.revision.applied(id, as), undo);
  refreshAll();
}

function applyAgain(id: string, note: string | null, current: string): Promise<void> {
  return own(() => applyRevision(id, note, current));
}

/** @param on null takes the flag out of the file @throws Problem */
export async function switchFlag(name: string, on: boolean | null): Promise<void> {
  await change<{ flag: FlagView }>('PATCH', `flags/${encodeURIComponent(name)}`, { on });
}

export function switchFlagOf({ name, on, set }: FlagView, wanted: boolean | null): Promise<void> {
  return own(async () => {
    await switchFlag(name, wanted);
    const { flag: words } = say().settings;
    const told = wanted === null ? words.isOut(name) : wanted ? words.isOn(name) : words.isOff(name);
    const back = () => void own(() => switchFlag(name, set ? on : null));
    toast(told, { label: say().do.undo, act: back });
  });
}
