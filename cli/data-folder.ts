/** Which data folder a command is about: `--data`, else `NIGHTSHIFT_DATA`, else `./data`. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

const variable = 'NIGHTSHIFT_DATA';

export function dataOption(): Option {
  // An empty variable counts as none; an empty option is a script whose own variable was not set.
  if (process.env[variable] === '') delete process.env[variable];
  return new Option('--data <dir>', 'data folder of the supervisor')
    .env(variable)
    .default('data', './data')
    .argParser((text: string) => {
      if (text === '') throw new InvalidArgumentError('It must name a folder.');
      return text;
    });
}

/** Absolute, because a supervisor may outlive the folder it was started from. */
export function dataFolder(given: { readonly data: string }): string {
  return resolve(given.data);
}
