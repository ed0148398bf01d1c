/** Where a text stops being JSON. `JSON.parse` tells it differently in every Node and often not at all. */
interface JsonMistake {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Place = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'next' | 'end';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const BLANK = /[ \t\n\r]*/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

/** @returns the first mistake, or null when the text is JSON. Keeps its own stack: depth costs memory, never the call stack. */
export function jsonMistake(text: string): JsonMistake | null {
  const open: ('{' | '[')[] = [];
  let at = 0;
  let place: Place = 'value';

  const afterValue = (): Place => (open.length > 0 ? 'next' : 'end');
  const close = (): void => {
    open.pop();
    at++;
    place = afterValue();
  };

  for (;;) {
    at += matched(BLANK, text, at);
    const char = text[at];
    if (place === 'end')
      return char === undefined ? null : mistake(text, at, `expected the end, but found ${found(text, at)}`);
    if (char === undefined) return mistake(text, at, `ends too early: expected ${expected(place, open)}`);
    if (place === 'colon') {
      if (char !== ':') return mistake(text, at, `expected ":" after a name, but found ${found(text, at)}`);
      at++;
      place = 'value';
    } else if (place === 'next') {
      const inObject = open.at(-1) === '{';
      if (char === ',') {
        at++;
        place = inObject ? 'name' : 'value';
      } else if (char === (inObject ? '}' : ']')) close();
      else return mistake(text, at, `expected ${expected(place, open)}, but found ${found(text, at)}`);
    } else if ((place === 'name or }' && char === '}') || (place === 'value or ]' && char === ']')) {
      close();
    } else if (place === 'name' || place === 'name or }') {
      if (char !== '"') return mistake(text, at, `expected ${expected(place, open)}, but found ${found(text, at)}`);
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      place = 'colon';
    } else if (char === '{' || char === '[') {
      open.push(char);
      at++;
      place = char === '{' ? 'name or }' : 'value or ]';
    } else if (char === '"') {
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      place = afterValue();
    } else {
      const length = matched(WORD, text, at) || matched(NUMBER, text, at);
      if (length === 0) return mistake(text, at, `expected ${expected(place, open)}, but found ${found(text, at)}`);
      at += length;
      place = afterValue();
    }
  }
}

/** @returns where the string that begins at `from` has ended, or what is wrong in it */
function stringEnd(text: string, from: number): number | JsonMistake {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20)
      return mistake(
        text,
        at,
        'a line break or control character inside a string must be written as an escape such as \\n',
      );
    if (code !== 0x5c) continue;
    at++;
    const escaped = text[at];
    if (escaped === undefined) break;
    if (escaped === 'u') {
      if (matched(HEX4, text, at + 1) === 0) return mistake(text, at - 1, 'an escape \\u needs four hex digits');
      at += 4;
    } else if (!'"\\/bfnrt'.includes(escaped)) {
      return mistake(text, at - 1, `\\${escaped} is no escape of JSON; a backslash itself is written \\\\`);
    }
  }
  return mistake(text, text.length, `ends inside the string that begins on line ${lineOf(text, from)}`);
}

function expected(place: Place, open: readonly string[]): string {
  if (place === 'next') return open.at(-1) === '{' ? '"," or "}"' : '"," or "]"';
  if (place === 'name') return 'a name in double quotes (no comma before "}")';
  if (place === 'name or }') return 'a name in double quotes or "}"';
  return place === 'colon' ? '":"' : 'a value';
}

const foundCharsMax = 12;

function found(text: string, at: number): string {
  const word = /^[\p{L}\p{N}_]+/u.exec(text.slice(at, at + foundCharsMax))?.[0];
  return JSON.stringify(word ?? String.fromCodePoint(text.codePointAt(at) ?? 0));
}

function matched(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function lineOf(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf('\n'); next !== -1 && next < at; next = text.indexOf('\n', next + 1)) line++;
  return line;
}

function mistake(text: string, at: number, message: string): JsonMistake {
  return { line: lineOf(text, at), column: at - text.lastIndexOf('\n', at - 1), message };
}
