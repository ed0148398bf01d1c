/**
 * Where things stand in JSON text. `JSON.parse` says what, not where, and its messages change with the version of
 * Node; so this second reader runs only when something is wrong, to name the place.
 */
export interface JsonPlaces {
  /** Offset of a member's name, a list's entry, or the whole, by path (`$[3].params.url`). */
  readonly places: ReadonlyMap<string, number>;
  /** The first error of syntax. */
  readonly error: { readonly offset: number; readonly message: string } | null;
}

export interface Twice {
  readonly name: string;
  readonly path: string;
  readonly offset: number;
}

const depthMax = 1_000;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** Up to the quote, a backslash, or a control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class SyntaxProblem extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/**
 * @param wanted paths to find; the parents of each are found as well
 * @param whole what the text is, as messages name it
 */
export function jsonPlaces(text: string, wanted: Iterable<string>, whole: 'file' | 'line' = 'file'): JsonPlaces {
  const reader = new Reader(text, withParents(wanted), whole);
  try {
    reader.whole();
    return { places: reader.places, error: null };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { places: reader.places, error: { offset: error.offset, message: error.message } };
  }
}

/** Members whose name stood before in the same object, as far as the text can be read. */
export function jsonTwice(text: string): readonly Twice[] {
  const reader = new Reader(text, null);
  try {
    reader.whole();
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
  }
  return reader.twice;
}

/** `$[3].a.b` → `$`, `$[3]`, `$[3].a`, `$[3].a.b` */
export function withParents(paths: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let end = 1; end <= path.length; end++) {
      const next = path[end];
      if (next === undefined || next === '.' || next === '[') all.add(path.slice(0, end));
    }
  }
  return all;
}

/** The place of a path, or of its nearest parent that has one. */
export function placeOf(path: string, places: ReadonlyMap<string, number>): number | null {
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1))) {
    const offset = places.get(path.slice(0, end));
    if (offset !== undefined) return offset;
  }
  return null;
}

class Reader {
  readonly places = new Map<string, number>();
  readonly twice: Twice[] = [];
  readonly #text: string;
  /** Null for all, and then only what stands twice is kept. */
  readonly #wanted: ReadonlySet<string> | null;
  readonly #what: 'file' | 'line';
  #at = 0;

  constructor(text: string, wanted: ReadonlySet<string> | null, what: 'file' | 'line' = 'file') {
    this.#what = what;
    this.#text = text;
    this.#wanted = wanted;
  }

  whole(): void {
    this.#space();
    this.#found('$');
    this.#value('$', 0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail(`expected the end of the ${this.#what} here`);
  }

  /** @param path null when nothing inside is wanted */
  #value(path: string | null, depth: number): void {
    const first = this.#text[this.#at];
    if (depth > depthMax) this.#fail(`is nested deeper than ${depthMax} levels`);
    if (first === '{') this.#object(path, depth);
    else if (first === '[') this.#list(path, depth);
    else if (first === '"') this.#string();
    else if (!this.#skip(WORD) && !this.#number()) this.#noValue(first);
  }

  #object(path: string | null, depth: number): void {
    this.#at++;
    this.#space();
    if (this.#take('}')) return;
    const names = this.#wanted === null ? new Set<string>() : null;
    for (;;) {
      const start = this.#at;
      if (this.#text[start] !== '"') this.#noName(this.#text[start]);
      this.#string();
      const name = path === null ? '' : (JSON.parse(this.#text.slice(start, this.#at)) as string);
      const child = path === null ? null : `${path}.${name}`;
      if (names?.has(name) && child !== null) this.twice.push({ name, path: child, offset: start });
      names?.add(name);
      const inner = child !== null && this.#found(child, start) ? child : null;
      this.#space();
      if (!this.#take(':')) this.#fail('expected : after the name of a member');
      this.#space();
      this.#value(inner, depth + 1);
      if (this.#ends('}', 'the members of an object')) return;
    }
  }

  #list(path: string | null, depth: number): void {
    this.#at++;
    this.#space();
    if (this.#take(']')) return;
    for (let index = 0; ; index++) {
      const child = path === null ? null : `${path}[${index}]`;
      this.#value(child !== null && this.#found(child) ? child : null, depth + 1);
      if (this.#ends(']', 'the entries of a list')) return;
    }
  }

  /** After an entry: the closing bracket, or a comma and another entry. */
  #ends(close: string, what: string): boolean {
    this.#space();
    if (this.#take(close)) return true;
    if (!this.#take(',')) this.#fail(`expected , or ${close} between ${what}`);
    this.#space();
    if (this.#text[this.#at] === close)
      this.#fail(`expected another entry after the comma: JSON allows none before ${close}`);
    return false;
  }

  #string(): void {
    this.#at++;
    for (;;) {
      this.#skip(PLAIN);
      if (this.#take('"')) return;
      if (this.#at >= this.#text.length) this.#fail('a text is not closed: expected "');
      if (this.#text[this.#at] !== '\\')
        this.#fail('a text must not hold a line break or control character: write \\n, \\t or \\u0000');
      if (!this.#skip(ESCAPE))
        this.#fail('after \\ in a text comes one of " \\ / b f n r t, or u and four hexadecimal digits');
    }
  }

  #number(): boolean {
    const start = this.#at;
    if (!this.#skip(NUMBER)) return false;
    if (/[\w.+]/.test(this.#text[this.#at] ?? '')) {
      this.#at = start;
      this.#fail('is no number as JSON writes them, such as 12, -0.5 or 1e9');
    }
    return true;
  }

  #noValue(first: string | undefined): never {
    if (first === "'") this.#fail('expected a value; texts stand in double quotes');
    if (first === '/' || first === '#') this.#fail('expected a value; JSON has no comments');
    return this.#fail('expected a value: an object, a list, a text in double quotes, a number, true, false or null');
  }

  #noName(first: string | undefined): never {
    if (first === '/' || first === '#') this.#fail('expected the name of a member; JSON has no comments');
    return this.#fail('expected the name of a member in double quotes');
  }

  #fail(message: string): never {
    const ended = this.#at >= this.#text.length;
    throw new SyntaxProblem(this.#at, ended ? `the ${this.#what} ends too early: ${message}` : message);
  }

  #found(path: string, offset = this.#at): boolean {
    if (this.#wanted === null) return true;
    if (!this.#wanted.has(path)) return false;
    this.places.set(path, offset);
    return true;
  }

  #space(): void {
    this.#skip(SPACE);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }
}
