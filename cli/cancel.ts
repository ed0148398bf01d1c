/** `nightshift cancel`: asks tasks to stop, or never to begin. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { eachTask } from './each-task.ts';
import type { Task } from './task.ts';

export function cancelCommand(): Command {
  return new Command('cancel')
    .description('ask tasks to stop, or never to begin; one that runs ends a little later')
    .argument('<ids...>', 'ids of the tasks, or how they begin, 8 digits or more')
    .addOption(dataOption())
    .option('--json', 'print the answers as JSON')
    .action(cancel);
}

async function cancel(ids: readonly string[], given: { readonly data: string; readonly json?: true }): Promise<void> {
  await eachTask<{ task: Task }>({
    ids,
    supervisor: supervisorOf(dataFolder(given)),
    action: 'cancel',
    said: ({ task }) => (task.state === 'running' ? 'asked to stop' : task.state),
    json: given.json,
  });
}
