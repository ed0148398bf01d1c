/** What the end of a program means for its attempt, and what its last lines tell about it. */
import { cut } from './cut.ts';
import { Permanent } from './define.ts';
import type { Ended } from './launcher.ts';

const linesKeptMax = 40;
const lineKeptCharsMax = 500;
/** Codes of sysexits.h that say "do not try again", and the shell's "cannot run" and "not found". 75 is "try later". */
const NO_RETRY = [64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 76, 77, 78, 126, 127];

/** Why an attempt failed whose program ended badly. @param name what the program is called */
export function exitError(name: string, ended: Ended, lastLine: string | undefined): Error {
  const how = ended.signal ? `was ended by ${ended.signal}` : `ended with exit code ${ended.exitCode}`;
  const message = `${name} ${how}${lastLine === undefined ? '' : `: ${lastLine}`}`;
  const code = ended.signal ? `signal_${ended.signal}` : `exit_${ended.exitCode}`;
  const hopeless = ended.exitCode !== null && NO_RETRY.includes(ended.exitCode);
  return hopeless ? new Permanent(message, { code }) : Object.assign(new Error(message), { code });
}

/** The last lines of a program's output. */
export class Tail {
  count = 0;
  readonly lines: string[] = [];

  add(text: string): void {
    this.count++;
    this.lines.push(cut(text, lineKeptCharsMax));
    if (this.lines.length > linesKeptMax) this.lines.shift();
  }

  /** The last one that is not empty. */
  get last(): string | undefined {
    return this.lines.findLast((line) => line.trim() !== '');
  }
}
