/** Cursors of lists: opaque outside, and good only for the filter and order they were given out with. */
import { createHash } from 'node:crypto';
import { Refusal } from '../supervisor/core/refusal.ts';
import { cursorCharsMax } from './limits.ts';

const bindingChars = 8;

/** @param question what the list was asked with; a cursor of another question is refused */
export function cursorText(after: string, question: unknown): string {
  return Buffer.from(binding(after, question) + after, 'utf8').toString('base64url');
}

/** @returns where the page begins; null for a cursor of another question */
export function cursorAfter(cursor: string, question: unknown): string | null {
  const text = cursor.length > cursorCharsMax ? '' : Buffer.from(cursor, 'base64url').toString('utf8');
  const after = text.slice(bindingChars);
  return after !== '' && cursorText(after, question) === cursor ? after : null;
}

/** The same for the query parameter of a list. */
export function readCursor(cursor: string, question: unknown): string {
  const after = cursorAfter(cursor, question);
  if (after !== null) return after;
  const message = 'was not given out for this list; with other filters or another order, begin without it';
  throw new Refusal('validation', `query parameter cursor ${message}`, [{ path: 'cursor', message }]);
}

function binding(after: string, question: unknown): string {
  const text = JSON.stringify([question, after]);
  return createHash('sha256').update(text).digest('hex').slice(0, bindingChars);
}
