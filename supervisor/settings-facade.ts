/** What may be asked of the settings from outside. Secrets never pass this interface: they are masked behind it. */
import type { RevisionBy } from './core/revision.ts';
import type { Actor } from './facade.ts';

/** One setting as it is in force. */
export interface SettingView {
  readonly key: string;
  /** As text; a secret that is set reads `••••••••`. */
  readonly value: string;
  readonly default: string;
  readonly source: 'default' | 'file' | 'environment' | 'flag';
  /** What it is for; empty for keys of handlers and flags. */
  readonly sentence: string;
  /** What is allowed, as a phrase, and the unit of a number. */
  readonly limits: string;
  readonly unit: string | null;
  readonly secret: boolean;
  /** Grants execution, paths or reach: changed in the file only. */
  readonly fileOnly: boolean;
  /** A change holds from the next start. */
  readonly needsRestart: boolean;
  /** Changed since the start, and waiting for the next one. */
  readonly pending: boolean;
}

export interface RevisionView {
  readonly id: string;
  readonly createdAt: string;
  readonly by: RevisionBy;
  /** Where the change came from; null for the file. */
  readonly from: string | null;
  readonly note: string | null;
  /** sha256 of the content. */
  readonly hash: string;
  /** Keys that differ from the revision before. */
  readonly keys: readonly string[];
}

export interface SettingsView {
  /** In force; null when it could not be kept. */
  readonly revision: RevisionView | null;
  readonly envFile: string;
  /** sha256 of the file as it was looked at last, taken or not; null while there is none. */
  readonly fileHash: string | null;
  /** Why the file as it stands is not taken; empty when it is. */
  readonly problems: readonly { readonly key: string | null; readonly line: number | null; readonly message: string }[];
  /** By key. */
  readonly settings: Readonly<Record<string, SettingView>>;
}

/** One key that differs; null where it is not set. Of secrets, and of keys that are no settings, only that they differ. */
export interface SettingDifference {
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface FlagView {
  readonly name: string;
  /** One that nobody has set is off. */
  readonly on: boolean;
  readonly set: boolean;
  /** Types of the handlers that depend on it. */
  readonly types: readonly string[];
  /** Names of the schedules that depend on it. */
  readonly schedules: readonly string[];
}

/** How a change came, beside who asked. */
export interface ChangeRequest {
  readonly by: 'page' | 'api' | 'cli';
  readonly note: string | null;
  /** Revision that whoever asks has seen: with another one in force nothing is changed. */
  readonly since: string | null;
}

export interface SettingsFacade {
  show(): SettingsView;
  /** `null` takes a key out of the file. */
  change(changes: Readonly<Record<string, string | null>>, request: ChangeRequest, actor: Actor): Promise<SettingsView>;
  /** Newest first. */
  revisions(): readonly RevisionView[];
  /** @param against id of the other one; the one before it when null */
  diff(id: string, against: string | null): { against: string | null; differences: readonly SettingDifference[] };
  apply(id: string, request: ChangeRequest, actor: Actor): Promise<SettingsView>;
  flags(): readonly FlagView[];
  switchFlag(name: string, on: boolean | null, request: ChangeRequest, actor: Actor): Promise<FlagView>;
}
