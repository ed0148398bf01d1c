/**
 * A task file: bytes and a name in, checked tasks, schedules and runs out, or every mistake with its path, line and column. Pure.
 * It is taken whole or not at all.
 */
import { isUtf8 } from 'node:buffer';
import type { Mistake } from '../core/refusal.ts';
import { checkTask, type TaskInput } from '../core/task-input.ts';
import type { Document, Documents, MistakeCode, PlacedMistake } from './document.ts';
import { fileBytesMax, mistakesShownMax, tasksPerFileMax, yamlBytesMax } from './intake-limits.ts';
import { jsonDocuments, ndjsonDocuments } from './json-documents.ts';
import { checkRunEntry, type FileRun, isRunEntry } from './run-entry.ts';
import { checkScheduleEntry, type FileSchedule, isScheduleEntry } from './schedule-entry.ts';
import { LineIndex, type TextPlace } from './text-place.ts';
import { yamlDocuments } from './yaml-documents.ts';

export type Format = 'json' | 'ndjson' | 'yaml';
export const FORMATS: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.yaml': 'yaml',
  '.yml': 'yaml',
};

export interface FileContents {
  readonly tasks: readonly TaskInput[];
  readonly schedules: readonly FileSchedule[];
  readonly runs: readonly FileRun[];
}

/** `more` counts the mistakes beyond those listed, of a task no more than are looked for. */
export type TaskFile =
  | ({ readonly ok: true } & FileContents)
  | { readonly ok: false; readonly mistakes: readonly PlacedMistake[]; readonly more: number };

/** Format by the end of a name, or null when it is no task file. */
export function formatOf(name: string): Format | null {
  return FORMATS[/\.[^.]+$/.exec(name)?.[0].toLowerCase() ?? ''] ?? null;
}

export function bytesMaxOf(format: Format): number {
  return format === 'yaml' ? yamlBytesMax : fileBytesMax;
}

/** A mistake of the whole file. */
export function wrong(code: MistakeCode, message: string, place: TextPlace | null = null): TaskFile {
  return { ok: false, mistakes: [{ code, path: '$', line: null, column: null, ...place, message }], more: 0 };
}

export function readTaskFile(bytes: Uint8Array, format: Format): TaskFile {
  const text = decode(bytes, format);
  if (typeof text !== 'string') return text;
  const parsed = parse(text, format);
  if (!parsed.ok) return withOthers(parsed.mistakes, entriesOf(parsed.documents ?? [], format));
  const entries = entriesOf(parsed.documents, format);
  if (entries.length === 0) return wrong('empty', emptiness(parsed.documents));
  if (entries.length > tasksPerFileMax) {
    return wrong(
      'too_large',
      `holds more than ${tasksPerFileMax} tasks, schedules and runs, the most one file may: split it, NDJSON with split -l ${tasksPerFileMax}`,
    );
  }
  return check(entries);
}

/** A line that is no JSON does not keep the mistakes of the other lines from being named. */
function withOthers(syntax: readonly PlacedMistake[], entries: readonly Entry[]): TaskFile {
  const others = check(entries);
  if (others.ok) return { ok: false, mistakes: syntax, more: 0 };
  const all = [...syntax, ...others.mistakes].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const mistakes = all.slice(0, mistakesShownMax);
  return { ok: false, mistakes, more: others.more + all.length - mistakes.length };
}

/** Places of mistakes found later (`code` says by whom), about entries by number: `$[3].idempotencyKey`; `$` is the only or first one. */
export function placeMistakes(
  bytes: Uint8Array,
  format: Format,
  mistakes: readonly Mistake[],
  code: MistakeCode,
): readonly PlacedMistake[] {
  const text = decode(bytes, format);
  const parsed = typeof text === 'string' ? parse(text, format) : null;
  if (!parsed?.ok) return mistakes.map(({ path, message }) => ({ code, path, line: null, column: null, message }));
  const entries = entriesOf(parsed.documents, format);
  return mistakes.slice(0, mistakesShownMax).map(({ path, message }) => {
    const [, number, rest] = /^\$(?:\[(\d+)\])?(.*)$/s.exec(path) ?? [];
    const entry = entries[Number(number ?? 0)];
    if (!entry) return { code, path, line: null, column: null, message };
    return placed([{ entry, code, mistake: { path: `${entry.path}${rest ?? ''}`, message } }])[0] as PlacedMistake;
  });
}

