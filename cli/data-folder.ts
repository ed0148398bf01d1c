/** Which data folder a command is about: `--data`, else `NIGHTSHIFT_DATA`, else `./data`. */
import { resolve } from 'node:path';
import { Option } from 'commander';

export function dataOption(): Option {
  return new Option('--data <dir>', 'data folder of the supervisor').env('NIGHTSHIFT_DATA').default('data', './data');
}

/** An empty variable counts as none. Absolute, because a supervisor may outlive the folder it was started from. */
export function dataFolder(given: { readonly data: string }): string {
  return resolve(given.data || 'data');
}
