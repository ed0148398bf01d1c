/**
 * Glob patterns for what is backed up. A part between slashes is picomatch's, but for parentheses, quotes and `|`, which are
 * plain characters here as they are in names of files. Parts are compared one by one, so that no pattern takes long on
 * any path: as one regular expression, each * multiplies with those of all other parts.
 */
import picomatch from 'picomatch';

/** @param path relative to the folder that was given, with / between folders */
export type Match = (path: string, isFolder: boolean) => boolean;

export const patternCharsMax = 1_000;
/** In a part: with this many, and a name made to be unlucky, it takes a second or two. */
const starsMax = 4;
/** In a part, as a shell would write them out. */
const alternativesMax = 100;

const ESCAPED_OR_PLAIN = /\\[\s\S]|[()|"]/g;
const ESCAPED_OR_CLASS = /\\[\s\S]|\[[^\]]*\]/g;
const options = {
  dot: true,
  noextglob: true,
  nonegate: true,
  regex: false,
  strictBrackets: true,
  // [!a], and [[:alpha:]].
  posix: true,
  // A mistake is thrown.
  debug: true,
  // A dot of the expression stands for a line break, too.
  flags: 's',
} as const;
const ANY_DEPTH = '**';

/** @returns what is wrong with a pattern, or null */
export function patternMistake(pattern: string): string | null {
  const parts = partsOf(pattern);
  if (parts.length === 0 || pattern.includes('\0')) return 'must be a pattern such as "*.jpg" or "cache/"';
  for (const part of parts) {
    const mistake = part === ANY_DEPTH ? null : partMistake(part);
    if (mistake !== null) return mistake;
  }
  return null;
}

function partMistake(part: string): string | null {
  const bare = part.replace(ESCAPED_OR_CLASS, '');
  if (part === '.' || part === '..') return 'must not hold . or .. between slashes: it is relative to the given path';
  if (bare.endsWith('\\')) return 'must not hold \\ before a slash or at its end';
  if ((bare.match(/\*+/g) ?? []).length > starsMax) return `must have at most ${starsMax} * between two slashes`;
  if (/\{[^}]*\.\.[^}]*\}/.test(bare)) return 'must not hold a range such as {1..9}; [1-9] is one of these digits';
  if (/\{[^}]*\{/.test(bare)) return 'must not hold { } inside of { }';
  if (/\{[^}]*$/.test(bare)) return 'must close each { before the next slash';
  if (alternativesOf(bare) > alternativesMax) return `must not stand for more than ${alternativesMax} names by its { }`;
  try {
    testOf(part);
    return null;
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
}

/** @param patterns without mistakes */
export function anyOf(patterns: readonly string[]): Match {
  const matches = patterns.map(compile);
  return (path, isFolder) => matches.some((match) => match(path, isFolder));
}

function compile(pattern: string): Match {
  const parts = partsOf(pattern);
  const foldersOnly = pattern.endsWith('/');
  // Without a slash before its end it is meant at any depth.
  const anywhere = !pattern.slice(0, -1).includes('/');
  const tests = (anywhere ? [ANY_DEPTH, ...parts] : parts).map((part) => (part === ANY_DEPTH ? null : testOf(part)));
  return (path, isFolder) => (isFolder || !foldersOnly) && matchesAll(tests, path.split('/'));
}

type Test = (name: string) => boolean;

/** @param tests null stands for any number of names; at the end for at least one */
function matchesAll(tests: readonly (Test | null)[], names: readonly string[]): boolean {
  let name = 0;
  let test = 0;
  // Where the last ** stands, and the name that it has got to: one more is tried for it where the rest does not match.
  let back = { test: -1, name: -1 };
  while (name < names.length) {
    if (test < tests.length && tests[test] === null) {
      if (test === tests.length - 1) return true;
      back = { test: test++, name };
    } else if (test < tests.length && tests[test]?.(names[name] as string)) {
      test++;
      name++;
    } else if (back.test >= 0) {
      back = { ...back, name: back.name + 1 };
      test = back.test + 1;
      name = back.name;
    } else return false;
  }
  return test === tests.length;
}

function testOf(part: string): Test {
  const plain = part.replace(ESCAPED_OR_PLAIN, (text) => (text.length > 1 ? text : `\\${text}`));
  return picomatch(plain, options);
}

function partsOf(pattern: string): string[] {
  return pattern.split('/').filter((part) => part !== '');
}

function alternativesOf(bare: string): number {
  const groups = [...bare.matchAll(/\{([^}]*)\}/g)];
  return groups.reduce((all, [, inside = '']) => all * inside.split(',').length, 1);
}
