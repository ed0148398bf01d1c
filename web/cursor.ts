/** Cursors of lists: opaque outside, and good only for the filter and order they were given out with. */
import { createHash } from 'node:crypto';
import { Refusal } from '../supervisor/core/refusal.ts';
import { cursorCharsMax } from './limits.ts';

const bindingChars = 8;

/** @param question what the list was asked with; a cursor of another question is refused */
export function cursorText(after: string, question: unknown): string {
  return Buffer.from(`${binding(question)}${after}`, 'utf8').toString('base64url');
}

/** @returns where the page begins */
export function readCursor(cursor: string, question: unknown): string {
  if (cursor.length > cursorCharsMax || !/^[\w-]+$/.test(cursor)) throw refused('is not one that was given out');
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const after = text.slice(bindingChars);
  if (after === '' || Buffer.from(text, 'utf8').toString('base64url') !== cursor)
    throw refused('is not one that was given out');
  if (text.slice(0, bindingChars) !== binding(question))
    throw refused('belongs to a list with other filters or another order; begin without it');
  return after;
}

function binding(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('hex').slice(0, bindingChars);
}

function refused(message: string): Refusal {
  return new Refusal('validation', `query parameter cursor: ${message}`, [{ path: 'cursor', message }]);
}
