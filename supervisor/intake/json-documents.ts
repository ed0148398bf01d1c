/** JSON and NDJSON (one task a line, blank lines allowed) as documents. */
import type { Document, Documents, PlacedMistake } from './document.ts';
import { mistakesShownMax } from './intake-limits.ts';
import { jsonPlaces, placeOf } from './json-places.ts';
import { LineIndex, type TextPlace } from './text-place.ts';

export function jsonDocuments(text: string): Documents {
  if (text.trim() === '') return { ok: true, documents: [] };
  const parsed = parse(text, 0, 'file');
  return 'mistake' in parsed ? { ok: false, mistakes: [parsed.mistake] } : { ok: true, documents: [parsed.document] };
}

/** @param countMax more lines than this are not read any further: the file is refused anyway */
export function ndjsonDocuments(text: string, countMax: number): Documents {
  const documents: Document[] = [];
  const mistakes: PlacedMistake[] = [];
  let line = 0;
  for (
    let start = 0;
    start <= text.length && documents.length <= countMax && mistakes.length < mistakesShownMax;
    line++
  ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(start, end);
    start = end + 1;
    if (content.trim() === '') continue;
    const parsed = parse(content, line, 'line');
    if ('mistake' in parsed) mistakes.push(parsed.mistake);
    else documents.push(parsed.document);
  }
  return mistakes.length > 0 ? { ok: false, mistakes, documents } : { ok: true, documents };
}

/** @param linesBefore lines of the file that stand before this text */
function parse(
  text: string,
  linesBefore: number,
  whole: 'file' | 'line',
): { document: Document } | { mistake: PlacedMistake } {
  try {
    const value: unknown = JSON.parse(text);
    return { document: { value, places: (paths) => places(text, paths, linesBefore) } };
  } catch (error) {
    const syntax = jsonPlaces(text, [], whole).error;
    if (syntax === null)
      return {
        mistake: { path: '$', line: null, column: null, message: `cannot be read: ${(error as Error).message}` },
      };
    return {
      mistake: { path: '$', ...shift(new LineIndex(text).at(syntax.offset), linesBefore), message: syntax.message },
    };
  }
}

function places(text: string, paths: readonly string[], linesBefore: number): (TextPlace | null)[] {
  const found = jsonPlaces(text, paths).places;
  const lines = new LineIndex(text);
  return paths.map((path) => {
    const offset = placeOf(path, found);
    return offset === null ? null : shift(lines.at(offset), linesBefore);
  });
}

function shift(place: TextPlace, linesBefore: number): TextPlace {
  return { line: place.line + linesBefore, column: place.column };
}
