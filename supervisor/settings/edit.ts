/**
 * Changes keys in the text of an env file and leaves all else in it, comments and order, as somebody wrote it. A key that
 * stands only as a comment, as in the example, is set right below that comment.
 */
import { type EnvEntry, readEnvFile } from './env-file.ts';

/** `null` takes a key out, so that its default holds. */
export type Changes = Readonly<Record<string, string | null>>;

/** @throws RangeError for a value that no env file can hold */
export function editEnv(text: string, changes: Changes): string {
  const { entries } = readEnvFile(Buffer.from(text));
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split('\n');
  const edits = Object.entries(changes).map(([key, value]) => editOf(lines, entries, key, value));
  // From the end, so that the places of those before stay right.
  for (const { at, remove, insert } of edits.sort((a, b) => b.at - a.at)) lines.splice(at, remove, ...insert);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

interface Edit {
  /** Index of the first line it concerns. */
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

function editOf(lines: readonly string[], entries: readonly EnvEntry[], key: string, value: string | null): Edit {
  const insert = value === null ? [] : [`${key}=${quoted(key, value)}`];
  const entry = entries.find((known) => known.key === key);
  if (entry) return { at: entry.line - 1, remove: linesOf(lines, entry), insert };
  const comment = lines.findIndex((line) => new RegExp(`^\\s*#\\s*${key}\\s*=`).test(line));
  return { at: comment === -1 ? lines.length : comment + 1, remove: 0, insert };
}

/** A quoted value may go on over several lines. */
function linesOf(lines: readonly string[], { line, value }: EnvEntry): number {
  const breaks = value.split('\n').length - 1;
  return Math.min(breaks, lines.length - line) + 1;
}

function quoted(key: string, value: string): string {
  if (/^[\w./:@,=+*-]*$/.test(value)) return value;
  // In double quotes `parseEnv` would turn \n into a line break.
  const quote = [`'`, '`', '"'].find((mark) => !value.includes(mark) && !(mark === '"' && value.includes('\\')));
  if (quote === undefined || /[\0\r]/.test(value))
    throw new RangeError(`the value of ${key} has all kinds of quotes in it`);
  return `${quote}${value}${quote}`;
}
