/**
 * YAML as documents: the core schema of YAML 1.2 and nothing more. Own tags, merge keys and dates stay out, aliases are
 * counted, and keys are plain texts that stand once.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type YAMLMap,
  type Document as YamlDocument,
} from 'yaml';
import type { Document, Documents, PlacedMistake } from './document.ts';
import { aliasesMax, mistakesShownMax } from './intake-limits.ts';
import { placeOf, withParents } from './json-places.ts';
import { LineIndex, type TextPlace } from './text-place.ts';

/** `uniqueKeys` compares each key with all before it, which a long map turns into minutes: `checkKeys` does it here. */
const OPTIONS = {
  schema: 'core',
  version: '1.2',
  resolveKnownTags: false,
  merge: false,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** Several documents in one file are as many tasks. */
export function yamlDocuments(text: string): Documents {
  const lines = new LineIndex(text);
  const deepAt = tooDeepAt(text);
  if (deepAt !== -1) return { ok: false, mistakes: [mistake('is nested too deeply to be read', deepAt, lines)] };
  try {
    return read(text, lines);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      ok: false,
      mistakes: [{ code: 'syntax', path: '$', line: null, column: null, message: 'is nested too deeply to be read' }],
    };
  }
}

const bracketsOpenMax = 500;
/** Each of these opens a level within one line. */
const CHAIN = /(?:[-?][ \t]+){500}/;

/**
 * Looked for before anything is parsed: the parser calls itself at each level, and a stack that is all but used up ends
 * the whole process when V8 happens to compile a regular expression there, which no `catch` sees. Brackets within texts
 * count too; so many that stay open are not met in earnest.
 */
function tooDeepAt(text: string): number {
  let open = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '[' || char === '{') open++;
    else if ((char === ']' || char === '}') && open > 0) open--;
    if (open > bracketsOpenMax) return index;
  }
  return text.search(CHAIN);
}

function read(text: string, lines: LineIndex): Documents {
  const documents: Document[] = [];
  const mistakes: PlacedMistake[] = [];
  const parsed = parseAllDocuments(text, { ...OPTIONS, lineCounter: new LineCounter() });
  for (const yaml of 'empty' in parsed ? [] : parsed) {
    const own = syntaxMistakes(yaml as YamlDocument, lines);
    if (own.length > 0) mistakes.push(...own);
    else if (!isEmpty(yaml as YamlDocument)) addDocument(yaml as YamlDocument, lines, documents, mistakes);
    if (mistakes.length >= mistakesShownMax) break;
  }
  return mistakes.length > 0 ? { ok: false, mistakes: mistakes.slice(0, mistakesShownMax) } : { ok: true, documents };
}

function syntaxMistakes(yaml: YamlDocument, lines: LineIndex): PlacedMistake[] {
  // A warning is an unknown tag or a directive of another version: something that would be read otherwise than meant.
  const problems = [...yaml.errors, ...yaml.warnings];
  const deep = problems.find(({ message }) => message.startsWith('Maximum call stack'));
  if (deep) return [mistake('is nested too deeply to be read', deep.pos[0], lines)];
  if (problems.length > 0)
    return problems.slice(0, mistakesShownMax).map(({ message, pos }) => mistake(plainly(message), pos[0], lines));
  const alias = checkAliases(yaml, lines);
  return alias === null ? checkKeys(yaml, lines) : [alias];
}

/** Names of the parser's own, as they are met where a text was not put into quotes. */
const SIGNS: Readonly<Record<string, string>> = {
  'map-value-ind': 'a colon',
  'seq-item-ind': 'a dash',
  'explicit-key-ind': 'a question mark',
  'flow-map-start': '{',
  'flow-map-end': '}',
  'flow-seq-start': '[',
  'flow-seq-end': ']',
  comma: 'a comma',
  anchor: 'an anchor (&)',
  alias: 'an alias (*)',
  tag: 'a tag (!)',
  scalar: 'a text',
  'block-map': 'a map',
  'block-seq': 'a list',
};

