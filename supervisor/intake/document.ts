/** One document of a task file, whatever its format: a value, and where the parts of it stand. */
import type { RefusalCode } from '../core/refusal.ts';
import type { TextPlace } from './text-place.ts';

export interface Document {
  readonly value: unknown;
  /** Places of paths (`$.params.url`) in the file, in their order; of a missing one that of its nearest parent. */
  places(paths: readonly string[]): readonly (TextPlace | null)[];
}

/** What kind of mistake it is, for whoever reads `NAME.error.json` by program. */
export const MISTAKE_CODES = {
  empty: 'there is nothing in it',
  encoding: 'it is not UTF-8',
  syntax: 'it is no JSON, NDJSON or YAML',
  duplicate: 'a member stands twice in one object',
  validation: 'it holds something that is no task and no schedule',
  too_large: 'it is longer, holds more or takes more to read than one file may',
  wrong_kind: 'it is no task file at all',
  forbidden: 'its owner or its permissions forbid it',
  unreadable: 'it could not be read',
} as const;
/** Beside these, the code of the refusal when the supervisor does not take what is in it: `conflict`. */
export type MistakeCode = keyof typeof MISTAKE_CODES | RefusalCode;

export interface PlacedMistake {
  readonly code: MistakeCode;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

export type Documents =
  | { readonly ok: true; readonly documents: readonly Document[] }
  /** `documents` are those that could be read, where the others say nothing about them. */
  | { readonly ok: false; readonly mistakes: readonly PlacedMistake[]; readonly documents?: readonly Document[] };
