/** One document of a task file, whatever its format: a value, and where the parts of it stand. */
import type { TextPlace } from './text-place.ts';

export interface Document {
  readonly value: unknown;
  /** Places of paths (`$.params.url`) in the file, in their order; of a missing one that of its nearest parent. */
  places(paths: readonly string[]): readonly (TextPlace | null)[];
}

export interface PlacedMistake {
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

export type Documents =
  | { readonly ok: true; readonly documents: readonly Document[] }
  /** `documents` are those that could be read, where the others say nothing about them. */
  | { readonly ok: false; readonly mistakes: readonly PlacedMistake[]; readonly documents?: readonly Document[] };
