/**
 * Query parameters as tables: a route lists what it takes, the request is checked against that list, and the OpenAPI
 * document is made of the same rows. What is not listed is refused: a misspelt filter must not match everything.
 */
import { parseDuration } from '../supervisor/core/duration.ts';
import { type Mistake, Refusal } from '../supervisor/core/refusal.ts';
import { filterTextCharsMax, filterValuesMax, itemsPerPageDefault, itemsPerPageMax } from './limits.ts';

interface Described {
  readonly sentence: string;
}
export type Parameter = Described &
  (
    | { readonly is: 'names'; readonly of?: readonly string[] }
    | { readonly is: 'text'; readonly charsMax?: number }
    | { readonly is: 'moment' }
    | { readonly is: 'duration' }
    | { readonly is: 'flag' }
    | { readonly is: 'integer'; readonly least: number; readonly most: number; readonly default?: number }
    | { readonly is: 'choice'; readonly of: readonly string[]; readonly default?: string }
  );
export type Parameters = Readonly<Record<string, Parameter>>;

/** What every list that comes in pages takes. */
export const PAGE = {
  limit: { is: 'integer', least: 1, most: itemsPerPageMax, default: itemsPerPageDefault, sentence: 'Items on a page.' },
  cursor: { is: 'text', charsMax: 1_000, sentence: '`next` of the page before.' },
} as const satisfies Parameters;

type ValueOf<P extends Parameter> = P extends { is: 'names' }
  ? readonly string[]
  : P extends { is: 'integer' | 'moment' | 'duration' }
    ? number
    : P extends { is: 'flag' }
      ? boolean
      : string;
export type Values<T extends Parameters> = { readonly [K in keyof T]?: ValueOf<T[K]> };

/** @param query without its `?` */
export function readQuery<T extends Parameters>(query: string, table: T): Values<T> {
  if (query === '') return {};
  const given = new URLSearchParams(query);
  const values: Record<string, unknown> = {};
  const mistakes: Mistake[] = [];
  for (const name of new Set(given.keys())) {
    const parameter = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!parameter) {
      mistakes.push({ path: name, message: unknownParameter(table) });
      continue;
    }
    const value = readParameter(parameter, given.getAll(name));
    if (value instanceof Wrong) mistakes.push({ path: name, message: value.message });
    else if (value !== undefined) values[name] = value;
  }
  if (mistakes.length > 0) throw mistaken('query parameter', mistakes);
  return values as Values<T>;
}

function unknownParameter(table: Parameters): string {
  const known = Object.keys(table);
  return known.length === 0
    ? 'is not taken here: this address has no query parameters'
    : `is not known here; known are ${known.join(', ')}`;
}

function mistaken(what: string, mistakes: readonly Mistake[]): Refusal {
  const [first] = mistakes;
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  return new Refusal('validation', `${what} ${first?.path}: ${first?.message}${more}`, mistakes);
}

/** What is wrong with one value; an answer, since all mistakes are named together. */
export class Wrong {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** @param texts every value given under the name; empty ones count as not given */
export function readParameter(parameter: Parameter, texts: readonly string[]): unknown {
  const given = texts.filter((text) => text !== '');
  if (given.length === 0) return undefined;
  if (parameter.is === 'names') return readNames(parameter.of, given);
  if (given.length > 1) return new Wrong('may be given once only');
  return readOne(parameter, given[0] ?? '');
}

function readNames(
  known: readonly string[] | undefined,
  texts: readonly string[],
): readonly string[] | Wrong | undefined {
  const names = texts.flatMap((text) => text.split(',')).filter((name) => name !== '');
  if (names.length > filterValuesMax)
    return new Wrong(`has ${names.length} values; at most ${filterValuesMax} are taken`);
  const strange = known ? names.find((name) => !known.includes(name)) : undefined;
  if (strange !== undefined) return new Wrong(`${shown(strange)} is none of ${known?.join(', ')}`);
  const long = names.find((name) => name.length > filterTextCharsMax);
  if (long !== undefined) return new Wrong(`${shown(long)} is longer than ${filterTextCharsMax} characters`);
  return names.length > 0 ? names : undefined;
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const FLAGS: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };

function readOne(parameter: Exclude<Parameter, { is: 'names' }>, text: string): unknown {
  switch (parameter.is) {
    case 'text': {
      const most = parameter.charsMax ?? filterTextCharsMax;
      return text.length > most ? new Wrong(`is longer than ${most} characters`) : text;
    }
    case 'choice':
      return parameter.of.includes(text) ? text : new Wrong(`must be ${parameter.of.join(' or ')}, not ${shown(text)}`);
    case 'flag':
      return FLAGS[text] ?? new Wrong(`must be 1 or 0, not ${shown(text)}`);
    case 'moment': {
      // A "+" in a query is read as a blank; in a time there is never one.
      const moment = text.replace(' ', '+');
      const at = MOMENT.test(moment) ? Date.parse(moment) : Number.NaN;
      return Number.isNaN(at)
        ? new Wrong(`must be a time with its zone, e.g. 2026-11-23T02:00:00Z, not ${shown(text)}`)
        : at;
    }
    case 'duration':
      return parseDuration(text) ?? new Wrong(`must be a duration such as 5m, not ${shown(text)}`);
    case 'integer': {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      const fits = value >= parameter.least && value <= parameter.most;
      return fits
        ? value
        : new Wrong(`must be a whole number from ${parameter.least} to ${parameter.most}, not ${shown(text)}`);
    }
  }
}

const shownCharsMax = 60;

export function shown(text: string): string {
  return JSON.stringify(text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text);
}
