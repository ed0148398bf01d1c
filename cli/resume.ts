/** `nightshift resume`: starts tasks again. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { print } from './print.ts';

interface Given {
  readonly data: string;
  readonly type?: string;
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description('start tasks again after a pause')
    .option('--type <type>', 'only tasks of this type')
    .addOption(dataOption())
    .action(resume);
}

async function resume(given: Given): Promise<void> {
  await supervisorOf(dataFolder(given)).post('queue/resume', {}, { type: given.type });
  print(given.type === undefined ? 'resumed' : `resumed ${given.type}`);
}
