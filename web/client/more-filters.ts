/** The seldom filters as people type and read them: times local to the supervisor's zone, a member of the params as `name=value`. */
import type { Problem } from './api.ts';
import { time } from './format.ts';
import { say } from './language.ts';
import { now } from './now.ts';
import { MORE, type More, type MoreName } from './task-filter.ts';
import { localText, momentOf } from './zone.ts';

export type MoreTexts = Readonly<Record<MoreName, string>>;
export type MoreMistakes = Partial<Record<MoreName, string>>;

function isTime(name: MoreName): boolean {
  return name === 'from' || name === 'to';
}

export function textsOf(more: More): MoreTexts {
  return Object.fromEntries(MORE.map((name) => [name, fieldText(name, more[name] ?? '')])) as MoreTexts;
}

function fieldText(name: MoreName, value: string): string {
  if (name === 'param') return paramText(value);
  if (!isTime(name) || Number.isNaN(Date.parse(value))) return value;
  return localText(Date.parse(value));
}

/** What a chip shows of it. */
export function shownText(name: MoreName, value: string): string {
  if (name === 'param') return paramText(value);
  return isTime(name) && !Number.isNaN(Date.parse(value)) ? time(Date.parse(value), now.value) : value;
}

/** @returns the filters, or what is wrong with which field */
export function readTexts(texts: MoreTexts): { more: More } | { mistakes: MoreMistakes } {
  const param = paramOf(texts.param.trim());
  if (param === null) return { mistakes: { param: say().list.more.paramMistake } };
  const given = MORE.map((name) => {
    const text = texts[name].trim();
    if (name === 'param') return [name, param] as const;
    return [name, isTime(name) && text !== '' ? momentText(text) : text] as const;
  });
  return { more: Object.fromEntries(given.filter(([, value]) => value !== '')) };
}

function momentText(local: string): string {
  const at = momentOf(local);
  return Number.isNaN(at) ? local : new Date(at).toISOString().replace('.000Z', 'Z');
}

/** The server's words, at the fields they are about. */
export function moreMistakes(problem: Problem | null): MoreMistakes {
  const found: MoreMistakes = {};
  for (const { path, message } of problem?.mistakes ?? []) {
    const name = MORE.find((one) => path === one || path.startsWith(`${one}.`));
    if (name) found[name] ??= [path.slice(name.length + 1), message].filter(Boolean).join(' ');
  }
  return found;
}

/** One member as `name=value`, several as the JSON they are. */
function paramText(json: string): string {
  const members = objectOf(json);
  const [first, ...others] = members ? Object.entries(members) : [];
  if (!first || others.length > 0 || first[0].includes('=')) return json;
  const [name, value] = first;
  return `${name}=${typeof value === 'string' && scalarOf(value) === value ? value : JSON.stringify(value)}`;
}

/** @returns JSON of an object, empty for none; null when it is neither `name=value` nor an object */
function paramOf(text: string): string | null {
  if (text === '') return '';
  if (text.startsWith('{')) return objectOf(text) ? text : null;
  const [, name, value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  return name === undefined ? null : JSON.stringify({ [name.trim()]: scalarOf(value.trim()) });
}

/** A number, true, false, null or text in quotes is what it looks like; all else is text. */
function scalarOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? text : value;
  } catch {
    return text;
  }
}

function objectOf(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
