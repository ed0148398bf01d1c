/** Mistakes in a command line that Commander cannot see, and the checks of option values that find them. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** @returns a parser of option values for Commander */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** For options that may be given several times. */
export function gather(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** JSON given as text, as `@FILE`, or as `-` for standard input. */
export function readJson(given: string, option: string): unknown {
  const source = given === '-' ? 0 : given.startsWith('@') ? given.slice(1) : null;
  let text = given;
  if (source !== null) {
    try {
      text = readFileSync(source, 'utf8');
    } catch (thrown) {
      throw new UsageError(`${option} ${given} cannot be read: ${(thrown as Error).message}`);
    }
  }
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new UsageError(`${option} is not JSON: ${(thrown as Error).message}`);
  }
}
