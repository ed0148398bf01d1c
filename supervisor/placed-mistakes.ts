/** Mistakes in a file that somebody keeps by hand, with the line of each, and as a sentence. */
import type { Mistake } from './core/refusal.ts';
import type { Document } from './intake/document.ts';

const mistakesSaidMax = 3;

export function placed(document: Document, mistakes: readonly Mistake[]): readonly Mistake[] {
  const places = document.places(mistakes.map(({ path }) => path));
  return mistakes.map((mistake, index) => withLine({ ...mistake, line: places[index]?.line ?? null }));
}

export function withLine({ path, message, line }: Mistake & { readonly line: number | null }): Mistake {
  return { path, message: line === null ? message : `${message} (line ${line})` };
}

/** The first few of them. */
export function saidMistakes(mistakes: readonly Mistake[]): string {
  const some = mistakes.slice(0, mistakesSaidMax).map(({ path, message }) => `${path} ${message}`);
  const more = mistakes.length > some.length ? `; and ${mistakes.length - some.length} more mistakes` : '';
  return `${some.join('; ')}${more}`;
}
