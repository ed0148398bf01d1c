/**
 * Reads what tap says, line by line as it comes, and counts tests as people do: each `t.test` without others inside is
 * one, and so is anything with assertions of its own. Files arrive as points without indentation.
 */
export interface TestResult {
  /** File and names, outermost first. */
  readonly path: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Of a skip. */
  readonly reason: string;
}

export interface FileResult {
  readonly name: string;
  readonly ok: boolean;
  readonly tests: readonly TestResult[];
  /** Everything that was said about it. */
  readonly lines: readonly string[];
}

interface Point {
  readonly name: string;
  readonly ok: boolean;
  readonly skip: string | null;
  readonly isTest: boolean;
  readonly children: readonly Point[];
}

const POINT = /^((?: {4})*)(not )?ok\b(?: \d+)?(?: - (.*))?$/;
const SUBTEST = /^((?: {4})*)# Subtest/;
const DIRECTIVE = / # (SKIP|TODO)\b ?(.*)$/i;
const TIME = / # time=[\d.]+m?s$/;

export class TapResults {
  readonly #done: (file: FileResult) => void;
  /** The file that has ended; what follows as a block still belongs to it. */
  #ended: (Omit<FileResult, 'lines'> & { readonly lines: string[] }) | null = null;
  /** Points by depth whose parent has not been heard of yet. */
  #open: Point[][] = [];
  #begun: boolean[] = [];
  #lines: string[] = [];
  /** Last line of the YAML block we are in. */
  #blockEnd: string | null = null;
  #lastIndent = '';

  constructor(done: (file: FileResult) => void) {
    this.#done = done;
  }

  line(text: string): void {
    if (this.#blockEnd === null && text !== `${this.#lastIndent}  ---`) this.end();
    (this.#ended?.lines ?? this.#lines).push(text);
    if (this.#blockEnd !== null) {
      if (text === this.#blockEnd) this.#blockEnd = null;
      return;
    }
    if (text === `${this.#lastIndent}  ---`) {
      this.#blockEnd = `${this.#lastIndent}  ...`;
      return;
    }
    const subtest = SUBTEST.exec(text);
    if (subtest) this.#begun[depthOf(subtest)] = true;
    const point = POINT.exec(text);
    if (point) this.#point(point);
  }

  #point(match: RegExpExecArray): void {
    const depth = depthOf(match);
    this.#lastIndent = match[1] ?? '';
    const said = (match[3] ?? '').replace(TIME, '');
    const directive = DIRECTIVE.exec(said);
    const point: Point = {
      name: said.replace(DIRECTIVE, ''),
      ok: match[2] === undefined,
      skip: directive ? directive[2] || directive[1] || '' : null,
      isTest: directive !== null || this.#begun[depth] === true || this.#open[depth + 1] !== undefined,
      children: this.#open[depth + 1] ?? [],
    };
    this.#open.length = Math.min(this.#open.length, depth + 1);
    this.#begun.length = Math.min(this.#begun.length, depth);
    if (depth === 0) {
      this.#file(point);
    } else {
      const siblings = this.#open[depth] ?? [];
      siblings.push(point);
      this.#open[depth] = siblings;
    }
  }

  /** Nothing more comes. */
  end(): void {
    const file = this.#ended;
    this.#ended = null;
    if (file) this.#done(file);
  }

  #file(point: Point): void {
    this.#open = [];
    this.#ended = {
      name: point.name,
      ok: point.ok || point.skip !== null,
      tests: testsOf(point, []),
      lines: this.#lines,
    };
    this.#lines = [];
  }
}

function depthOf(match: RegExpExecArray): number {
  return (match[1] ?? '').length / 4;
}

function testsOf(point: Point, above: readonly string[]): readonly TestResult[] {
  const path = [...above, point.name];
  if (point.skip !== null) return [{ path, outcome: 'skipped', reason: point.skip }];
  const inner = point.children.filter((child) => child.isTest).flatMap((child) => testsOf(child, path));
  const isOneItself = point.children.length === 0 || point.children.some((child) => !child.isTest);
  const failedItself =
    point.children.some((child) => !child.isTest && !child.ok) ||
    (!point.ok && !inner.some((test) => test.outcome === 'failed'));
  if (!isOneItself && !failedItself) return inner;
  return [...inner, { path, outcome: failedItself ? 'failed' : 'passed', reason: '' }];
}
