/** `nightshift restore`: a data folder from a backup. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { dataFolder, dataOption } from './data-folder.ts';
import { print } from './print.ts';
import { unpackBackup } from './unpack-backup.ts';

export function restoreCommand(): Command {
  return new Command('restore')
    .description('unpack a backup into an empty folder; the first start on it has all schedules paused')
    .argument('<file>', 'an archive that `nightshift backup` or the schedule `backup` has made')
    .addOption(dataOption())
    .action(restore);
}

async function restore(file: string, given: { readonly data: string }): Promise<void> {
  const dataDir = dataFolder(given);
  const files = await unpackBackup(resolve(file), dataDir);
  print(`restored ${files} files to ${dataDir}`);
  print(`start it: nightshift start --data ${dataDir} (all schedules are paused until you resume them)`);
}