const advice = 'look at the indentation, and put a text that holds ": " or begins with a sign into quotes';

function plainly(message: string): string {
  if (message.startsWith('Nested mappings')) return `did not expect a second colon in this line: ${advice}`;
  if (message.startsWith('Implicit keys need')) return `expected a name and its colon in one line: ${advice}`;
  const [, what] = /^Unexpected (?:(\S+) token\b|(\S+) at node end)/.exec(message)?.filter(Boolean) ?? [];
  return what === undefined ? message : `did not expect ${SIGNS[what] ?? `a ${what}`} here: ${advice}`;
}

/** An alias inside what it repeats has no end: twenty such bytes would fill the memory. */
function checkAliases(yaml: YamlDocument, lines: LineIndex): PlacedMistake | null {
  let count = 0;
  let wrong: PlacedMistake | null = null;
  visit(yaml, {
    Alias(_, alias, parents) {
      const target = ++count > aliasesMax ? undefined : alias.resolve(yaml);
      if (count > aliasesMax)
        wrong = mistake(`repeats too much by aliases (at most ${aliasesMax})`, rangeStart(alias), lines);
      else if (target === undefined)
        wrong = mistake(
          `*${alias.source} repeats what nothing before it is named: &${alias.source} is missing`,
          rangeStart(alias),
          lines,
        );
      else if (parents.includes(target))
        wrong = mistake(`*${alias.source} repeats what it stands in, without end`, rangeStart(alias), lines);
      return wrong === null ? undefined : visit.BREAK;
    },
  });
  return wrong;
}

function checkKeys(yaml: YamlDocument, lines: LineIndex): PlacedMistake[] {
  const mistakes: PlacedMistake[] = [];
  visit(yaml, {
    Map(_, map) {
      const keys = new Set<string>();
      for (const { key } of (map as YAMLMap).items) {
        if (mistakes.length >= mistakesShownMax) return visit.BREAK;
        const offset = rangeStart(key);
        if (!isScalar(key)) mistakes.push(mistake('expected a plain name before the colon', offset, lines));
        else if (keys.has(String(key.value)))
          mistakes.push({
            ...mistake(`"${key.value}" stands twice in the same map`, offset, lines),
            code: 'duplicate',
          });
        else keys.add(String(key.value));
      }
      return undefined;
    },
  });
  return mistakes;
}

/** Nothing but comments, as after a closing `---`. */
function isEmpty(yaml: YamlDocument): boolean {
  const { contents } = yaml;
  return contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
}

function addDocument(yaml: YamlDocument, lines: LineIndex, documents: Document[], mistakes: PlacedMistake[]): void {
  try {
    const value: unknown = yaml.toJS({ maxAliasCount: aliasesMax });
    documents.push({ value, places: (paths) => places(yaml, paths, lines) });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    mistakes.push(mistake(`repeats too much by aliases (at most ${aliasesMax})`, rangeStart(yaml.contents), lines));
  }
}

function mistake(message: string, offset: number | null, lines: LineIndex): PlacedMistake {
  const place = offset === null ? { line: null, column: null } : lines.at(offset);
  return { code: 'syntax', path: '$', ...place, message: message.split('\n')[0] as string };
}

function places(yaml: YamlDocument, paths: readonly string[], lines: LineIndex): (TextPlace | null)[] {
  const found = new Map<string, number>();
  find(yaml.contents, '$', rangeStart(yaml.contents), withParents(paths), found);
  return paths.map((path) => {
    const offset = placeOf(path, found);
    return offset === null ? null : lines.at(offset);
  });
}

function find(
  node: unknown,
  path: string,
  offset: number | null,
  wanted: ReadonlySet<string>,
  found: Map<string, number>,
): void {
  if (!wanted.has(path) || offset === null) return;
  found.set(path, offset);
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (isScalar(key)) find(value, `${path}.${key.value}`, rangeStart(key), wanted, found);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      find(item, `${path}[${index}]`, rangeStart(item), wanted, found);
    });
  }
}

function rangeStart(node: unknown): number | null {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0] ?? null;
  return null;
}
