/** JSON and NDJSON (one task a line, blank lines allowed) as documents. */
import type { Document, Documents, PlacedMistake } from './document.ts';
import { mistakesShownMax } from './intake-limits.ts';
import { membersOf, namesIn } from './json-members.ts';
import { jsonPlaces, jsonTwice, placeOf } from './json-places.ts';
import { LineIndex, type TextPlace } from './text-place.ts';

export function jsonDocuments(text: string): Documents {
  if (text.trim() === '') return { ok: true, documents: [] };
  const parsed = parse(text, 0, 'file');
  return 'mistakes' in parsed ? { ok: false, mistakes: parsed.mistakes } : { ok: true, documents: [parsed.document] };
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
    if ('mistakes' in parsed) mistakes.push(...parsed.mistakes);
    else documents.push(parsed.document);
  }
  return mistakes.length > 0
    ? { ok: false, mistakes: mistakes.slice(0, mistakesShownMax), documents }
    : { ok: true, documents };
}

type Parsed = { document: Document } | { mistakes: readonly PlacedMistake[] };

/** @param linesBefore lines of the file that stand before this text */
function parse(text: string, linesBefore: number, whole: 'file' | 'line'): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { mistakes: [syntaxMistake(text, linesBefore, whole, error as Error)] };
  }
  // `JSON.parse` keeps the last of two members of one name, and says nothing.
  if (membersOf(value) !== namesIn(text)) return { mistakes: duplicates(text, linesBefore, whole) };
  return { document: { value, places: (paths) => places(text, paths, linesBefore) } };
}

function syntaxMistake(text: string, linesBefore: number, whole: 'file' | 'line', error: Error): PlacedMistake {
  const mistake = { code: 'syntax', path: '$' } as const;
  const syntax = jsonPlaces(text, [], whole).error;
  if (syntax === null) return { ...mistake, line: null, column: null, message: `cannot be read: ${error.message}` };
  const place = shift(new LineIndex(text).at(syntax.offset), linesBefore);
  return { ...mistake, ...place, message: syntax.message };
}

function duplicates(text: string, linesBefore: number, whole: 'file' | 'line'): PlacedMistake[] {
  const twice = jsonTwice(text);
  // Nested too deeply to be looked through.
  if (twice.length === 0) return [syntaxMistake(text, linesBefore, whole, new Error('a member stands twice'))];
  const lines = new LineIndex(text);
  return twice.slice(0, mistakesShownMax).map(({ name, path, offset }) => ({
    code: 'duplicate',
    path,
    ...shift(lines.at(offset), linesBefore),
    message: `"${name}" stands twice in the same object`,
  }));
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
