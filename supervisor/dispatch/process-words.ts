/** What a worker process says past Node, and how its end is told to people. */
import type { Ended } from '../../workers/launcher.ts';

/** Lines from one order to the next: what native code says, and what Node says of its own end. */
const rawLinesMax = 200;

export class RawOutput {
  /** Why it ends, in its own words. */
  lastWord: string | null = null;
  #lines = 0;

  newOrder(): void {
    this.#lines = 0;
  }

  /** @returns what is kept of a line, or null */
  take(line: string): string | null {
    if (isLastWord(line)) this.lastWord ??= line;
    if (++this.#lines > rawLinesMax) return null;
    return this.#lines < rawLinesMax ? line : `${line} … (what the process prints by itself is left out from here on)`;
  }
}

/** Whether a line is the one by which V8, Node or the C++ library says why it ends the process. */
function isLastWord(line: string): boolean {
  return /^(?:FATAL ERROR: |# Fatal (?!error in )|terminate called )/.test(line);
}

/** Reads on from "its process". */
export function ending({ exitCode, signal }: Ended, lastWord: string | null, memoryMb: number): string {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode} before its outcome was told`;
  if (lastWord !== null && /out of memory/i.test(lastWord)) return `ran out of memory: it ${how}; ${limit(memoryMb)}`;
  if (lastWord !== null) return `${how}: ${lastWord.replace(/^(?:FATAL ERROR:|#) /, '')}`;
  if (signal === 'SIGKILL') return `${how}, by somebody or by the system for want of memory; ${limit(memoryMb)}`;
  return how;
}

function limit(memoryMb: number): string {
  return `it may use ${memoryMb} MiB (PROCESS_MEMORY)`;
}
