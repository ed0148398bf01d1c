/**
 * The text of an env file, read with `util.parseEnv`, and around it what that leaves out: which line a key stands on,
 * and lines it would silently misread. A line without `=` makes it swallow the next one, a line of blanks may lose the
 * key behind it, and `TOKEN=abc#def` is `abc`.
 */
import { parseEnv } from 'node:util';

export const envFileBytesMax = 256 * 1024;

export interface EnvEntry {
  readonly key: string;
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface EnvProblem {
  readonly key: string | null;
  readonly line: number | null;
  readonly message: string;
}

export interface EnvFile {
  readonly entries: readonly EnvEntry[];
  readonly problems: readonly EnvProblem[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;
const NOTHING = /^\s*(#.*)?$/;

export function readEnvFile(bytes: Uint8Array): EnvFile {
  const text = decode(bytes);
  if (typeof text !== 'string') return { entries: [], problems: [text] };
  const lines = text.split(/\r?\n/);
  const problems: EnvProblem[] = [];
  const places = new Map<string, number>();
  const sound = [...lines];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (NOTHING.test(line)) {
      sound[index] = '';
      continue;
    }
    const match = ASSIGNMENT.exec(line);
    if (!match) {
      problems.push({ key: null, line: index + 1, message: 'is neither KEY=value nor a comment that begins with #' });
      sound[index] = '';
      continue;
    }
    const [key, rest] = [match[1] as string, (match[2] as string).trim()];
    // Node 24 takes the next line for the value of a key that has nothing but spaces behind it.
    if (rest === '') sound[index] = `${key}=`;
    const first = places.get(key);
    if (first !== undefined) problems.push({ key, line: index + 1, message: `stands twice: already on line ${first}` });
    places.set(key, index + 1);
    const value = checkValue(rest, lines, index);
    if (value.problem !== null) {
      problems.push({ key, line: index + 1, message: value.problem });
      places.delete(key);
      sound.fill('', index, value.last + 1);
    }
    index = value.last;
  }
  const agreement = agreed(`${sound.join('\n')}\n`, places);
  return { entries: agreement.entries, problems: [...problems, ...agreement.problems] };
}

/** @returns the text without a byte order mark, or what is wrong with it. */
function decode(bytes: Uint8Array): string | EnvProblem {
  if (bytes.length > envFileBytesMax) {
    return { key: null, line: null, message: `is ${bytes.length} bytes long; at most ${envFileBytesMax} are read` };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // no UTF-8
  }
  return { key: null, line: null, message: 'is not UTF-8 text' };
}

/** @returns what is wrong with a value, and the index of the line it ends on. */
function checkValue(rest: string, lines: readonly string[], index: number): { problem: string | null; last: number } {
  const quote = rest[0];
  if (quote !== '"' && quote !== "'" && quote !== '`') {
    const cut = /\S#/.test(rest);
    return {
      problem: cut ? 'has a # inside, which would begin a comment: put the value in quotes' : null,
      last: index,
    };
  }
  let last = index;
  let after = rest.slice(1);
  while (!after.includes(quote) && last + 1 < lines.length) after = lines[++last] as string;
  if (!after.includes(quote)) return { problem: `begins with ${quote} and has no ${quote} at its end`, last: index };
  const tail = after.slice(after.indexOf(quote) + 1);
  return { problem: NOTHING.test(tail) ? null : `goes on after its closing ${quote}`, last };
}

/** The values `parseEnv` reads, provided that it saw the same keys. */
function agreed(text: string, places: ReadonlyMap<string, number>): EnvFile {
  const values = parseEnv(text);
  const stray = Object.keys(values).find((key) => !places.has(key));
  if (stray !== undefined)
    return {
      entries: [],
      problems: [{ key: stray, line: null, message: 'cannot be read: write KEY=value, one a line' }],
    };
  const entries: EnvEntry[] = [];
  const problems: EnvProblem[] = [];
  for (const [key, line] of places) {
    const value = values[key];
    if (value === undefined) problems.push({ key, line, message: 'cannot be read: write KEY=value, one a line' });
    else entries.push({ key, value, line });
  }
  return { entries, problems };
}
