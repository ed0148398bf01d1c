/**
 * Where a file of the library goes: the layout, filled. Total, and whatever the members hold, what comes out stays below
 * the library and is made of names that ext4, NTFS and SMB take.
 */
import { createHash } from 'node:crypto';
import { plainText, safeName, shortened } from '../download/file-name.ts';
import { type LayoutMember, type LayoutPart, layoutDefault, layoutMistake, layoutParts } from './layout-text.ts';

export { layoutDefault, layoutMistake } from './layout-text.ts';

export interface LayoutValues {
  readonly source?: string | null;
  readonly playlist?: string | null;
  readonly group?: string | null;
  readonly artist?: string | null;
  readonly album?: string | null;
  readonly title?: string | null;
  /** `2026-11-24`, a moment, a month or a year; `{year}` comes of it too. */
  readonly date?: string | null;
  /** With its dot or without. */
  readonly ext?: string | null;
}

const segmentBytesMax = 200;
const digestChars = 8;
const extensionCharsMax = 15;
const NAMELESS = 'untitled';

/**
 * @param layout one with a mistake counts as the default
 * @returns relative, with `/` between folders
 */
export function layoutPath(layout: string, values: LayoutValues): string {
  const parts = layoutParts(layoutMistake(layout) === null ? layout : layoutDefault);
  const extension = extensionOf(values.ext ?? '');
  const folders = parts.slice(0, -1).flatMap((segment) => named(filled(segment, values), '') ?? []);
  const file = named(filled(parts.at(-1) ?? [], values), extension) ?? `${NAMELESS}${extension}`;
  return [...folders, file].join('/');
}

/** @param extension with its dot, or empty @returns null where nothing of the text is left */
function named(text: string, extension: string): string | null {
  const stem = safeName(text, Number.POSITIVE_INFINITY);
  if (stem === null) return null;
  const name = safeName(stem + extension, Number.POSITIVE_INFINITY) ?? NAMELESS;
  if (Buffer.byteLength(name) <= segmentBytesMax) return name;
  const mark = `~${createHash('sha256').update(name).digest('hex').slice(0, digestChars)}${extension}`;
  const room = segmentBytesMax - Buffer.byteLength(mark);
  return shortened(extension === '' ? name : name.slice(0, -extension.length), room) + mark;
}

function extensionOf(ext: string): string {
  const plain = ext.replace(/[^A-Za-z0-9]/g, '').slice(0, extensionCharsMax);
  return plain === '' ? '' : `.${plain}`;
}

function textOf(member: LayoutMember, values: LayoutValues): string {
  // Stands behind the name, whatever the layout says of it.
  if (member === 'ext') return '';
  if (member === 'date') return dayOf(values.date ?? '');
  if (member === 'year') return dayOf(values.date ?? '').slice(0, 4);
  // A line end in a title parts words; within a name it would be a character to replace.
  return plainText((values[member] ?? '').replace(/\s+/gu, ' ')).trim();
}

function dayOf(date: string): string {
  return /^\s*(\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?)(?!\d)/.exec(date)?.[1] ?? '';
}

const SEPARATORS = '[\\s\\-\u2013\u2014_.,;+&~\u00b7]+';
const ENDS_SEPARATED = new RegExp(`${SEPARATORS}$`, 'u');
const BEGINS_SEPARATED = new RegExp(`^${SEPARATORS}`, 'u');
const OPENED = /[([（【［「]$/u;
const CLOSED = /^[)\]）】］」]/u;
const BRACKETS = ['()', '[]', '（）', '【】', '［］', '「」'];

/** With members in place; where one is empty, what only parted it from others goes as well. */
function filled(segment: readonly LayoutPart[], values: LayoutValues): string {
  let done = '';
  /** Text since the last member that held something. */
  let gap = '';
  let emptyBefore = false;
  let isGapJoined = false;
  for (const part of segment) {
    if ('text' in part) {
      gap = emptyBefore ? joined(gap, part.text, done === '') : gap + part.text;
      emptyBefore = false;
      continue;
    }
    const value = textOf(part.member, values);
    emptyBefore = value === '';
    isGapJoined = emptyBefore;
    if (emptyBefore) continue;
    done += gap + value;
    gap = '';
  }
  return done + (isGapJoined ? gap.replace(ENDS_SEPARATED, '') : gap);
}

/** The texts on both sides of a member that is empty. @param first nothing stands before them */
function joined(before: string, after: string, first: boolean): string {
  const inBrackets = BRACKETS.includes(before.slice(-1) + after.slice(0, 1));
  const [left, right] = inBrackets ? [before.slice(0, -1), after.slice(1)] : [before, after];
  if (CLOSED.test(right)) return left.replace(ENDS_SEPARATED, '') + right;
  const nothingLeft = first && left.replace(BEGINS_SEPARATED, '') === '';
  if (!nothingLeft && !ENDS_SEPARATED.test(left) && !OPENED.test(left)) return left + right;
  return (nothingLeft ? '' : left) + right.replace(BEGINS_SEPARATED, '');
}