function decode(bytes: Uint8Array, format: Format): string | TaskFile {
  const bytesMax = bytesMaxOf(format);
  if (bytes.length > bytesMax) return wrong('too_large', tooLong(bytes.length, format));
  if (bytes.length === 0) return wrong('empty', 'is empty: expected a task, a schedule, a run, or a list of them');
  if (!isUtf8(bytes)) return notUtf8(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

function notUtf8(bytes: Uint8Array): TaskFile {
  const wrongAt = firstWrongByte(bytes);
  const before = new TextDecoder('utf-8').decode(bytes.subarray(0, wrongAt));
  const message = `is not UTF-8 text: the first wrong byte is number ${wrongAt}, counted from 0`;
  return wrong('encoding', message, new LineIndex(before).at(before.length));
}

export function tooLong(bytes: number, format: Format): string {
  const advice = format === 'yaml' ? ' as YAML; NDJSON may be longer' : ': split it into several files';
  return `is ${bytes} bytes long; at most ${bytesMaxOf(format)} are read${advice}`;
}

/** Where the first character that is none begins. */
function firstWrongByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodesUntil(bytes, middle)) good = middle;
    else bad = middle;
  }
  while (!isUtf8(bytes.subarray(0, good))) good -= 1;
  return good;
}

/** A character cut by the end of the part is no mistake of the part. */
function decodesUntil(bytes: Uint8Array, end: number): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
    return true;
  } catch {
    return false;
  }
}

function parse(text: string, format: Format): Documents {
  if (format === 'yaml') return yamlDocuments(text);
  return format === 'json' ? jsonDocuments(text) : ndjsonDocuments(text, tasksPerFileMax);
}

interface Entry {
  readonly document: Document;
  readonly path: string;
  readonly value: unknown;
}

/** One for each task, schedule or run: a document is one of them or, but for a line of NDJSON, a list of them. */
function entriesOf(documents: readonly Document[], format: Format): Entry[] {
  const entries: Entry[] = [];
  for (const document of documents) {
    const { value } = document;
    if (format === 'ndjson' || !Array.isArray(value)) entries.push({ document, path: '$', value });
    else
      for (let index = 0; index < value.length; index++)
        entries.push({ document, path: `$[${index}]`, value: value[index] });
    if (entries.length > tasksPerFileMax) break;
  }
  return entries;
}

function emptiness(documents: readonly Document[]): string {
  return documents.length === 0
    ? 'is empty: expected a task, a schedule, a run, or a list of them'
    : 'holds an empty list: expected at least one task, schedule or run';
}

interface Found {
  readonly entry: Entry;
  readonly code: MistakeCode;
  readonly mistake: Mistake;
}

function check(entries: readonly Entry[]): TaskFile {
  const tasks: TaskInput[] = [];
  const schedules: FileSchedule[] = [];
  const runs: FileRun[] = [];
  const names = new Set<string>();
  const found: Found[] = [];
  let count = 0;
  const note = (entry: Entry, code: MistakeCode, mistakes: readonly Mistake[]): void => {
    for (const mistake of mistakes) if (count++ < mistakesShownMax) found.push({ entry, code, mistake });
  };
  for (const [at, entry] of entries.entries()) {
    const { value, path } = entry;
    if (isScheduleEntry(value)) {
      note(entry, 'validation', checkScheduleEntry(value, path, names));
      if (count === 0) schedules.push({ value: value.schedule, at });
    } else if (isRunEntry(value)) {
      const checked = checkRunEntry(value, path);
      if (!checked.ok) note(entry, 'validation', checked.mistakes);
      else if (count === 0) runs.push({ input: checked.value, at });
    } else {
      const checked = checkTask(value, path);
      if (!checked.ok) note(entry, 'validation', checked.mistakes);
      else if (count === 0) tasks.push(checked.value);
    }
  }
  if (count > 0) return { ok: false, mistakes: placed(found), more: count - found.length };
  return { ok: true, tasks, schedules, runs };
}

/** Looks each document through once for all of its mistakes. */
function placed(found: readonly Found[]): PlacedMistake[] {
  const byDocument = groupByDocument(found);
  const places = new Map<Found, { line: number | null; column: number | null }>();
  for (const [document, group] of byDocument) {
    const answers = document.places(group.map(({ mistake }) => mistake.path));
    group.forEach((one, index) => {
      places.set(one, answers[index] ?? { line: null, column: null });
    });
  }
  return found.map((one) => ({
    code: one.code,
    path: one.mistake.path,
    line: null,
    column: null,
    ...places.get(one),
    message: one.mistake.message,
  }));
}

function groupByDocument(found: readonly Found[]): Map<Document, Found[]> {
  const groups = new Map<Document, Found[]>();
  for (const one of found) {
    const group = groups.get(one.entry.document);
    if (group) group.push(one);
    else groups.set(one.entry.document, [one]);
  }
  return groups;
}
