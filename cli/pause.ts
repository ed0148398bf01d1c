/** `nightshift pause`: starts nothing more; what runs finishes. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { print } from './print.ts';

interface Given {
  readonly data: string;
  readonly type?: string;
  readonly reason: string;
}

export function pauseCommand(): Command {
  return new Command('pause')
    .description('start no more tasks; what runs finishes, and new tasks are still accepted')
    .option('--type <type>', 'only tasks of this type')
    .option('--reason <text>', 'why, for whoever wonders', '')
    .addOption(dataOption())
    .action(pause);
}

async function pause(given: Given): Promise<void> {
  await supervisorOf(dataFolder(given)).post('queue/pause', { reason: given.reason }, { type: given.type });
  print(given.type === undefined ? 'paused' : `paused ${given.type}`);
}
