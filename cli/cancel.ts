/** `nightshift cancel`: asks tasks to stop, or never to begin. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { eachTask } from './each-task.ts';
import type { Task } from './task.ts';

export function cancelCommand(): Command {
  return new Command('cancel')
    .description('ask tasks to stop, or never to begin; one that runs ends a little later')
    .argument('<ids...>', 'ids of the tasks')
    .addOption(dataOption())
    .action(cancel);
}

async function cancel(ids: readonly string[], given: { readonly data: string }): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  await eachTask(
    ids,
    (id) => supervisor.post<{ task: Task }>(`tasks/${encodeURIComponent(id)}/cancel`, {}),
    ({ task }) => (task.state === 'running' ? 'asked to stop' : task.state),
  );
}
