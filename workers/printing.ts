/**
 * What handlers and their libraries print belongs into the log of the attempt it comes from. Left to Node it would stand
 * raw in the supervisor's own output, between the lines of its log. `console` writes to these two streams as well.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Attempt } from './attempt.ts';
import { head } from './cut.ts';
import { logLineCharsMax } from './limits.ts';
import { LogAllowance } from './pace.ts';

export type Stream = 'stdout' | 'stderr';

const LINE_END = /\r\n|\n|\r/;

/**
 * @param attemptNow the attempt that prints, or null when that cannot be told
 * @param stray takes lines that belong to none
 */
export function catchPrinting(attemptNow: () => Attempt | null, stray: (stream: Stream, text: string) => void): void {
  const allowance = new LogAllowance();
  const say = (stream: Stream, line: string) => {
    const attempt = attemptNow();
    if (attempt && !attempt.ended) return attempt.log(stream, line);
    const text = head(line, logLineCharsMax);
    if (!allowance.admits(Buffer.byteLength(text))) return;
    const cut = allowance.takeCut();
    if (cut !== null) stray(stream, cut);
    stray(stream, text);
  };
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
      for (const line of linesOf(chunk)) say(stream, line);
      const called = typeof encoding === 'function' ? encoding : done;
      if (typeof called === 'function') process.nextTick(called as () => void);
      return true;
    }) as typeof process.stdout.write;
  }
}

/** One write is one line or several: what is put together from pieces of a line is rare, and nobody says when it ends. */
function linesOf(chunk: string | Uint8Array): readonly string[] {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
  const lines = stripVTControlCharacters(text).split(LINE_END);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
