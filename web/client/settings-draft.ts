/**
 * What somebody has typed into the settings and not saved. It outlives the page, so that looking elsewhere loses
 * nothing, and it remembers the revision it rests on, so that nobody's change is overwritten unseen.
 */
import { signal } from '@preact/signals';
import type { Mistake } from '../../supervisor/core/refusal.ts';
import type { SettingsView, SettingView } from '../../supervisor/settings-facade.ts';

export interface Draft {
  /** By key, as typed; empty takes the key out of the file. */
  readonly texts: Readonly<Record<string, string>>;
  readonly note: string;
  /** Revision that was in force when the first was typed, or when all was loaded anew. */
  readonly seen: string | null;
  /** By key; of the whole under ''. */
  readonly mistakes: Readonly<Record<string, string>>;
  /** The server says that another revision is in force, which this page may not have heard of yet. */
  readonly refused: boolean;
}

export const EMPTY_DRAFT: Draft = { texts: {}, note: '', seen: null, mistakes: {}, refused: false };

export const draft = signal<Draft>(EMPTY_DRAFT);

/** Of keys that are masked or belong to the owner of the file, the page changes none. */
export function isEditable({ fileOnly, secret }: SettingView): boolean {
  return !fileOnly && !secret;
}

/** What is written into the file for a text; undefined when nothing is: it says what is in force. */
function changeOf({ value, source }: SettingView, text: string): string | null | undefined {
  const trimmed = text.trim();
  if (trimmed === value) return undefined;
  if (trimmed !== '') return trimmed;
  return source === 'default' ? undefined : null;
}

/** As `PUT /settings` takes it; `null` takes a key out. */
export function changesOf({ settings }: SettingsView, { texts }: Draft): Readonly<Record<string, string | null>> {
  const changes: Record<string, string | null> = {};
  for (const [key, text] of Object.entries(texts)) {
    const change = settings[key] && changeOf(settings[key], text);
    if (change !== undefined) changes[key] = change;
  }
  return changes;
}

export function write(view: SettingsView, key: string, text: string): void {
  const { texts, seen, mistakes, ...rest } = draft.value;
  const { [key]: _one, '': _whole, ...others } = mistakes;
  const first = Object.keys(changesOf(view, draft.value)).length === 0;
  const rests = first ? (view.revision?.id ?? null) : seen;
  draft.value = { ...rest, texts: { ...texts, [key]: text }, seen: rests, mistakes: others };
}

/** The field shows again what is in force. */
export function undo(key: string): void {
  const { [key]: _text, ...texts } = draft.value.texts;
  const { [key]: _mistake, ...mistakes } = draft.value.mistakes;
  draft.value = Object.keys(texts).length === 0 ? EMPTY_DRAFT : { ...draft.value, texts, mistakes };
}

/** What is typed now rests on these settings. */
export function restOn({ revision }: SettingsView): void {
  draft.value = { ...draft.value, seen: revision?.id ?? null, refused: false, mistakes: {} };
}

/** Whether somebody else has changed the settings since the first of it was typed. */
export function isStale({ revision }: SettingsView, { seen, refused }: Draft): boolean {
  return refused || (revision !== null && seen !== null && revision.id !== seen);
}

const PLACE = /^\$\.changes\.(.+)$/;

/** Mistakes stand at their field where the page shows one; else, and without a place, they are of the whole. */
export function byKey(
  mistakes: readonly Mistake[],
  otherwise: string,
  { settings }: SettingsView,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { path, message } of mistakes) {
    const key = PLACE.exec(path)?.[1] ?? '';
    const setting = settings[key];
    if (setting && isEditable(setting)) found[key] = message;
    else found[''] = otherwise;
  }
  return mistakes.length === 0 ? { '': otherwise } : found;
}

/**
 * What a setting may be, where that is one of a few words: the phrase then lists them and nothing else, as in
 * `always, everysec, no`. Any other phrase means a text.
 */
export function choicesOf({ limits }: SettingView): readonly string[] | null {
  const words = limits.split(/, | or /);
  return words.length > 1 && words.every((word) => /^[a-z]+$/.test(word)) ? words : null;
}
