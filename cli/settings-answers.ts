/** The parts of what the supervisor says of settings that are shown. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly default: string;
  readonly source: string;
  readonly sentence: string;
  readonly limits: string;
  readonly unit: string | null;
  readonly fileOnly: boolean;
  readonly needsRestart: boolean;
  readonly pending: boolean;
}

export interface Revision {
  readonly id: string;
  readonly createdAt: string;
  readonly by: string;
  readonly note: string | null;
  readonly hash: string;
  readonly keys: readonly string[];
}

export interface Settings {
  readonly revision: Revision | null;
  readonly envFile: string;
  readonly fileHash: string | null;
  readonly problems: readonly { readonly key: string | null; readonly line: number | null; readonly message: string }[];
  readonly settings: Readonly<Record<string, Setting>>;
}

export function withId(id: string): string {
  return encodeURIComponent(id);
}
