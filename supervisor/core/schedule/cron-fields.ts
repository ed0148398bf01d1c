/**
 * The fields of a cron expression, checked before anything is expanded: cron-parser takes an empty text and four fields for
 * "every minute", and a range is only as long as its bounds allow. What leaves here holds numbers only.
 */
import { cronExpressionCharsMax } from '../limits.ts';
import { nearest } from '../nearest.ts';

/** The six fields as text, seconds first; `0` where only five were given. */
export type CronFields = readonly [string, string, string, string, string, string];

export type CheckedFields =
  | { readonly ok: true; readonly fields: CronFields }
  | { readonly ok: false; readonly messages: readonly string[] };

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
  /** Marks beside numbers, as a pattern, and how they are written. */
  readonly mark?: { readonly pattern: RegExp; readonly example: string };
}

const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { name: 'second', least: 0, most: 59 },
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31, mark: { pattern: /^L$/i, example: 'L for the last day' } },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  {
    name: 'weekday',
    least: 0,
    most: 7,
    names: WEEKDAYS,
    mark: { pattern: /^[0-7](L|#[1-5])$/i, example: '5L for the last Friday, 1#2 for the second Monday' },
  },
];

const ITEM = /^(?:\*|(\d{1,4})(?:-(\d{1,4}))?)(?:\/(\d{1,4}))?$/;

const ALIASES: Readonly<Record<string, string>> = {
  '@hourly': '0 0 * * * *',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@weekly': '0 0 0 * * 0',
  '@monthly': '0 0 0 1 * *',
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
};

/** @returns the fields, or what is wrong in each, naming it and what would be right */
export function checkCronFields(expression: string): CheckedFields {
  if (expression.length > cronExpressionCharsMax)
    return no(`is ${expression.length} characters long; at most ${cronExpressionCharsMax} are read`);
  const text = expression.trim();
  if (text.startsWith('@')) return ofAlias(text);
  const given = text === '' ? [] : text.split(/\s+/);
  if (given.length !== 5 && given.length !== 6) {
    const count = given.length === 0 ? 'is empty' : `has ${given.length} field${given.length === 1 ? '' : 's'}`;
    return no(
      `${count}: give five (minute, hour, day of month, month, weekday), or six with the second before them, e.g. "0 2 * * *"`,
    );
  }
  const typed = given.length === 5 ? ['0', ...given] : given;
  const fields = typed.map(plain);
  const messages = fields
    .map((field, index) => fieldMistake(field, typed[index] as string, FIELDS[index] as Field))
    .filter((one) => one !== null);
  return messages.length > 0 ? { ok: false, messages } : { ok: true, fields: fields as unknown as CronFields };
}

/** A list may name a number twice, as in `1-5,3`; cron-parser takes each once. */
export function eachOnce(fields: CronFields): CronFields {
  const once = fields.map((text, index) =>
    text.includes(',')
      ? [...new Set(text.split(',').flatMap((item) => expand(item, FIELDS[index] as Field)))].join(',')
      : text,
  );
  return once as unknown as CronFields;
}

/** Called with items that have been checked. */
function expand(item: string, { name, least, most }: Field): readonly string[] {
  const parts = ITEM.exec(item);
  if (!parts) return [item.toUpperCase().replace('7L', '0L')];
  const [from, to, step] = parts.slice(1).map((part) => (part === undefined ? null : Number(part)));
  const last = to ?? (from == null || step != null ? most : from);
  const numbers: string[] = [];
  for (let number = from ?? least; number <= last; number += step ?? 1)
    numbers.push(String(name === 'weekday' ? number % 7 : number));
  return numbers;
}

function no(message: string): CheckedFields {
  return { ok: false, messages: [message] };
}

function ofAlias(text: string): CheckedFields {
  const fields = Object.hasOwn(ALIASES, text) ? ALIASES[text] : undefined;
  if (fields) return { ok: true, fields: fields.split(' ') as unknown as CronFields };
  const near = nearest(text, Object.keys(ALIASES));
  return no(
    `"${text}" is not known${near ? `: did you mean "${near}"?` : ''}; known are ${Object.keys(ALIASES).join(', ')}`,
  );
}

/** Names become numbers, and a range that ends on Sunday ends on 7. */
function plain(text: string, index: number): string {
  const { names, name } = FIELDS[index] as Field;
  if (!names) return text;
  const numbers = text.replace(/[a-z]{3}/gi, (word) => {
    const number = names.indexOf(word.toLowerCase());
    return number < 0 ? word : String(number);
  });
  return name === 'weekday' ? numbers.replace(/(^|,)([1-6])-0(?=,|\/|$)/g, '$1$2-7') : numbers;
}

/** @param typed with the names it had */
function fieldMistake(text: string, typed: string, field: Field): string | null {
  const asTyped = typed.split(',');
  for (const [index, item] of text.split(',').entries()) {
    const wrong = itemMistake(item, asTyped[index] as string, field);
    if (wrong) return `${field.name} "${typed}": ${wrong}`;
  }
  // cron-parser knows one `#` alone in its field.
  if (text.includes('#') && text.includes(',')) return `${field.name} "${typed}": a weekday with # stands alone`;
  return null;
}

function itemMistake(item: string, typed: string, field: Field): string | null {
  const { least, most, mark } = field;
  if (item === '*' || (item === '?' && field.mark) || mark?.pattern.test(item)) return null;
  const parts = ITEM.exec(item);
  if (!parts) return `"${typed}" is not ${wanted(field)}`;
  const [from, to, step] = parts.slice(1).map((part) => (part === undefined ? null : Number(part)));
  for (const bound of [from, to])
    if (bound != null && (bound < least || bound > most)) return `${bound} is not from ${least} to ${most}`;
  if (from != null && to != null && from > to) {
    const [first, last] = typed.split(/[-/]/);
    return `the range ${typed} ends before it begins: write ${first}-${most},${least}-${last}`;
  }
  if (step != null && (step < 1 || step > most))
    return `the step ${step} is not from 1 to ${most}${step > most ? `: for once, give a number, e.g. ${least}` : ''}`;
  return null;
}

function wanted({ least, most, names, mark }: Field): string {
  const range = `a number from ${least} to ${most}, a range ${least}-${most}, a step */2 or a list of them`;
  const words = names ? `, or a name such as ${names.find((name) => name !== '')}` : '';
  return `${range}${words}${mark ? `, or ${mark.example}` : ''}`;
}
