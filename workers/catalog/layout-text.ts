/**
 * The text of `LIBRARY_LAYOUT`: folders and a name, with members in braces. Read here for the settings, which refuse a
 * mistake, and for `layout.ts`, which fills it.
 */

export const LAYOUT_MEMBERS = [
  'source',
  'playlist',
  'group',
  'artist',
  'album',
  'title',
  'date',
  'year',
  'ext',
] as const;
export type LayoutMember = (typeof LAYOUT_MEMBERS)[number];

export const layoutDefault = '{source}/{playlist}/{date} {title}{ext}';
const layoutCharsMax = 500;
const layoutSegmentsMax = 16;

/** A member by its name, or text that stands as it is. */
export type LayoutPart = { readonly member: LayoutMember } | { readonly text: string };

const PART = /\{([^{}]*)\}|([^{}]+)|[{}]/g;
// What no file system of a NAS takes, or what cannot be seen.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}<>:"\\|?*]/u;

/** @returns what is wrong with it, as the end of a sentence that begins with its name; null when nothing is */
export function layoutMistake(layout: string): string | null {
  if (layout.length > layoutCharsMax) return `must hold at most ${layoutCharsMax} characters`;
  const segments = layout.split('/');
  if (segments.length > layoutSegmentsMax) return `must hold at most ${layoutSegmentsMax} parts between /`;
  for (const segment of segments) {
    const mistake = segmentMistake(segment);
    if (mistake !== null) return mistake;
  }
  return memberMistake(segments);
}

function segmentMistake(segment: string): string | null {
  if (segment.trim() === '') return 'must be relative: no / at its beginning or end, and no two in a row';
  if (/^\s*\.+\s*$/.test(segment)) return `must not hold "${segment.trim()}" between /`;
  const unsafe = UNSAFE.exec(segment.replaceAll('{', '').replaceAll('}', ''))?.[0];
  if (unsafe !== undefined) return `has ${JSON.stringify(unsafe)}, which not every file system takes in a name`;
  for (const [part, name, text] of segment.matchAll(PART)) {
    if (text === undefined && name === undefined) return `has a ${part} without its other brace`;
    if (name !== undefined && !isMember(name)) return `has "{${name}}"; known are ${known()}`;
  }
  return null;
}

function memberMistake(segments: readonly string[]): string | null {
  const file = segments.at(-1) ?? '';
  if (segments.slice(0, -1).some((segment) => segment.includes('{ext}')) || /\{ext\}./s.test(file))
    return 'may hold {ext} at its end only';
  if (!/\{/.test(file.replace('{ext}', '')))
    return 'must hold a member after its last /, such as {title}: else all files have one name';
  return null;
}

function known(): string {
  return LAYOUT_MEMBERS.map((member) => `{${member}}`).join(' ');
}

function isMember(name: string): name is LayoutMember {
  return LAYOUT_MEMBERS.some((member) => member === name);
}

/** Folder by folder, the file at last. @param layout without a mistake */
export function layoutParts(layout: string): readonly (readonly LayoutPart[])[] {
  return layout.split('/').map((segment) =>
    [...segment.matchAll(PART)].map(([text, name]) => {
      return name !== undefined && isMember(name) ? { member: name } : { text };
    }),
  );
}
