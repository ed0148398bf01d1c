/** What is said when a fault ends the process: to machines in the log, to people on standard error, in a terminal once. */
import { Fault } from './core/fault.ts';
import type { Log } from './log.ts';

/** sysexits.h has 70 for an internal fault of the program. */
const programFault = 70;

/**
 * @param inTerminal the log is read by people, who need not read the same twice
 * @returns what the process ends with
 */
export function sayFault(
  thrown: unknown,
  log: Pick<Log, 'fatal'>,
  { inTerminal, say }: { readonly inTerminal: boolean; readonly say: (text: string) => void },
): number {
  if (thrown instanceof Fault) {
    const { exitCode, message, action } = thrown;
    if (!inTerminal) log.fatal({ exit: exitCode, ...(action !== '' && { action }) }, message);
    say(`nightshift: ${message}\n${action === '' ? '' : `${action}\n`}`);
    return exitCode;
  }
  if (!inTerminal) log.fatal({ exit: programFault, err: thrown }, 'a fault of the program');
  say(`nightshift: a fault of the program: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  return programFault;
}
