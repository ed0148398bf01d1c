/**
 * The beginning of an id stands for the whole one where only one task has it. An id begins with its moment of creation
 * (RFC 9562, 5.7), so that a beginning is a span of time, and only tasks created in it are looked through.
 */
import { Refused, type Supervisor } from './call.ts';
import type { Task } from './task.ts';

const digitsMin = 8;
const timeDigits = 12;
const idChars = 36;
const tasksPerCallMax = 500;
const idsNamedMax = 5;
/** Until the year 2527. */
const IN_OUR_TIME = /^0[0-9a-f]+$/;

/** @throws Refused when several tasks have this beginning */
export async function wholeId(supervisor: Supervisor, given: string): Promise<string> {
  const digits = given.toLowerCase().replaceAll('-', '');
  if (given.length >= idChars || digits.length < digitsMin || !IN_OUR_TIME.test(digits)) return given;
  const page = await supervisor.get<{ items: Task[]; next: string | null }>('tasks', {
    ...spanOf(digits.slice(0, timeDigits)),
    limit: tasksPerCallMax,
  });
  const found = page.items.map(({ id }) => id).filter((id) => id.replaceAll('-', '').startsWith(digits));
  if (found.length === 1 && page.next === null) return found[0] as string;
  if (found.length === 0 && page.next === null) return given;
  const named = found.slice(0, idsNamedMax).map((id) => `\n  ${id}`);
  const more = found.length > idsNamedMax || page.next !== null ? '\n  …' : '';
  throw new Refused(
    `${given} is the beginning of several ids; give more of it:${named.join('')}${more}`,
    'ambiguous',
    [],
  );
}

/** The first 48 bits are ms since 1970. */
function spanOf(digits: string): { from: string; to: string } {
  const unit = 16 ** (timeDigits - digits.length);
  const from = Number.parseInt(digits, 16) * unit;
  return { from: new Date(from).toISOString(), to: new Date(from + unit).toISOString() };
}
